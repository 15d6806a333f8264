"""What screens read of the tally: sums up to a row of the ledger, and the rows since. Statements, and what they need to know.

The tally and the rows behind it are one snapshot, so what comes of them is exact, as of the last row: the tally only makes it
cheap. Where it is too far behind, or was never kept, the queries sum up everything instead.
"""

# ruff: noqa: S608 - statements are put together from words of this package; whatever a person typed is a parameter.
from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.ledger.cells import DUE, IN_WAREHOUSE, OF_CELLS, cells
from inventory.ledger.tally_store import EVERYWHERE, SLICE_US

ROWS_MAX = 20_000
"""Rows since the tally that a page sums up itself, about 30 ms. More means that nobody keeps it, or not fast enough."""
STALE_MAX = 5_000
"""Cells whose state a page finds out itself, about 30 ms."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums there are up to row `seq`. `whole`: the reader sees all of the company, its sums over all warehouses too."""

    seq: int
    whole: bool


async def tally_of(connection: AsyncConnection, tenant_id: int) -> Tally | None:
    """The tally, unless there is none or it is too far behind."""
    query = text("""
        SELECT t.seq, p.seq - t.seq, NULLIF(current_setting('app.warehouses', true), '') IS NULL
        FROM stock_tallies t JOIN stock_partitions p USING (tenant_id, part) WHERE t.tenant_id = :tenant_id AND t.part = 0""")
    row = (await connection.execute(query, {"tenant_id": tenant_id})).one_or_none()
    return Tally(row[0], row[2]) if row and row[1] <= ROWS_MAX else None


async def stale_of(connection: AsyncConnection, tenant_id: int, now_us: int, tally: Tally) -> dict[str, list[int]] | None:
    """Cells whose state may not be what was tallied, as the parameters `items` and `warehouses`; an item as such is in none of them.
    None when they are too many to look at one by one."""
    params = {"tenant_id": tenant_id, "now_us": now_us, "seq": tally.seq, "limit": STALE_MAX + 1}
    found = (await connection.execute(text(_STALE), params)).all()
    return {"items": [row[0] for row in found], "warehouses": [row[1] for row in found]} if len(found) <= STALE_MAX else None


def place(warehouse: str | None) -> str:
    """Condition on sums: those of one warehouse, or of the company."""
    return f"s.warehouse_id = {EVERYWHERE}" if warehouse is None else IN_WAREHOUSE.format(cell="s")


def places(warehouse: str | None, cell: str) -> str:
    """Condition on rows: those of one warehouse, or of all that the reader sees."""
    return f"{cell}.warehouse_id <> {EVERYWHERE}" if warehouse is None else IN_WAREHOUSE.format(cell=cell)


def totals(warehouse: str | None) -> str:
    """Sums per unit: tallied, since, given back by holds that ran out unnoticed, and on order."""
    return f"""{DUE},
        parts AS (
          SELECT s.unit, s.on_hand, s.reserved, s.available, s.in_transit, 0 AS on_order FROM stock_totals s
          WHERE s.tenant_id = :tenant_id AND {places(warehouse, "s")}
          UNION ALL
          SELECT i.base_unit, l.delta_on_hand, l.delta_reserved, {FREED}, l.delta_in_transit, 0 FROM stock_ledger l
          JOIN items i ON i.tenant_id = :tenant_id AND i.id = l.item_id
          WHERE l.tenant_id = :tenant_id AND l.part = 0 AND l.seq > :seq AND {places(warehouse, "l")}
          UNION ALL
          SELECT i.base_unit, 0, -d.qty, greatest(0, b.on_hand - b.blocked - b.reserved + d.qty)
            - greatest(0, b.on_hand - b.blocked - b.reserved), 0, 0
          FROM due d JOIN items i ON i.tenant_id = :tenant_id AND i.id = d.item_id
          JOIN stock_balances b ON b.tenant_id = :tenant_id AND b.item_id = d.item_id AND b.warehouse_id = d.warehouse_id
          WHERE {places(warehouse, "d")}
          UNION ALL
          SELECT i.base_unit, 0, 0, 0, 0, b.on_order FROM stock_balances b JOIN items i ON i.tenant_id = :tenant_id AND i.id = b.item_id
          WHERE b.tenant_id = :tenant_id AND b.on_order > 0 AND {places(warehouse, "b")})
        SELECT p.unit, u.decimals, sum(p.on_hand)::bigint AS on_hand, sum(p.reserved)::bigint AS reserved,
          sum(p.available)::bigint AS available, sum(p.in_transit)::bigint AS in_transit, sum(p.on_order)::bigint AS on_order
        FROM parts p LEFT JOIN units u ON u.tenant_id = :tenant_id AND u.code = p.unit
        GROUP BY p.unit, u.decimals ORDER BY p.unit"""


def states(warehouse: str | None) -> str:
    """How many items are in each state: as tallied, with what has changed since taken out and put in as it is."""
    return _states_everywhere() if warehouse is None else _states_in_warehouse()


def _states_in_warehouse() -> str:
    """Where an item is one cell."""
    return f"""{cells(f"{IN_WAREHOUSE} AND {OF_CELLS}")}, parts AS (
          SELECT s.rank, s.items FROM stock_state_counts s WHERE s.tenant_id = :tenant_id AND {IN_WAREHOUSE.format(cell="s")}
          UNION ALL
          SELECT s.rank, -1 FROM stock_states s
          WHERE s.tenant_id = :tenant_id AND {IN_WAREHOUSE.format(cell="s")} AND {OF_CELLS.format(cell="s")}
          UNION ALL
          SELECT rank, 1 FROM cells WHERE NOT archived)
        SELECT rank, sum(items) AS items FROM parts GROUP BY rank"""


