"""Suppliers' invoices over REST: enter, see what does not match, approve it all the same."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, Response

from events.unit_of_work import UnitOfWork
from inventory.invoices import messages as m
from inventory.invoices import queries, service
from inventory.invoices.queries import InvoiceFilter
from inventory.invoices.render import invoice_json
from kit.ids import parse_invoice_id, parse_order_number
from web.access import allow, ctx
from web.api.incoming import body_as, cursor_arg, flag_arg, limit_arg, text_arg
from web.api.operation import PAGED, flag, operation, text
from web.api.outgoing import changed, listing, thing
from web.asking import address_read

routes = Blueprint("api_invoices", __name__, url_prefix="/v1/<tenant>/purchasing/invoices")

COLUMNS = (
    "id", "number", "state", "supplier", "supplier_name", "order", "currency", "amount", "invoiced_on", "due_on", "created_at",
    "created_by", "lines",
)  # fmt: skip


@routes.get("")
@allow("invoices.read")
@operation(
    "Suppliers' invoices, newest first",
    answer="Invoice",
    listed=True,
    query=(
        text("order", "For one order."),
        text("supplier", "Of one supplier."),
        flag("exceptions", "Only those with a line that somebody has to look at."),
        *PAGED,
    ),
)
async def invoice_list(tenant: str) -> Response:
    """Each with its lines, and whether they match what was ordered and what came."""
    order, context = text_arg("order"), ctx()
    asked = InvoiceFilter(
        None if order is None else parse_order_number(order) or 0,
        text_arg("supplier"),
        bool(flag_arg("exceptions")),
        limit_arg(),
        cursor_arg(),
    )
    with address_read():
        async with context.reading() as connection:
            page = await queries.invoices_page(connection, context.tenant.id, asked, service.tolerance_of(context))
    return listing("invoices", page, invoice_json, COLUMNS)


@routes.post("")
@allow("purchasing.invoice")
@operation("Enter a supplier's invoice", body=m.NewInvoice, answer="Invoice", status=201, keyed=True, refuses=(409,))
async def enter(tenant: str) -> Response:
    """In the order's currency; a supplier's number is entered once."""
    new = await body_as(m.NewInvoice)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 201, await _shown(work, await service.enter(ctx(), work, new))

    return await changed(act)


@routes.get("/<invoice>")
@allow("invoices.read")
@operation("One invoice", answer="Invoice")
async def one(tenant: str, invoice: str) -> Response:
    """With what was ordered and what came beside what is asked for."""
    context = ctx()
    async with context.reading() as connection:
        found = await queries.shown(connection, context.tenant.id, _number(invoice), service.tolerance_of(context))
    if found is None:
        raise service.no_invoice(invoice)
    return thing(invoice_json(found))


@routes.post("/<invoice>/approve")
@allow("purchasing.invoice")
@operation("Approve an exception", body=m.Approving, answer="Invoice", keyed=True, refuses=(409,))
async def approve(tenant: str, invoice: str) -> Response:
    """A line is right although it does not match; the note says why."""
    approving, number = await body_as(m.Approving), _number(invoice)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        await service.approve(ctx(), work, number, approving)
        return 200, await _shown(work, number)

    return await changed(act)


async def _shown(work: UnitOfWork, number: int) -> dict[str, Any]:
    found = await queries.shown(work.connection, work.tenant_id, number, service.tolerance_of(ctx()))
    assert found is not None, "it was written in this transaction"
    return invoice_json(found)


def _number(text: str) -> int:
    found = parse_invoice_id(text)
    if found is None:
        raise service.no_invoice(text)
    return found
