"""Announcing what is on its way: a shipment of one order, typed line by line, or many from a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from quart import Blueprint, Response, url_for
from quart_babel import gettext, ngettext

from events.unit_of_work import UnitOfWork
from inventory.files import ROWS_MAX
from inventory.purchasing import queries as purchasing
from inventory.purchasing.queries import OrderFilter, ShownLine, ShownOrder
from inventory.shipments import messages as m
from inventory.shipments import service
from inventory.shipments.domain import left_of
from inventory.shipments.imports import COLUMNS, Announcements, import_shipments, rows_of
from kit import quantity
from kit.errors import Fact, unless
from kit.ids import shipment_number
from kit.paging import LIMIT_MAX
from kit.quantity import format_qty
from web import asking, filters, respond
from web.access import allow, ctx
from web.forms import Form, as_typed, refusals_of, take_csv, typed
from web.once import once
from web.pages.from_file import complaints_of
from web.pages.lines import beside_lines, nothing_typed
from web.pages.of_order import choose, filled, order_of
from web.pages.orders import in_words_of

pages = Blueprint("announcing", __name__, url_prefix="/t/<tenant>/shipments")

_FIELDS = ("qty",)
_HEAD = ("carrier", "tracking", "due_on", "note")


class AwaitedLine(NamedTuple):
    """A line of the order, and how much of it is neither announced nor received, in millionths of its own unit."""

    shown: ShownLine
    left: int


@pages.get("/new")
@allow("purchasing.write")
async def new(tenant: str) -> Response:
    """Which order; then its lines, with all that is not announced yet."""
    return await _page(Form({"order": asking.arg("order")}))


@pages.post("/new")
@allow("purchasing.write")
async def announce(tenant: str) -> Response:
    """So much of an order is on its way."""
    form = await typed()
    with refusals_of(form):
        shipment = _asked(form)

        async def tell(work: UnitOfWork) -> tuple[str, str]:
            number = shipment_number(await service.announce(ctx(), work, shipment))
            return url_for("shipments.show", tenant=tenant, number=number), gettext("Announced as %(number)s.", number=number)

        return await once(form, tell)
    return await _page(form)


@pages.get("/import")
@allow("purchasing.write")
async def import_form(tenant: str) -> Response:
    """Where a file is chosen; or all that is not announced yet as such a file."""
    if not asking.wants_csv():
        return await _import_page(Form())
    context = ctx()
    async with context.reading() as connection:
        asked = OrderFilter(open=True)
        orders = await asking.every_page(asked, lambda part: purchasing.orders_page(connection, context.tenant.id, part))
    return respond.csv(f"shipments-{tenant}", COLUMNS, rows_of(orders))


@pages.post("/import")
@allow("purchasing.write")
async def import_file(tenant: str) -> Response:
    """First the file is only looked at; what was looked at is then announced."""
    form = await typed()
    found: Announcements | None = None
    with refusals_of(form):
        await take_csv(form)
        if form["sure"]:

            async def tell(work: UnitOfWork) -> tuple[str, str]:
                done = await import_shipments(ctx(), work, m.ShipmentFile(form["csv"]))
                return url_for("shipments.show_list", tenant=tenant), _done(done)

            return await once(form, tell)
        async with ctx().writing() as work:
            found = await import_shipments(ctx(), work, m.ShipmentFile(form["csv"], dry_run=True))
    return await _import_page(form, found)


def _asked(form: Form) -> m.NewShipment:
    """What the form says. Refuses one without any quantity."""
    numbers = filled(form, "qty")
    unless(nothing_typed("") if not numbers else None)
    lines = tuple(m.AnnouncedLine(form.quantity(f"qty_{number}"), number) for number in numbers)
    told = {name: form.text(name, required=False) for name in ("carrier", "tracking", "note")}
    return m.NewShipment(form["order"], lines, due_on=form["due_on"] or None, **told)


async def _page(form: Form) -> Response:
    context = ctx()
    async with context.reading() as connection:
        order = await order_of(connection, form)
        if order is None:
            open_orders = await purchasing.orders_page(connection, context.tenant.id, OrderFilter(open=True, limit=LIMIT_MAX))
            return await choose("shipments/choose.html", form, open_orders.items)
    lines = _awaited(order, form)
    if not form.refused:
        form.values |= {f"qty_{line.shown.line.number}": as_typed(format_qty(line.left)) for line in lines}
    form.reword(beside_lines(filled(form, "qty"), _FIELDS, _in_words(order)))
    shown = {*_HEAD, *(f"qty_{line.shown.line.number}" for line in lines)}
    form.blame("", **{field: "" for field in form.errors if field not in shown})
    return await respond.page("shipments/form.html", form.status, form=form, order=order, lines=lines)


def _awaited(order: ShownOrder, form: Form) -> Sequence[AwaitedLine]:
    """The lines with something left, and those that something was typed for."""
    found = [AwaitedLine(each, left_of(each.line, each.inbound)) for each in order.lines]
    return [each for each in found if each.left or form[f"qty_{each.shown.line.number}"]]


def _in_words(order: ShownOrder) -> Callable[[Fact], Fact]:
    """Facts of a refusal as people say them, with the numbers and the unit of the order's line."""
    of_order = in_words_of(order)

    def in_words(fact: Fact) -> Fact:
        told = dict(of_order(fact))
        if "requested" in told and "open" in told:
            told |= {name: filters.number(quantity.parse(str(fact[name]))) for name in ("requested", "open")}
            told["unit"] = filters.unit(str(fact["unit"]))
        return told

    return in_words


async def _import_page(form: Form, found: Announcements | None = None) -> Response:
    """`found`: what would be announced. Complaints stand line by line."""
    complaints = complaints_of(form)
    limits = {"columns": COLUMNS, "rows_max": ROWS_MAX}
    return await respond.page("shipments/import.html", form.status, form=form, found=found, complaints=complaints, **limits)


def _done(announced: Announcements) -> str:
    return ngettext("%(num)s shipment was announced.", "%(num)s shipments were announced.", announced.made)
