"""Suppliers' invoices: those with something to look at; one of them, and approving what does not match."""

from __future__ import annotations

from quart import Blueprint, Response, url_for
from quart_babel import gettext

from events.unit_of_work import UnitOfWork
from inventory.invoices import messages as m
from inventory.invoices import queries, service
from inventory.invoices.queries import InvoiceFilter, ShownInvoice
from kit.ids import parse_invoice_id
from web import asking, respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.once import once

pages = Blueprint("invoices", __name__, url_prefix="/t/<tenant>/invoices")


@pages.get("")
@allow("invoices.read")
async def show_list(tenant: str) -> Response:
    """Those with exceptions, unless asked for all."""
    status, context = asking.one_of("status", ("exception", "all"), "exception"), ctx()
    asked = InvoiceFilter(exceptions=status == "exception", limit=asking.PAGE_ROWS, cursor=asking.cursor())
    with asking.address_read():
        async with context.reading() as connection:
            shown = await queries.invoices_page(connection, context.tenant.id, asked, service.tolerance_of(context))
    return await respond.page("invoices/list.html", invoices=shown, chosen=status)


@pages.get("/<invoice>")
@allow("invoices.read")
async def show(tenant: str, invoice: str) -> Response:
    """What is asked for beside what was ordered and what came."""
    return await _page(await _found(invoice), Form())


@pages.post("/<invoice>/approve")
@allow("purchasing.invoice")
async def approve(tenant: str, invoice: str) -> Response:
    """A line is right although it does not match."""
    form, found = await typed(), await _found(invoice)
    with refusals_of(form):
        approving = m.Approving(form.whole("line"), form.text("note"))

        async def agree(work: UnitOfWork) -> tuple[str, str]:
            await service.approve(ctx(), work, found.id, approving)
            return url_for("invoices.show", tenant=ctx().tenant.slug, invoice=invoice), gettext("Approved.")

        return await once(form, agree)
    return await _page(found, form)


async def _found(invoice: str) -> ShownInvoice:
    context, parsed = ctx(), parse_invoice_id(invoice)
    async with context.reading() as connection:
        found = None if parsed is None else await queries.shown(connection, context.tenant.id, parsed, service.tolerance_of(context))
    if found is None:
        raise service.no_invoice(invoice)
    return found


async def _page(found: ShownInvoice, form: Form) -> Response:
    return await respond.page("invoices/show.html", form.status, invoice=found, form=form, blank=Form())
