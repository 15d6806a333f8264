"""The feed: a ledger followed by sequence, by as many as like, without a gap and without a duplicate.

One tail per company reads each new row once and offers it to every subscription. A subscription that begins in the past
reads its own way from the ledger up to where the tail stood when it joined; from there on the tail has filled its queue.
A subscription that does not keep up is told to look again (`Resync`) and goes on from the present; others do not notice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

log = structlog.get_logger("events")

POLL_S = 1.0
"""How often a tail looks without having been hinted: the latest that anyone hears of a change when Redis is down."""
PAGE = 500
OUTBOX_MAX = 2_000
"""Events that may wait for one reader: half a minute of a busy shop. Beyond it the reader is resynced."""
RETENTION = 100_000
"""How many rows back a reader may resume; further back a snapshot is faster than the rows."""
LINGER_S = 30.0
"""How long a tail without subscriptions goes on: people change pages."""


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """A ledger row as readers get it. `sse` and `frame` are encoded once, for however many readers."""

    seq: int
    kind: str
    warehouse: str
    sku: str
    sse: bytes
    frame: str


@dataclass(frozen=True, slots=True)
class Resync:
    """You have missed rows, or asked for rows too old: read a snapshot. What follows continues after `as_of_seq`."""

    as_of_seq: int


Filter = Callable[[FeedEvent], bool]
ReadHead = Callable[[int], Awaitable[int]]
"""The last sequence of a tenant's ledger."""
ReadRows = Callable[[int, int, int], Awaitable[Sequence[FeedEvent]]]
"""(tenant, after, limit) -> the rows that follow, in order."""


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
            tail = self._tails[tenant] = Tail(tenant, self._read_head, self._read_rows)
        await tail.started()
        return Subscription(tail, after, wanted)

    async def head(self, tenant: int) -> int:
        """The last sequence of the tenant's ledger, as the database has it now."""
        return await self._read_head(tenant)

    def subscriptions(self) -> int:
        """How many readers there are: a gauge."""
        return sum(len(tail.subscriptions) for tail in self._tails.values())

    async def close(self) -> None:
        """End all tails; subscriptions get nothing more."""
        for tail in self._tails.values():
            await tail.close()


class Tail:
    """The end of one ledger: every row is read once, when it appears."""

    def __init__(self, tenant: int, read_head: ReadHead, read_rows: ReadRows) -> None:
        self.tenant = tenant
        self.cursor = -1
        self.wake = asyncio.Event()
        self.subscriptions: set[Subscription] = set()
        self.read_rows = read_rows
        self._read_head = read_head
        self._begun = asyncio.Event()
        self._task = asyncio.create_task(self._follow())

    @property
    def ended(self) -> bool:
        """True if nobody was interested for a while."""
        return self._task.done()

    async def started(self) -> None:
        """Wait until the tail knows where it stands."""
        await self._begun.wait()

    async def close(self) -> None:
        """Stop following."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        needed_at = loop.time()
        while loop.time() < needed_at + LINGER_S:
            try:
                await self._read()
            except Exception as problem:  # whatever the database says: readers wait, the rows do not go away
                log.warning("feed_waits", tenant=self.tenant, problem=repr(problem))
                await asyncio.sleep(POLL_S)
            if self.subscriptions:
                needed_at = loop.time()
            await self._rest()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self.wake.wait()
        except TimeoutError:
            pass
        self.wake.clear()

    async def _read(self) -> None:
        if self.cursor < 0:
            self.cursor = await self._read_head(self.tenant)
            self._begun.set()
        while rows := await self.read_rows(self.tenant, self.cursor, PAGE):
            for event in rows:
                assert event.seq == self.cursor + 1, "the ledger has no holes"
                self.cursor = event.seq
                for subscription in self.subscriptions:
                    subscription.offer(event)


class Subscription:
    """One reader's place in a ledger. Iterate with `next`."""

    def __init__(self, tail: Tail, after: int | None, wanted: Filter | None) -> None:
        self._tail = tail
        self._wanted = wanted
        self._outbox: deque[FeedEvent] = deque()
        self._filled = asyncio.Event()
        self._lost = False
        # From here to the end of this constructor nothing waits, so the tail cannot move between the two lines.
        self.as_of_seq = self._joined_at = tail.cursor
        self._position = tail.cursor if after is None else after
        if not tail.cursor - RETENTION <= self._position <= tail.cursor:
            self._lost = True
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

    async def next(self, wait_s: float) -> list[FeedEvent] | Resync:
        """The next events in order, none if nothing happens for `wait_s`, or a Resync."""
        if not self._lost and self._position < self._joined_at:
            return await self._history()
        if not self._outbox and not self._lost:
            self._filled.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self._filled.wait()
            except TimeoutError:
                return []
        if self._lost:
            return self._resync()
        events = list(self._outbox)
        self._outbox.clear()
        return events

    @property
    def cursor(self) -> int:
        """Where the tail stands: how far a reader that has taken everything has come."""
        return self._tail.cursor

    def close(self) -> None:
        """Leave the tail."""
        self._tail.subscriptions.discard(self)

    async def _history(self) -> list[FeedEvent]:
        """A page of what came before joining; an empty one means that none of it was wanted."""
        rows = await self._tail.read_rows(self._tail.tenant, self._position, PAGE)
        past = [event for event in rows if event.seq <= self._joined_at]
        self._position = past[-1].seq if past else self._joined_at
        return [event for event in past if self._wanted is None or self._wanted(event)]

    def _resync(self) -> Resync:
        self._outbox.clear()
        self._lost = False
        self._joined_at = self._position = self._tail.cursor
        return Resync(self._tail.cursor)
