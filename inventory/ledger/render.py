"""From ids to names: levels, ledger rows and facts as `api.md` gives them. One shape each, for every way out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from inventory.catalog.directory import ItemName, Key, LocationName, LotName, Names, WarehouseName
from inventory.ledger.messages import Condition, Kind, Level, Outcome, Receipt, Row
from kit.clock import rfc3339
from kit.ids import reservation_id, transfer_id
from kit.quantity import format_qty
from tenants.domain import Role

Json = dict[str, Any]
QUANTITIES = ("requested", "available", "expected", "actual", "open", "counted", "max", "ordered", "received")
"""Facts of a refusal that are quantities in millionths, when it is about an item."""
_OF_TRANSFERS = (Kind.SHIP, Kind.ARRIVE, Kind.WRITE_OFF)


class LedgerRow(NamedTuple):
    """A ledger row and the names in it, for screens and for the wire."""

    row: Row
    item: ItemName
    warehouse: WarehouseName
    location: str | None
    lot: LotName | None
    by: str

    @property
    def kind(self) -> str:
        """The wire's name of what happened: `receive`, `reserve` …"""
        return Kind(self.row.kind).label

    @property
    def reservation(self) -> str | None:
        """The reservation it belongs to."""
        return reservation_id(self.row.document) if self.row.document and self.row.kind not in _OF_TRANSFERS else None

    @property
    def transfer(self) -> str | None:
        """The transfer it belongs to."""
        return transfer_id(self.row.document) if self.row.document and self.row.kind in _OF_TRANSFERS else None

    @property
    def role(self) -> str:
        """The role of whoever did it, at that time."""
        return Role(self.row.role).label


def keys_of_outcome(outcome: Outcome) -> set[Key]:
    """What must be looked up to show what a command has done."""
    keys = keys_of_rows(outcome.rows) if outcome.rows else set()
    for level in outcome.levels:
        keys.add(("item", level.item))
        keys.add(("warehouse_id", level.warehouse))
    if (hold := outcome.hold) is not None:
        keys.add(("principal", hold.created_by))
        for line in hold.lines:
            keys.add(("item", line.item))
            keys.add(("warehouse_id", line.warehouse))
    if (transfer := outcome.transfer) is not None:
        keys.add(("principal", transfer.created_by))
        for moved in transfer.lines:
            keys |= {("item", moved.item), ("warehouse_id", moved.source), ("warehouse_id", moved.to)}
            if moved.lot:
                keys.add(("lot_id", moved.lot))
    for missing in outcome.backordered or ():
        keys.add(("item", missing.item))
    return keys if outcome.receipt is None else keys | _keys_of_receipt(outcome.receipt)


def _keys_of_receipt(receipt: Receipt) -> set[Key]:
    keys: set[Key] = {("principal", receipt.created_by)}
    for ordered in receipt.order_lines:
        keys |= {("item", ordered.item), ("warehouse_id", ordered.warehouse)}
    for line in receipt.lines:
        keys |= {("location_id", line.location)} if line.location else set()
        keys |= {("lot_id", line.lot)} if line.lot else set()
    return keys


def keys_of_rows(rows: Iterable[Row]) -> set[Key]:
    """What must be looked up to show ledger rows."""
    keys: set[Key] = set()
    for row in rows:
        keys |= {("item", row.item), ("warehouse_id", row.warehouse), ("principal", row.principal)}
        if row.location:
            keys.add(("location_id", row.location))
        if row.lot:
            keys.add(("lot_id", row.lot))
    return keys


def keys_of_errors(errors: Iterable[Mapping[str, Any]]) -> set[Key]:
    """What must be looked up to show the facts of a refusal."""
    keys: set[Key] = {("item", fact["item"]) for fact in errors if "item" in fact}
    return keys | {("warehouse_id", fact["warehouse"]) for fact in errors if "warehouse" in fact}


