"""Orders on paper: the order itself, and the list that one receives by."""

from __future__ import annotations

from quart import Blueprint, Response

from inventory.catalog import queries as catalog
from inventory.suppliers import queries as suppliers
from web import ordering, respond
from web.access import allow, ctx
from web.pages.orders import found_order, numbered

pages = Blueprint("papers", __name__, url_prefix="/t/<tenant>/purchasing/orders/<number>")


@pages.get("/print")
@allow("purchasing.read")
async def order(tenant: str, number: str) -> Response:
    """The order, as its supplier gets it."""
    context = ctx()
    async with context.reading() as connection:
        found = await found_order(connection, numbered(number))
        supplier = await suppliers.supplier_by_code(connection, context.tenant.id, found.head.supplier)
    return await respond.page("purchasing/paper.html", order=found, supplier=supplier, amounts=ordering.amounts(found), ordering=ordering)


@pages.get("/receiving-list")
@allow("purchasing.read")
async def receiving_list(tenant: str, number: str) -> Response:
    """What is still to come, with room for what did: for whoever counts without a phone."""
    context = ctx()
    async with context.reading() as connection:
        found = await found_order(connection, numbered(number))
        codes = await catalog.barcodes_of(connection, context.tenant.id, (line.line.item_id for line in found.lines))
    return await respond.page("purchasing/receiving_list.html", order=found, codes=codes)
