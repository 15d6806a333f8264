"""Ledger rows as feed events: read by sequence, named, and encoded once for both transports."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from db.tenancy import reading
from events.recent import FeedEvent
from inventory.catalog.directory import directory_of
from inventory.ledger.log import rows_after
from inventory.ledger.messages import Kind
from inventory.ledger.queries import as_of_seq
from inventory.ledger.render import LedgerRow, keys_of_rows, level_json, named, row_json

PAST = {
    Kind.RECEIVE: "received",
    Kind.ISSUE: "issued",
    Kind.ADJUST: "adjusted",
    Kind.RESERVE: "reserved",
    Kind.COMMIT: "committed",
    Kind.RELEASE: "released",
    Kind.EXPIRE: "expired",
    Kind.SHIP: "shipped",
    Kind.ARRIVE: "arrived",
    Kind.WRITE_OFF: "written_off",
    Kind.CORRECT: "corrected",
}
"""api.md names an event by its kind over SSE (`stock.reserve`) and by what happened over WebSocket (`stock.reserved`)."""


class Reader:
    """Reads ledgers for the feed, as the app role and within one tenant at a time."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def head(self, tenant: int) -> int:
        """The last sequence of the tenant's ledger."""
        async with reading(self._engine, tenant) as connection:
            return await as_of_seq(connection, tenant)

    async def rows(self, tenant: int, after: int, limit: int) -> Sequence[FeedEvent]:
        """The rows that follow `after`, in order."""
        found = await rows_after(self._engine, tenant, after, limit)
        names = await directory_of(self._engine).look(tenant, keys_of_rows(row for row, _ in found))
        return [_event(named(row, names), level_json(level, names)) for row, level in found]


def _event(entry: LedgerRow, level: object) -> FeedEvent:
    row = entry.row
    data = orjson.dumps({**row_json(entry), "level": level})
    event = f"stock.{PAST[Kind(row.kind)]}"
    return FeedEvent(
        row.seq,
        entry.kind,
        entry.warehouse.code,
        entry.item.sku,
        b"id: %d\nevent: stock.%s\ndata: %s\n\n" % (row.seq, entry.kind.encode(), data),
        f'{{"op":"event","seq":{row.seq},"event":"{event}","data":{data.decode()}}}',
    )
