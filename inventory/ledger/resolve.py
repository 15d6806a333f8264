"""From names to ids: the lines of a body become lines of a command, or a refusal that names every line to blame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from inventory.body import Complaints
from inventory.catalog.directory import Entry, ItemName, Key, LocationName, LotName, Names, WarehouseName, directory_of
from inventory.catalog.domain import base_of, checked_price, factor_of
from inventory.context import Context
from inventory.ledger.bodies import AdjustLineBody, CostedLineBody, LineBody, Quantity
from inventory.ledger.messages import Condition
from inventory.lots.domain import is_lot_code
from inventory.lots.service import NewLot, create_lots
from kit import quantity
from kit.errors import Refused, refuse
from kit.text import is_code
from tenants.domain import Actor

AnyLine = LineBody | CostedLineBody | AdjustLineBody
COST_MAX = 2**62
NEW_LOT = -1
_CONDITIONS: dict[str, int] = {each.label: int(each) for each in Condition}


class Place(NamedTuple):
    """Where a line's stock is, in ids, and the item's name for the quantities that follow."""

    item: ItemName
    warehouse: WarehouseName
    location: int
    lot: int
    owner: int
    condition: int
    serial: bool


def names_of_lines(lines: Iterable[AnyLine]) -> set[Key]:
    """The names in lines."""
    keys: set[Key] = set()
    for line in lines:
        keys.add(("sku", line.sku))
        keys.add(("warehouse", line.warehouse))
        if line.location is not None:
            keys.add(("location", line.warehouse, line.location))
        if line.lot is not None:
            keys.add(("lot", line.sku, "lot", line.lot))
        if line.serial is not None:
            keys.add(("lot", line.sku, "serial", line.serial))
    return keys


async def look_up(ctx: Context, keys: Iterable[Key]) -> Names:
    """What those names stand for, as far as the actor sees it. Usually all of it is remembered, and nothing is waited for."""
    directory = directory_of(ctx.engine)
    names, missing = directory.known(ctx.tenant.id, keys)
    if missing:
        names |= await directory.look(ctx.tenant.id, {key for key in missing if _can_exist(key)})
    return names if ctx.actor.warehouses is None else {key: name for key, name in names.items() if _is_seen(ctx.actor, name)}


def places(lines: Sequence[AnyLine], names: Names, *, adds: bool = False, new_lots: bool = False) -> list[Place]:
    """The places that lines name. Unknown names are refused together (404); `adds` also refuses what was archived (409).

    `new_lots`: a lot that nobody has seen yet is `NEW_LOT`, until `with_new_lots` has made it.
    """
    _check_shape(lines)
    try:
        found = [_place(line, names, new_lots) for line in lines]
    except KeyError:
        raise _unknown(lines, names, new_lots) from None
    if adds:
        _refuse_archived(lines, found, names)
    return found


async def with_new_lots(ctx: Context, lines: Sequence[AnyLine], found: Sequence[Place]) -> Sequence[Place]:
    """The same places with their new lots made: the last step, so that a refused body leaves no lots behind."""
    new = {
        NewLot(place.item.id, place.item.sku, key[2], key[3])
        for line, place in zip(lines, found, strict=True)
        for _, key in _keys(line)
        if key[0] == "lot" and place.lot == NEW_LOT
    }
    if not new:
        return found
    await create_lots(ctx, sorted(new))
    names = await look_up(ctx, names_of_lines(lines))
    return [_place(line, names, new_lots=False) for line in lines]


def base_quantity(item: ItemName, value: Quantity, unit: str | None, field: str, line: int, complaints: Complaints) -> int:
    """Millionths of the base unit. A complaint when it is no quantity, or does not come out even in a base unit that is counted."""
    factor = factor_of(unit, item.unit, item.factors)
    if factor is None:
        complaints.add("unknown_unit", "unit", line, unit=unit, sku=item.sku)
        return 0
    try:
        if factor == (1, 1):
            return quantity.parse(value, item.decimals)
        converted = base_of(quantity.parse(value), unit or item.unit, item.unit, item.decimals, factor)
    except ValueError as problem:
        complaints.add(str(problem), field, line, sku=item.sku, unit=unit or item.unit, decimals=item.decimals)
        return 0
    if converted % 10 ** (quantity.DECIMALS_MAX - item.decimals):
        complaints.add("too_many_decimals", field, line, sku=item.sku, unit=item.unit, decimals=item.decimals)
    return converted


def positive_quantity(place: Place, line: LineBody | CostedLineBody, number: int, complaints: Complaints) -> int:
    """The quantity of a line that must move something; one piece exactly when the line names a serial number."""
    before = len(complaints)
    qty = base_quantity(place.item, line.qty, line.unit, "qty", number, complaints)
    if len(complaints) > before:
        return 0
    if qty <= 0:
        complaints.add("quantity_not_positive", "qty", number)
    if place.serial and qty != quantity.ONE:
        complaints.add("serial_is_one", "qty", number)
    return qty


def base_cost(ctx: Context, item: ItemName, line: CostedLineBody, number: int, complaints: Complaints) -> int | None:
    """Cost of one base unit in millionths of the tenant's currency, from the cost of one of the line's unit."""
    price = checked_price(line.unit_cost, complaints, "unit_cost", number)
    factor = factor_of(line.unit, item.unit, item.factors)
    if price is None or factor is None:
        return None
    if price.currency != ctx.tenant.currency:
        complaints.add("other_currency", "unit_cost.currency", number, expected=ctx.tenant.currency)
    per_base = price.amount * 1_000_000 * Decimal(factor[1]) / Decimal(factor[0])
    cost = int(per_base.to_integral_value(rounding=ROUND_HALF_EVEN))
    if cost > COST_MAX:
        complaints.add("amount_too_large", "unit_cost.amount", number)
    return cost


def _check_shape(lines: Sequence[AnyLine]) -> None:
    """What can be said of a line without looking anything up."""
    if not any(line.lot is not None or line.serial is not None or line.owner is not None for line in lines):
        return
    complaints = Complaints()
    for number, line in enumerate(lines):
        if line.lot is not None and line.serial is not None:
            complaints.add("lot_or_serial", "serial", number)
        for field, code in (("lot", line.lot), ("serial", line.serial)):
            if code is not None and not is_lot_code(code):
                complaints.add("not_a_code", field, number)
        if line.owner is not None:
            # Consigned stock comes with its own capability; until then nobody else owns anything here.
            complaints.add("unknown_owner", "owner", number)
    complaints.raise_any("unknown_owner" if complaints.only("unknown_owner") else "invalid_body")


def _keys(line: AnyLine) -> Iterable[tuple[str, Key]]:
    """The names in a line, each with its field."""
    yield "sku", ("sku", line.sku)
    yield "warehouse", ("warehouse", line.warehouse)
    if line.location is not None:
        yield "location", ("location", line.warehouse, line.location)
    if line.lot is not None:
        yield "lot", ("lot", line.sku, "lot", line.lot)
    if line.serial is not None:
        yield "serial", ("lot", line.sku, "serial", line.serial)


def _is_seen(actor: Actor, name: Entry) -> bool:
    """A warehouse that somebody has no business in is not there for them, and so neither is what is in it."""
    return not isinstance(name, WarehouseName) or actor.sees(name.id)


def _can_exist(key: Key) -> bool:
    """What cannot be a code is not asked for: Postgres takes no NUL and no lone surrogate, and nothing has such a name."""
    if key[0] == "lot":
        return is_code(key[1]) and is_lot_code(key[3])
    return all(is_code(part) for part in key[1:])


_UNKNOWN = {"sku": "unknown_item", "warehouse": "unknown_warehouse", "location": "unknown_location"}


def _unknown(lines: Sequence[AnyLine], names: Names, new_lots: bool) -> Refused:
    """Every name to blame."""
    unknown = [
        {"line": number, "field": field, "code": _UNKNOWN.get(field, "unknown_lot"), field: key[-1]}
        for number, line in enumerate(lines)
        for field, key in _keys(line)
        if key not in names and not (new_lots and key[0] == "lot")
    ]
    return refuse(str(unknown[0]["code"]), *unknown)


def _place(line: AnyLine, names: Names, new_lots: bool) -> Place:
    """Where it is. Raises KeyError when something in the line is not there."""
    item, warehouse = names["sku", line.sku], names["warehouse", line.warehouse]
    location = 0 if line.location is None else _id(names["location", line.warehouse, line.location])
    lot = 0 if line.lot is None and line.serial is None else _lot(line, names, new_lots)
    assert type(item) is ItemName
    assert type(warehouse) is WarehouseName
    return Place(item, warehouse, location, lot, 0, _CONDITIONS[line.condition], line.serial is not None)


def _lot(line: AnyLine, names: Names, new_lots: bool) -> int:
    key = ("lot", line.sku, "serial", line.serial) if line.lot is None else ("lot", line.sku, "lot", line.lot)
    return NEW_LOT if new_lots and key not in names else _id(names[key])


def _id(name: Entry) -> int:
    assert isinstance(name, (LocationName, LotName))
    return name.id


def _refuse_archived(lines: Sequence[AnyLine], found: Sequence[Place], names: Names) -> None:
    """Nothing is added to, or promised from, what was put away."""
    if not any(place.item.archived or place.warehouse.archived or place.location for place in found):
        return
    problems = []
    for number, (line, place) in enumerate(zip(lines, found, strict=True)):
        location = names.get(("location", line.warehouse, line.location))
        if place.item.archived:
            problems.append({"line": number, "field": "sku", "code": "item_archived", "sku": line.sku})
        if place.warehouse.archived:
            problems.append({"line": number, "field": "warehouse", "code": "warehouse_archived", "warehouse": line.warehouse})
        if isinstance(location, LocationName) and (location.archived or not location.holds_stock):
            problem = "location_archived" if location.archived else "location_holds_no_stock"
            problems.append({"line": number, "field": "location", "code": problem, "location": location.code})
    if problems:
        raise refuse(str(problems[0]["code"]), *problems)
