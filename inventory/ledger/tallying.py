"""Keeping the tally: what is added to it for rows of the ledger, and the states of items found anew. Statements only.

`jobs/tally.py` runs them in one transaction that has locked the company's row of `stock_tallies`. Sums grow by what rows changed
and never look at balances; states are read from balances as they are, which may be ahead of the sums: whoever reads them finds
out about items with rows since for themselves.
"""

# ruff: noqa: S608 - the words are ours.
from __future__ import annotations

from inventory.ledger.cells import RANK, WANTED
from inventory.ledger.tally import FREED
from inventory.ledger.tally_store import EVERYWHERE, SLICE_US

GROWN = """
SELECT p.tenant_id FROM stock_partitions p LEFT JOIN stock_tallies t USING (tenant_id, part)
WHERE p.part = 0 AND p.seq > coalesce(t.seq, -1)
UNION SELECT s.tenant_id FROM stock_stale s
ORDER BY 1
"""
"""Companies whose ledger has grown or whose things have changed."""

ALL = "SELECT tenant_id FROM stock_tallies WHERE part = 0 ORDER BY 1"

BEGIN = "INSERT INTO stock_tallies (tenant_id, part, seq, tallied_at_us) VALUES ($1, 0, 0, $2) ON CONFLICT DO NOTHING RETURNING seq"
"""A row only the first time."""
EVERY_ITEM = "INSERT INTO stock_stale (tenant_id, item_id) SELECT tenant_id, id FROM items WHERE tenant_id = $1"

SPAN = """
SELECT t.seq AS since, least(coalesce(p.seq, 0), t.seq + $2::int) AS upto FROM stock_tallies t
LEFT JOIN stock_partitions p USING (tenant_id, part) WHERE t.tenant_id = $1 AND t.part = 0 FOR UPDATE OF t
"""
"""The rows to add. Without a ledger there are none."""

_ADDED = ", ".join(f"{name} = t.{name} + EXCLUDED.{name}" for name in ("on_hand", "reserved", "available", "in_transit"))
SUMS = f"""
WITH happened AS MATERIALIZED (
  SELECT l.warehouse_id, i.base_unit AS unit, (l.effective_at_us / {SLICE_US})::int AS slice, sum(l.delta_on_hand)::bigint AS on_hand,
    sum(l.delta_reserved)::bigint AS reserved, sum({FREED})::bigint AS available, sum(l.delta_in_transit)::bigint AS in_transit
  FROM stock_ledger l JOIN items i ON i.tenant_id = $1 AND i.id = l.item_id
  WHERE l.tenant_id = $1 AND l.part = 0 AND l.seq > $2 AND l.seq <= $3
  GROUP BY 1, 2, 3),
sliced AS (
  INSERT INTO stock_slices AS t (tenant_id, warehouse_id, slice, unit, on_hand, reserved, available, in_transit)
  SELECT $1, coalesce(warehouse_id, {EVERYWHERE}), slice, unit, sum(on_hand), sum(reserved), sum(available), sum(in_transit)
  FROM happened GROUP BY GROUPING SETS ((warehouse_id, slice, unit), (slice, unit))
  ON CONFLICT (tenant_id, warehouse_id, slice, unit) DO UPDATE SET {_ADDED})
INSERT INTO stock_totals AS t (tenant_id, warehouse_id, unit, on_hand, reserved, available, in_transit)
SELECT $1, warehouse_id, unit, sum(on_hand), sum(reserved), sum(available), sum(in_transit) FROM happened GROUP BY warehouse_id, unit
ON CONFLICT (tenant_id, warehouse_id, unit) DO UPDATE SET {_ADDED}
"""

TOUCHED = "SELECT DISTINCT item_id FROM stock_ledger WHERE tenant_id = $1 AND part = 0 AND seq > $2 AND seq <= $3"
STALE = """
DELETE FROM stock_stale WHERE tenant_id = $1
  AND id = ANY (ARRAY(SELECT id FROM stock_stale WHERE tenant_id = $1 ORDER BY id LIMIT $2)) RETURNING item_id
"""
ORDERED = """
SELECT DISTINCT item_id FROM (SELECT item_id, warehouse_id, on_order FROM stock_balances WHERE tenant_id = $1 AND on_order > 0) b
FULL JOIN (SELECT item_id, warehouse_id, on_order FROM stock_states WHERE tenant_id = $1 AND on_order > 0) s USING (item_id, warehouse_id)
WHERE b.on_order IS DISTINCT FROM s.on_order
"""
"""Items of which another quantity is on order than when their state was found: no row and no fact tells of that."""

