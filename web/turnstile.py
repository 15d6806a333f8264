"""How many stock commands are in hand at once, and whose, so that one company's flood is not another's wait.

A company that is alone may have as many in hand as keep the engine's batches full. As soon as another comes, and for a moment
after it was there, what is in hand together is little: an answer then waits for a few milliseconds of somebody else's work and no
more. Who has less in hand than its own small share goes through at once; the others wait in lines, one for each company, and
the lines take turns: each is given the same number of commands, however many come in one request (deficit round robin).

Whoever waits has cost the reading of a request and no more, and its connection is not read on: what a company sends faster than its
turns come stays with its sender.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from kit.errors import refuse

IN_HAND_MAX = 1_000
"""Commands of a company that is alone, besides the last bulk. At 40 microseconds a command in the shard that is 40 ms of work, in
messages of half as much: more makes them no cheaper."""
BESIDE_MAX = 32
"""Commands in hand together while several companies are here: 3 ms of work for the web, and still a batch for the engine."""
SINGLE = 4
"""What a command counts that comes in a request of its own: to hear and to answer that takes the web as long as four of a bulk."""
SHARE = 8
"""In hand of one company before it waits for others."""
QUANTUM = 8
"""Commands that a line is given each time its turn comes."""
LATELY_S = 1.0
"""How long after two companies have come one after the other the next of either is expected."""
PART_ALONE, PART_BESIDE = 128, SHARE
"""Commands of one request that take a turn together. While they are worked on nobody else is heard, and what is larger than a share
would get more than one."""
WAITING_MAX = 2_000
"""Requests of one company that may wait here; each holds its body. Beyond it the answer is "slow down"."""


class _Line:
    """One company: how much is in hand, who waits with how much, and how many commands its turns have left it."""

    __slots__ = ("credit", "in_hand", "waiting")

    def __init__(self) -> None:
        self.in_hand = 0
        self.credit = 0
        self.waiting: deque[tuple[asyncio.Future[None], int]] = deque()

    def next(self) -> int:
        """With how many commands the first waits; 0 when nobody does. Who has given up is forgotten."""
        while self.waiting and self.waiting[0][0].done():
            self.waiting.popleft()
        return self.waiting[0][1] if self.waiting else 0


class Turnstile:
    """A line per company."""

    def __init__(
        self,
        in_hand_max: int = IN_HAND_MAX,
        waiting_max: int = WAITING_MAX,
        beside_max: int = BESIDE_MAX,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._in_hand_max = in_hand_max
        self._waiting_max = waiting_max
        self._beside_max = beside_max
        self._share = min(SHARE, in_hand_max, beside_max)
        self._clock = clock
        self._lines: dict[int, _Line] = {}
        self._turns: deque[int] = deque()
        self._in_hand = 0
        self._latest: int | None = None
        self._mixed_until = 0.0

    @property
    def part(self) -> int:
        """How many commands of one request should take a turn together."""
        return PART_ALONE if self._is_calm() else PART_BESIDE

    @asynccontextmanager
    async def turn(self, tenant_id: int, commands: int = 1) -> AsyncIterator[None]:
        """Hold a turn for so many commands, as soon as it is the company's.

        Refuses `rate_limited` when too many of it wait already.
        """
        line = self._line(tenant_id)
        if line.waiting or not self._has_room(line, commands):
            await self._wait(tenant_id, line, commands)
        else:
            self._enter(line, commands)
        try:
            yield
        finally:
            self._leave(tenant_id, line, commands)

    def _line(self, tenant_id: int) -> _Line:
        if tenant_id != self._latest:
            if self._latest is not None:
                self._mixed_until = self._clock() + LATELY_S
            self._latest = tenant_id
        line = self._lines.get(tenant_id)
        if line is None:
            line = self._lines[tenant_id] = _Line()
        return line

    def _is_calm(self) -> bool:
        """Whether there is one company at most, and was for a while."""
        return len(self._lines) <= 1 and self._clock() >= self._mixed_until

    def _has_room(self, line: _Line, commands: int) -> bool:
        if line.in_hand + commands <= self._share or (not line.in_hand and self._share):
            return True
        return line.in_hand < self._in_hand_max and (self._in_hand < self._beside_max or self._is_calm())

    def _enter(self, line: _Line, commands: int) -> None:
        line.in_hand += commands
        self._in_hand += commands

    async def _wait(self, tenant_id: int, line: _Line, commands: int) -> None:
        """Until whoever leaves has passed on a turn; it is counted as in hand from then on."""
        if len(line.waiting) >= self._waiting_max:
            raise refuse("rate_limited", retry_after_s=1)
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not line.waiting:
            self._turns.append(tenant_id)
        line.waiting.append((called, commands))
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():
                self._leave(tenant_id, line, commands)  # the turn came as the caller went
            raise

    def _leave(self, tenant_id: int, line: _Line, commands: int) -> None:
        line.in_hand -= commands
        self._in_hand -= commands
        self._call()
        if not line.in_hand and not line.waiting:
            self._lines.pop(tenant_id, None)

    def _call(self) -> None:
        """Let in who waits, line by line, as far as there is room."""
        without_room = 0
        while self._turns and without_room < len(self._turns):
            line = self._lines[self._turns[0]]
            wanted = line.next()
            if not wanted:
                line.credit = 0
                self._turns.popleft()
            elif not self._has_room(line, wanted):
                without_room += 1
                self._turns.rotate(-1)
            elif line.credit < wanted and len(self._turns) > 1:
                without_room = 0
                line.credit += QUANTUM
                self._turns.rotate(-1)
            else:
                without_room = 0
                line.credit = max(0, line.credit - wanted)
                self._enter(line, wanted)
                line.waiting.popleft()[0].set_result(None)
