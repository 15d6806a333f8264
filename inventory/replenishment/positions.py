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
AWAITED = (Status.APPROVED, Status.PARTIALLY_RECEIVED)
"""Orders that the balances count, or will in a moment."""

EVERYWHERE = "TRUE"
IN_ONE_WAREHOUSE = IN_WAREHOUSE.format(cell="m")
OF_CELLS = "(m.item_id, m.warehouse_id) IN (SELECT * FROM unnest(CAST(:item_ids AS int[]), CAST(:warehouse_ids AS int[])))"


def _numbers(statuses: tuple[Status, ...]) -> str:
    return ", ".join(str(int(status)) for status in statuses)


_COMING = f"""
ordered AS (
  SELECT l.item_id, l.warehouse_id, CASE WHEN o.status IN ({_numbers(PLANNED)}) THEN l.ordered - l.cancelled ELSE 0 END AS planned,
    CASE WHEN o.status IN ({_numbers(PLANNED)}) THEN 0 ELSE l.open - l.counted END AS uncounted
  FROM purchase_orders o JOIN purchase_order_lines l ON l.tenant_id = o.tenant_id AND l.order_id = o.id
  WHERE o.tenant_id = :tenant_id AND o.status IN ({_numbers(PLANNED + AWAITED)})
    AND (o.status IN ({_numbers(PLANNED)}) OR l.open <> l.counted)),
coming AS MATERIALIZED (
  SELECT item_id, warehouse_id, sum(due)::bigint AS due, sum(planned)::bigint AS planned, sum(uncounted)::bigint AS uncounted FROM (
    SELECT item_id, warehouse_id, qty AS due, 0 AS planned, 0 AS uncounted FROM due
    UNION ALL SELECT item_id, warehouse_id, 0, planned, uncounted FROM ordered) each
  GROUP BY 1, 2)"""
"""What the balances do not tell: holds whose time has passed, orders that are meant, orders that they do not count yet, or still do.
Few cells have any of it."""


def short(scope: str) -> str:
    """Cells whose projection is at or below their minimum, with `free`, `on_order`, `in_transit`, `planned` and their limits.

    `near` are those that are short by their balance alone: what comes on top only adds, unless a line was closed short and is still
    counted. So the large tables are joined once, and the rest is looked up for the few rows that are left. Cells without limits ask
    for nothing, and neither do items and warehouses that were put away: whoever reads joins those in use. `chosen` is who would be
    asked, by the rule of `domain.chosen_offer`.
    """
    return f"""{DUE},{_COMING},
near AS MATERIALIZED (
  SELECT m.item_id, m.warehouse_id, m.qty_min, m.qty_max, coalesce(b.on_hand - b.blocked - b.reserved, 0) AS free,
    coalesce(b.on_order, 0) AS on_order, coalesce(b.in_transit, 0) AS in_transit
  FROM item_limits m
  LEFT JOIN stock_balances b ON b.tenant_id = :tenant_id AND b.item_id = m.item_id AND b.warehouse_id = m.warehouse_id
  WHERE m.tenant_id = :tenant_id AND {scope}
    AND (coalesce(b.on_hand - b.blocked - b.reserved + b.on_order + b.in_transit, 0) <= m.qty_min
      OR (m.item_id, m.warehouse_id) IN (SELECT u.item_id, u.warehouse_id FROM coming u WHERE u.uncounted < 0))),
standing AS (
  SELECT n.item_id, n.warehouse_id, n.qty_min, n.qty_max, n.free + coalesce(c.due, 0) AS free,
    n.on_order + coalesce(c.uncounted, 0) AS on_order, n.in_transit, coalesce(c.planned, 0) AS planned
  FROM near n LEFT JOIN coming c ON c.item_id = n.item_id AND c.warehouse_id = n.warehouse_id),
short AS MATERIALIZED (
  SELECT * FROM standing
  WHERE free + on_order + in_transit + planned <= qty_min AND free + on_order + in_transit + planned < qty_max),
chosen AS (
  SELECT f.item_id,
    coalesce(max(f.supplier_id) FILTER (WHERE f.preferred), CASE WHEN count(*) = 1 THEN max(f.supplier_id) END) AS supplier_id
  FROM item_suppliers f JOIN suppliers v ON v.tenant_id = f.tenant_id AND v.id = f.supplier_id AND v.archived_at IS NULL
  WHERE f.tenant_id = :tenant_id AND f.item_id IN (SELECT s.item_id FROM short s) GROUP BY 1)"""


IN_USE = """
JOIN items i ON i.tenant_id = :tenant_id AND i.id = s.item_id AND i.archived_at IS NULL
JOIN warehouses w ON w.tenant_id = :tenant_id AND w.id = s.warehouse_id AND w.archived_at IS NULL
LEFT JOIN chosen c ON c.item_id = s.item_id"""

COUNTS = """count(*) AS suggestions, count(DISTINCT s.item_id) AS items,
  count(DISTINCT s.item_id) FILTER (WHERE c.supplier_id IS NULL) AS unassigned"""
"""How many suggestions there are, of how many items, and how many of those have no supplier."""
COUNT = f"{short(EVERYWHERE)} SELECT {COUNTS} FROM short s {IN_USE}"

_FREE = "b.on_hand - b.blocked - b.reserved + coalesce(d.qty, 0)"
"""What is there and promised to nobody; less than nothing where more is promised than is there."""
ELSEWHERE = f"""{DUE}
SELECT b.item_id, w.code AS warehouse, w.name AS warehouse_name, {_FREE} AS available,
  coalesce(m.qty_min, 0) AS qty_min, coalesce(m.qty_max, 0) AS qty_max
FROM stock_balances b
JOIN warehouses w ON w.tenant_id = :tenant_id AND w.id = b.warehouse_id AND w.archived_at IS NULL
LEFT JOIN due d ON d.item_id = b.item_id AND d.warehouse_id = b.warehouse_id
LEFT JOIN item_limits m ON m.tenant_id = :tenant_id AND m.item_id = b.item_id AND m.warehouse_id = b.warehouse_id
WHERE b.tenant_id = :tenant_id AND b.item_id = ANY (CAST(:item_ids AS int[]))
  AND {_FREE} > coalesce(nullif(m.qty_max, 0), m.qty_min, 0)
ORDER BY b.item_id, w.code"""
"""Where else there is too much of these items (`domain.surplus_of`), nearest first: codes are all that is known of distance."""
