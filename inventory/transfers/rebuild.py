"""Transfers made anew from their rows: which ones are kept otherwise, and what they are. Pure but for the statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inventory.ledger.messages import Kind
from inventory.ledger.proof import Record
from inventory.transfers.proof import KEPT as KEPT_GOODS
from inventory.transfers.proof import MOVED

_GOODS = ("item_id", "warehouse_id", "lot_id", "owner_id", "condition")
_KEY = f"document, {', '.join(_GOODS)}"
_MEASURES = ("qty", "received", "written_off", "open")
DRIFTED = f"""
SELECT DISTINCT document FROM ({MOVED}) r FULL JOIN ({KEPT_GOODS}) k USING ({_KEY})
WHERE ({", ".join(f"r.{name}" for name in _MEASURES)}) IS DISTINCT FROM ({", ".join(f"k.{name}" for name in _MEASURES)}) ORDER BY 1
"""  # noqa: S608 - the words are ours
"""Transfers that are not their rows summed."""
ROWS = f"""
SELECT * FROM stock_ledger WHERE tenant_id = $1 AND part = $2 AND document = ANY ($3::bigint[])
  AND kind IN ({int(Kind.SHIP)}, {int(Kind.ARRIVE)}, {int(Kind.WRITE_OFF)}) ORDER BY document, seq
"""  # noqa: S608 - the numbers are ours
KEPT = "SELECT * FROM stock_transfers WHERE tenant_id = $1 AND part = $2 AND seq = ANY ($3::bigint[]) ORDER BY seq, line"
REMOVE = "DELETE FROM stock_transfers WHERE tenant_id = $1 AND part = $2 AND seq = ANY ($3::bigint[])"
COLUMNS = (
    "seq", "line", "created_at_us", "qty", "open", "received", "written_off", "item_id", "source_id", "warehouse_id", "lot_id",
    "owner_id", "condition", "created_by", "reference",
)  # fmt: skip
WRITE = f"""
INSERT INTO stock_transfers (tenant_id, part, {", ".join(COLUMNS)})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
"""  # noqa: S608 - the words are ours


def lines_of(rows: Sequence[Record]) -> list[dict[str, Any]]:
    """The lines of a transfer from its rows, in order: what was counted at the destination when it left is its lines."""
    left = [row for row in rows if row["kind"] == Kind.SHIP and row["delta_on_hand"]]
    sent = [row for row in rows if row["kind"] == Kind.SHIP and row["delta_in_transit"]]
    return [_line(number, row, left[0]["warehouse_id"], rows) for number, row in enumerate(sent)] if left else []


def _line(number: int, made: Record, source: int, rows: Sequence[Record]) -> dict[str, Any]:
    def gone(kind: Kind) -> int:
        alike = (row for row in rows if row["kind"] == kind and all(row[name] == made[name] for name in _GOODS))
        return -sum(int(row["delta_in_transit"]) for row in alike)

    qty, received, written_off = made["delta_in_transit"], gone(Kind.ARRIVE), gone(Kind.WRITE_OFF)
    return {
        "seq": made["document"],
        "line": number,
        "created_at_us": made["recorded_at_us"],
        "qty": qty,
        "open": qty - received - written_off,
        "received": received,
        "written_off": written_off,
        **{name: made[name] for name in _GOODS},
        "source_id": source,
        "created_by": made["principal_id"],
        "reference": made["reference"],
    }
