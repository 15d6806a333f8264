"""What screens and the API read of places."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.ledger.store import stock_balances, stock_buckets
from inventory.locations.store import locations, warehouses


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A warehouse or outlet."""

    id: int
    code: str
    name: str
    time_zone: str
    archived_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Location:
    """A zone, aisle or bin of a warehouse; `parent` is the code of the location around it."""

    id: int
    warehouse: str
    code: str
    kind: str
    parent: str | None
    holds_stock: bool
    archived_at: datetime | None
    version: int


async def warehouses_of(connection: AsyncConnection, tenant_id: int, archived: bool | None = False) -> list[Warehouse]:
    """Warehouses by code; `archived` None answers all."""
    query = _warehouses(tenant_id).order_by(warehouses.c.code)
    if archived is not None:
        query = query.where(warehouses.c.archived_at.is_not(None) if archived else warehouses.c.archived_at.is_(None))
    return [Warehouse(*row) for row in await connection.execute(query)]


async def warehouses_counted(connection: AsyncConnection, tenant_id: int) -> int:
    """How many are in use: what the plan is asked about."""
    query = select(func.count()).where(warehouses.c.tenant_id == tenant_id, warehouses.c.archived_at.is_(None))
    return int((await connection.execute(query)).scalar_one())


async def warehouse(connection: AsyncConnection, tenant_id: int, code: str) -> Warehouse | None:
    """One warehouse by its code."""
    row = (await connection.execute(_warehouses(tenant_id).where(warehouses.c.code == code))).one_or_none()
    return Warehouse(*row) if row else None


async def locations_of(connection: AsyncConnection, tenant_id: int, warehouse_id: int) -> list[Location]:
    """The warehouse's locations by code."""
    query = _locations(tenant_id).where(locations.c.warehouse_id == warehouse_id).order_by(locations.c.code)
    return [Location(*row) for row in await connection.execute(query)]


async def location(connection: AsyncConnection, tenant_id: int, warehouse_id: int, code: str) -> Location | None:
    """One location of a warehouse."""
    query = _locations(tenant_id).where(locations.c.warehouse_id == warehouse_id, locations.c.code == code)
    row = (await connection.execute(query)).one_or_none()
    return Location(*row) if row else None


async def warehouse_holds_stock(connection: AsyncConnection, tenant_id: int, warehouse_id: int) -> bool:
    """True while anything is on hand, promised there, on its way to it or on order for it."""
    table = stock_balances
    moving = or_(table.c.on_hand != 0, table.c.reserved != 0, table.c.in_transit != 0, table.c.on_order != 0)
    query = select(exists().where(table.c.tenant_id == tenant_id, table.c.warehouse_id == warehouse_id, moving))
    return bool((await connection.execute(query)).scalar_one())


async def location_holds_stock(connection: AsyncConnection, tenant_id: int, location_id: int) -> bool:
    """True while any stock lies or is promised in the location."""
    table = stock_buckets
    filled = or_(table.c.qty != 0, table.c.pinned != 0)
    query = select(exists().where(table.c.tenant_id == tenant_id, table.c.location_id == location_id, filled))
    return bool((await connection.execute(query)).scalar_one())


def _warehouses(tenant_id: int) -> Select[Any]:
    table = warehouses
    columns = select(table.c.id, table.c.code, table.c.name, table.c.time_zone, table.c.archived_at, table.c.version)
    return columns.where(table.c.tenant_id == tenant_id)


def _locations(tenant_id: int) -> Select[Any]:
    around = locations.alias("around")
    columns = select(
        locations.c.id,
        warehouses.c.code,
        locations.c.code,
        locations.c.kind,
        around.c.code,
        locations.c.holds_stock,
        locations.c.archived_at,
        locations.c.version,
    )
    inside = and_(warehouses.c.tenant_id == locations.c.tenant_id, warehouses.c.id == locations.c.warehouse_id)
    within = and_(around.c.tenant_id == locations.c.tenant_id, around.c.id == locations.c.parent_id)
    return columns.join_from(locations, warehouses, inside).outerjoin(around, within).where(locations.c.tenant_id == tenant_id)
