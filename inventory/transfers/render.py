"""Transfers as `api.md` gives them."""

from __future__ import annotations

from typing import Any

from inventory.catalog.directory import Key, LotName, Names
from inventory.ledger.messages import Condition, Transfer, TransferLine
from inventory.ledger.render import item_of, warehouse_of
from kit.clock import rfc3339
from kit.ids import transfer_id
from kit.quantity import format_qty

Json = dict[str, Any]


def keys_of_transfer(transfer: Transfer) -> set[Key]:
    """What must be looked up to show a transfer."""
    keys: set[Key] = {("principal", transfer.created_by)}
    for line in transfer.lines:
        keys |= {("item", line.item), ("warehouse_id", line.source), ("warehouse_id", line.to)}
        if line.lot:
            keys.add(("lot_id", line.lot))
    return keys


def transfer_json(transfer: Transfer, names: Names, part: int = 0) -> Json:
    """The transfer. All its lines go the same way."""
    first = transfer.lines[0]
    return {
        "id": transfer_id(transfer.seq, part),
        "status": status_of(transfer),
        "from": warehouse_of(first.source, names).code,
        "to": warehouse_of(first.to, names).code,
        "reference": transfer.reference or None,
        "lines": [_line(line, names) for line in transfer.lines],
        "created_at": rfc3339(transfer.created_at_us),
        "created_by": names.get(("principal", transfer.created_by), ""),
    }


def status_of(transfer: Transfer) -> str:
    """`in_transit` while anything is open; else how it ended: received if any part was, else written off."""
    if any(line.open for line in transfer.lines):
        return "in_transit"
    return "received" if any(line.received for line in transfer.lines) else "written_off"


def _line(line: TransferLine, names: Names) -> Json:
    item = item_of(line.item, names)
    lot = names.get(("lot_id", line.lot))
    serial = isinstance(lot, LotName) and lot.kind == "serial"
    return {
        "sku": item.sku,
        "lot": lot.code if isinstance(lot, LotName) and not serial else None,
        "serial": lot.code if isinstance(lot, LotName) and serial else None,
        "condition": Condition(line.condition).label,
        "qty": format_qty(line.qty, item.decimals),
        "open": format_qty(line.open, item.decimals),
        "received": format_qty(line.received, item.decimals),
        "written_off": format_qty(line.written_off, item.decimals),
        "unit": item.unit,
    }