STATES = f"""
WITH counted AS (
  SELECT i.id AS item_id, c.* FROM items i
  JOIN LATERAL (
    SELECT b.warehouse_id, b.on_hand, b.reserved, b.blocked, b.in_transit, b.on_order, m.qty_min, m.qty_max
    FROM stock_balances b LEFT JOIN item_limits m ON m.tenant_id = $1 AND m.item_id = b.item_id AND m.warehouse_id = b.warehouse_id
    WHERE b.tenant_id = $1 AND b.item_id = i.id
    UNION ALL
    SELECT m.warehouse_id, 0, 0, 0, 0, 0, m.qty_min, m.qty_max FROM item_limits m
    WHERE m.tenant_id = $1 AND m.item_id = i.id AND NOT EXISTS (
      SELECT 1 FROM stock_balances b WHERE b.tenant_id = $1 AND b.item_id = i.id AND b.warehouse_id = m.warehouse_id)
  ) c ON true
  LEFT JOIN warehouses w ON w.tenant_id = $1 AND w.id = c.warehouse_id
  WHERE i.tenant_id = $1 AND i.id = ANY ($2::int[]) AND i.archived_at IS NULL AND {WANTED}),
ranked AS MATERIALIZED (SELECT *, {RANK} AS rank, greatest(0, on_hand - blocked - reserved) AS available FROM counted),
fresh AS MATERIALIZED (
  SELECT warehouse_id, item_id, rank, CASE WHEN rank <= 1 THEN coalesce(qty_min, 0) ELSE 0 END AS qty_min,
    CASE WHEN rank <= 1 AND qty_min > 0 THEN available::float / qty_min ELSE 0 END AS fill, on_order FROM ranked
  UNION ALL
  SELECT {EVERYWHERE}, i.id, coalesce(min(r.rank), 0), 0, 0, 0 FROM items i LEFT JOIN ranked r ON r.item_id = i.id
  WHERE i.tenant_id = $1 AND i.id = ANY ($2::int[]) AND i.archived_at IS NULL GROUP BY i.id),
kept AS MATERIALIZED (SELECT warehouse_id, item_id, rank FROM stock_states WHERE tenant_id = $1 AND item_id = ANY ($2::int[])),
gone AS (
  DELETE FROM stock_states s USING kept k
  WHERE s.tenant_id = $1 AND s.warehouse_id = k.warehouse_id AND s.item_id = k.item_id
    AND NOT EXISTS (SELECT FROM fresh f WHERE f.warehouse_id = k.warehouse_id AND f.item_id = k.item_id)),
written AS (
  INSERT INTO stock_states AS t (tenant_id, warehouse_id, item_id, rank, qty_min, fill, on_order)
  SELECT $1, warehouse_id, item_id, rank, qty_min, fill, on_order FROM fresh
  ON CONFLICT (tenant_id, warehouse_id, item_id)
    DO UPDATE SET rank = EXCLUDED.rank, qty_min = EXCLUDED.qty_min, fill = EXCLUDED.fill, on_order = EXCLUDED.on_order
    WHERE (t.rank, t.qty_min, t.fill, t.on_order) IS DISTINCT FROM (EXCLUDED.rank, EXCLUDED.qty_min, EXCLUDED.fill, EXCLUDED.on_order))
INSERT INTO stock_state_counts AS t (tenant_id, warehouse_id, rank, items)
SELECT $1, warehouse_id, rank, sum(n) FROM (
  SELECT warehouse_id, rank, 1 AS n FROM fresh UNION ALL SELECT warehouse_id, rank, -1 FROM kept) moved
GROUP BY warehouse_id, rank HAVING sum(n) <> 0
ON CONFLICT (tenant_id, warehouse_id, rank) DO UPDATE SET items = t.items + EXCLUDED.items
"""

REACHED = "UPDATE stock_tallies SET seq = $2, tallied_at_us = $3 WHERE tenant_id = $1 AND part = 0"
