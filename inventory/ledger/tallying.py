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

TURN = "SELECT FROM stock_tallies WHERE tenant_id = $1 AND part = 0 FOR UPDATE"
"""Waits for whoever is at it. A statement of its own: what waits for a row goes on with it as it is by then, but with everything else
as it was when it began to wait, and would take the last row of the ledger for one before those that are in the sums."""
SPAN = """
SELECT t.seq AS since, least(coalesce(p.seq, 0), t.seq + $2::int) AS upto FROM stock_tallies t
LEFT JOIN stock_partitions p USING (tenant_id, part) WHERE t.tenant_id = $1 AND t.part = 0
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

TOUCHED = "SELECT DISTINCT item_id, warehouse_id FROM stock_ledger WHERE tenant_id = $1 AND part = 0 AND seq > $2 AND seq <= $3"
STALE = """
DELETE FROM stock_stale WHERE tenant_id = $1
  AND id = ANY (ARRAY(SELECT id FROM stock_stale WHERE tenant_id = $1 ORDER BY id LIMIT $2)) RETURNING item_id
"""
ORDERED = """
SELECT item_id, warehouse_id FROM (SELECT item_id, warehouse_id, on_order FROM stock_balances WHERE tenant_id = $1 AND on_order > 0) b
FULL JOIN (SELECT item_id, warehouse_id, on_order FROM stock_states WHERE tenant_id = $1 AND on_order > 0) s USING (item_id, warehouse_id)
WHERE b.on_order IS DISTINCT FROM s.on_order
"""
"""Cells of which another quantity is on order than when their state was found: an order that is placed leaves no row of the ledger."""

STATES = f"""
WITH asked AS MATERIALIZED (
  SELECT * FROM unnest($2::int[], $3::int[]) t (item_id, warehouse_id)
  UNION SELECT item_id, warehouse_id FROM stock_balances WHERE tenant_id = $1 AND item_id = ANY ($4::int[])
  UNION SELECT item_id, warehouse_id FROM item_limits WHERE tenant_id = $1 AND item_id = ANY ($4::int[])
  UNION SELECT item_id, warehouse_id FROM stock_states WHERE tenant_id = $1 AND item_id = ANY ($4::int[]) AND warehouse_id <> {EVERYWHERE}),
counted AS (
  SELECT c.* FROM (
    SELECT a.item_id, a.warehouse_id, coalesce(b.on_hand, 0) AS on_hand, coalesce(b.reserved, 0) AS reserved,
      coalesce(b.blocked, 0) AS blocked, coalesce(b.in_transit, 0) AS in_transit, coalesce(b.on_order, 0) AS on_order, m.qty_min, m.qty_max
    FROM asked a
    LEFT JOIN stock_balances b ON b.tenant_id = $1 AND b.item_id = a.item_id AND b.warehouse_id = a.warehouse_id
    LEFT JOIN item_limits m ON m.tenant_id = $1 AND m.item_id = a.item_id AND m.warehouse_id = a.warehouse_id
    WHERE b.item_id IS NOT NULL OR m.item_id IS NOT NULL) c
  JOIN items i ON i.tenant_id = $1 AND i.id = c.item_id
  LEFT JOIN warehouses w ON w.tenant_id = $1 AND w.id = c.warehouse_id
  WHERE i.archived_at IS NULL AND {WANTED}),
ranked AS (SELECT *, {RANK} AS rank, greatest(0, on_hand - blocked - reserved) AS available FROM counted),
live AS MATERIALIZED (
  SELECT warehouse_id, item_id, rank, CASE WHEN rank <= 1 THEN coalesce(qty_min, 0) ELSE 0 END AS qty_min,
    CASE WHEN rank <= 1 AND qty_min > 0 THEN available::float / qty_min ELSE 0 END AS fill, on_order FROM ranked),
had AS MATERIALIZED (
  SELECT s.warehouse_id, s.item_id, s.rank FROM asked a
  JOIN stock_states s ON s.tenant_id = $1 AND s.warehouse_id = a.warehouse_id AND s.item_id = a.item_id),
moved AS MATERIALIZED (
  SELECT item_id FROM live FULL JOIN had USING (item_id, warehouse_id) WHERE live.rank IS DISTINCT FROM had.rank
  UNION SELECT unnest($4::int[])),
ranks AS (
  SELECT item_id, rank FROM live
  UNION ALL
  SELECT s.item_id, s.rank FROM moved JOIN stock_states s ON s.tenant_id = $1 AND s.item_id = moved.item_id
  WHERE s.warehouse_id <> {EVERYWHERE} AND (s.item_id, s.warehouse_id) NOT IN (SELECT item_id, warehouse_id FROM asked)),
fresh AS MATERIALIZED (
  SELECT * FROM live
  UNION ALL
  SELECT {EVERYWHERE}, i.id, coalesce(min(r.rank), 0), 0, 0, 0 FROM moved JOIN items i ON i.tenant_id = $1 AND i.id = moved.item_id
  LEFT JOIN ranks r ON r.item_id = i.id WHERE i.archived_at IS NULL GROUP BY i.id),
kept AS MATERIALIZED (
  SELECT * FROM had
  UNION ALL
  SELECT s.warehouse_id, s.item_id, s.rank FROM moved
  JOIN stock_states s ON s.tenant_id = $1 AND s.item_id = moved.item_id AND s.warehouse_id = {EVERYWHERE}),
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
  SELECT warehouse_id, rank, 1 AS n FROM fresh UNION ALL SELECT warehouse_id, rank, -1 FROM kept) changed
GROUP BY warehouse_id, rank HAVING sum(n) <> 0
ON CONFLICT (tenant_id, warehouse_id, rank) DO UPDATE SET items = t.items + EXCLUDED.items
"""
"""The states of some cells ($2, $3), and of items ($4) with all of their cells. An item is as bad as its worst cell; that is looked for
only when one of its cells has changed its state."""

REACHED = "UPDATE stock_tallies SET seq = $2, tallied_at_us = $3 WHERE tenant_id = $1 AND part = 0"
