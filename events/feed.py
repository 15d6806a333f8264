"""The feed: a ledger followed by sequence, by as many as like, without a gap and without a duplicate.

One tail per company reads each new row once and offers it to every subscription. A subscription that begins in the past
reads up to where the tail stood when it joined, from the tail's memory or from the ledger; from there on the tail has filled
its queue. A subscription that does not keep up is told to look again (`Resync`) and goes on from the present; others do not
notice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import ceil

import structlog

from events.recent import PAGE, FeedEvent, ReadRows, Recent

log = structlog.get_logger("events")

POLL_S = 1.0
"""How often a tail looks without having been hinted: the latest that anyone hears of a change when Redis is down."""
OUTBOX_MAX = 2_000
"""Events that may wait for one reader: half a minute of a busy shop. Beyond it the reader is resynced."""
TAKEN_MAX = 100
"""Events that a reader takes at a time: what it has not taken still counts against its outbox."""
RETENTION = 100_000
"""How many rows back a reader may resume; further back a snapshot is faster than the rows."""
LINGER_S = 30.0
"""How long a tail without subscriptions goes on: people change pages."""
_TICK_S = 0.001


@dataclass(frozen=True, slots=True)
class Resync:
    """You have missed rows, or asked for rows too old: read a snapshot. What follows continues after `as_of_seq`."""

    as_of_seq: int


Filter = Callable[[FeedEvent], bool]
ReadHead = Callable[[int], Awaitable[int]]
"""The last sequence of a tenant's ledger."""


class Feed:
    """The ledgers of all tenants, as this process follows them."""

    def __init__(self, read_head: ReadHead, read_rows: ReadRows) -> None:
        self._read_head = read_head
        self._read_rows = read_rows
        self._tails: dict[int, Tail] = {}

    def heard(self, tenant: int, part: int, seq: int) -> None:
        """A hint: the tenant's ledger has reached `seq`."""
        tail = self._tails.get(tenant)
        if tail is not None and seq > tail.cursor:
            tail.wake.set()

    async def subscribe(self, tenant: int, after: int | None = None, wanted: Filter | None = None) -> Subscription:
        """Follow a tenant's ledger from now, or from after a sequence seen before. Close the subscription when done."""
        tail = self._tails.get(tenant)
        if tail is None or tail.ended:
            tail = self._tails[tenant] = Tail(tenant, self._read_head, self._read_rows, self._over)
        recent = await tail.started()
        if after is not None:  # another process may have shown rows that this tail has not heard of
            await tail.looked()
        return Subscription(tail, recent, after, wanted)

    async def head(self, tenant: int) -> int:
        """The last sequence of the tenant's ledger, as the database has it now."""
        return await self._read_head(tenant)

    def subscriptions(self) -> int:
        """How many readers there are: a gauge."""
        return sum(len(tail.subscriptions) for tail in self._tails.values())

    def nudge(self) -> None:
        """Wake every reader that waits: there is something to look at beside the ledger, such as the server's end."""
        for tail in self._tails.values():
            for subscription in tail.subscriptions:
                subscription.nudge()

    async def close(self) -> None:
        """End all tails; subscriptions get nothing more."""
        for tail in list(self._tails.values()):
            await tail.close()

    def _over(self, tail: Tail) -> None:
        if self._tails.get(tail.tenant) is tail:
            del self._tails[tail.tenant]


class Tail:
    """The end of one ledger: every row is read once, when it appears."""

    def __init__(self, tenant: int, read_head: ReadHead, read_rows: ReadRows, over: Callable[[Tail], None]) -> None:
        self.tenant = tenant
        self.wake = asyncio.Event()
        self.subscriptions: set[Subscription] = set()
        self._read_head = read_head
        self._read_rows = read_rows
        self._recent: Recent | None = None
        self._begun = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []
        self._task = asyncio.create_task(self._follow())
        self._task.add_done_callback(lambda _: self._over(over))

    @property
    def cursor(self) -> int:
        """The last row that was read; -1 before the first look."""
        return -1 if self._recent is None else self._recent.last

    @property
    def ended(self) -> bool:
        """True if nobody was interested for a while."""
        return self._task.done()

    async def started(self) -> Recent:
        """What the tail remembers, once it knows where it stands."""
        await self._begun.wait()
        assert self._recent is not None
        return self._recent

    async def looked(self) -> None:
        """Wait for a look at the ledger that begins after this moment: one for all who wait."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        self.wake.set()
        await waiting

    async def close(self) -> None:
        """Stop following."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        needed_at = loop.time()
        while loop.time() < needed_at + LINGER_S or self._waiting or self._recent is None:
            waiting, self._waiting = self._waiting, []
            try:
                await self._read()
            except Exception as problem:  # whatever the database says: readers wait, the rows do not go away
                log.warning("feed_waits", tenant=self.tenant, problem=repr(problem))
                self._waiting += waiting
                await asyncio.sleep(POLL_S)
            else:
                _tell(waiting)
            if self.subscriptions:
                needed_at = loop.time()
            await self._rest()

    def _over(self, over: Callable[[Tail], None]) -> None:
        over(self)
        for waiting in self._waiting:
            waiting.cancel()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self.wake.wait()
        except TimeoutError:
            pass
        self.wake.clear()

    async def _read(self) -> None:
        if self._recent is None:
            self._recent = Recent(self.tenant, await self._read_head(self.tenant), self._read_rows)
            self._begun.set()
        while rows := await self._read_rows(self.tenant, self._recent.last, PAGE):
            for event in rows:
                self._recent.append(event)
                for subscription in self.subscriptions:
                    subscription.offer(event)


