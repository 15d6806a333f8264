"""The verbs people perform on the catalogue. Each runs inside the caller's open transaction and records its fact there."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from events.unit_of_work import UnitOfWork
from inventory.body import Complaints
from inventory.catalog import domain, queries
from inventory.catalog import messages as m
from inventory.catalog.directory import directory_of
from inventory.catalog.queries import Item, Unit
from inventory.catalog.store import item_barcodes, item_limits, item_units, items, units
from inventory.context import Context
from inventory.rows import change_one, delete_one, insert_one, lock_one
from kit.errors import refuse


async def found_units(work: UnitOfWork) -> None:
    """The units a new company starts with. Founding a company may do it again without harm."""
    rows = [{"tenant_id": work.tenant_id, "code": code, "name": name, "decimals": decimals} for code, name, decimals in domain.UNITS]
    await work.connection.execute(insert(units).on_conflict_do_nothing(), rows)


async def create_item(ctx: Context, work: UnitOfWork, new: m.NewItem) -> Item:
    """A new item. Refuses what does not fit, an unknown unit (422) and a SKU that is taken (409)."""
    ctx.permit("catalog.write")
    values = domain.item_values(new)
    unit = await queries.unit(work.connection, work.tenant_id, new.base_unit)
    if unit is None or unit.archived_at:
        raise refuse("invalid_body", {"field": "base_unit", "code": "unknown_unit"})
    await insert_one(work, items, values, "sku_taken", field="sku", sku=new.sku)
    await work.record(m.ITEM_CREATED, new.sku, name=values["name"], kind=new.kind, base_unit=new.base_unit)
    return await _item(ctx, work, new.sku)


async def create_items(ctx: Context, work: UnitOfWork, new: Sequence[m.NewItem]) -> list[str]:
    """Many items in one round: what imports use. SKUs that exist are left as they are; answers those that were made."""
    ctx.permit("catalog.write")
    rows = [{"tenant_id": work.tenant_id, **domain.item_values(each)} for each in new]
    known = {unit.code for unit in await queries.units_of(work.connection, work.tenant_id) if not unit.archived_at}
    complaints = Complaints()
    for number, each in enumerate(new):
        if each.base_unit not in known:
            complaints.add("unknown_unit", "base_unit", number)
    complaints.raise_any()
    if not rows:
        return []
    made = await work.connection.execute(insert(items).on_conflict_do_nothing().returning(items.c.sku), rows)
    skus = [str(sku) for (sku,) in made]
    for sku in skus:
        await work.record(m.ITEM_CREATED, sku)
    return skus


async def change_item(ctx: Context, work: UnitOfWork, sku: str, change: m.ItemChange, version: int) -> Item:
    """Change what is named. Refuses `version_conflict` when somebody changed the item since `version` was read."""
    ctx.permit("catalog.write")
    values = domain.change_values(change)
    await _item(ctx, work, sku)
    await change_one(work, items, items.c.sku == sku, version, **values, updated_at=func.now())
    await work.record(m.ITEM_CHANGED, sku, fields=sorted(values))
    return await _item(ctx, work, sku)


async def archive_item(ctx: Context, work: UnitOfWork, sku: str) -> Item:
    """Put the item away. Refuses `item_has_stock` while any is on hand, promised or under way. Doing it again changes nothing."""
    ctx.permit("catalog.write")
    item = await _item(ctx, work, sku)
    if item.archived_at:
        return item
    if await queries.item_holds_stock(work.connection, work.tenant_id, item.id):
        raise refuse("item_has_stock", {"field": "sku", "sku": sku})
    await change_one(work, items, items.c.sku == sku, item.version, archived_at=func.now(), updated_at=func.now())
    await work.record(m.ITEM_ARCHIVED, sku)
    return await _item(ctx, work, sku)


async def add_barcode(ctx: Context, work: UnitOfWork, sku: str, new: m.NewBarcode) -> None:
    """One more code that finds the item. Refuses a code that finds another item already."""
    ctx.permit("catalog.write")
    complaints = Complaints()
    code = domain.checked_barcode(new.code, complaints)
    complaints.raise_any()
    item = await _item(ctx, work, sku)
    owner = await queries.item_by_code(work.connection, work.tenant_id, code)
    if owner is not None and owner.sku != sku:
        raise refuse("barcode_taken", {"field": "code", "barcode": code, "sku": owner.sku})
    await insert_one(work, item_barcodes, {"code": code, "item_id": item.id, "kind": new.kind}, "barcode_taken", field="code", barcode=code)
    await work.record(m.BARCODE_ADDED, sku, code=code, kind=new.kind)


async def remove_barcode(ctx: Context, work: UnitOfWork, sku: str, code: str) -> None:
    """The code finds nothing any more. Refuses `not_found` when it was none of this item's."""
    ctx.permit("catalog.write")
    item = await _item(ctx, work, sku)
    await delete_one(work, item_barcodes, item_barcodes.c.item_id == item.id, item_barcodes.c.code == code)
    await work.record(m.BARCODE_REMOVED, sku, code=code)


