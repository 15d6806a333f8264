"""Warehouses and their locations over REST."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from events.unit_of_work import UnitOfWork
from inventory.ledger.queries import as_of_seq
from inventory.locations import messages as m
from inventory.locations import queries, service
from inventory.locations.queries import Warehouse
from kit.errors import refuse
from kit.paging import Page
from web.access import allow, ctx
from web.api import shapes
from web.api.incoming import body_as, code_of, flag_arg, seen_version
from web.api.operation import flag, operation
from web.api.outgoing import changed, listing, thing

routes = Blueprint("api_places", __name__, url_prefix="/v1/<tenant>/inventory/warehouses")


@routes.get("")
@allow("places.read")
@operation("Warehouses", answer="Warehouse", listed=True, query=(flag("archived", "Those that were closed instead."),))
async def list_warehouses(tenant: str) -> Response:
    """By code."""
    context, archived = ctx(), flag_arg("archived")
    async with context.reading() as connection:
        found = await queries.warehouses_of(connection, context.tenant.id, archived)
        seq = await as_of_seq(connection, context.tenant.id)
    return listing("warehouses", Page(found, None, seq), shapes.warehouse, shapes.WAREHOUSE_COLUMNS)


@routes.post("")
@allow("places.write")
@operation("A new warehouse", body=m.NewWarehouse, answer="Warehouse", status=201, keyed=True, refuses=(409,))
async def create(tenant: str) -> Response:
    """As many as the plan includes."""
    new = await body_as(m.NewWarehouse)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 201, shapes.warehouse(await service.create_warehouse(ctx(), work, new))

    return await changed(act)


@routes.get("/<path:code>")
@allow("places.read")
@operation("One warehouse", answer="Warehouse")
async def one(tenant: str, code: str) -> Response:
    """The ETag is its version."""
    async with ctx().reading() as connection:
        return thing(shapes.warehouse(await _found(connection, code)))


@routes.patch("/<path:code>")
@allow("places.write")
@operation("Change a warehouse", body=m.WarehouseChange, answer="Warehouse", keyed=True, versioned=True, refuses=(409,))
async def change(tenant: str, code: str) -> Response:
    """Only what is named is changed."""
    version, wanted = seen_version(), await body_as(m.WarehouseChange)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 200, shapes.warehouse(await service.change_warehouse(ctx(), work, code_of(code), wanted, version))

    return await changed(act)


@routes.post("/<path:code>/archive")
@allow("places.write")
@operation("Close a warehouse", answer="Warehouse", keyed=True, refuses=(409,))
async def archive(tenant: str, code: str) -> Response:
    """Only while nothing is there."""

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 200, shapes.warehouse(await service.archive_warehouse(ctx(), work, code_of(code)))

    return await changed(act)


@routes.get("/<path:code>/locations")
@allow("places.read")
@operation("The locations of a warehouse", answer="Location", listed=True)
async def list_locations(tenant: str, code: str) -> Response:
    """Zones, aisles and bins by code."""
    context = ctx()
    async with context.reading() as connection:
        found = await queries.locations_of(connection, context.tenant.id, (await _found(connection, code)).id)
        seq = await as_of_seq(connection, context.tenant.id)
    return listing("locations", Page(found, None, seq), shapes.location, shapes.LOCATION_COLUMNS)


@routes.post("/<path:code>/locations")
@allow("places.write")
@operation("A new location", body=m.NewLocation, answer="Location", status=201, keyed=True, refuses=(409,))
async def create_location(tenant: str, code: str) -> Response:
    """A zone, aisle or bin."""
    new = await body_as(m.NewLocation)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 201, shapes.location(await service.create_location(ctx(), work, code_of(code), new))

    return await changed(act)


@routes.get("/<path:code>/locations/<location>")
@allow("places.read")
@operation("One location", answer="Location")
async def one_location(tenant: str, code: str, location: str) -> Response:
    """The ETag is its version."""
    context = ctx()
    async with context.reading() as connection:
        warehouse = await _found(connection, code)
        found = await queries.location(connection, context.tenant.id, warehouse.id, code_of(location))
    if found is None:
        raise refuse("unknown_location", {"field": "location", "location": location[:64], "warehouse": warehouse.code})
    return thing(shapes.location(found))


@routes.patch("/<path:code>/locations/<location>")
@allow("places.write")
@operation("Change a location", body=m.LocationChange, answer="Location", keyed=True, versioned=True, refuses=(409,))
async def change_location(tenant: str, code: str, location: str) -> Response:
    """One with stock in it cannot become mere structure."""
    version, wanted = seen_version(), await body_as(m.LocationChange)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 200, shapes.location(await service.change_location(ctx(), work, code_of(code), code_of(location), wanted, version))

    return await changed(act)


@routes.post("/<path:code>/locations/<location>/archive")
@allow("places.write")
@operation("Put a location away", answer="Location", keyed=True, refuses=(409,))
async def archive_location(tenant: str, code: str, location: str) -> Response:
    """Only while nothing lies there."""

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 200, shapes.location(await service.archive_location(ctx(), work, code_of(code), code_of(location)))

    return await changed(act)


async def _found(connection: AsyncConnection, code: str) -> Warehouse:
    found = await queries.warehouse(connection, ctx().tenant.id, code_of(code))
    if found is None:
        raise refuse("unknown_warehouse", {"field": "warehouse", "warehouse": code[:64]})
    return found
