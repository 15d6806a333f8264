"""Shipments: what suppliers have announced; one of them, and receiving or cancelling it."""

from __future__ import annotations

from quart import Blueprint, Response, url_for
from quart_babel import gettext

from events.unit_of_work import UnitOfWork
from inventory.answer import Asked
from inventory.ledger import performing
from inventory.purchasing.messages import Because
from inventory.shipments import queries, service
from inventory.shipments.domain import ShipmentStatus
from inventory.shipments.queries import ShipmentFilter, ShownShipment
from kit.errors import unless
from kit.ids import parse_shipment_number
from web import asking, respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.once import once
from web.wiring import parts

pages = Blueprint("shipments", __name__, url_prefix="/t/<tenant>/shipments")

STATUSES = tuple(status.label for status in ShipmentStatus)


@pages.get("")
@allow("purchasing.read")
async def show_list(tenant: str) -> Response:
    """Those on their way, unless asked otherwise."""
    status, context = asking.one_of("status", (*STATUSES, "all"), "announced"), ctx()
    chosen = None if status == "all" else ShipmentStatus[status.upper()]
    asked = ShipmentFilter(chosen, q=asking.arg("q"), limit=asking.PAGE_ROWS, cursor=asking.cursor())
    with asking.address_read():
        async with context.reading() as connection:
            shown = await queries.shipments_page(connection, context.tenant.id, asked)
    return await respond.page("shipments/list.html", shipments=shown, asked=asked, chosen=status)


@pages.get("/<number>")
@allow("purchasing.read")
async def show(tenant: str, number: str) -> Response:
    """One shipment and what may be done with it."""
    return await _page(await _found(number), Form())


@pages.post("/<number>/receive")
@allow("purchasing.receive")
async def receive(tenant: str, number: str) -> Response:
    """All of it came."""
    form, shipment = await typed(), await _found(number)
    with refusals_of(form):
        async with parts().turnstile.turn(ctx().tenant.id):
            answer = await performing.perform(ctx(), service.RECEIVE, Asked("purchasing/receive-shipment", form.key, {"shipment": number}))
        unless(answer.refusal)
        return await respond.done(_url(number), gettext("Received as %(receipt)s.", receipt=answer.body["receipt"]["id"]))
    form.blame("")
    return await _page(shipment, form)


@pages.post("/<number>/cancel")
@allow("purchasing.write")
async def cancel(tenant: str, number: str) -> Response:
    """It does not come."""
    form, shipment = await typed(), await _found(number)
    with refusals_of(form):
        because = Because(form.text("reason", required=False))

        async def call_off(work: UnitOfWork) -> tuple[str, str]:
            await service.cancel(ctx(), work, shipment.id, because)
            return _url(number), gettext("Cancelled.")

        return await once(form, call_off)
    return await _page(shipment, form)


async def _found(number: str) -> ShownShipment:
    context, parsed = ctx(), parse_shipment_number(number)
    async with context.reading() as connection:
        found = None if parsed is None else await queries.shown(connection, context.tenant.id, parsed)
    if found is None:
        raise service.no_shipment(number)
    return found


async def _page(shipment: ShownShipment, form: Form) -> Response:
    return await respond.page("shipments/show.html", form.status, shipment=shipment, form=form)


def _url(number: str) -> str:
    return url_for("shipments.show", tenant=ctx().tenant.slug, number=number)
