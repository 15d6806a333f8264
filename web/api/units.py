"""Units over REST."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, Response

from events.unit_of_work import UnitOfWork
from inventory.catalog import messages as m
from inventory.catalog import queries, service
from inventory.ledger.queries import as_of_seq
from kit.errors import refuse
from kit.paging import Page
from web.access import allow, ctx
from web.api import shapes
from web.api.incoming import body_as, code_of, seen_version
from web.api.operation import operation
from web.api.outgoing import changed, listing, thing

routes = Blueprint("api_units", __name__, url_prefix="/v1/<tenant>/inventory/units")


@routes.get("")
@allow("catalog.read")
@operation("Units to count in", answer="Unit", listed=True)
async def list_units(tenant: str) -> Response:
    """By code."""
    context = ctx()
    async with context.reading() as connection:
        found = await queries.units_of(connection, context.tenant.id)
        seq = await as_of_seq(connection, context.tenant.id)
    return listing("units", Page(found, None, seq), shapes.unit, shapes.UNIT_COLUMNS)


@routes.post("")
@allow("catalog.write")
@operation("A new unit", body=m.NewUnit, answer="Unit", status=201, keyed=True, refuses=(409,))
async def create(tenant: str) -> Response:
    """Its decimals stay for ever."""
    new = await body_as(m.NewUnit)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 201, shapes.unit(await service.create_unit(ctx(), work, new))

    return await changed(act)


@routes.get("/<code>")
@allow("catalog.read")
@operation("One unit", answer="Unit")
async def one(tenant: str, code: str) -> Response:
    """The ETag is its version."""
    context = ctx()
    async with context.reading() as connection:
        found = await queries.unit(connection, context.tenant.id, code_of(code))
    if found is None:
        raise refuse("not_found")
    return thing(shapes.unit(found))


@routes.patch("/<code>")
@allow("catalog.write")
@operation("Rename a unit", body=m.UnitChange, answer="Unit", keyed=True, versioned=True, refuses=(409,))
async def change(tenant: str, code: str) -> Response:
    """The name in people's words."""
    version, wanted = seen_version(), await body_as(m.UnitChange)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 200, shapes.unit(await service.change_unit(ctx(), work, code_of(code), wanted, version))

    return await changed(act)


@routes.post("/<code>/archive")
@allow("catalog.write")
@operation("Put a unit away", answer="Unit", keyed=True)
async def archive(tenant: str, code: str) -> Response:
    """No new item may be counted in it."""

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 200, shapes.unit(await service.archive_unit(ctx(), work, code_of(code)))

    return await changed(act)
