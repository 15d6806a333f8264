"""The end of a ledger in memory, for readers who come back: a thousand of them cost the database what one costs.

Bounded in rows and in bytes; what lies further back is read from the ledger, once for all who want the same page at the same moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

PAGE = 500
ROWS_MAX = 2_000
BYTES_MAX = 4 * 2**20
"""Per company whose feed is followed in this process."""


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """A ledger row as readers get it. `sse` and `frame` are encoded once, for however many readers."""

    seq: int
    kind: str
    warehouse: str
    sku: str
    sse: bytes
    frame: str

    @property
    def size(self) -> int:
        """Bytes it takes, near enough."""
        return len(self.sse) + len(self.frame)


ReadRows = Callable[[int, int, int], Awaitable[Sequence[FeedEvent]]]
"""(tenant, after, limit) -> the rows that follow, in order."""


class Recent:
    """Rows of one ledger without a gap, up to `last`."""

    def __init__(self, tenant: int, last: int, read_rows: ReadRows) -> None:
        self.last = last
        self.read_rows = read_rows
        self._tenant = tenant
        self._first = last + 1
        self._rows: dict[int, FeedEvent] = {}
        self._bytes = 0
        self._reading: dict[int, asyncio.Task[Sequence[FeedEvent]]] = {}
        self._filling = asyncio.Lock()

    def append(self, event: FeedEvent) -> None:
        """The next row."""
        assert event.seq == self.last + 1, "the ledger has no holes"
        self.last = event.seq
        self._rows[event.seq] = event
        self._bytes += event.size
        while len(self._rows) > ROWS_MAX or self._bytes > BYTES_MAX:
            self._bytes -= self._rows.pop(self._first).size
            self._first += 1

    async def after(self, seq: int) -> Sequence[FeedEvent]:
        """A page of the rows that follow `seq`, from memory if they are or may be there. None follow `last`."""
        if not await self._reaches(seq):
            return await self._page(seq)
        return [self._rows[each] for each in range(seq + 1, min(self.last, seq + PAGE) + 1)]

    async def _reaches(self, seq: int) -> bool:
        """Whether what follows `seq` is in memory; reads backwards for it as far as memory goes."""
        if seq + 1 < self._first and seq >= self.last - ROWS_MAX:
            async with self._filling:  # who waited finds what the first one read
                while seq + 1 < self._first and await self._fill():
                    pass
        return seq + 1 >= self._first

    async def _fill(self) -> bool:
        """Put a page in front of what is there; false when memory is full or the ledger begins here."""
        first = self._first
        start = max(0, first - 1 - PAGE)
        rows = await self.read_rows(self._tenant, start, first - 1 - start)
        if self._first != first:
            return True  # meanwhile new rows have pushed old ones out: look again
        for event in reversed(rows):
            if len(self._rows) >= ROWS_MAX or self._bytes >= BYTES_MAX:
                return False
            self._rows[event.seq] = event
            self._bytes += event.size
            self._first = event.seq
        return bool(rows)

    async def _page(self, seq: int) -> Sequence[FeedEvent]:
        reading = self._reading.get(seq)
        if reading is None:
            reading = self._reading[seq] = asyncio.create_task(self._read(seq))
            reading.add_done_callback(lambda done: self._landed(seq, done))
        return await asyncio.shield(reading)

    def _landed(self, seq: int, reading: asyncio.Task[Sequence[FeedEvent]]) -> None:
        del self._reading[seq]
        if not reading.cancelled():
            reading.exception()  # whoever asked may be gone: that is not a second problem

    async def _read(self, seq: int) -> Sequence[FeedEvent]:
        return await self.read_rows(self._tenant, seq, PAGE)
