"""What a till in a browser asks for before its line is open: who it is working for, and the catalogue."""

from __future__ import annotations

from quart import Blueprint, Response, request

from inventory.catalog import snapshot
from inventory.catalog.snapshot import TillItem
from inventory.locations import queries as places
from kit.clock import rfc3339
from web import respond, session
from web.access import allow, caller, ctx
from web.api import shapes
from web.api.incoming import cursor_arg
from web.api.operation import operation, text
from web.asking import address_read

routes = Blueprint("kiosk_data", __name__, url_prefix="/v1/<tenant>/kiosk")


@routes.get("/session")
@allow("stock.issue")
@operation("Who a till in a browser works for", answer="TillSession")
async def signed_in(tenant: str) -> Response:
    """The person, what they may do, the warehouses to choose from, the server's time, and the token for what the page sends."""
    context = ctx()
    async with context.reading() as connection:
        warehouses = await places.warehouses_of(connection, context.tenant.id)
    actor = caller().actor
    said = {
        "principal": actor.principal_id,
        "name": actor.label,
        "role": actor.role.label,
        "permissions": sorted(actor.permissions),
        "warehouses": [{"code": each.code, "name": each.name} for each in warehouses],
        "now": rfc3339(context.clock()),
        "csrf": session.csrf_token(),
    }
    return _personal(respond.json(said))


@routes.get("/catalogue")
@allow("catalog.read")
@operation(
    "The catalogue as a till keeps it",
    answer="TillCatalogue",
    query=(text("cursor", "`next` of the page before."),),
)
async def catalogue(tenant: str) -> Response:
    """A thousand items at a time, by SKU. Asked with `If-None-Match`, a catalogue that did not change is 304 and reads no item."""
    context = ctx()
    async with context.reading() as connection:
        tag = await snapshot.edition(connection, context.tenant.id)
        if cursor_arg() is None and request.if_none_match.contains(tag):
            return _tagged(Response(b"", 304), tag)
        with address_read():
            page = await snapshot.till_items(connection, context.tenant.id, cursor_arg())
    return _tagged(respond.json({"items": [_item(each) for each in page.items], "next": page.next}), tag)


def _item(found: TillItem) -> dict[str, object]:
    item = found.item
    return {
        "sku": item.sku,
        "name": item.name,
        "names": item.names,
        "barcodes": [{"code": each.code, "kind": each.kind} for each in found.codes],
        "unit": item.base_unit,
        "decimals": item.decimals,
        "category": item.category,
        "price": shapes.price(item.price, item.currency),
    }


def _tagged(response: Response, tag: str) -> Response:
    response.set_etag(tag)
    return _personal(response)


def _personal(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
