"""Replenishment over REST: what should be ordered, drafts made of it, and suppliers for what has none."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, Response

from events.unit_of_work import UnitOfWork
from inventory.replenishment import messages as m
from inventory.replenishment import queries, service
from inventory.replenishment.queries import SuggestionFilter
from inventory.replenishment.render import PROPOSED, drafted_json, suggestion_json
from web.access import allow, ctx
from web.api.incoming import body_as, cursor_arg, limit_arg, text_arg
from web.api.operation import PAGED, operation, text
from web.api.outgoing import changed, listing
from web.asking import address_read
from web.wiring import parts

routes = Blueprint("api_replenishment", __name__, url_prefix="/v1/<tenant>/replenishment")

COLUMNS = (
    "sku", "name", "warehouse", "reason", "available", "demand", "on_order", "in_transit", "planned", "projected", "min", "max", "need",
    "base_unit", *PROPOSED, "transfers",
)  # fmt: skip


@routes.get("/suggestions")
@allow("purchasing.read")
@operation(
    "What should be ordered",
    answer="Suggestion",
    listed=True,
    query=(
        text("warehouse", "For one warehouse."),
        text("supplier", "What would be ordered from one supplier."),
        text("q", "Part of a name or SKU, or a barcode."),
        *PAGED,
    ),
)
async def suggestions(tenant: str) -> Response:
    """By supplier, warehouse and SKU; what nobody sells comes last. Projected is available − demand + on order + in transit + planned."""
    asked = SuggestionFilter(text_arg("warehouse"), text_arg("supplier"), text_arg("q") or "", limit=limit_arg(), cursor=cursor_arg())
    context = ctx()
    with address_read():
        async with context.reading() as connection:
            page = await queries.page(connection, context.tenant.id, context.clock(), asked)
    return listing("suggestions", page, suggestion_json, COLUMNS)


@routes.post("/drafts")
@allow("purchasing.write")
@operation("Drafts of orders from suggestions", body=m.Drafting, answer="Drafted", status=201, keyed=True, refuses=(409,))
async def drafts(tenant: str) -> Response:
    """One for each supplier and warehouse: all of them or none. Those named in `lines`, or `all`. What needs nothing any more is
    `covered`, what nobody sells is `unassigned`: for neither anything is ordered. `more`: ask again for the rest."""
    asked = await body_as(m.Drafting)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 201, drafted_json(await service.draft(ctx(), work, asked))

    async with parts().replenishing.turn(ctx().tenant.id):
        return await changed(act)


@routes.post("/suppliers")
@allow("suppliers.write")
@operation("Preferred suppliers of several items", body=m.Assigning, answer="Assigned", keyed=True, refuses=(409,))
async def assign(tenant: str) -> Response:
    """All or none. A supplier that does not offer the item yet sells it by the base unit from now on."""
    asked = await body_as(m.Assigning)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 200, {"assigned": await service.assign(ctx(), work, asked)}

    return await changed(act)
