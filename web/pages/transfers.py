"""Transfers: what is on its way between warehouses, sending it, and receiving it."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, Response, url_for
from quart_babel import gettext

from inventory.locations import queries as places
from inventory.transfers import queries
from inventory.transfers.queries import TransferFilter
from kit.clock import rfc3339
from kit.errors import refuse, unless
from kit.ids import parse_transfer_id
from kit.paging import Page
from kit.quantity import format_qty
from web import asking, commands, respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.pages.lines import add_typed, cell_in, levels_of_lines, nothing_typed, numbers, with_skus
from web.pages.rows import ShownTransfer, show_transfers

pages = Blueprint("transfers", __name__, url_prefix="/t/<tenant>/transfers")

STATUSES = ("in_transit", "received", "written_off")
_HEADER = (
    "Transfer",
    "Status",
    "From",
    "To",
    "Reference",
    "SKU",
    "Item",
    "Unit",
    "Quantity",
    "Open",
    "Received",
    "Written off",
    "Created",
    "By",
)


@pages.get("")
@allow("stock.read")
async def show_list(tenant: str) -> Response:
    """All transfers, newest first; those under way unless asked otherwise."""
    asked, context = _asked(), ctx()
    if asking.wants_csv():
        return respond.csv(
            f"transfers-{tenant}", _HEADER, [row for each in await asking.every_page(asked, _read) for row in _csv_rows(each)]
        )
    with asking.address_read():
        shown = await _read(asked)
    values: dict[str, Any] = {"transfers": shown, "asked": asked, "statuses": STATUSES}
    if respond.is_fragment():
        return await respond.fragment("transfers/_rows.html", **values)
    async with context.reading() as connection:
        warehouses = await places.warehouses_of(connection, context.tenant.id)
    return await respond.page("transfers/list.html", warehouses=warehouses, warehouse=asked.warehouse, **values)


@pages.get("/new")
@allow("stock.transfer")
async def new(tenant: str) -> Response:
    """The items that the address names, or none yet: they are scanned or typed."""
    return await _form_page(with_skus(Form({"from": asking.arg("warehouse") or asking.arg("from")}), asking.skus()))


@pages.post("/new")
@allow("stock.transfer")
async def ship(tenant: str) -> Response:
    """Either one more line, or all lines with a quantity leave, together or not at all."""
    form = await typed()
    fields: list[str] = []
    with refusals_of(form):
        if form["add"].strip():
            await add_typed(form)
            return await _form_page(form)
        body = {"from": form.text("from", 64), "to": form.text("to", 64), "reference": form.text("reference", required=False) or None}
        fields = [f"qty_{number}" for number in numbers(form) if form[f"qty_{number}"].strip()]
        unless(nothing_typed("add" if not numbers(form) else f"qty_{numbers(form)[0]}") if not fields else None)
        lines = [{"sku": form[field.replace("qty", "sku")], "qty": form.quantity(field)} for field in fields]
        answer = await commands.perform_here("transfer", form.key, {**body, "lines": lines})
        unless(answer.refusal)
        sent = answer.body["transfer"]["id"]
        return await respond.done(_url(sent), gettext("On its way."), undo_sent(form.key, sent))
    form.blame_lines(fields)
    form.blame("", warehouse="to")
    return await _form_page(form)


@pages.get("/<transfer>")
@allow("stock.read")
async def show(tenant: str, transfer: str) -> Response:
    """One transfer and what may be done with it."""
    return await _page(await _found(transfer), Form(), Form())


@pages.post("/<transfer>/receive")
@allow("stock.transfer")
async def receive(tenant: str, transfer: str) -> Response:
    """It has arrived: all that is open, or the quantities that were typed."""
    form, shown = await typed(), await _found(transfer)
    with refusals_of(form):
        parts = [
            {"sku": line.sku, "lot": line.lot, "serial": line.serial, "qty": form.quantity(f"qty_{number}")}
            for number, line in enumerate(shown.lines)
            if form[f"qty_{number}"].strip()
        ]
        return await _perform("transfer/receive", form, shown, {"lines": parts} if parts else {}, gettext("Done: the stock is there."))
    form.blame("")
    return await _page(await _found(transfer), form, Form())


@pages.post("/<transfer>/write-off")
@allow("stock.transfer")
async def write_off(tenant: str, transfer: str) -> Response:
    """All that is still open was lost, for a reason."""
    form, shown = await typed(), await _found(transfer)
    with refusals_of(form):
        return await _perform("transfer/write-off", form, shown, {"reason": form.text("reason")}, gettext("Written off."))
    form.blame("")
    return await _page(await _found(transfer), Form(), form)


@pages.post("/<transfer>/undo")
@allow("stock.transfer")
async def undo(tenant: str, transfer: str) -> Response:
    """All that was sent comes back: it arrives, is sent to where it came from, and arrives there. The ledger tells all of it. Refused
    once anything of it was received. Each step has a key of its own, so one that was cut short is gone on with."""
    form, shown = await typed(), await _found(transfer)
    lines = [{"sku": x.sku, "lot": x.lot, "serial": x.serial, "qty": format_qty(x.qty, x.decimals)} for x in shown.lines]
    await _done("transfer/receive", f"{form.key} arrive", {"transfer": shown.id, "lines": lines})
    back = {"from": shown.to_code, "to": shown.source_code, "lines": lines, "reference": shown.reference or None}
    sent = await _done("transfer", f"{form.key} back", {**back, "reason": gettext("Taken back")})
    await _done("transfer/receive", f"{form.key} there", {"transfer": sent["transfer"]["id"]})
    return await respond.done(_url(shown.id), gettext("Taken back: it is in %(place)s again.", place=shown.source))


def undo_sent(key: str, transfer: str) -> respond.Undo:
    """What takes a transfer back while it is under way."""
    return respond.undo(url_for("transfers.undo", tenant=ctx().tenant.slug, transfer=transfer), key)


async def _done(verb: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await commands.perform_here(verb, key, body)
    unless(answer.refusal)
    return answer.body


async def _perform(verb: str, form: Form, shown: ShownTransfer, body: dict[str, Any], sentence: str) -> Response:
    answer = await commands.perform_here(verb, form.key, {"transfer": shown.id} | body)
    unless(answer.refusal)
    return await respond.done(_url(shown.id), sentence)


async def _found(transfer: str) -> ShownTransfer:
    context, named = ctx(), parse_transfer_id(transfer)
    if named is None or named[1]:
        raise refuse("transfer_not_found")
    async with context.reading() as connection:
        found = await queries.one(connection, context.tenant.id, named[0])
        if found is None:
            raise refuse("transfer_not_found")
        return (await show_transfers(context, connection, [found]))[0]


async def _page(shown: ShownTransfer, received: Form, lost: Form) -> Response:
    if respond.is_fragment():
        return await respond.fragment("transfers/_show.html", transfer=shown)
    return await respond.page("transfers/show.html", max(received.status, lost.status), transfer=shown, received=received, lost=lost)


async def _form_page(form: Form) -> Response:
    async with ctx().reading() as connection:
        warehouses = await places.warehouses_of(connection, ctx().tenant.id)
    codes = [each.code for each in warehouses]
    form.values["from"] = form["from"] or next(iter(codes), "")
    # Two different ones: nothing is sent to where it is.
    form.values["to"] = form["to"] or next((code for code in codes if code != form["from"]), "")
    levels = await levels_of_lines(form)
    return await respond.page("transfers/form.html", form.status, form=form, levels=levels, places=warehouses, cell_in=cell_in)


async def _read(asked: TransferFilter) -> Page[ShownTransfer]:
    context = ctx()
    async with context.reading() as connection:
        found = await queries.page(connection, context.tenant.id, asked)
        return Page(await show_transfers(context, connection, found.items), found.next, found.as_of_seq)


def _asked() -> TransferFilter:
    status = asking.one_of("status", (*STATUSES, "all"), "in_transit")
    return TransferFilter(
        status=None if status == "all" else status,  # type: ignore[arg-type]
        warehouse=asking.arg_or_none("warehouse"),
        limit=asking.PAGE_ROWS,
        cursor=asking.cursor(),
    )


def _csv_rows(transfer: ShownTransfer) -> list[tuple[object, ...]]:
    head = (transfer.id, transfer.status, transfer.source, transfer.to, transfer.reference)
    tail = (rfc3339(transfer.created_at_us), transfer.by)
    return [
        (*head, x.sku, x.name, x.unit, *(format_qty(each, x.decimals) for each in (x.qty, x.open, x.received, x.written_off)), *tail)
        for x in transfer.lines
    ]


def _url(transfer: str) -> str:
    return url_for("transfers.show", tenant=ctx().tenant.slug, transfer=transfer)