def _tell(waiting: list[asyncio.Future[None]]) -> None:
    for each in waiting:
        if not each.done():
            each.set_result(None)


class Subscription:
    """One reader's place in a ledger. Iterate with `next`."""

    def __init__(self, tail: Tail, recent: Recent, after: int | None, wanted: Filter | None) -> None:
        self._tail = tail
        self._recent = recent
        self._wanted = wanted
        self._outbox: deque[FeedEvent] = deque()
        self._filled = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None
        self._rings_at = 0.0
        # From here to the end of this constructor nothing waits, so the tail cannot move between the two lines.
        self.as_of_seq = self._joined_at = recent.last
        self._position = recent.last if after is None else after
        self._lost = not recent.last - RETENTION <= self._position <= recent.last
        tail.subscriptions.add(self)

    def offer(self, event: FeedEvent) -> None:
        """The tail's side: queue an event, or note that this reader has fallen behind."""
        if self._lost or (self._wanted is not None and not self._wanted(event)):
            return
        if len(self._outbox) >= OUTBOX_MAX:
            self._lost = True
            self._outbox.clear()
        else:
            self._outbox.append(event)
        self._filled.set()

    def nudge(self) -> None:
        """Make a `next` that waits return."""
        self._filled.set()

    async def next(self, wait_s: float) -> list[FeedEvent] | Resync:
        """The next events in order, none if nothing happens for `wait_s` (or a little less) or somebody nudges, or a Resync."""
        if not self._lost and self._position < self._joined_at:
            return await self._history()
        if not self._outbox and not self._lost:
            self._wake_within(wait_s)
            await self._filled.wait()
        self._filled.clear()
        if self._lost:
            return self._resync()
        return [self._outbox.popleft() for _ in range(min(len(self._outbox), TAKEN_MAX))]

    def _wake_within(self, wait_s: float) -> None:
        """Have `next` return in time. One alarm serves many waits: it is set when there is none that comes early enough, and what
        it wakes for nothing costs less than setting and clearing one for every row."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._alarm is not None:
            if now < self._rings_at <= now + wait_s + _TICK_S:
                return
            self._alarm.cancel()
        # Remembered here: what uvloop hands out for an alarm that is due at once does not know when it was for.
        # In whole milliseconds, upwards: uvloop knows no smaller ones, and what rings early is asked for again at once.
        self._rings_at = ceil((now + wait_s) * 1_000) / 1_000
        self._alarm = loop.call_at(self._rings_at, self._ring)

    def _ring(self) -> None:
        # Forgotten as it rings: one that has rung, be it a little early, must not be counted on.
        self._alarm = None
        self._filled.set()

    @property
    def cursor(self) -> int:
        """Where the tail stands: how far a reader that has taken everything has come."""
        return self._recent.last

    def close(self) -> None:
        """Leave the tail."""
        self._tail.subscriptions.discard(self)
        if self._alarm is not None:
            self._alarm.cancel()

    async def _history(self) -> list[FeedEvent]:
        """A page of what came before joining; an empty one means that none of it was wanted, or that it must be tried again."""
        try:
            rows = await self._recent.after(self._position)
        except Exception as problem:  # as in the tail
            log.warning("feed_waits", tenant=self._tail.tenant, problem=repr(problem))
            await asyncio.sleep(POLL_S)
            return []
        past = [event for event in rows if event.seq <= self._joined_at]
        self._position = past[-1].seq if past else self._joined_at
        return [event for event in past if self._wanted is None or self._wanted(event)]

    def _resync(self) -> Resync:
        self._outbox.clear()
        self._lost = False
        self._joined_at = self._position = self._recent.last
        return Resync(self._recent.last)
