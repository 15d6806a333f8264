"""Stock over REST: the verbs, and what can be read."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, Response

from events.unit_of_work import UnitOfWork
from inventory.exceptions import queries as exceptions
from inventory.exceptions import service as settling
from inventory.exceptions.messages import SettleBody
from inventory.exceptions.queries import ExceptionFilter
from inventory.exceptions.render import exception_json
from inventory.ledger import history, queries
from inventory.ledger.bodies import AdjustBody, IssueBody, ReceiveBody, ReconcileBody
from inventory.ledger.history import LedgerFilter
from inventory.ledger.messages import Kind
from inventory.ledger.queries import SORTS, STATES, LevelFilter
from inventory.ledger.render import row_json
from inventory.reservations import queries as reservations
from inventory.reservations.messages import ExtendBody, HardenBody, PartBody, ReserveBody
from inventory.reservations.queries import HoldFilter
from inventory.reservations.render import reservation_json
from inventory.transfers import queries as transfers
from inventory.transfers.messages import TransferBody, TransferPartBody
from inventory.transfers.queries import TransferFilter
from inventory.transfers.render import transfer_json
from kit.errors import refuse
from kit.ids import parse_reservation_id, parse_transfer_id
from kit.paging import Page
from web import commands, respond
from web.access import allow, ctx
from web.api import shapes
from web.api.incoming import (
    body_as,
    bound_arg,
    choice_arg,
    choices_arg,
    code_of,
    cursor_arg,
    flag_arg,
    idempotency_key,
    json_body,
    limit_arg,
    text_arg,
)
from web.api.operation import PAGED, choice, flag, operation, text
from web.api.outgoing import changed, listing, outcome
from web.asking import address_read
from web.commands import BulkBody
from web.wiring import parts

routes = Blueprint("api_stock", __name__, url_prefix="/v1/<tenant>/stock")

KINDS = tuple(kind.label for kind in Kind)
STATUSES = ("active", "committed", "released", "expired")
SETTLED = ("open", "settled")
WAYS = ("in_transit", "received", "written_off")


@routes.post("/receive")
@allow("stock.receive")
@operation("Stock comes in", body=ReceiveBody, answer="Movements", keyed=True, refuses=(409,))
async def receive(tenant: str) -> Response:
    """All lines or none. Lots that are new come into being."""
    return await _perform("receive")


@routes.post("/issue")
@allow("stock.issue")
@operation("Stock leaves without having been reserved", body=IssueBody, answer="Movements", keyed=True, refuses=(409,))
async def issue(tenant: str) -> Response:
    """Takes only what is available: promised stock is committed, not issued. What left while nobody could see it (`late`, with
    its `effective_at`) is never refused for lack of stock: what that leaves to look into is in `exceptions`."""
    return await _perform("issue")


@routes.post("/adjust")
@allow("stock.adjust")
@operation("Stock is put right", body=AdjustBody, answer="Movements", keyed=True, refuses=(409,))
async def adjust(tenant: str) -> Response:
    """By a signed change, or by a count of what was expected."""
    return await _perform("adjust")


@routes.post("/reserve")
@allow("stock.reserve")
@operation("Stock is promised", body=ReserveBody, answer="Reserved", status=201, keyed=True, refuses=(409,))
async def reserve(tenant: str) -> Response:
    """All lines or none; lines of one item and warehouse are added up before checking. At most a week, or firm.

    A line may name `warehouses` in order of preference instead of one; each gives what it has available, in whole multiples of
    `multiple` (so that a kit is not split). With `partial` what there is is promised, and the rest is told as `backordered`.
    """
    return await _perform("reserve")


@routes.post("/commit")
@allow("stock.commit")
@operation("Promised stock leaves", body=PartBody, answer="Reserved", keyed=True, refuses=(409, 410))
async def commit(tenant: str) -> Response:
    """The named parts of a reservation, or all that is open."""
    return await _perform("commit")


@routes.post("/release")
@allow("stock.release")
@operation("Promised stock becomes available", body=PartBody, answer="Reserved", keyed=True, refuses=(409, 410))
async def release(tenant: str) -> Response:
    """The named parts of a reservation, or all that is open."""
    return await _perform("release")


@routes.post("/extend")
@allow("stock.extend")
@operation("A soft reservation gets a new end", body=ExtendBody, answer="Reserved", keyed=True, refuses=(409, 410))
async def extend(tenant: str) -> Response:
    """Counted from now."""
    return await _perform("extend")


@routes.post("/harden")
@allow("stock.harden")
@operation("A soft reservation becomes firm", body=HardenBody, answer="Reserved", keyed=True, refuses=(409, 410))
async def harden(tenant: str) -> Response:
    """It no longer ends by itself."""
    return await _perform("harden")


@routes.post("/transfer")
@allow("stock.transfer")
@operation("Stock leaves for another warehouse", body=TransferBody, answer="Transferred", status=201, keyed=True, refuses=(409,))
async def transfer(tenant: str) -> Response:
    """All lines or none, from what is available. Until it arrives it is in transit, counted where it goes and on hand nowhere."""
    return await _perform("transfer")


@routes.post("/transfer/receive")
@allow("stock.transfer")
@operation("Stock under way arrives", body=TransferPartBody, answer="Transferred", keyed=True, refuses=(409,))
async def receive_transfer(tenant: str) -> Response:
    """The named parts of a transfer, or all that is open."""
    return await _perform("transfer/receive")


@routes.post("/transfer/write-off")
@allow("stock.transfer")
@operation("Stock under way is lost", body=TransferPartBody, answer="Transferred", keyed=True, refuses=(409,))
async def write_off_transfer(tenant: str) -> Response:
    """The named parts of a transfer, or all that is open; `reason` is needed."""
    return await _perform("transfer/write-off")


@routes.post("/reconcile")
@allow("stock.reconcile")
@operation("Balances are compared with the ledger and put right", body=ReconcileBody, answer="Reconciled", keyed=True)
async def reconcile(tenant: str) -> Response:
    """A balance that differs from the sum of its rows gets a correction row. Nothing is overwritten, and no row changes stock."""
    return await _perform("reconcile")


@routes.post("/bulk")
@allow("stock.read")
@operation("Up to 500 commands at once, each on its own", body=BulkBody, answer="BulkResults")
async def bulk(tenant: str) -> Response:
    """Results stand in the order asked; one refusal does not stop the others. Each command carries its own key."""
    return respond.json(await commands.perform_bulk(parts().turnstile, ctx(), await json_body()))


@routes.get("/levels")
@allow("stock.read")
@operation(
    "What is on hand, reserved and available",
    answer="Level",
    listed=True,
    query=(
        text("sku", "One item."),
        text("warehouse", "One warehouse."),
        text("q", "Part of a name or SKU, or a barcode."),
        text("category", "One category."),
        flag("low", "Only what is out or low."),
        choice("state", "Only this state.", STATES),
        choice("sort", "With a minus: downwards.", tuple(SORTS), "sku"),
        *PAGED,
    ),
)
async def levels(tenant: str) -> Response:
    """A row for every item and warehouse that holds, held or should hold stock."""
    asked = LevelFilter(
        sku=text_arg("sku"),
        warehouse=text_arg("warehouse"),
        category=text_arg("category"),
        q=text_arg("q") or "",
        low=bool(flag_arg("low")),
        state=choice_arg("state", STATES),  # type: ignore[arg-type]
        sort=choice_arg("sort", tuple(SORTS)) or "sku",
        limit=limit_arg(),
        cursor=cursor_arg(),
    )
    context = ctx()
    with address_read():
        async with context.reading() as connection:
            page = await queries.levels(connection, context.tenant.id, context.clock(), asked)
    return listing("levels", page, shapes.level, shapes.LEVEL_COLUMNS)


@routes.get("/levels/<path:sku>")
@allow("stock.read")
@operation("One item: its sum and its warehouses", answer="ItemLevel")
async def level(tenant: str, sku: str) -> Response:
    """Available is clamped in each warehouse before it is summed."""
    context = ctx()
    async with context.reading() as connection:
        found = await queries.level_of(connection, context.tenant.id, context.clock(), code_of(sku))
        seq = await queries.as_of_seq(connection, context.tenant.id)
    if found is None:
        raise refuse("unknown_item", {"field": "sku", "sku": sku[:64]})
    return respond.json(shapes.item_level(found, seq))


@routes.get("/ledger")
@allow("stock.read")
@operation(
    "What happened, newest first",
    answer="LedgerRow",
    listed=True,
    query=(
        text("sku", "One item."),
        text("warehouse", "One warehouse."),
        text("kind", f"One or more of {', '.join(KINDS)}, separated by commas."),
        text("after", "Only rows after this sequence, or recorded after this RFC 3339 time."),
        text("before", "Only rows before this sequence, or recorded before this RFC 3339 time."),
        choice("order", "Newest or oldest first.", ("desc", "asc"), "desc"),
        *PAGED,
    ),
)
async def ledger(tenant: str) -> Response:
    """Rows are never changed; a correction is another row."""
    (after_seq, after_us), (before_seq, before_us) = bound_arg("after"), bound_arg("before")
    asked = LedgerFilter(
        sku=text_arg("sku"),
        warehouse=text_arg("warehouse"),
        kinds=tuple(int(Kind[word.upper()]) for word in choices_arg("kind", KINDS)),
        after_seq=after_seq,
        before_seq=before_seq,
        after_us=after_us,
        before_us=before_us,
        oldest_first=choice_arg("order", ("asc", "desc")) == "asc",
        limit=limit_arg(),
        cursor=cursor_arg(),
    )
    context = ctx()
    with address_read():
        async with context.reading() as connection:
            page = await history.rows(connection, context.tenant.id, asked)
    named = await history.name_rows(context.engine, context.tenant.id, page.items)
    return listing("ledger", Page(named, page.next, page.as_of_seq), row_json, shapes.ROW_COLUMNS)


@routes.get("/reservations")
@allow("stock.read")
@operation(
    "Reservations, newest first",
    answer="Reservation",
    listed=True,
    query=(
        choice("status", "Only these.", STATUSES),
        text("reference", "For this document."),
        text("sku", "With a line of this item."),
        text("warehouse", "With a line in this warehouse."),
        *PAGED,
    ),
)
async def list_reservations(tenant: str) -> Response:
    """A soft one whose time has passed shows as expired, whether or not that was written down yet."""
    asked = HoldFilter(
        status=choice_arg("status", STATUSES),  # type: ignore[arg-type]
        reference=text_arg("reference"),
        sku=text_arg("sku"),
        warehouse=text_arg("warehouse"),
        limit=limit_arg(),
        cursor=cursor_arg(),
    )
    context, now = ctx(), ctx().clock()
    with address_read():
        async with context.reading() as connection:
            page = await reservations.page(connection, context.tenant.id, now, asked)
    names = await reservations.name_holds(context.engine, context.tenant.id, page.items)
    return listing("reservations", page, lambda hold: reservation_json(hold, names, now), shapes.RESERVATION_COLUMNS)


@routes.get("/reservations/<reservation>")
@allow("stock.read")
@operation("One reservation", answer="Reservation")
async def one_reservation(tenant: str, reservation: str) -> Response:
    """As of now."""
    context, number = ctx(), parse_reservation_id(reservation)
    async with context.reading() as connection:
        ours = number is not None and number[1] == 0
        hold = await reservations.one(connection, context.tenant.id, number[0]) if number and ours else None
        seq = await queries.as_of_seq(connection, context.tenant.id)
    if hold is None:
        raise refuse("reservation_not_found", {"field": "reservation", "reservation": reservation[:64]})
    names = await reservations.name_holds(context.engine, context.tenant.id, [hold])
    return respond.json({**reservation_json(hold, names, context.clock()), "as_of_seq": seq})


@routes.get("/transfers")
@allow("stock.read")
@operation(
    "Transfers, newest first",
    answer="Transfer",
    listed=True,
    query=(
        choice("status", "Only these.", WAYS),
        text("reference", "For this document."),
        text("sku", "With a line of this item."),
        text("warehouse", "From or to this warehouse."),
        *PAGED,
    ),
)
async def list_transfers(tenant: str) -> Response:
    """Those under way, and those that have ended."""
    asked = TransferFilter(
        status=choice_arg("status", WAYS),  # type: ignore[arg-type]
        reference=text_arg("reference"),
        sku=text_arg("sku"),
        warehouse=text_arg("warehouse"),
        limit=limit_arg(),
        cursor=cursor_arg(),
    )
    context = ctx()
    with address_read():
        async with context.reading() as connection:
            page = await transfers.page(connection, context.tenant.id, asked)
    names = await transfers.name_transfers(context.engine, context.tenant.id, page.items)
    return listing("transfers", page, lambda each: transfer_json(each, names), shapes.TRANSFER_COLUMNS)


@routes.get("/transfers/<transfer>")
@allow("stock.read")
@operation("One transfer", answer="Transfer")
async def one_transfer(tenant: str, transfer: str) -> Response:
    """As of now."""
    context, number = ctx(), parse_transfer_id(transfer)
    async with context.reading() as connection:
        ours = number is not None and number[1] == 0
        found = await transfers.one(connection, context.tenant.id, number[0]) if number and ours else None
        seq = await queries.as_of_seq(connection, context.tenant.id)
    if found is None:
        raise refuse("transfer_not_found", {"field": "transfer", "transfer": transfer[:64]})
    names = await transfers.name_transfers(context.engine, context.tenant.id, [found])
    return respond.json({**transfer_json(found, names), "as_of_seq": seq})


@routes.get("/exceptions")
@allow("stock.read")
@operation(
    "What somebody has to look into, newest first",
    answer="Exception",
    listed=True,
    query=(choice("status", "Only these.", SETTLED), *PAGED),
)
async def list_exceptions(tenant: str) -> Response:
    """Goods that left though the books did not have them, and promises that the stock does not cover."""
    asked = ExceptionFilter(choice_arg("status", SETTLED), limit_arg(), cursor_arg())  # type: ignore[arg-type]
    context = ctx()
    with address_read():
        async with context.reading() as connection:
            page = await exceptions.page(connection, context.tenant.id, asked)
    names = await exceptions.name_exceptions(context.engine, context.tenant.id, page.items)
    return listing("exceptions", page, lambda each: exception_json(each, names), shapes.EXCEPTION_COLUMNS)


@routes.post("/exceptions/<exception>/settle")
@allow("stock.adjust")
@operation("Somebody has looked into it", body=SettleBody, answer="Exception", keyed=True, refuses=(409,))
async def settle(tenant: str, exception: str) -> Response:
    """Changes no stock: count and adjust, or receive what was never posted."""
    body = await body_as(SettleBody)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        found = await settling.settle(ctx(), work, exception, body)
        return 200, exception_json(found, await exceptions.name_exceptions(ctx().engine, ctx().tenant.id, [found]))

    return await changed(act)


async def _perform(verb: str) -> Response:
    key = idempotency_key()
    return await outcome(await commands.perform_here(verb, key, await json_body()))
