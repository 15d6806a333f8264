"""Purchase orders: the list of them, one with all that became of it, and what is decided about it. Drafting and receiving are apart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from quart import Blueprint, Response, request, url_for
from quart_babel import lazy_gettext
from sqlalchemy.ext.asyncio import AsyncConnection

from events.unit_of_work import UnitOfWork
from inventory.invoices import queries as invoicing
from inventory.invoices.queries import InvoiceFilter, ShownInvoice
from inventory.invoices.service import tolerance_of
from inventory.ledger.render import QUANTITIES
from inventory.locations import queries as places
from inventory.purchasing import messages as m
from inventory.purchasing import queries, service
from inventory.purchasing.files import FILES_MAX, files_of
from inventory.purchasing.history import history
from inventory.purchasing.queries import SORTS, OrderFilter, ReceiptFilter, ShownOrder
from inventory.purchasing.status import Status
from inventory.shipments import queries as shipping
from inventory.shipments.queries import ShipmentFilter
from inventory.suppliers import queries as suppliers
from inventory.suppliers.queries import SupplierFilter
from kit import quantity
from kit.errors import Fact, Refusal, refuse
from kit.ids import order_number, parse_order_number
from kit.money import rounded
from kit.paging import LIMIT_MAX, Page
from web import asking, errors, filters, ordering, respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.once import once
from web.order_letter import send_order
from web.wiring import parts

pages = Blueprint("orders", __name__, url_prefix="/t/<tenant>/purchasing")

Verb = Callable[[UnitOfWork, int, Form], Awaitable[None]]

VIEWS = tuple(status.label for status in Status)
_SORTS = tuple(way + name for name in SORTS for way in ("", "-"))
_HEADER = (
    "Order", "Status", "Supplier", "Supplier name", "Warehouse", "Ordered", "Due", "Days late", "Reference", "Lines", "Received %",
    "Amount", "Currency", "Created", "By",
)  # fmt: skip
_DONE = {
    "submit": lazy_gettext("Put forward: somebody who may approves it."),
    "approve": lazy_gettext("Approved: the goods are on order."),
    "reject": lazy_gettext("Rejected: it goes back to whoever drafted it."),
    "close": lazy_gettext("Closed: nothing more is expected."),
    "cancel": lazy_gettext("Cancelled."),
    "send": lazy_gettext("The letter is on its way to the supplier."),
    "note": lazy_gettext("Noted."),
}


@pages.get("")
@allow("purchasing.read")
async def show_list(tenant: str) -> Response:
    """Orders, newest first; those of one state, supplier, warehouse or item, or all that are late."""
    asked, context = _asked(), ctx()
    if asking.wants_csv():
        return respond.csv(f"orders-{tenant}", _HEADER, [_csv_row(each) for each in await asking.every_page(asked, _read)])
    with asking.address_read():
        found = await _read(asked)
    if respond.is_fragment():
        return await respond.fragment("purchasing/_rows.html", orders=found, asked=asked, ordering=ordering)
    async with context.reading() as connection:
        tenant_id = context.tenant.id
        counts = await queries.orders_counted(connection, tenant_id, asked)
        late = sum((await queries.orders_counted(connection, tenant_id, _with(asked, overdue=True))).values())
        sellers = await suppliers.suppliers_page(connection, tenant_id, SupplierFilter(sort="name", limit=LIMIT_MAX))
        warehouses = await places.warehouses_of(connection, tenant_id)
    values: dict[str, Any] = {"counts": {each: counts.get(Status[each.upper()], 0) for each in VIEWS}, "late": late}
    return await respond.page(
        "purchasing/list.html", orders=found, asked=asked, ordering=ordering, suppliers=sellers.items, warehouses=warehouses,
        warehouse=asked.warehouse, **values,
    )  # fmt: skip


@pages.get("/orders/<number>")
@allow("purchasing.read")
async def show(tenant: str, number: str) -> Response:
    """One order: where it stands, its lines, what came, what happened, and what may be done with it."""
    return await page(numbered(number))


@pages.post("/orders/<number>/submit")
@allow("purchasing.write")
async def submit(tenant: str, number: str) -> Response:
    """For somebody who may approve it."""
    return await _perform("submit", number, lambda work, order, form: service.submit(ctx(), work, order))


@pages.post("/orders/<number>/approve")
@allow("purchasing.approve")
async def approve(tenant: str, number: str) -> Response:
    """Its goods are on order from now on."""
    return await _perform("approve", number, lambda work, order, form: service.approve(ctx(), work, order))


@pages.post("/orders/<number>/reject")
@allow("purchasing.approve")
async def reject(tenant: str, number: str) -> Response:
    """Back to whoever drafted it, with a reason."""
    return await _perform("reject", number, lambda work, order, form: service.reject(ctx(), work, order, m.Because(form["reason"])))


@pages.post("/orders/<number>/close")
@allow("purchasing.write")
async def close(tenant: str, number: str) -> Response:
    """Nothing more is to come: of the lines that were ticked, or of the whole order."""

    async def verb(work: UnitOfWork, order: int, form: Form) -> None:
        lines = tuple(m.ClosedLine(int(name[5:])) for name in form.values if name.startswith("line_") and name[5:].isdecimal())
        whole = form["whole"] == "1"
        await service.close(ctx(), work, order, m.Closing(None if whole or not lines else lines, form["reason"]))

    return await _perform("close", number, verb)


@pages.post("/orders/<number>/cancel")
@allow("purchasing.write")
async def cancel(tenant: str, number: str) -> Response:
    """While nothing of it was received."""
    return await _perform("cancel", number, lambda work, order, form: service.cancel(ctx(), work, order, m.Because(form["reason"])))


@pages.post("/orders/<number>/send")
@allow("purchasing.write")
async def send(tenant: str, number: str) -> Response:
    """To the supplier, by letter, in the supplier's language."""

    return await _perform("send", number, lambda work, order, form: send_order(ctx(), work, parts().post, order))


