"""The verbs of invoices: enter, approve an exception."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, insert, update

from events.unit_of_work import UnitOfWork
from inventory.body import Complaints
from inventory.catalog.domain import checked_price, checked_text
from inventory.catalog.messages import Money
from inventory.context import Context
from inventory.invoices import messages as m
from inventory.invoices import queries
from inventory.invoices.domain import State, Tolerance, amount_of
from inventory.invoices.store import supplier_invoice_lines, supplier_invoices
from inventory.purchasing import queries as orders
from inventory.purchasing.dates import day
from inventory.purchasing.queries import ShownOrder
from inventory.purchasing.service import TEXT_MAX, locked, next_number, tell
from kit import quantity
from kit.errors import refuse
from kit.ids import invoice_id, order_number, parse_order_number

INVOICES = "invoice"
"""The kind of their numbers."""


async def enter(ctx: Context, work: UnitOfWork, new: m.NewInvoice) -> int:
    """A supplier's invoice; answers our number of it. Those of one order are entered one after the other."""
    ctx.permit("purchasing.invoice")
    number = parse_order_number(new.order)
    if number is None:
        raise refuse("order_not_found", {"field": "order", "order": new.order[:64]})
    order = await locked(work, number, "order")
    shown = await orders.shown(work.connection, work.tenant_id, number)
    assert shown is not None, "it is locked"
    complaints = Complaints()
    head = _head(new, order.currency, complaints)
    lines = [_line(line, place, shown, complaints) for place, line in enumerate(new.lines)]
    complaints.raise_any()
    before = await queries.under_number(work.connection, work.tenant_id, order.supplier_id, head["number"])
    if before is not None:
        raise refuse(
            "invoice_twice", {"field": "number", "number": new.number, "supplier": shown.head.supplier_name, "invoice": invoice_id(before)}
        )
    made = await next_number(work, INVOICES)
    of_order = {"tenant_id": work.tenant_id, "order_id": number, "warehouse_id": order.warehouse_id}
    of_invoice = {"id": made, "supplier_id": order.supplier_id, "created_by": work.principal_id}
    await work.connection.execute(insert(supplier_invoices).values({**of_order, **of_invoice, **head}))
    rows = [{**of_order, "invoice_id": made, "line": place, **line} for place, line in enumerate(lines, 1)]
    await work.connection.execute(insert(supplier_invoice_lines), rows)
    await work.record(m.INVOICE_ENTERED, invoice_id(made), order=order_number(number), number=head["number"], lines=len(lines))
    tell(ctx, work, number, order.warehouse_id)
    return made


async def approve(ctx: Context, work: UnitOfWork, number: int, approving: m.Approving) -> None:
    """A line is right although it does not match. What matches, or was approved, needs nobody's word; which of them do is looked up
    again when nobody else is at the order, as other invoices and approvals change it."""
    ctx.permit("purchasing.invoice")
    invoice = await queries.shown(work.connection, work.tenant_id, number, tolerance_of(ctx))
    if invoice is None:
        raise no_invoice(invoice_id(number))
    order = await locked(work, invoice.order_id)
    invoice = await queries.shown(work.connection, work.tenant_id, number, tolerance_of(ctx))
    assert invoice is not None, "invoices stay"
    line = next((each for each in invoice.lines if each.number == approving.line), None)
    if line is None:
        raise refuse("invoice_line_not_found", {"field": "line", "invoice_line": approving.line})
    if line.state is not State.EXCEPTION:
        raise refuse("no_exception", {"field": "line", "invoice": invoice_id(number), "invoice_line": approving.line})
    complaints = Complaints()
    note = checked_text(approving.note, "note", TEXT_MAX, complaints)
    complaints.raise_any()
    table = supplier_invoice_lines
    mine = (table.c.tenant_id == work.tenant_id, table.c.invoice_id == number, table.c.line == approving.line)
    values = {"approval": note, "approved_by": work.principal_id, "approved_at": func.now()}
    await work.connection.execute(update(table).where(*mine).values(values))
    reasons = [reason.value for reason in line.reasons]
    await work.record(m.INVOICE_EXCEPTION_APPROVED, invoice_id(number), line=approving.line, reasons=reasons, note=note)
    tell(ctx, work, invoice.order_id, order.warehouse_id)


def tolerance_of(ctx: Context) -> Tolerance:
    """What the company lets pass."""
    settings = ctx.tenant.settings
    return Tolerance(settings.invoice_qty_percent, settings.invoice_amount_percent)


def no_invoice(text: str) -> Exception:
    """The refusal for a number that names none."""
    return refuse("invoice_not_found", {"field": "id", "invoice": text[:64]})


def _head(new: m.NewInvoice, currency: str, complaints: Complaints) -> dict[str, Any]:
    if new.currency not in (None, currency):
        complaints.add("other_currency", "currency", expected=currency)
    return {
        "number": checked_text(new.number, "number", TEXT_MAX, complaints),
        "currency": currency,
        "invoiced_on": day(new.invoiced_on, "invoiced_on", complaints),
        "due_on": day(new.due_on, "due_on", complaints),
        "note": checked_text(new.note, "note", TEXT_MAX, complaints, required=False),
    }


def _line(line: m.InvoicedLine, place: int, order: ShownOrder, complaints: Complaints) -> dict[str, Any]:
    currency = order.head.currency
    if line.line is not None and line.line not in {each.line.number for each in order.lines}:
        raise refuse("order_line_not_found", {"line": place, "field": "line", "order_line": line.line})
    try:
        qty = quantity.parse(line.qty)
    except ValueError as problem:
        complaints.add(str(problem), "qty", place)
        return {}
    if qty <= 0:
        complaints.add("quantity_not_positive", "qty", place)
    price, amount = _amount(line.price, "price", currency, place, complaints), _amount(line.amount, "amount", currency, place, complaints)
    if price is None:
        return {}
    told = {"order_line": line.line, "description": line.description, "qty": qty, "price": price}
    return told | {"amount": amount_of(qty, price, currency) if amount is None else amount}


def _amount(value: Money | None, field: str, currency: str, place: int, complaints: Complaints) -> Any:
    price = checked_price(value, complaints, field, place)
    if price is not None and price.currency != currency:
        complaints.add("other_currency", f"{field}.currency", place, expected=currency)
    return None if price is None else price.amount
