"""How many stock commands are in hand at once, and whose, so that one company's flood is not another's wait.

A company that is alone may have as many in hand as keep the engine's batches full. As soon as another comes, and for a moment
after it was there, each goes in gulps: those who wait go in together, as many as a gulp holds, and travel in one message; nobody
follows before all of them are out; and then the company rests for as long as they took. So half of the time is free of a flood, and
what a small company meets of it is one gulp at most. Who has no more than a share in hand never waits and never rests.

Whoever waits has cost the reading of a request and no more, and its connection is not read on: what a company sends faster than its
gulps take stays with its sender.
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
GULP = 24
"""Commands that go in together while several companies are here, divided among those that have people waiting: 2 ms of work for the
web, and still a batch for the engine."""
SINGLE = 4
"""What a command counts that comes in a request of its own: to hear and to answer that takes the web as long as four of a bulk."""
SHARE = 16
"""In hand of one company before gulps and rests begin."""
GULP_MAX_S = 0.05
"""What takes longer waits for something else than the gulp's work: a shard that was lost, a lot that has to be written first. The
company neither waits nor rests for that."""
LATELY_S = 1.0
"""How long after two companies have come one after the other the next of either is expected."""
PART_ALONE, PART_BESIDE = 128, 8
"""Commands of one request that take a turn together: while they are worked on nobody else is heard."""
WAITING_MAX = 2_000
"""Requests of one company that may wait here; each holds its body. Beyond it the answer is "slow down"."""


class _Line:
    """One company: how much is in hand, who waits with how much, whether it rests, and the gulp under way: when it began, the most that
    was in hand, whether somebody of it is out already."""

    __slots__ = ("began", "closed", "in_hand", "looked_after", "most", "resting", "waiting")

    def __init__(self) -> None:
        self.in_hand = 0
        self.waiting: deque[tuple[asyncio.Future[None], int]] = deque()
        self.began = 0.0
        self.most = 0
        self.closed = False
        self.resting = False
        self.looked_after = False

    def enter(self, commands: int, now: float) -> None:
        """So many more are in hand."""
        if not self.in_hand or self.is_overdue(now):
            self.began, self.most, self.closed = now, 0, False
        self.in_hand += commands
        self.most = max(self.most, self.in_hand)

    def leave(self, commands: int) -> None:
        """So many are done: nobody joins a gulp that others have left."""
        self.in_hand -= commands
        self.closed = True

    def is_overdue(self, now: float) -> bool:
        """Whether those who are still in of the last gulp are not waited for any more."""
        return self.closed and now - self.began >= GULP_MAX_S

    def first(self) -> int:
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
        gulp: int = GULP,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._in_hand_max = in_hand_max
        self._waiting_max = waiting_max
        self._gulp = gulp
        self._share = min(SHARE, in_hand_max, gulp)
        self._clock = clock
        self._lines: dict[int, _Line] = {}
        self._crowded = 0
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
        if line.waiting or not self._may_enter(line, commands):
            await self._wait(tenant_id, line, commands)
        else:
            line.enter(commands, self._clock())
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

    def _may_enter(self, line: _Line, commands: int) -> bool:
        if not line.in_hand:
            return not line.resting and self._in_hand_max > 0
        if self._is_calm():
            return line.in_hand < self._in_hand_max
        if max(line.most, line.in_hand + commands) <= self._share and len(line.waiting) <= 1:
            return True
        is_open = not line.closed or line.is_overdue(self._clock())
        return is_open and line.in_hand + commands <= max(self._share, self._gulp // max(1, self._crowded))

    async def _wait(self, tenant_id: int, line: _Line, commands: int) -> None:
        """Until whoever leaves has passed on a turn; it is counted as in hand from then on."""
        if len(line.waiting) >= self._waiting_max:
            raise refuse("rate_limited", retry_after_s=1)
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._crowded += not line.waiting
        line.waiting.append((called, commands))
        self._look_after(tenant_id, line)
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():
                self._leave(tenant_id, line, commands)  # the turn came as the caller went
            raise

    def _leave(self, tenant_id: int, line: _Line, commands: int) -> None:
        line.leave(commands)
        if not line.in_hand and (line.most > self._share or len(line.waiting) > 1) and not self._is_calm():
            line.resting = True
            took = self._clock() - line.began
            asyncio.get_running_loop().call_later(min(took, GULP_MAX_S), self._rested, tenant_id, line)
        self._call(tenant_id, line)

    def _rested(self, tenant_id: int, line: _Line) -> None:
        line.resting = False
        self._call(tenant_id, line)

    def _look_after(self, tenant_id: int, line: _Line) -> None:
        """Let in who waits behind somebody that is overdue, as soon as they are."""
        if not line.looked_after:
            line.looked_after = True
            asyncio.get_running_loop().call_later(GULP_MAX_S, self._look, tenant_id, line)

    def _look(self, tenant_id: int, line: _Line) -> None:
        line.looked_after = False
        self._call(tenant_id, line)
        if line.waiting:
            self._look_after(tenant_id, line)

    def _call(self, tenant_id: int, line: _Line) -> None:
        """Let in who waits, as far as there is room."""
        waited = bool(line.waiting)
        while (commands := line.first()) and self._may_enter(line, commands):
            line.enter(commands, self._clock())
            line.waiting.popleft()[0].set_result(None)
        self._crowded -= waited and not line.waiting
        is_over = not line.in_hand and not line.waiting and not line.resting
        if is_over and self._lines.get(tenant_id) is line:
            del self._lines[tenant_id]