@pages.post("/orders/<number>/note")
@allow("purchasing.write")
async def note(tenant: str, number: str) -> Response:
    """Something worth knowing, for the timeline."""
    return await _perform("note", number, lambda work, order, form: service.note(ctx(), work, order, m.Noted(form["note"])))


def numbered(text: str) -> int:
    """The number of an order in an address. Refuses what is none."""
    found = parse_order_number(text)
    if found is None:
        raise refuse("order_not_found", {"field": "number", "order": text[:64]})
    return found


async def found_order(connection: AsyncConnection, number: int) -> ShownOrder:
    """The order, as far as whoever asks sees it. Refuses one that is not there."""
    found = await queries.shown(connection, ctx().tenant.id, number)
    if found is None:
        raise refuse("order_not_found", {"field": "number", "order": order_number(number)})
    return found


def url_of(number: int) -> str:
    """The address of an order's page."""
    return url_for("orders.show", tenant=ctx().tenant.slug, number=order_number(number))


async def page(number: int, verb: str = "", refused: Form | None = None) -> Response:
    """The page of an order; `refused` is the form of `verb` that was refused."""
    async with ctx().reading() as connection:
        shown = await found_order(connection, number)
        values = await _values(connection, shown)
    if respond.is_fragment():
        return await respond.fragment("purchasing/_show.html", form=Form(), **values)
    form = refused or Form()
    form.reword(in_words_of(shown))
    doing = verb or request.args.get("do", "")
    return await respond.page("purchasing/show.html", form.status, form=form, doing=doing, files_max=FILES_MAX, **values)


def in_words_of(order: ShownOrder) -> Callable[[Fact], Fact]:
    """Makes a refusal's facts about an order what people say: the names of things, and numbers the way they write them."""
    items = {line.sku: line for line in order.lines}

    def in_words(fact: Fact) -> Fact:
        told, item = dict(fact), items.get(str(fact.get("sku")))
        if item is not None:
            told["sku"] = item.name
            numbers = {name: str(told[name]) for name in QUANTITIES if isinstance(told.get(name), str)}
            told |= {name: filters.number(quantity.parse(text), item.decimals) for name, text in numbers.items()}
        if told.get("warehouse") == order.head.warehouse:
            told["warehouse"] = order.head.warehouse_name
        if "status" in told:
            told["status"] = filters.order_status(str(told["status"])).lower()
        return told

    return in_words


