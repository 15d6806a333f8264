"""The verbs people perform on places. Each runs inside the caller's open transaction and records its fact there."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET
from sqlalchemy import func

from billing.entitlements import may_add
from db.tenancy import alone_at
from events.unit_of_work import UnitOfWork
from inventory.body import Complaints
from inventory.catalog.directory import directory_of
from inventory.catalog.domain import NAME_LENGTH_MAX, checked_code, checked_text
from inventory.context import Context
from inventory.locations import messages as m
from inventory.locations import queries
from inventory.locations.domain import checked_zone
from inventory.locations.queries import Location, Warehouse
from inventory.locations.store import locations, warehouses
from inventory.rows import change_one, insert_one
from kit.errors import refuse, unless


async def create_warehouse(ctx: Context, work: UnitOfWork, new: m.NewWarehouse) -> Warehouse:
    """A new warehouse. Refuses a code that is taken, and more warehouses than the plan has."""
    ctx.permit("places.write")
    complaints = Complaints()
    values = {
        "code": checked_code(new.code, "code", complaints),
        "name": checked_text(new.name, "name", NAME_LENGTH_MAX, complaints),
        "time_zone": checked_zone(new.time_zone or ctx.tenant.time_zone, complaints),
    }
    complaints.raise_any()
    await alone_at(work.connection, work.tenant_id, "warehouses")
    unless(may_add(ctx.tenant.plan, "warehouses", await queries.warehouses_counted(work.connection, work.tenant_id)))
    await insert_one(work, warehouses, values, "code_taken", field="code", value=new.code)
    await work.record(m.WAREHOUSE_CREATED, new.code, name=values["name"])
    return await _warehouse(ctx, work, new.code)


async def change_warehouse(ctx: Context, work: UnitOfWork, code: str, change: m.WarehouseChange, version: int) -> Warehouse:
    """Change what is named. Refuses `version_conflict` when somebody changed the warehouse since `version` was read."""
    ctx.permit("places.write")
    complaints = Complaints()
    values: dict[str, Any] = {}
    if change.name is not UNSET:
        values["name"] = checked_text(change.name, "name", NAME_LENGTH_MAX, complaints)
    if change.time_zone is not UNSET:
        values["time_zone"] = checked_zone(change.time_zone, complaints)
    complaints.raise_any()
    await _warehouse(ctx, work, code)
    await change_one(work, warehouses, warehouses.c.code == code, version, **values)
    await work.record(m.WAREHOUSE_CHANGED, code, fields=sorted(values))
    return await _warehouse(ctx, work, code)


async def archive_warehouse(ctx: Context, work: UnitOfWork, code: str) -> Warehouse:
    """Close the warehouse. Refuses `warehouse_has_stock` while anything is there. Doing it again changes nothing."""
    ctx.permit("places.write")
    warehouse = await _warehouse(ctx, work, code)
    if warehouse.archived_at:
        return warehouse
    if await queries.warehouse_holds_stock(work.connection, work.tenant_id, warehouse.id):
        raise refuse("warehouse_has_stock", {"field": "warehouse", "warehouse": code})
    await change_one(work, warehouses, warehouses.c.code == code, warehouse.version, archived_at=func.now())
    await work.record(m.WAREHOUSE_ARCHIVED, code)
    return await _warehouse(ctx, work, code)


async def create_location(ctx: Context, work: UnitOfWork, warehouse_code: str, new: m.NewLocation) -> Location:
    """A new location. Refuses a code that is taken in this warehouse and a parent that is not there."""
    ctx.permit("places.write")
    warehouse = await _warehouse(ctx, work, warehouse_code)
    complaints = Complaints()
    values = {"code": checked_code(new.code, "code", complaints), "kind": new.kind, "holds_stock": new.holds_stock}
    complaints.raise_any()
    parent_id = None
    if new.parent is not None:
        parent_id = (await _location(ctx, work, warehouse, new.parent, "parent")).id
    values |= {"warehouse_id": warehouse.id, "parent_id": parent_id}
    await insert_one(work, locations, values, "code_taken", field="code", value=new.code)
    await work.record(m.LOCATION_CREATED, f"{warehouse_code}/{new.code}", kind=new.kind, parent=new.parent)
    return await _location(ctx, work, warehouse, new.code)


async def change_location(
    ctx: Context, work: UnitOfWork, warehouse_code: str, code: str, change: m.LocationChange, version: int
) -> Location:
    """Change what is named. A location with stock in it cannot be made mere structure."""
    ctx.permit("places.write")
    warehouse = await _warehouse(ctx, work, warehouse_code)
    location = await _location(ctx, work, warehouse, code)
    if change.holds_stock is False:
        await _refuse_if_filled(work, location)
    values = {name: value for name in ("kind", "holds_stock") if (value := getattr(change, name)) is not UNSET}
    await change_one(work, locations, locations.c.id == location.id, version, **values)
    await work.record(m.LOCATION_CHANGED, f"{warehouse_code}/{code}", fields=sorted(values))
    return await _location(ctx, work, warehouse, code)


async def archive_location(ctx: Context, work: UnitOfWork, warehouse_code: str, code: str) -> Location:
    """Put the location away. Refuses `location_has_stock` while anything lies there."""
    ctx.permit("places.write")
    warehouse = await _warehouse(ctx, work, warehouse_code)
    location = await _location(ctx, work, warehouse, code)
    if location.archived_at:
        return location
    await _refuse_if_filled(work, location)
    await change_one(work, locations, locations.c.id == location.id, location.version, archived_at=func.now())
    await work.record(m.LOCATION_ARCHIVED, f"{warehouse_code}/{code}")
    return await _location(ctx, work, warehouse, code)


async def _warehouse(ctx: Context, work: UnitOfWork, code: str) -> Warehouse:
    """The warehouse as it now is; whoever writes also has this process ask for it anew."""
    found = await queries.warehouse(work.connection, work.tenant_id, code)
    if found is None:
        raise refuse("unknown_warehouse", {"field": "warehouse", "warehouse": code})
    work.after.append(lambda: directory_of(ctx.engine).forget(work.tenant_id))
    return found


async def _location(ctx: Context, work: UnitOfWork, warehouse: Warehouse, code: str, field: str = "location") -> Location:
    found = await queries.location(work.connection, work.tenant_id, warehouse.id, code)
    if found is None:
        raise refuse("unknown_location", {"field": field, "warehouse": warehouse.code, "location": code})
    return found


async def _refuse_if_filled(work: UnitOfWork, location: Location) -> None:
    if await queries.location_holds_stock(work.connection, work.tenant_id, location.id):
        raise refuse("location_has_stock", {"field": "location", "location": location.code})
