"""Purchase orders and receipts over REST: draft, submit, approve or reject, receive in parts, close short, cancel; undo and return."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from quart import Blueprint, Response

from events.unit_of_work import UnitOfWork
from inventory.answer import Asked, Verb
from inventory.body import fit
from inventory.purchasing import messages as m
from inventory.purchasing import queries, receipts, service
from inventory.purchasing.queries import LeadTimeFilter, OrderFilter, ReceiptFilter
from inventory.purchasing.receiving import ReceiptKind
from inventory.purchasing.render import lead_time_json, order_json, receipt_json
from inventory.purchasing.status import Status
from kit.errors import refuse
from kit.ids import parse_order_number, parse_receipt_id
from web import commands
from web.access import allow, ctx
from web.api.incoming import body_as, choice_arg, cursor_arg, flag_arg, idempotency_key, json_body, limit_arg, seen_version, text_arg
from web.api.operation import PAGED, choice, flag, operation, text
from web.api.outgoing import changed, listing, outcome, thing
from web.asking import address_read
from web.order_letter import send_order
from web.wiring import parts

routes = Blueprint("api_purchasing", __name__, url_prefix="/v1/<tenant>/purchasing")

STATUSES = tuple(status.label for status in Status)
KINDS = tuple(kind.label for kind in ReceiptKind)
ORDER_COLUMNS = (
    "number", "status", "supplier", "supplier_name", "warehouse", "currency", "amount", "expected_on", "overdue", "reference", "created_at",
    "created_by", "lines",
)  # fmt: skip
RECEIPT_COLUMNS = ("id", "kind", "of", "order", "supplier", "warehouse", "delivery_note", "created_at", "created_by", "lines")
LEAD_TIME_COLUMNS = ("supplier", "supplier_name", "deliveries", "median_days", "slow_days")

Verbs = Callable[[UnitOfWork, int], Awaitable[None]]


@routes.get("/orders")
@allow("purchasing.read")
@operation(
    "Purchase orders, newest first",
    answer="Order",
    listed=True,
    query=(
        choice("status", "One status.", STATUSES),
        text("supplier", "One supplier."),
        text("warehouse", "One warehouse."),
        text("sku", "Orders with this item."),
        text("q", "Part of a number, a supplier's name or a reference."),
        flag("open", "Only those that something is still to come of."),
        flag("overdue", "Only those whose day has passed."),
        *PAGED,
    ),
)
async def orders(tenant: str) -> Response:
    """Each with its lines."""
    status = choice_arg("status", STATUSES)
    asked = OrderFilter(
        status=None if status is None else Status[status.upper()],
        supplier=text_arg("supplier"),
        warehouse=text_arg("warehouse"),
        sku=text_arg("sku"),
        q=text_arg("q") or "",
        open=bool(flag_arg("open")),
        overdue=bool(flag_arg("overdue")),
        limit=limit_arg(),
        cursor=cursor_arg(),
    )
    context = ctx()
    with address_read():
        async with context.reading() as connection:
            page = await queries.orders_page(connection, context.tenant.id, asked)
    return listing("orders", page, order_json, ORDER_COLUMNS)


@routes.post("/orders")
@allow("purchasing.write")
@operation("A draft of an order", body=m.NewOrder, answer="Order", status=201, keyed=True, refuses=(409,))
async def draft(tenant: str) -> Response:
    """Units and prices that are not said are the supplier's."""
    new = await body_as(m.NewOrder)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 201, await _shown(work, await service.draft(ctx(), work, new))

    return await changed(act)


@routes.get("/orders/<number>")
@allow("purchasing.read")
@operation("One order", answer="Order")
async def one(tenant: str, number: str) -> Response:
    """The ETag is its version."""
    context = ctx()
    async with context.reading() as connection:
        found = await queries.shown(connection, context.tenant.id, _number(number))
    if found is None:
        raise _not_found(number)
    return thing(order_json(found))


@routes.patch("/orders/<number>")
@allow("purchasing.write")
@operation("Change a draft", body=m.OrderChanged, answer="Order", keyed=True, versioned=True, refuses=(409,))
async def change(tenant: str, number: str) -> Response:
    """Lines are replaced as a whole. What was rejected is a draft again."""
    version, wanted = seen_version(), await body_as(m.OrderChanged)
    return await _done(number, lambda work, order: service.change(ctx(), work, order, wanted, version))


@routes.post("/orders/<number>/submit")
@allow("purchasing.write")
@operation("Put a draft forward", answer="Order", keyed=True, refuses=(409,))
async def submit(tenant: str, number: str) -> Response:
    """For somebody who may approve it."""
    return await _done(number, lambda work, order: service.submit(ctx(), work, order))


@routes.post("/orders/<number>/approve")
@allow("purchasing.approve")
@operation("Approve an order", answer="Order", keyed=True, refuses=(409,))
async def approve(tenant: str, number: str) -> Response:
    """Its goods are on order from now on. Managers up to the company's limit, admins beyond."""
    return await _done(number, lambda work, order: service.approve(ctx(), work, order))


@routes.post("/orders/<number>/reject")
@allow("purchasing.approve")
@operation("Reject an order", body=m.Because, answer="Order", keyed=True, refuses=(409,))
async def reject(tenant: str, number: str) -> Response:
    """With a reason, for whoever drafted it."""
    because = await body_as(m.Because)
    return await _done(number, lambda work, order: service.reject(ctx(), work, order, because))


