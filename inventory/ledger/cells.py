"""SQL of cells: what is on hand, promised and available in every item and warehouse, ready to be filtered and summed."""

# ruff: noqa: S608 - statements are put together from words of this package; whatever a person typed is a parameter.
from __future__ import annotations

DUE = """
WITH due AS MATERIALIZED (
  SELECT h.item_id, h.warehouse_id, sum(h.open)::bigint AS qty FROM stock_holds h
  WHERE h.tenant_id = :tenant_id AND h.open > 0 AND h.expires_at_us <= :now_us
    AND h.part = ANY (ARRAY(SELECT p.part FROM stock_partitions p WHERE p.tenant_id = :tenant_id))
  GROUP BY 1, 2)"""
"""What soft holds still hold in the books although their time has passed."""

ITEM_BY_ITEM = " AND {cell}.item_id = i.id"
"""Scope that walks the items in order and stops when the page is full: right for a list by SKU, slow for anything that must
see all cells anyway."""


IN_WAREHOUSE = "{cell}.warehouse_id = (SELECT s.id FROM warehouses s WHERE s.tenant_id = :tenant_id AND s.code = :warehouse)"


OF_CELLS = """{cell}.item_id = ANY (CAST(:items AS int[])) AND ({cell}.item_id, {cell}.warehouse_id) IN (
  SELECT * FROM unnest(CAST(:items AS int[]), CAST(:warehouses AS int[])))"""
"""Scope of a few cells: the first of `:items` in the first of `:warehouses`, and so on. The first half finds them by their key."""

RANK = """CASE WHEN on_hand - blocked - reserved <= 0 THEN 0
         WHEN on_hand - blocked - reserved + in_transit + on_order <= qty_min THEN 1
         WHEN on_hand - blocked - reserved <= qty_min THEN 2
         WHEN qty_max > 0 AND on_hand > qty_max THEN 3
         ELSE 4 END"""
"""The state of a cell as the index into `STATES`."""
WANTED = "((i.archived_at IS NULL AND w.archived_at IS NULL) OR c.on_hand > 0)"
"""A thing that was put away is not looked at once nothing of it is left."""


def cells(scope: str) -> str:
    """Every cell that holds, held or should hold something. `rank` is the index into `STATES`.

    `scope` narrows the cells where they are read. An item or warehouse that was put away is left out once nothing is there.
    Units and warehouses are joined from the left though each exists: the planner believes inner joins here to drop most
    rows, and then picks loops that take seconds over 300,000 cells.
    """
    of_balance, of_limits = scope.format(cell="b"), scope.format(cell="m")
    return f"""{DUE},
counted AS (
  SELECT i.id AS item_id, i.sku, i.name, i.category, i.base_unit AS unit, u.decimals,
    i.archived_at IS NOT NULL AS archived, w.id AS warehouse_id, w.code AS warehouse, w.name AS warehouse_name,
    c.on_hand, c.reserved, c.blocked, c.in_transit, c.on_order, c.seq, c.qty_min, c.qty_max
  FROM items i
  JOIN LATERAL (
    SELECT b.item_id, b.warehouse_id, b.on_hand, b.reserved - coalesce(d.qty, 0) AS reserved, b.blocked, b.in_transit, b.on_order,
      b.seq, m.qty_min, m.qty_max
    FROM stock_balances b
    LEFT JOIN due d ON d.item_id = b.item_id AND d.warehouse_id = b.warehouse_id
    LEFT JOIN item_limits m ON m.tenant_id = :tenant_id AND m.item_id = b.item_id AND m.warehouse_id = b.warehouse_id
    WHERE b.tenant_id = :tenant_id AND {of_balance}
    UNION ALL
    SELECT m.item_id, m.warehouse_id, 0, 0, 0, 0, 0, 0, m.qty_min, m.qty_max FROM item_limits m
    WHERE m.tenant_id = :tenant_id AND {of_limits} AND NOT EXISTS (
      SELECT 1 FROM stock_balances b WHERE b.tenant_id = :tenant_id AND b.item_id = m.item_id AND b.warehouse_id = m.warehouse_id)
  ) c ON c.item_id = i.id
  LEFT JOIN units u ON u.tenant_id = :tenant_id AND u.code = i.base_unit
  LEFT JOIN warehouses w ON w.tenant_id = :tenant_id AND w.id = c.warehouse_id
  WHERE i.tenant_id = :tenant_id AND {WANTED}),
cells AS (SELECT *, greatest(0, on_hand - blocked - reserved) AS available, {RANK} AS rank FROM counted)
"""


def items(in_warehouse: bool = False, archived: bool = False) -> str:
    """Items without a look at their stock; with a warehouse only those that have a cell there."""
    there = """ AND EXISTS (
      SELECT 1 FROM warehouses w
      LEFT JOIN stock_balances b ON b.tenant_id = :tenant_id AND b.item_id = i.id AND b.warehouse_id = w.id
      LEFT JOIN item_limits m ON m.tenant_id = :tenant_id AND m.item_id = i.id AND m.warehouse_id = w.id
      WHERE w.tenant_id = :tenant_id AND w.code = :warehouse AND (b.item_id IS NOT NULL OR m.item_id IS NOT NULL))"""
    return f"""
WITH listed AS (
  SELECT i.id AS item_id, i.sku, i.name, i.category, i.base_unit AS unit, u.decimals
  FROM items i JOIN units u ON u.tenant_id = :tenant_id AND u.code = i.base_unit
  WHERE i.tenant_id = :tenant_id{"" if archived else " AND i.archived_at IS NULL"}{there if in_warehouse else ""})
"""


def ranked_items(in_warehouse: bool) -> str:
    """Items with their sums and their worst state. One without any cell is out."""
    scope = IN_WAREHOUSE if in_warehouse else "TRUE"
    return f"""{cells(scope)}, summed AS (
  SELECT item_id, sum(on_hand)::bigint AS on_hand, sum(reserved)::bigint AS reserved, sum(available)::bigint AS available,
    min(rank) AS rank FROM cells GROUP BY item_id),
listed AS (
  SELECT i.id AS item_id, i.sku, i.name, i.category, i.base_unit AS unit, u.decimals, coalesce(s.on_hand, 0) AS on_hand,
    coalesce(s.reserved, 0) AS reserved, coalesce(s.available, 0) AS available, coalesce(s.rank, 0) AS rank
  FROM items i JOIN units u ON u.tenant_id = :tenant_id AND u.code = i.base_unit
  {"JOIN" if in_warehouse else "LEFT JOIN"} summed s ON s.item_id = i.id
  WHERE i.tenant_id = :tenant_id AND i.archived_at IS NULL)
"""
