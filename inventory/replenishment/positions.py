"""SQL of positions: where every item with limits stands, and which are at or below their minimum.

One statement sees one moment: an order is planned until it is approved, then it is to be counted, then it is in the balances. So it
counts once whenever one looks.
"""

# ruff: noqa: S608 - statements are put together from words of this package; whatever a person typed is a parameter.
from __future__ import annotations

from inventory.ledger.cells import DUE, IN_WAREHOUSE
from inventory.purchasing.status import Status

PLANNED = (Status.DRAFT, Status.SUBMITTED)
"""Orders that are meant and not yet approved. What was rejected is meant no more until somebody has changed it."""

EVERYWHERE = "TRUE"
IN_ONE_WAREHOUSE = IN_WAREHOUSE.format(cell="m")
OF_CELLS = "(m.item_id, m.warehouse_id) IN (SELECT * FROM unnest(CAST(:item_ids AS int[]), CAST(:warehouse_ids AS int[])))"

_ORDERED = f"""
planned AS MATERIALIZED (
  SELECT l.item_id, l.warehouse_id, sum(l.ordered - l.cancelled)::bigint AS qty
  FROM purchase_orders o JOIN purchase_order_lines l ON l.tenant_id = o.tenant_id AND l.order_id = o.id
  WHERE o.tenant_id = :tenant_id AND o.status IN ({", ".join(str(int(status)) for status in PLANNED)}) GROUP BY 1, 2),
uncounted AS MATERIALIZED (
  SELECT l.item_id, l.warehouse_id, sum(l.open - l.counted)::bigint AS qty FROM purchase_order_lines l
  WHERE l.tenant_id = :tenant_id AND l.open <> l.counted GROUP BY 1, 2)"""
_FREE = "coalesce(b.on_hand - b.blocked - b.reserved, 0) + coalesce(d.qty, 0)"
"""What is there and promised to nobody; less than nothing where more is promised than is there."""


def short(scope: str) -> str:
    """Cells whose projection is at or below their minimum, with `free`, `on_order`, `in_transit`, `planned` and their limits.

    Cells without limits ask for nothing, and neither do items and warehouses that were put away: whoever reads joins those in use.
    """
    return f"""{DUE},{_ORDERED},
standing AS (
  SELECT m.item_id, m.warehouse_id, m.qty_min, m.qty_max, {_FREE} AS free,
    coalesce(b.on_order, 0) + coalesce(u.qty, 0) AS on_order, coalesce(b.in_transit, 0) AS in_transit, coalesce(p.qty, 0) AS planned
  FROM item_limits m
  LEFT JOIN stock_balances b ON b.tenant_id = :tenant_id AND b.item_id = m.item_id AND b.warehouse_id = m.warehouse_id
  LEFT JOIN due d ON d.item_id = m.item_id AND d.warehouse_id = m.warehouse_id
  LEFT JOIN planned p ON p.item_id = m.item_id AND p.warehouse_id = m.warehouse_id
  LEFT JOIN uncounted u ON u.item_id = m.item_id AND u.warehouse_id = m.warehouse_id
  WHERE m.tenant_id = :tenant_id AND {scope}),
short AS (
  SELECT * FROM standing
  WHERE free + on_order + in_transit + planned <= qty_min AND free + on_order + in_transit + planned < qty_max)"""


CHOSEN = """
LEFT JOIN LATERAL (
  SELECT CASE WHEN bool_or(f.preferred) OR count(*) = 1 THEN (array_agg(f.supplier_id ORDER BY f.preferred DESC))[1] END AS supplier_id
  FROM item_suppliers f JOIN suppliers v ON v.tenant_id = f.tenant_id AND v.id = f.supplier_id AND v.archived_at IS NULL
  WHERE f.tenant_id = :tenant_id AND f.item_id = s.item_id) c ON TRUE"""
"""Who would be asked, by the rule of `domain.chosen_offer`."""

IN_USE = """
JOIN items i ON i.tenant_id = :tenant_id AND i.id = s.item_id AND i.archived_at IS NULL
JOIN warehouses w ON w.tenant_id = :tenant_id AND w.id = s.warehouse_id AND w.archived_at IS NULL"""

COUNT = f"""{short(EVERYWHERE)}
SELECT count(*) AS suggestions, count(DISTINCT s.item_id) FILTER (WHERE c.supplier_id IS NULL) AS unassigned
FROM short s {IN_USE} {CHOSEN}"""
"""How many suggestions there are, and how many items among them have no supplier."""

ELSEWHERE = f"""{DUE}
SELECT b.item_id, w.code AS warehouse, w.name AS warehouse_name, {_FREE} AS available,
  coalesce(m.qty_min, 0) AS qty_min, coalesce(m.qty_max, 0) AS qty_max
FROM stock_balances b
JOIN warehouses w ON w.tenant_id = :tenant_id AND w.id = b.warehouse_id AND w.archived_at IS NULL
LEFT JOIN due d ON d.item_id = b.item_id AND d.warehouse_id = b.warehouse_id
LEFT JOIN item_limits m ON m.tenant_id = :tenant_id AND m.item_id = b.item_id AND m.warehouse_id = b.warehouse_id
WHERE b.tenant_id = :tenant_id AND b.item_id = ANY (CAST(:item_ids AS int[])) AND {_FREE} > 0
ORDER BY b.item_id, w.code"""
"""Where else some of these items are, nearest first: codes are all that is known of distance."""