async def set_item_unit(ctx: Context, work: UnitOfWork, sku: str, new: m.NewItemUnit) -> None:
    """A packaging with its exact factor. Refuses the item's own base unit, and another factor while suppliers sell it so (409)."""
    ctx.permit("catalog.write")
    complaints = Complaints()
    unit = domain.checked_unit_code(new.unit, "unit", complaints)
    item = await _item(ctx, work, sku)
    if unit == item.base_unit:
        complaints.add("is_base_unit", "unit")
    complaints.raise_any()
    factor = {"numerator": new.base, "denominator": new.per}
    await lock_one(work, items, items.c.id == item.id)
    there = {each.unit: each for each in await queries.item_units_of(work.connection, work.tenant_id, item.id)}.get(unit)
    if there is None or (there.base, there.per) != (new.base, new.per):
        await _refuse_if_bought(work, item, unit)
    statement = insert(item_units).values(tenant_id=work.tenant_id, item_id=item.id, unit=unit, **factor)
    await work.connection.execute(statement.on_conflict_do_update(constraint=item_units.primary_key, set_=factor))
    await work.record(m.ITEM_UNIT_SET, sku, unit=unit, base=new.base, per=new.per)


async def remove_item_unit(ctx: Context, work: UnitOfWork, sku: str, unit: str) -> None:
    """The item no longer comes in this packaging. Refuses one that suppliers sell it in (409)."""
    ctx.permit("catalog.write")
    item = await _item(ctx, work, sku)
    await lock_one(work, items, items.c.id == item.id)
    await _refuse_if_bought(work, item, unit)
    await delete_one(work, item_units, item_units.c.item_id == item.id, item_units.c.unit == unit)
    await work.record(m.ITEM_UNIT_REMOVED, sku, unit=unit)


async def set_limits(ctx: Context, work: UnitOfWork, sku: str, new: m.NewLimits) -> None:
    """Minimum and maximum in a warehouse."""
    ctx.permit("catalog.write")
    item = await _item(ctx, work, sku)
    complaints = Complaints()
    low, high = domain.checked_limits(new.min, new.max, item.decimals, complaints)
    complaints.raise_any()
    warehouse_id = await _warehouse_id(work, new.warehouse)
    bounds = {"qty_min": low, "qty_max": high}
    statement = insert(item_limits).values(tenant_id=work.tenant_id, item_id=item.id, warehouse_id=warehouse_id, **bounds)
    await work.connection.execute(statement.on_conflict_do_update(constraint=item_limits.primary_key, set_=bounds))
    await work.record(m.LIMITS_SET, sku, warehouse=new.warehouse, min=str(new.min), max=str(new.max))


async def remove_limits(ctx: Context, work: UnitOfWork, sku: str, warehouse: str) -> None:
    """No minimum and maximum there any more."""
    ctx.permit("catalog.write")
    item = await _item(ctx, work, sku)
    warehouse_id = await _warehouse_id(work, warehouse)
    await delete_one(work, item_limits, item_limits.c.item_id == item.id, item_limits.c.warehouse_id == warehouse_id)
    await work.record(m.LIMITS_REMOVED, sku, warehouse=warehouse)


async def create_unit(ctx: Context, work: UnitOfWork, new: m.NewUnit) -> Unit:
    """A unit of one's own. Refuses a code that is taken."""
    ctx.permit("catalog.write")
    complaints = Complaints()
    code = domain.checked_unit_code(new.code, "code", complaints)
    name = domain.checked_text(new.name, "name", domain.NAME_LENGTH_MAX, complaints)
    complaints.raise_any()
    await insert_one(work, units, {"code": code, "name": name, "decimals": new.decimals}, "code_taken", field="code", value=code)
    await work.record(m.UNIT_CREATED, code, name=name, decimals=new.decimals)
    return await _unit(work, code)


async def change_unit(ctx: Context, work: UnitOfWork, code: str, change: m.UnitChange, version: int) -> Unit:
    """Another name for it."""
    ctx.permit("catalog.write")
    complaints = Complaints()
    name = domain.checked_text(change.name, "name", domain.NAME_LENGTH_MAX, complaints)
    complaints.raise_any()
    await change_one(work, units, units.c.code == code, version, name=name)
    await work.record(m.UNIT_CHANGED, code, name=name)
    return await _unit(work, code)


async def archive_unit(ctx: Context, work: UnitOfWork, code: str) -> Unit:
    """No new item may be counted in it; those that are stay as they are."""
    ctx.permit("catalog.write")
    unit = await _unit(work, code)
    if unit.archived_at is None:
        await change_one(work, units, units.c.code == code, unit.version, archived_at=func.now())
        await work.record(m.UNIT_ARCHIVED, code)
    return await _unit(work, code)


async def _item(ctx: Context, work: UnitOfWork, sku: str) -> Item:
    """The item as it now is; whoever writes also has this process ask for it anew."""
    found = await queries.item(work.connection, work.tenant_id, sku)
    if found is None:
        raise refuse("unknown_item", {"field": "sku", "sku": sku})
    work.after.append(lambda: directory_of(ctx.engine).forget(work.tenant_id))
    return found


async def _refuse_if_bought(work: UnitOfWork, item: Item, unit: str) -> None:
    """What is in a pack that suppliers sell does not change behind their offers."""
    if await queries.unit_is_bought(work.connection, work.tenant_id, item.id, unit):
        raise refuse("unit_is_bought", {"field": "unit", "unit": unit, "sku": item.sku})


async def _unit(work: UnitOfWork, code: str) -> Unit:
    found = await queries.unit(work.connection, work.tenant_id, code)
    if found is None:
        raise refuse("unknown_unit", {"field": "unit", "unit": code})
    return found


async def _warehouse_id(work: UnitOfWork, code: str) -> int:
    found = await queries.warehouse_id(work.connection, work.tenant_id, code)
    if found is None:
        raise refuse("unknown_warehouse", {"field": "warehouse", "warehouse": code})
    return found
