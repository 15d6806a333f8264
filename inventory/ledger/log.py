"""The ledger by sequence: what the feed reads."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from inventory.ledger.messages import Level, Row

COLUMNS = """l.seq, l.kind, l.item_id, l.warehouse_id, l.location_id, l.lot_id, l.owner_id, l.condition,
  l.delta_on_hand, l.delta_reserved, l.delta_blocked, l.delta_in_transit, l.on_hand, l.reserved, l.blocked, l.in_transit,
  l.cell_version, l.document, l.unit_cost, l.effective_at_us, l.recorded_at_us, l.principal_id, l.role, l.key, l.reference,
  l.reason, l.hash"""
"""Columns of `stock_ledger l` in the order of `messages.Row`."""

_AFTER = "SELECT * FROM stock_rows_after($1, $2, $3)"


async def rows_after(engine: AsyncEngine, tenant_id: int, after: int, limit: int) -> Sequence[tuple[Row, Level]]:
    """The rows that follow a sequence, each with the level it left behind. On order is as of now: the ledger does not move it.

    One statement and one round trip: with fifty companies at work it is asked hundreds of times a second.
    """
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        found = await driver.fetch(_AFTER, tenant_id, after, limit)
    return [(row, _level(row, on_order)) for *columns, on_order in found for row in (Row(*columns),)]


def _level(row: Row, on_order: int) -> Level:
    return Level(row.item, row.warehouse, row.on_hand, row.reserved, row.blocked, row.in_transit, on_order, row.seq)
