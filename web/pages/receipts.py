"""Receipts: what came with one delivery, taking it back when it was entered by mistake, and sending goods back to their supplier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quart import Blueprint, Response, request
from quart_babel import gettext
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.answer import Asked, Verb
from inventory.purchasing import queries, receipts
from inventory.purchasing.queries import ReceiptFilter, ShownReceipt
from inventory.purchasing.receiving import ReceiptKind
from inventory.purchasing.status import ON_ORDER
from kit.errors import refuse, unless
from kit.ids import parse_receipt_id, receipt_id
from kit.paging import LIMIT_MAX
from web import commands, ordering, respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.pages.lines import nothing_typed
from web.pages.orders import in_words_of, url_of

pages = Blueprint("receipts", __name__, url_prefix="/t/<tenant>/purchasing/receipts")


@pages.get("/<receipt>")
@allow("purchasing.read")
async def show(tenant: str, receipt: str) -> Response:
    """What came, where it went, and what of it has left again."""
    return await _page(_numbered(receipt), Form(), request.args.get("do", ""))


@pages.post("/<receipt>/undo")
@allow("purchasing.receive")
async def undo(tenant: str, receipt: str) -> Response:
    """A counter-document takes all of it back."""
    form, seq = await typed(), _numbered(receipt)
    with refusals_of(form):
        reason = form.text("reason", 500, required=False)
        return await _perform(
            receipts.UNDO, "purchasing/undo", seq, form, {"reason": reason}, gettext("Undone: the order waits for it again.")
        )
    return await _page(seq, form, "undo")


@pages.post("/<receipt>/return")
@allow("purchasing.receive")
async def send_back(tenant: str, receipt: str) -> Response:
    """So much of each line goes back to the supplier."""
    form, seq = await typed(), _numbered(receipt)
    fields = [name for name in form.values if name.startswith("qty_") and name[4:].isdecimal() and form[name].strip()]
    with refusals_of(form):
        unless(nothing_typed("") if not fields else None)
        lines = [{"line": int(field[4:]), "qty": form.quantity(field)} for field in fields]
        body = {"lines": lines, "reason": form.text("reason", 500)}
        return await _perform(receipts.RETURN, "purchasing/return", seq, form, body, gettext("On its way back to the supplier."))
    return await _page(seq, form, "return", fields)


async def _perform(verb: Verb, name: str, seq: int, form: Form, body: dict[str, Any], sentence: str) -> Response:
    async with ctx().reading() as connection:
        order = (await _found(connection, seq)).order
    answer = await commands.perform_verb(verb, Asked(name, form.key, {**body, "receipt": receipt_id(seq)}))
    unless(answer.refusal)
    return await respond.done(url_of(order), sentence)


async def _page(seq: int, form: Form, doing: str, fields: Sequence[str] = ()) -> Response:
    context = ctx()
    async with context.reading() as connection:
        receipt = await _found(connection, seq)
        order = await queries.shown(connection, context.tenant.id, receipt.order)
        others = await queries.receipts_page(connection, context.tenant.id, ReceiptFilter(order=receipt.order, limit=LIMIT_MAX))
    assert order is not None
    form.reword(in_words_of(order))
    form.blame_lines(fields, in_words_of(order))
    left, whole = any(line.left for line in receipt.lines), all(line.left == line.qty for line in receipt.lines)
    came, may = receipt.kind is ReceiptKind.RECEIPT, context.actor.may("purchasing.receive")
    return await respond.page(
        "purchasing/receipt.html",
        form.status,
        receipt=receipt,
        order=order,
        taken=[each for each in others.items if each.of == seq],
        total=ordering.receipt_total(receipt),
        may_undo=came and may and whole and order.head.status in ON_ORDER,
        may_return=came and may and left,
        form=form,
        doing=doing,
    )


async def _found(connection: AsyncConnection, seq: int) -> ShownReceipt:
    found = await queries.receipt(connection, ctx().tenant.id, seq)
    if found is None:
        raise refuse("receipt_not_found", {"field": "receipt", "receipt": receipt_id(seq)})
    return found


def _numbered(text: str) -> int:
    found = parse_receipt_id(text)
    if found is None or found[1] or found[0] >= 2**63:
        raise refuse("receipt_not_found", {"field": "receipt", "receipt": text[:64]})
    return found[0]
