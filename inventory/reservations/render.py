"""Reservations as `api.md` gives them, with what the clock has decided already applied."""

from __future__ import annotations

from typing import Any

from inventory.catalog.directory import Key, Names
from inventory.ledger.messages import Backorder, Hold, HoldLine
from inventory.ledger.render import item_of, warehouse_of
from kit.clock import rfc3339
from kit.ids import reservation_id
from kit.quantity import format_qty

Json = dict[str, Any]


def keys_of_hold(hold: Hold) -> set[Key]:
    """What must be looked up to show a reservation."""
    keys: set[Key] = {("principal", hold.created_by)}
    for line in hold.lines:
        keys |= {("item", line.item), ("warehouse_id", line.warehouse)}
    return keys


def reservation_json(hold: Hold, names: Names, now_us: int, part: int = 0) -> Json:
    """The reservation at `now_us`: a soft hold whose time has passed shows as expired before anybody wrote that down."""
    ran_out = has_run_out(hold, now_us)
    return {
        "id": reservation_id(hold.seq, part),
        "status": status_of(hold, now_us),
        "hold": "hard" if hold.hard else "soft",
        "expires_at": None if hold.hard else rfc3339(hold.expires_at_us),
        "reference": hold.reference or None,
        "lines": [_line(line, names, ran_out) for line in hold.lines],
        "created_at": rfc3339(hold.created_at_us),
        "created_by": names.get(("principal", hold.created_by), ""),
    }


def backorder_json(missing: Backorder, names: Names) -> Json:
    """What a line asked for and nobody could promise."""
    item = item_of(missing.item, names)
    return {"line": missing.line, "sku": item.sku, "qty": format_qty(missing.qty, item.decimals), "unit": item.unit}


def status_of(hold: Hold, now_us: int) -> str:
    """`active` while anything is open; else how it ended: committed if any part was, else expired, else released."""
    still_open = any(line.open for line in hold.lines)
    if still_open and not has_run_out(hold, now_us):
        return "active"
    if any(line.committed for line in hold.lines):
        return "committed"
    return "expired" if still_open or any(line.expired for line in hold.lines) else "released"


def has_run_out(hold: Hold, now_us: int) -> bool:
    """True for a soft hold whose time has passed."""
    return not hold.hard and hold.expires_at_us <= now_us


def _line(line: HoldLine, names: Names, ran_out: bool) -> Json:
    item = item_of(line.item, names)
    decimals = item.decimals
    return {
        "sku": item.sku,
        "warehouse": warehouse_of(line.warehouse, names).code,
        "qty": format_qty(line.qty, decimals),
        "open": format_qty(0 if ran_out else line.open, decimals),
        "committed": format_qty(line.committed, decimals),
        "released": format_qty(line.released, decimals),
        "expired": format_qty(line.expired + (line.open if ran_out else 0), decimals),
        "unit": item.unit,
    }