def _states_everywhere() -> str:
    """Where an item is as bad as its worst cell: looked for only when one of its cells has changed its state."""
    return f"""{cells(OF_CELLS)},
        live AS MATERIALIZED (SELECT item_id, warehouse_id, rank FROM cells WHERE NOT archived),
        kept AS MATERIALIZED (
          SELECT s.item_id, s.warehouse_id, s.rank FROM stock_states s WHERE s.tenant_id = :tenant_id AND {OF_CELLS.format(cell="s")}),
        moved AS MATERIALIZED (
          SELECT item_id FROM live FULL JOIN kept USING (item_id, warehouse_id)
          WHERE live.rank IS DISTINCT FROM kept.rank OR warehouse_id = {EVERYWHERE}
          UNION SELECT item FROM unnest(CAST(:items AS int[]), CAST(:warehouses AS int[])) t (item, place) WHERE place = {EVERYWHERE}),
        ranks AS (
          SELECT item_id, rank FROM live
          UNION ALL
          SELECT s.item_id, s.rank FROM moved JOIN stock_states s ON s.tenant_id = :tenant_id AND s.item_id = moved.item_id
          WHERE s.warehouse_id <> {EVERYWHERE} AND NOT ({OF_CELLS.format(cell="s")})),
        parts AS (
          SELECT s.rank, s.items FROM stock_state_counts s WHERE s.tenant_id = :tenant_id AND s.warehouse_id = {EVERYWHERE}
          UNION ALL
          SELECT s.rank, -1 FROM moved JOIN stock_states s
            ON s.tenant_id = :tenant_id AND s.item_id = moved.item_id AND s.warehouse_id = {EVERYWHERE}
          UNION ALL
          SELECT coalesce(min(r.rank), 0), 1 FROM moved JOIN items i ON i.tenant_id = :tenant_id AND i.id = moved.item_id
          LEFT JOIN ranks r ON r.item_id = i.id WHERE i.archived_at IS NULL GROUP BY i.id)
        SELECT rank, sum(items) AS items FROM parts GROUP BY rank"""


def shortest(warehouse: str | None) -> str:
    """The cells of the worst shortages as tallied, none of them stale: so many from each warehouse, then the first of those."""
    there = "w.code = :warehouse" if warehouse is not None else "TRUE"
    return f"""
        SELECT s.item_id, s.warehouse_id FROM warehouses w CROSS JOIN LATERAL (
          SELECT s.* FROM stock_states s
          WHERE s.tenant_id = :tenant_id AND s.warehouse_id = w.id AND s.rank <= 1 AND s.qty_min > 0
            AND (s.item_id, s.warehouse_id) NOT IN (SELECT * FROM unnest(CAST(:items AS int[]), CAST(:warehouses AS int[])))
          ORDER BY s.rank, s.fill, s.qty_min DESC, s.item_id LIMIT :limit) s
        WHERE w.tenant_id = :tenant_id AND {there}
        ORDER BY s.rank, s.fill, s.qty_min DESC, s.item_id, w.id LIMIT :limit"""


def changes(warehouse: str | None, whole: bool) -> str:
    """What took effect between the bounds, by unit and the bound it follows: tallied by slices, and since."""
    kept = place(warehouse) if whole or warehouse is not None else places(None, "s")
    return f"""
        SELECT unit, width_bucket(at_us, CAST(:bounds AS bigint[])), sum(on_hand)::bigint, sum(reserved)::bigint, sum(available)::bigint,
          sum(in_transit)::bigint
        FROM (
          SELECT s.unit, s.slice::bigint * {SLICE_US} AS at_us, s.on_hand, s.reserved, s.available, s.in_transit FROM stock_slices s
          WHERE s.tenant_id = :tenant_id AND {kept} AND s.slice >= CAST(:from AS bigint) / {SLICE_US}
          UNION ALL
          SELECT i.base_unit, l.effective_at_us, l.delta_on_hand, l.delta_reserved, {FREED}, l.delta_in_transit
          FROM stock_ledger l JOIN items i ON i.tenant_id = :tenant_id AND i.id = l.item_id
          WHERE l.tenant_id = :tenant_id AND l.part = 0 AND l.seq > :seq AND l.effective_at_us >= :from AND {places(warehouse, "l")}) parts
        GROUP BY 1, 2"""


FREED = """(greatest(0, l.on_hand - l.blocked - l.reserved) - greatest(0,
            l.on_hand - l.delta_on_hand - l.blocked + l.delta_blocked - l.reserved + l.delta_reserved))"""
"""What a row of the ledger did to what is available in its cell, below zero being zero."""

_STALE = f"""
WITH things AS MATERIALIZED (SELECT DISTINCT s.item_id FROM stock_stale s WHERE s.tenant_id = :tenant_id)
SELECT item_id, warehouse_id FROM (
  SELECT l.item_id, l.warehouse_id FROM stock_ledger l WHERE l.tenant_id = :tenant_id AND l.part = 0 AND l.seq > :seq
  UNION SELECT h.item_id, h.warehouse_id FROM stock_holds h
  WHERE h.tenant_id = :tenant_id AND h.part = 0 AND h.open > 0 AND h.expires_at_us <= :now_us
  UNION SELECT b.item_id, b.warehouse_id FROM things t JOIN stock_balances b ON b.tenant_id = :tenant_id AND b.item_id = t.item_id
  UNION SELECT m.item_id, m.warehouse_id FROM things t JOIN item_limits m ON m.tenant_id = :tenant_id AND m.item_id = t.item_id
  UNION SELECT s.item_id, s.warehouse_id FROM things t JOIN stock_states s ON s.tenant_id = :tenant_id AND s.item_id = t.item_id
  UNION SELECT t.item_id, {EVERYWHERE} FROM things t) stale
LIMIT :limit"""