def named(row: Row, names: Names) -> LedgerRow:
    """The row with its names."""
    location, lot = names.get(("location_id", row.location)), names.get(("lot_id", row.lot))
    by = names.get(("principal", row.principal))
    return LedgerRow(
        row,
        item_of(row.item, names),
        warehouse_of(row.warehouse, names),
        location.code if isinstance(location, LocationName) else None,
        lot if isinstance(lot, LotName) else None,
        by if isinstance(by, str) else "",
    )


def level_json(level: Level, names: Names) -> Json:
    """A level of the contract."""
    item = item_of(level.item, names)
    return level_fields(
        item.sku,
        warehouse_of(level.warehouse, names).code,
        item.unit,
        item.decimals,
        level.on_hand,
        level.reserved,
        level.available,
        level.in_transit,
        level.on_order,
        level.seq,
    )


def level_fields(
    sku: str,
    warehouse: str | None,
    unit: str,
    decimals: int,
    on_hand: int,
    reserved: int,
    available: int,
    in_transit: int,
    on_order: int,
    seq: int,
) -> Json:
    """The one place that spells a level: quantities in millionths come in, decimal strings go out."""
    return {
        "sku": sku,
        "warehouse": warehouse,
        "on_hand": format_qty(on_hand, decimals),
        "reserved": format_qty(reserved, decimals),
        "available": format_qty(available, decimals),
        "in_transit": format_qty(in_transit, decimals),
        "on_order": format_qty(on_order, decimals),
        "unit": unit,
        "seq": seq,
    }


def row_json(entry: LedgerRow) -> Json:
    """A ledger row of the contract."""
    row, decimals = entry.row, entry.item.decimals
    serial = entry.lot is not None and entry.lot.kind == "serial"
    return {
        "seq": row.seq,
        "kind": entry.kind,
        "sku": entry.item.sku,
        "warehouse": entry.warehouse.code,
        "location": entry.location,
        "lot": entry.lot.code if entry.lot and not serial else None,
        "serial": entry.lot.code if entry.lot and serial else None,
        "owner": None,
        "condition": Condition(row.condition).label,
        "delta_on_hand": format_qty(row.delta_on_hand, decimals),
        "delta_reserved": format_qty(row.delta_reserved, decimals),
        "delta_in_transit": format_qty(row.delta_in_transit, decimals),
        "on_hand": format_qty(row.on_hand, decimals),
        "reserved": format_qty(row.reserved, decimals),
        "in_transit": format_qty(row.in_transit, decimals),
        "unit": entry.item.unit,
        "reservation": entry.reservation,
        "transfer": entry.transfer,
        "reference": row.reference or None,
        "reason": row.reason or None,
        "effective_at": rfc3339(row.effective_at_us),
        "recorded_at": rfc3339(row.recorded_at_us),
        "by": entry.by,
        "role": entry.role,
        "key": row.key or None,
        "hash": row.hash.hex(),
    }


def error_json(fact: Mapping[str, Any], names: Names) -> Json:
    """A fact of a refusal: codes instead of ids, decimal strings instead of millionths. Other facts stay as they are."""
    item = item_of(fact["item"], names) if "item" in fact else None
    shown: Json = {}
    for name, value in fact.items():
        if name == "item" and item:
            shown["sku"] = item.sku
        elif name == "warehouse":
            shown["warehouse"] = warehouse_of(value, names).code
        elif name in QUANTITIES and item:
            shown[name] = format_qty(value, item.decimals)
        else:
            shown[name] = value
    return shown


def item_of(item_id: int, names: Names) -> ItemName:
    """The item of an id that is in the books; it was looked up before."""
    found = names[("item", item_id)]
    assert isinstance(found, ItemName)
    return found


def warehouse_of(warehouse_id: int, names: Names) -> WarehouseName:
    """The warehouse of an id that is in the books; it was looked up before."""
    found = names[("warehouse_id", warehouse_id)]
    assert isinstance(found, WarehouseName)
    return found
