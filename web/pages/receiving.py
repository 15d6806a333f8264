"""The dock: an order is received line by line, counted by scan or by thumb, with one hand on a phone or by keyboard at a desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quart import Blueprint, Response, url_for
from quart_babel import gettext, ngettext
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.answer import Asked
from inventory.catalog import queries as catalog
from inventory.ledger.messages import Condition
from inventory.locations import queries as places
from inventory.purchasing import receipts
from inventory.purchasing.queries import ShownLine, ShownOrder
from inventory.purchasing.receiving import receivable
from inventory.purchasing.status import ON_ORDER
from kit import quantity
from kit.errors import refuse, unless
from kit.ids import order_number
from web import commands, filters, respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.pages.lines import beside_lines, nothing_typed
from web.pages.orders import found_order, in_words_of, numbered, url_of

pages = Blueprint("receiving", __name__, url_prefix="/t/<tenant>/purchasing/orders")

CONDITIONS = tuple(condition.label for condition in Condition)
_FIELDS = ("qty", "rejected", "reason", "lot", "expires_on", "condition", "location")


@dataclass(frozen=True, slots=True)
class DockLine:
    """A line as it is counted: in the base unit where a pack is a whole number of its steps, else in the order's own. `open`, `received`,
    `most` (may come without anybody's leave) and `pack` (what a scan adds) are millionths of `unit`."""

    number: int
    sku: str
    name: str
    unit: str
    decimals: int
    open: int
    received: int
    most: int
    pack: int
    pack_unit: str
    location: str | None
    codes: str


@pages.get("/<number>/receive")
@allow("purchasing.receive")
async def dock(tenant: str, number: str) -> Response:
    """What is to come, to be counted."""
    return await _page(numbered(number), Form())


@pages.post("/<number>/receive")
@allow("purchasing.receive")
async def receive(tenant: str, number: str) -> Response:
    """What was counted has come: one receipt under the form's key, however often it is sent. `all`: just as ordered."""
    form, order = await typed(), numbered(number)
    with refusals_of(form):
        numbers = [] if form["all"] else _counted(form)
        unless(nothing_typed("") if not numbers and not form["all"] else None)
        async with ctx().reading() as connection:
            units = {line.number: line.unit for line in await _lines(connection, await found_order(connection, order))}
        lines = {"lines": [_line(form, each, units) for each in numbers]} if numbers else {}
        over = {"allow_over": True} if form["over"] == "1" else {}
        body = {"order": order_number(order), "delivery_note": form.text("note", 500, required=False), **lines, **over}
        answer = await commands.perform_verb(receipts.RECEIVE, Asked("purchasing/receive", form.key, body))
        unless(answer.refusal)
        made = answer.body["receipt"]
        at = url_for("receipts.undo", tenant=tenant, receipt=made["id"])
        return await respond.done(url_of(order), _said(made), respond.undo(at, form.key))
    return await _page(order, form)


def _counted(form: Form) -> list[int]:
    """The numbers of the lines that something was counted of."""
    found = [name[4:] for name, value in form.values.items() if name.startswith("qty_") and value.strip() not in ("", "0")]
    return sorted(int(each) for each in found if each.isdecimal() and len(each) < 6)


def _line(form: Form, number: int, units: Mapping[int, str]) -> dict[str, Any]:
    told = {name: form.text(f"{name}_{number}", 500, required=False) for name in ("reason", "lot", "expires_on", "location")}
    line = {"line": number, "qty": form.quantity(f"qty_{number}"), "unit": units.get(number)}
    if form[f"rejected_{number}"].strip():
        line["rejected"] = form.quantity(f"rejected_{number}")
    if form[f"condition_{number}"]:
        line["condition"] = form.choice(f"condition_{number}", CONDITIONS)
    return line | {name: text for name, text in told.items() if text}


def _said(receipt: Mapping[str, Any]) -> str:
    count = len({line["order_line"] for line in receipt["lines"]})
    lines = ngettext("%(num)s line", "%(num)s lines", count)
    return gettext("Received: %(receipt)s, %(lines)s.", receipt=receipt["id"], lines=lines)


async def _page(number: int, form: Form) -> Response:
    context = ctx()
    async with context.reading() as connection:
        order = await found_order(connection, number)
        if order.head.status not in ON_ORDER:
            status = filters.order_status(order.head.status.label).lower()
            raise refuse("order_not_open", {"order": order_number(number), "status": status})
        lines = await _lines(connection, order)
        warehouse = await places.warehouse(connection, context.tenant.id, order.head.warehouse)
        locations = await places.locations_of(connection, context.tenant.id, warehouse.id) if warehouse else []
    form.reword(beside_lines(_counted(form), _FIELDS, in_words_of(order)))
    shown = {f"{field}_{line.number}" for line in lines for field in _FIELDS}
    form.blame("", **{field: "" for field in form.errors if field not in shown})
    return await respond.page(
        "purchasing/dock.html",
        form.status,
        form=form,
        order=order,
        lines=sorted(lines, key=lambda line: (not line.open, line.number)),
        locations=[each for each in locations if each.holds_stock and not each.archived_at],
        conditions=CONDITIONS,
        tolerance=context.tenant.settings.over_receipt_percent,
    )


async def _lines(connection: AsyncConnection, order: ShownOrder) -> list[DockLine]:
    codes = await catalog.barcodes_of(connection, ctx().tenant.id, (line.line.item_id for line in order.lines))
    tolerance = ctx().tenant.settings.over_receipt_percent
    return [_dock_line(line, codes.get(line.line.item_id, []), tolerance) for line in order.lines]


def _dock_line(shown: ShownLine, barcodes: list[str], tolerance_percent: int) -> DockLine:
    line, most = shown.line, receivable(shown.line, tolerance_percent)
    step = 10 ** (quantity.DECIMALS_MAX - shown.decimals)
    pack, rest = divmod(line.numerator * quantity.ONE, line.denominator)
    codes = "|".join(dict.fromkeys([*barcodes, shown.sku, *([shown.supplier_sku] if shown.supplier_sku else [])]))
    counts: tuple[str, int, int, int, int, int]
    if rest == 0 and pack % step == 0:
        counts = (shown.base_unit, shown.decimals, line.open, line.received, most, pack)
    else:
        still, received, may = (_near(line.in_unit(each)) for each in (line.open, line.received, most))
        counts = (line.unit, 0, still, received, may, quantity.ONE)
    return DockLine(line.number, shown.sku, shown.name, *counts, line.unit, shown.location, codes)


def _near(millionths: int) -> int:
    """To the nearest thousandth: 9.072 kg are 20 lb to whoever counts them, and not 20.000334."""
    return (millionths + 500) // 1000 * 1000
