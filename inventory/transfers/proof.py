"""The proof of transfers: what their rows add up to, compared with what is kept of them. Pure but for the statements.

From the rows alone, for each transfer and the goods in it: shipped − received − written off = open; and what is open for
a cell is what the cell says is in transit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from inventory.ledger.messages import Kind
from inventory.ledger.proof import CellKey, Fault, Record

MOVED = f"""
SELECT document, item_id, warehouse_id, lot_id, owner_id, condition,
  coalesce(sum(delta_in_transit) FILTER (WHERE kind = {int(Kind.SHIP)}), 0)::bigint AS qty,
  coalesce(-sum(delta_in_transit) FILTER (WHERE kind = {int(Kind.ARRIVE)}), 0)::bigint AS received,
  coalesce(-sum(delta_in_transit) FILTER (WHERE kind = {int(Kind.WRITE_OFF)}), 0)::bigint AS written_off,
  sum(delta_in_transit)::bigint AS open
FROM stock_ledger WHERE tenant_id = $1 AND part = $2 AND delta_in_transit <> 0 GROUP BY 1, 2, 3, 4, 5, 6
"""  # noqa: S608 - the numbers are ours
"""Goods of transfers as their rows have them."""
KEPT = """
SELECT seq AS document, item_id, warehouse_id, lot_id, owner_id, condition, qty, received, written_off, open
FROM stock_transfers WHERE tenant_id = $1 AND part = $2
"""
"""The same as it is kept."""
OWNED = """
SELECT document, sum(delta_on_hand + delta_in_transit)::bigint AS gained
FROM stock_ledger WHERE tenant_id = $1 AND part = $2 AND kind = ANY ($3::smallint[])
GROUP BY 1 HAVING sum(delta_on_hand + delta_in_transit) <> 0
"""
"""Transfers whose rows make us own more or less: none should (invariant I4)."""
EXCHANGES = [int(Kind.SHIP), int(Kind.ARRIVE)]
IN_TRANSIT = "SELECT item_id, warehouse_id, in_transit, seq FROM stock_balances WHERE tenant_id = $1 AND part = $2 AND in_transit <> 0"

_GOODS = ("document", "item_id", "warehouse_id", "lot_id", "owner_id", "condition")
_MEASURES = ("qty", "received", "written_off", "open")


def faults_of_transfers(
    moved: Iterable[Record], kept: Iterable[Record], owned: Iterable[Record], balances: Iterable[Record]
) -> list[Fault]:
    """What does not hold, given what `MOVED`, `KEPT`, `OWNED` and `IN_TRANSIT` find in one snapshot."""
    shipped, lines = _by_goods(moved), _by_goods(kept)
    faults = [
        Fault("transfer", goods[0], {"goods": goods, "stored": lines.get(goods), "rows": shipped.get(goods)})
        for goods in sorted(shipped.keys() | lines.keys())
        if shipped.get(goods) != lines.get(goods)
    ]
    faults += [Fault("transfer_owned", row["document"], {"gained": row["gained"]}) for row in owned]
    return faults + list(_cells(lines, {(row["item_id"], row["warehouse_id"]): (row["in_transit"], row["seq"]) for row in balances}))


def _by_goods(rows: Iterable[Record]) -> dict[tuple[int, ...], tuple[int, ...]]:
    return {tuple(row[name] for name in _GOODS): tuple(row[name] for name in _MEASURES) for row in rows}


def _cells(lines: dict[tuple[int, ...], tuple[int, ...]], balances: dict[CellKey, tuple[int, int]]) -> Iterator[Fault]:
    open_in: dict[CellKey, int] = {}
    for goods, measures in lines.items():
        cell = goods[1], goods[2]
        open_in[cell] = open_in.get(cell, 0) + measures[-1]
    for item, warehouse in sorted(open_in.keys() | balances.keys()):
        still_open, (in_transit, seq) = open_in.get((item, warehouse), 0), balances.get((item, warehouse), (0, 0))
        if still_open != in_transit:
            yield Fault("in_transit", seq, {"item": item, "warehouse": warehouse, "in_transit": in_transit, "open": still_open})
