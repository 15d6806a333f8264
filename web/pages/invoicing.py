"""Entering a supplier's invoice: beside each line of its order what was ordered, what came, and what was invoiced before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quart import Blueprint, Response, url_for
from quart_babel import gettext

from events.unit_of_work import UnitOfWork
from inventory.catalog.messages import Money
from inventory.invoices import messages as m
from inventory.invoices import queries, service
from inventory.purchasing import queries as purchasing
from inventory.purchasing.queries import OrderFilter, ShownLine, ShownOrder
from inventory.purchasing.status import INVOICED
from kit.errors import unless
from kit.ids import invoice_id
from kit.paging import LIMIT_MAX
from kit.quantity import format_qty
from web import asking, respond
from web.access import allow, ctx
from web.forms import Form, as_typed, refusals_of, typed
from web.once import once
from web.pages.lines import beside_lines, nothing_typed
from web.pages.of_order import choose, filled, order_of
from web.pages.orders import in_words_of

pages = Blueprint("invoicing", __name__, url_prefix="/t/<tenant>/invoices")

_FIELDS = ("qty", "price", "amount", "description")
_HEAD = ("number", "invoiced_on", "due_on", "note")
OTHER_ROWS = range(10_001, 10_004)
"""Numbers of the rows for what was not ordered, freight or tax: behind the number of any order's line."""


@dataclass(frozen=True, slots=True)
class InvoicedLine:
    """A line of the order, with quantities in millionths of its own unit. `accepted`: of what came; `invoiced`: before."""

    shown: ShownLine
    accepted: int
    invoiced: int


@pages.get("/new")
@allow("purchasing.invoice")
async def new(tenant: str) -> Response:
    """Which order; then its lines, with what came and was not invoiced yet."""
    return await _page(Form({"order": asking.arg("order")}))


@pages.post("/new")
@allow("purchasing.invoice")
async def enter(tenant: str) -> Response:
    """The paper is entered; whether it matches is said on its page."""
    form = await typed()
    with refusals_of(form):
        async with ctx().reading() as connection:
            order = await order_of(connection, form)
        if order is not None:
            invoice = _asked(form, order.head.currency)

            async def keep(work: UnitOfWork) -> tuple[str, str]:
                made = invoice_id(await service.enter(ctx(), work, invoice))
                return url_for("invoices.show", tenant=tenant, invoice=made), gettext("Entered as %(number)s.", number=made)

            return await once(form, keep)
    return await _page(form)


def _asked(form: Form, currency: str) -> m.NewInvoice:
    """What the form says. Refuses one without any line."""
    number, note = form.text("number", 100), form.text("note", required=False)
    ordered, others = filled(form, "qty"), _others(form)
    unless(nothing_typed("") if not ordered and not others else None)
    lines = [_ordered(form, each, currency) for each in ordered]
    lines += [m.InvoicedLine("1", _money(form, f"price_{each}", currency), description=form.text(f"description_{each}")) for each in others]
    return m.NewInvoice(form["order"], number, tuple(lines), currency, form["invoiced_on"] or None, form["due_on"] or None, note)


def _ordered(form: Form, number: int, currency: str) -> m.InvoicedLine:
    amount = _money(form, f"amount_{number}", currency) if form[f"amount_{number}"].strip() else None
    return m.InvoicedLine(form.quantity(f"qty_{number}"), _money(form, f"price_{number}", currency), number, amount=amount)


def _others(form: Form) -> list[int]:
    """The rows that say something that was not ordered."""
    return [each for each in OTHER_ROWS if form[f"description_{each}"].strip() or form[f"price_{each}"].strip()]


def _money(form: Form, field: str, currency: str) -> Money:
    return Money(form.amount(field), currency)


async def _page(form: Form) -> Response:
    context = ctx()
    async with context.reading() as connection:
        order = await order_of(connection, form)
        if order is None:
            found = await purchasing.orders_page(connection, context.tenant.id, OrderFilter(limit=LIMIT_MAX))
            return await choose("invoices/choose.html", form, [each for each in found.items if each.head.status in INVOICED])
        lines = _lines(order, await queries.invoiced_of(connection, context.tenant.id, order.head.id))
    if not form.refused:
        form.values |= {field: text for line in lines for field, text in _as_came(line).items()}
    form.reword(beside_lines([*filled(form, "qty"), *_others(form)], _FIELDS, in_words_of(order)))
    shown = {*_HEAD, *(f"{field}_{number}" for field in _FIELDS for number in (*(x.shown.line.number for x in lines), *OTHER_ROWS))}
    form.blame("", **{field: "" for field in form.errors if field not in shown})
    return await respond.page("invoices/form.html", form.status, form=form, order=order, lines=lines, others=OTHER_ROWS)


def _lines(order: ShownOrder, invoiced: Mapping[int, int]) -> Sequence[InvoicedLine]:
    return [
        InvoicedLine(each, each.line.in_unit(each.line.received - each.line.rejected), invoiced.get(each.line.number, 0))
        for each in order.lines
    ]


def _as_came(line: InvoicedLine) -> dict[str, str]:
    """What one most likely copies from the paper: all that came and was not invoiced, at the price of the order."""
    number, price, due = line.shown.line.number, line.shown.line.price, line.accepted - line.invoiced
    return {
        f"qty_{number}": as_typed(format_qty(due)) if due > 0 else "",
        f"price_{number}": "" if price is None else as_typed(f"{price.normalize():f}"),
    }
