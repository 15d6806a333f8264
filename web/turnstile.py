"""How many stock commands of one company are in hand at once, so that one company's flood is not another's wait.

A company beyond its share waits in a line of its own, first come first served, while the others go through. The share is
enough to keep the engine's batches full: it is not a limit on how much, only on how much at a time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kit.errors import refuse

IN_HAND_MAX = 64
"""Commands of one company decided and committed at a time in this process, besides the last bulk."""
WAITING_MAX = 2_000
"""Requests of one company that may wait here; each holds its body. Beyond it the answer is "slow down"."""


class _Line:
    """One company: how much is in hand, and who waits with how much."""

    __slots__ = ("in_hand", "waiting")

    def __init__(self) -> None:
        self.in_hand = 0
        self.waiting: deque[tuple[asyncio.Future[None], int]] = deque()


class Turnstile:
    """A line per company."""

    def __init__(self, in_hand_max: int = IN_HAND_MAX, waiting_max: int = WAITING_MAX) -> None:
        self._in_hand_max = in_hand_max
        self._waiting_max = waiting_max
        self._lines: dict[int, _Line] = {}

    @asynccontextmanager
    async def turn(self, tenant_id: int, commands: int = 1) -> AsyncIterator[None]:
        """Hold a turn for so many commands, as soon as the company has less than its share in hand.

        Refuses `rate_limited` when too many wait already.
        """
        line = self._lines.setdefault(tenant_id, _Line())
        if line.waiting or line.in_hand >= self._in_hand_max:
            await self._wait(tenant_id, line, commands)
        else:
            line.in_hand += commands
        try:
            yield
        finally:
            self._leave(tenant_id, line, commands)

    async def _wait(self, tenant_id: int, line: _Line, commands: int) -> None:
        """Until whoever leaves has passed on a turn; it is counted as in hand from then on."""
        if len(line.waiting) >= self._waiting_max:
            raise refuse("rate_limited", retry_after_s=1)
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.waiting.append((called, commands))
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():
                self._leave(tenant_id, line, commands)  # the turn came as the caller went
            raise

    def _leave(self, tenant_id: int, line: _Line, commands: int) -> None:
        line.in_hand -= commands
        while line.waiting and line.in_hand < self._in_hand_max:
            called, wanted = line.waiting.popleft()
            if not called.done():
                line.in_hand += wanted
                called.set_result(None)
        if not line.in_hand and not line.waiting:
            self._lines.pop(tenant_id, None)
