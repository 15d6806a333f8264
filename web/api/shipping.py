"""Shipments over REST: announce, receive as a whole, cancel; announced lines from a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quart import Blueprint, Response

from events.unit_of_work import UnitOfWork
from inventory.body import fit
from inventory.purchasing.messages import Because
from inventory.shipments import messages as m
from inventory.shipments import queries, service
from inventory.shipments.domain import ShipmentStatus
from inventory.shipments.imports import import_shipments
from inventory.shipments.queries import ShipmentFilter
from inventory.shipments.render import shipment_json
from kit.ids import parse_order_number, parse_shipment_number
from web.access import allow, ctx
from web.api.incoming import body_as, choice_arg, cursor_arg, json_body, limit_arg, text_arg
from web.api.operation import PAGED, choice, operation, text
from web.api.outgoing import changed, listing, thing
from web.api.purchasing import moved
from web.asking import address_read

routes = Blueprint("api_shipments", __name__, url_prefix="/v1/<tenant>/purchasing/shipments")

STATUSES: Sequence[str] = tuple(status.label for status in ShipmentStatus)
COLUMNS = (
    "number", "status", "order", "supplier", "supplier_name", "warehouse", "carrier", "tracking", "due_on", "late", "receipt", "created_at",
    "created_by", "lines",
)  # fmt: skip


@routes.get("")
@allow("purchasing.read")
@operation(
    "Shipments, newest first",
    answer="Shipment",
    listed=True,
    query=(
        choice("status", "One status.", tuple(STATUSES)),
        text("order", "Of one order."),
        text("supplier", "Of one supplier."),
        text("q", "Part of a number, a supplier's name, a carrier or a tracking number."),
        *PAGED,
    ),
)
async def shipment_list(tenant: str) -> Response:
    """Each with its lines."""
    status, order = choice_arg("status", tuple(STATUSES)), text_arg("order")
    asked = ShipmentFilter(
        status=None if status is None else ShipmentStatus[status.upper()],
        order=None if order is None else parse_order_number(order) or 0,
        supplier=text_arg("supplier"),
        q=text_arg("q") or "",
        limit=limit_arg(),
        cursor=cursor_arg(),
    )
    context = ctx()
    with address_read():
        async with context.reading() as connection:
            page = await queries.shipments_page(connection, context.tenant.id, asked)
    return listing("shipments", page, shipment_json, COLUMNS)


@routes.post("")
@allow("purchasing.write")
@operation("Announce a shipment", body=m.NewShipment, answer="Shipment", status=201, keyed=True, refuses=(409,))
async def announce(tenant: str) -> Response:
    """Of an approved order, and no more than is open and not announced yet."""
    new = await body_as(m.NewShipment)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 201, await _shown(work, await service.announce(ctx(), work, new))

    return await changed(act)


@routes.post("/import")
@allow("purchasing.write")
@operation("Shipments from a CSV file", body=m.ShipmentFile, answer="Announcements", keyed=True)
async def import_file(tenant: str) -> Response:
    """All rows or none; complaints (`file_refused`) name the line of the file, the header being 1. Columns: order, line, sku, qty,
    due_on, carrier, tracking. Rows of one order, day, carrier and tracking number are one shipment."""
    file = await body_as(m.ShipmentFile)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 200, (await import_shipments(ctx(), work, file))._asdict() | {"dry_run": file.dry_run}

    return await changed(act)


@routes.get("/<number>")
@allow("purchasing.read")
@operation("One shipment", answer="Shipment")
async def one(tenant: str, number: str) -> Response:
    """What comes of an order, by whom, and when."""
    context, parsed = ctx(), parse_shipment_number(number)
    async with context.reading() as connection:
        found = None if parsed is None else await queries.shown(connection, context.tenant.id, parsed)
    if found is None:
        raise service.no_shipment(number)
    return thing(shipment_json(found))


@routes.post("/<number>/receive")
@allow("purchasing.receive")
@operation("Receive all of a shipment", body=m.Arrival, answer="Received", status=201, keyed=True, refuses=(409,))
async def receive(tenant: str, number: str) -> Response:
    """A shipment is received once, whoever asks and under whichever key: who comes later is answered with that receipt."""
    return await moved(service.RECEIVE, "purchasing/receive-shipment", shipment=number)


@routes.post("/<number>/cancel")
@allow("purchasing.write")
@operation("Cancel a shipment", body=Because, answer="Shipment", keyed=True, refuses=(409,))
async def cancel(tenant: str, number: str) -> Response:
    """It does not come; what was announced is merely on order again."""
    because, parsed = fit(await json_body(required=False), Because), parse_shipment_number(number)
    if parsed is None:
        raise service.no_shipment(number)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        await service.cancel(ctx(), work, parsed, because)
        return 200, await _shown(work, parsed)

    return await changed(act)


async def _shown(work: UnitOfWork, number: int) -> dict[str, Any]:
    found = await queries.shown(work.connection, work.tenant_id, number)
    assert found is not None, "it was written in this transaction"
    return shipment_json(found)
