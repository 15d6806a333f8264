"""Requisitions: what people ask to be bought; asking, and deciding about it."""

from __future__ import annotations

from quart import Blueprint, Response, url_for
from quart_babel import gettext

from events.unit_of_work import UnitOfWork
from inventory.locations import queries as places
from inventory.purchasing.messages import Because
from inventory.requisitions import messages as m
from inventory.requisitions import queries, service
from inventory.requisitions.domain import RequisitionStatus
from inventory.requisitions.queries import RequisitionFilter, ShownRequisition
from kit.ids import parse_requisition_number, requisition_number
from web import asking, respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.once import once

pages = Blueprint("requisitions", __name__, url_prefix="/t/<tenant>/requisitions")

STATUSES = tuple(status.label for status in RequisitionStatus)


@pages.get("")
@allow("stock.reserve")
async def show_list(tenant: str) -> Response:
    """Those that somebody has to decide about, unless asked otherwise."""
    status, context = asking.one_of("status", (*STATUSES, "all"), "asked"), ctx()
    chosen = None if status == "all" else RequisitionStatus[status.upper()]
    asked = RequisitionFilter(chosen, limit=asking.PAGE_ROWS, cursor=asking.cursor())
    with asking.address_read():
        async with context.reading() as connection:
            shown = await queries.requisitions_page(connection, context.tenant.id, asked)
    return await respond.page("requisitions/list.html", requisitions=shown, chosen=status)


@pages.get("/new")
@allow("stock.reserve")
async def new(tenant: str) -> Response:
    """An empty form."""
    return await _form_page(Form({"sku": asking.arg("sku")}))


@pages.post("/new")
@allow("stock.reserve")
async def ask(tenant: str) -> Response:
    """Ask for an item."""
    form = await typed()
    with refusals_of(form):
        line = m.WantedLine(form.text("sku", 64), form.quantity("qty"))
        wanted = m.NewRequisition(
            form.text("warehouse", 64), (line,), form["needed_on"] or None, form.text("note", required=False), ask=True
        )

        async def put_forward(work: UnitOfWork) -> tuple[str, str]:
            number = requisition_number(await service.draft(ctx(), work, wanted))
            return _url(number), gettext("Put forward as %(number)s.", number=number)

        return await once(form, put_forward)
    form.blame("sku")
    return await _form_page(form)


@pages.get("/<number>")
@allow("stock.reserve")
async def show(tenant: str, number: str) -> Response:
    """One requisition and what may be done with it."""
    return await _page(await _found(number), Form())


@pages.post("/<number>/approve")
@allow("purchasing.approve")
async def approve(tenant: str, number: str) -> Response:
    """It may be ordered."""
    form, found = await typed(), await _found(number)
    with refusals_of(form):

        async def agree(work: UnitOfWork) -> tuple[str, str]:
            await service.approve(ctx(), work, found.id)
            return _url(number), gettext("Approved.")

        return await once(form, agree)
    return await _page(found, form)


@pages.post("/<number>/reject")
@allow("purchasing.approve")
async def reject(tenant: str, number: str) -> Response:
    """It will not be ordered."""
    form, found = await typed(), await _found(number)
    with refusals_of(form):
        because = Because(form.text("reason"))

        async def decline(work: UnitOfWork) -> tuple[str, str]:
            await service.reject(ctx(), work, found.id, because)
            return _url(number), gettext("Rejected.")

        return await once(form, decline)
    return await _page(found, form)


@pages.post("/<number>/order")
@allow("purchasing.write")
async def order(tenant: str, number: str) -> Response:
    """Its lines become those of drafts."""
    form, found = await typed(), await _found(number)
    with refusals_of(form):
        ordering = m.Ordering(form.text("order", 20, required=False) or None, form.text("supplier", 64, required=False) or None)

        async def buy(work: UnitOfWork) -> tuple[str, str]:
            made = await service.order(ctx(), work, found.id, ordering)
            return _url(number), gettext("It is in %(orders)s now.", orders=", ".join(made))

        return await once(form, buy)
    form.blame("supplier")
    return await _page(found, form)


async def _found(number: str) -> ShownRequisition:
    context, parsed = ctx(), parse_requisition_number(number)
    async with context.reading() as connection:
        found = None if parsed is None else await queries.shown(connection, context.tenant.id, parsed)
    if found is None:
        raise service.no_requisition(number)
    return found


async def _form_page(form: Form) -> Response:
    context = ctx()
    async with context.reading() as connection:
        warehouses = await places.warehouses_of(connection, context.tenant.id)
    return await respond.page("requisitions/form.html", form.status, form=form, places=warehouses)


async def _page(found: ShownRequisition, form: Form) -> Response:
    return await respond.page("requisitions/show.html", form.status, requisition=found, form=form)


def _url(number: str) -> str:
    return url_for("requisitions.show", tenant=ctx().tenant.slug, number=number)