@routes.post("/orders/<number>/close")
@allow("purchasing.write")
@operation("Close lines short, or the whole order", body=m.Closing, answer="Order", keyed=True, refuses=(409,))
async def close(tenant: str, number: str) -> Response:
    """Nothing more is to come. Without lines the order is closed for good."""
    closing = fit(await json_body(required=False), m.Closing)
    return await _done(number, lambda work, order: service.close(ctx(), work, order, closing))


@routes.post("/orders/<number>/cancel")
@allow("purchasing.write")
@operation("Cancel an order", body=m.Because, answer="Order", keyed=True, refuses=(409,))
async def cancel(tenant: str, number: str) -> Response:
    """While nothing of it was received."""
    because = fit(await json_body(required=False), m.Because)
    return await _done(number, lambda work, order: service.cancel(ctx(), work, order, because))


@routes.post("/orders/<number>/send")
@allow("purchasing.write")
@operation("Send an order to its supplier", answer="Order", keyed=True, refuses=(409,))
async def send(tenant: str, number: str) -> Response:
    """By letter, in the supplier's language: approved orders only. It may be sent again."""
    return await _done(number, lambda work, order: send_order(ctx(), work, parts().post, order))


@routes.post("/orders/<number>/receive")
@allow("purchasing.receive")
@operation("Receive what was delivered", body=m.Delivery, answer="Received", status=201, keyed=True, refuses=(409,))
async def receive(tenant: str, number: str) -> Response:
    """The key is the receipt's, whoever sends it: one delivery posted by many makes one receipt. Without lines all that is open."""
    return await moved(receipts.RECEIVE, "purchasing/receive", order=number)


@routes.get("/receipts")
@allow("purchasing.read")
@operation(
    "Receipts, newest first",
    answer="Receipt",
    listed=True,
    query=(
        text("order", "Of one order."),
        text("supplier", "Of one supplier."),
        choice("kind", "Receipts, or what took them back.", KINDS),
        text("sku", "With this item."),
        *PAGED,
    ),
)
async def receipt_list(tenant: str) -> Response:
    """Each with its lines."""
    kind, order = choice_arg("kind", KINDS), text_arg("order")
    asked = ReceiptFilter(
        order=None if order is None else parse_order_number(order) or 0,
        supplier=text_arg("supplier"),
        kind=None if kind is None else ReceiptKind[kind.upper()],
        sku=text_arg("sku"),
        limit=limit_arg(),
        cursor=cursor_arg(),
    )
    context = ctx()
    with address_read():
        async with context.reading() as connection:
            page = await queries.receipts_page(connection, context.tenant.id, asked)
    return listing("receipts", page, receipt_json, RECEIPT_COLUMNS)


@routes.get("/receipts/<receipt>")
@allow("purchasing.read")
@operation("One receipt", answer="Receipt")
async def receipt_one(tenant: str, receipt: str) -> Response:
    """What came, where it went, and what of it has left again."""
    context, parsed = ctx(), parse_receipt_id(receipt)
    async with context.reading() as connection:
        found = await queries.receipt(connection, context.tenant.id, parsed[0]) if parsed else None
    if found is None:
        raise refuse("receipt_not_found", {"field": "receipt", "receipt": receipt[:64]})
    return thing(receipt_json(found))


@routes.post("/receipts/<receipt>/undo")
@allow("purchasing.receive")
@operation("Undo a receipt", body=m.Undoing, answer="Received", status=201, keyed=True, refuses=(409,))
async def undo(tenant: str, receipt: str) -> Response:
    """A counter-document takes all of it back: it was entered by mistake. What was sold meanwhile cannot be taken back."""
    return await moved(receipts.UNDO, "purchasing/undo", receipt=receipt)


@routes.post("/receipts/<receipt>/return")
@allow("purchasing.receive")
@operation("Return goods to the supplier", body=m.Returning, answer="Received", status=201, keyed=True, refuses=(409,))
async def send_back(tenant: str, receipt: str) -> Response:
    """From where the receipt put them. They were received all the same: credit is expected, not other goods."""
    return await moved(receipts.RETURN, "purchasing/return", receipt=receipt)


@routes.get("/lead-times")
@allow("purchasing.read")
@operation("How long suppliers take", answer="LeadTime", listed=True, query=PAGED)
async def lead_times(tenant: str) -> Response:
    """Days from order to delivery, measured from receipts: of half of the deliveries, and of nine in ten."""
    context, asked = ctx(), LeadTimeFilter(limit_arg(), cursor_arg())
    with address_read():
        async with context.reading() as connection:
            page = await queries.lead_times_page(connection, context.tenant.id, asked)
    return listing("lead-times", page, lead_time_json, LEAD_TIME_COLUMNS)


async def _done(number: str, verb: Verbs) -> Response:
    order = _number(number)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        await verb(work, order)
        return 200, await _shown(work, order)

    return await changed(act)


async def moved(verb: Verb, name: str, **of: str) -> Response:
    """Have the stock engine do a verb; `of` names the document in the address."""
    body = await json_body(required=False)
    if not isinstance(body, dict):
        raise refuse("invalid_body", {"field": "", "code": "wrong_type"})
    return await outcome(await commands.perform_verb(verb, Asked(name, idempotency_key(), {**body, **of})))


async def _shown(work: UnitOfWork, number: int) -> dict[str, Any]:
    found = await queries.shown(work.connection, work.tenant_id, number)
    assert found is not None, "it was written in this transaction"
    return order_json(found)


def _number(text: str) -> int:
    found = parse_order_number(text)
    if found is None:
        raise _not_found(text)
    return found


def _not_found(text: str) -> Exception:
    return refuse("order_not_found", {"field": "number", "order": text[:64]})
