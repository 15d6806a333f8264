"""Reservations made anew from their rows: which ones are kept otherwise, and what they are. Pure but for the statements.

All of a reservation is in its rows but when it ends: that is taken from what is kept of it, else from the last answer about it.
A reservation of which neither is left is made firm, so that nobody loses a promise; people release it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from inventory.ledger.messages import Kind, Outcome
from inventory.ledger.proof import Record
from kit.clock import NEVER

_KINDS = f"{int(Kind.RESERVE)}, {int(Kind.COMMIT)}, {int(Kind.RELEASE)}, {int(Kind.EXPIRE)}"
DRIFTED = f"""
SELECT DISTINCT seq FROM (
  SELECT document AS seq, item_id, warehouse_id,
    coalesce(sum(delta_reserved) FILTER (WHERE kind = {int(Kind.RESERVE)}), 0) AS qty,
    coalesce(-sum(delta_reserved) FILTER (WHERE kind = {int(Kind.COMMIT)}), 0) AS committed,
    coalesce(-sum(delta_reserved) FILTER (WHERE kind = {int(Kind.RELEASE)}), 0) AS released,
    coalesce(-sum(delta_reserved) FILTER (WHERE kind = {int(Kind.EXPIRE)}), 0) AS expired
  FROM stock_ledger WHERE tenant_id = $1 AND part = $2 AND kind IN ({_KINDS}) GROUP BY 1, 2, 3
) r FULL JOIN (
  SELECT seq, item_id, warehouse_id, sum(qty) AS qty, sum(committed) AS committed, sum(released) AS released, sum(expired) AS expired
  FROM stock_holds WHERE tenant_id = $1 AND part = $2 GROUP BY 1, 2, 3
) k USING (seq, item_id, warehouse_id)
WHERE (r.qty, r.committed, r.released, r.expired) IS DISTINCT FROM (k.qty, k.committed, k.released, k.expired) ORDER BY 1
"""  # noqa: S608 - the numbers are ours
"""Reservations that are not their rows summed, cell by cell."""
ROWS = f"""
SELECT * FROM stock_ledger WHERE tenant_id = $1 AND part = $2 AND document = ANY ($3::bigint[]) AND kind IN ({_KINDS})
ORDER BY document, seq
"""  # noqa: S608 - the numbers are ours
KEPT = "SELECT * FROM stock_holds WHERE tenant_id = $1 AND part = $2 AND seq = ANY ($3::bigint[]) ORDER BY seq, line"
REMOVE = "DELETE FROM stock_holds WHERE tenant_id = $1 AND part = $2 AND seq = ANY ($3::bigint[])"
ANSWERS = "SELECT reply FROM stock_replies WHERE tenant_id = $1 AND part = $2 AND seq = ANY ($3::bigint[]) ORDER BY seq"
COLUMNS = (
    "seq", "line", "expires_at_us", "created_at_us", "qty", "open", "committed", "released", "expired", "item_id", "warehouse_id",
    "location_id", "lot_id", "owner_id", "created_by", "hard", "reference",
)  # fmt: skip
WRITE = f"""
INSERT INTO stock_holds (tenant_id, part, {", ".join(COLUMNS)})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
"""  # noqa: S608 - the words are ours
_PARTS = {Kind.COMMIT: "committed", Kind.RELEASE: "released", Kind.EXPIRE: "expired"}


class Term(NamedTuple):
    """Whether a reservation is firm, and when it ends."""

    hard: int
    expires_at_us: int


FIRM = Term(1, NEVER)


def term_of(kept: Sequence[Record], answers: Iterable[Outcome], seq: int) -> Term:
    """When a reservation ends, from what is left of it, else from the last of the answers that showed it."""
    if kept:
        return Term(kept[0]["hard"], kept[0]["expires_at_us"])
    shown = [outcome.hold for outcome in answers if outcome.hold is not None and outcome.hold.seq == seq]
    return Term(int(shown[-1].hard), shown[-1].expires_at_us) if shown else FIRM


def lines_of(rows: Sequence[Record], term: Term) -> list[dict[str, Any]]:
    """The lines of a reservation from its rows, in order. The rows that made it are its lines; those after it took from them."""
    made = [row for row in rows if row["kind"] == Kind.RESERVE and row["delta_reserved"]]
    lines = [_line(number, row, term) for number, row in enumerate(made)]
    for row in rows:
        if row["kind"] in _PARTS:
            _take(lines, row, _PARTS[row["kind"]])
    return lines


def _line(number: int, row: Record, term: Term) -> dict[str, Any]:
    return {
        "seq": row["document"],
        "line": number,
        "expires_at_us": term.expires_at_us,
        "created_at_us": row["recorded_at_us"],
        "qty": row["delta_reserved"],
        "open": row["delta_reserved"],
        "committed": 0,
        "released": 0,
        "expired": 0,
        **{name: row[name] for name in ("item_id", "warehouse_id", *_PLACE)},
        "created_by": row["principal_id"],
        "hard": term.hard,
        "reference": row["reference"],
    }


_PLACE = ("location_id", "lot_id", "owner_id")


def _take(lines: list[dict[str, Any]], row: Record, measure: str) -> None:
    """So much left the lines that the row can be about, the first of them first, as it was decided. A line that is pinned gives from
    its own bucket only; one that is not may have been drawn from any."""
    rest = -row["delta_reserved"]
    place = [row[name] for name in _PLACE]
    for line in lines:
        pins = [line[name] for name in _PLACE]
        here = (line["item_id"], line["warehouse_id"]) == (row["item_id"], row["warehouse_id"])
        if here and (pins == place or (row["kind"] == Kind.COMMIT and not any(pins))):
            part = min(rest, line["open"])
            line["open"] -= part
            line[measure] += part
            rest -= part
