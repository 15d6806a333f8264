"""Balances and buckets made anew from the rows: what is kept otherwise, and how it is written. Statements only.

The rows have been proven, so the last one of a cell says what it holds. What is pinned in a bucket is what reservations have open
there, so they are made anew first.
"""

from __future__ import annotations

MEASURES = ("on_hand", "reserved", "blocked", "in_transit", "short", "version", "seq")
_LAST = """
  SELECT DISTINCT ON (item_id, warehouse_id) item_id, warehouse_id, on_hand, reserved, blocked, in_transit,
    greatest(0, reserved + blocked - on_hand) AS short, cell_version AS version, seq
  FROM stock_ledger WHERE tenant_id = $1 AND part = $2 ORDER BY item_id, warehouse_id, seq DESC
"""


def _measures(of: str, prefix: str = "") -> str:
    return ", ".join(f"{of}.{name}{f' AS {prefix}{name}' if prefix else ''}" for name in MEASURES)


def _or_nothing(of: str) -> str:
    return ", ".join(f"coalesce({of}.{name}, 0) AS {name}" for name in MEASURES)


BALANCES = f"""
SELECT item_id, warehouse_id, {_or_nothing("l")}, {_measures("b", "kept_")}
FROM ({_LAST}) l FULL JOIN (SELECT * FROM stock_balances WHERE tenant_id = $1 AND part = $2) b USING (item_id, warehouse_id)
WHERE ({_measures("l")}) IS DISTINCT FROM ({_measures("b")}) AND (l.seq > 0 OR ({_measures("b")}) <> (0, 0, 0, 0, 0, 0, 0))
ORDER BY item_id, warehouse_id
"""  # noqa: S608 - the words are ours
"""Cells whose balance is not what their last row says; of a cell without rows, nought."""

WRITE_BALANCE = f"""
INSERT INTO stock_balances (tenant_id, part, item_id, warehouse_id, {", ".join(MEASURES)})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (tenant_id, item_id, warehouse_id)
DO UPDATE SET part = EXCLUDED.part, {", ".join(f"{name} = EXCLUDED.{name}" for name in MEASURES)}
"""  # noqa: S608 - the words are ours

GRAIN = ("item_id", "warehouse_id", "location_id", "lot_id", "owner_id", "condition")
_GRAIN = ", ".join(GRAIN)
BUCKETS = f"""
SELECT {_GRAIN}, coalesce(r.qty, 0) AS qty, coalesce(p.pinned, 0) AS pinned, k.qty AS kept_qty, k.pinned AS kept_pinned
FROM (
  SELECT {_GRAIN}, sum(delta_on_hand)::bigint AS qty FROM stock_ledger
  WHERE tenant_id = $1 AND (location_id, lot_id, owner_id, condition) <> (0, 0, 0, 0) GROUP BY {_GRAIN}
) r FULL JOIN (
  SELECT item_id, warehouse_id, location_id, lot_id, owner_id, 0::smallint AS condition, sum(open)::bigint AS pinned FROM stock_holds
  WHERE tenant_id = $1 AND open > 0 AND (location_id, lot_id, owner_id) <> (0, 0, 0) GROUP BY 1, 2, 3, 4, 5
) p USING ({_GRAIN})
FULL JOIN (SELECT * FROM stock_buckets WHERE tenant_id = $1) k USING ({_GRAIN})
WHERE (coalesce(r.qty, 0), coalesce(p.pinned, 0)) <> (coalesce(k.qty, 0), coalesce(k.pinned, 0))
ORDER BY {_GRAIN}
"""  # noqa: S608 - the words are ours
"""Buckets that are not what their rows add up to, or that have other pins than reservations have open."""

WRITE_BUCKET = f"""
INSERT INTO stock_buckets (tenant_id, {_GRAIN}, qty, pinned) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (tenant_id, {_GRAIN}) DO UPDATE SET qty = EXCLUDED.qty, pinned = EXCLUDED.pinned
"""  # noqa: S608 - the words are ours
