"""The ledger by sequence: what the feed reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.ledger.messages import Level, Row

_AFTER = text("""
SELECT l.*, b.on_order FROM stock_ledger l
JOIN stock_balances b ON b.tenant_id = l.tenant_id AND b.item_id = l.item_id AND b.warehouse_id = l.warehouse_id
WHERE l.tenant_id = :tenant_id AND l.part = 0 AND l.seq > :after ORDER BY l.seq LIMIT :limit
""")


async def rows_after(connection: AsyncConnection, tenant_id: int, after: int, limit: int) -> Sequence[tuple[Row, Level]]:
    """The rows that follow a sequence, each with the level it left behind. On order is as of now: the ledger does not move it."""
    found = await connection.execute(_AFTER, {"tenant_id": tenant_id, "after": after, "limit": limit})
    return [(row_of(row), _level(row)) for row in found.mappings()]


def row_of(row: Any) -> Row:
    """A ledger row from a mapping of its columns."""
    return Row(
        seq=row["seq"],
        kind=row["kind"],
        item=row["item_id"],
        warehouse=row["warehouse_id"],
        location=row["location_id"],
        lot=row["lot_id"],
        owner=row["owner_id"],
        condition=row["condition"],
        delta_on_hand=row["delta_on_hand"],
        delta_reserved=row["delta_reserved"],
        delta_blocked=row["delta_blocked"],
        delta_in_transit=row["delta_in_transit"],
        on_hand=row["on_hand"],
        reserved=row["reserved"],
        blocked=row["blocked"],
        in_transit=row["in_transit"],
        version=row["cell_version"],
        document=row["document"],
        unit_cost=row["unit_cost"],
        effective_at_us=row["effective_at_us"],
        recorded_at_us=row["recorded_at_us"],
        principal=row["principal_id"],
        role=row["role"],
        key=row["key"],
        reference=row["reference"],
        reason=row["reason"],
        hash=row["hash"],
    )


def _level(row: Any) -> Level:
    totals = (row["on_hand"], row["reserved"], row["blocked"], row["in_transit"], row["on_order"])
    return Level(row["item_id"], row["warehouse_id"], *totals, row["seq"])