async def _values(connection: AsyncConnection, shown: ShownOrder) -> dict[str, Any]:
    context, number = ctx(), shown.head.id
    tenant_id = context.tenant.id
    order = await queries.order_of(connection, tenant_id, number)
    supplier = await suppliers.supplier_by_code(connection, tenant_id, shown.head.supplier)
    assert order is not None
    assert supplier is not None
    receipts = (await queries.receipts_page(connection, tenant_id, ReceiptFilter(order=number, limit=LIMIT_MAX))).items
    facts = await history(connection, tenant_id, number)
    acts = ordering.acts(order, shown.lines, supplier.email, context.actor, context.tenant)
    return {
        "order": shown,
        "supplier": supplier,
        "receipts": receipts,
        "shipments": (await shipping.shipments_page(connection, tenant_id, ShipmentFilter(order=number, limit=LIMIT_MAX))).items,
        "invoices": await _invoices(connection, number),
        "stages": ordering.stages(shown.head, facts),
        "happened": ordering.happened(shown, facts, receipts),
        "counted": ordering.counted(shown.lines),
        "amounts": ordering.amounts(shown),
        "acts": {name: _why(refusal) for name, refusal in acts.items()},
        "files": await files_of(connection, tenant_id, number),
        "tolerance": context.tenant.settings.over_receipt_percent,
        "ordering": ordering,
    }


async def _invoices(connection: AsyncConnection, number: int) -> Sequence[ShownInvoice]:
    """The invoices of an order, for whoever may see any."""
    if not ctx().actor.may("invoices.read"):
        return ()
    asked = InvoiceFilter(order=number, limit=LIMIT_MAX)
    return (await invoicing.invoices_page(connection, ctx().tenant.id, asked, tolerance_of(ctx()))).items


def _why(refusal: Refusal | None) -> str:
    """Why something cannot be done, in words; empty when it can."""
    return errors.say(refusal).detail if refusal else ""


async def _perform(name: str, text: str, verb: Verb) -> Response:
    form, number = await typed(), numbered(text)
    with refusals_of(form):

        async def change(work: UnitOfWork) -> tuple[str, str]:
            await verb(work, number, form)
            return url_of(number), str(_DONE[name])

        return await once(form, change)
    return await page(number, name, form)


async def _read(asked: OrderFilter) -> Page[ShownOrder]:
    context = ctx()
    async with context.reading() as connection:
        return await queries.orders_page(connection, context.tenant.id, asked)


def _asked() -> OrderFilter:
    status = asking.one_of("status", (*VIEWS, "late"), "")
    return OrderFilter(
        status=Status[status.upper()] if status in VIEWS else None,
        supplier=asking.arg_or_none("supplier"),
        warehouse=asking.arg_or_none("warehouse"),
        sku=asking.arg_or_none("sku"),
        q=asking.arg("q"),
        open=asking.arg("open") == "1",
        overdue=status == "late",
        sort=asking.one_of("sort", _SORTS, "-number"),
        limit=asking.PAGE_ROWS,
        cursor=asking.cursor(),
    )


def _with(asked: OrderFilter, **changed: Any) -> OrderFilter:
    return OrderFilter(**{name: getattr(asked, name) for name in OrderFilter.__slots__} | {"status": None, "cursor": None} | changed)


def _csv_row(order: ShownOrder) -> tuple[object, ...]:
    head, (amount, _) = order.head, ordering.amounts(order)
    days = [day.isoformat() if day else "" for day in (head.ordered_on, head.due_on)]
    return (
        order_number(head.id), head.status.label, head.supplier, head.supplier_name, head.warehouse, *days, ordering.late_by(head),
        head.reference, len(order.lines), ordering.counted(order.lines).percent, rounded(amount, head.currency), head.currency,
        head.created_at.isoformat(), head.created_by,
    )  # fmt: skip
