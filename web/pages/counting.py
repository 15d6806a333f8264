"""Counting: items of one warehouse, what was counted of each, and the books put right by one adjustment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quart import Blueprint, Response, url_for
from quart_babel import gettext, ngettext

from inventory.catalog import queries as catalog
from inventory.ledger.queries import ItemLevel
from inventory.locations import queries as places
from kit import quantity
from kit.errors import unless
from kit.quantity import format_qty
from web import asking, commands, respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.pages.lines import add_typed, cell_in, levels_of_lines, nothing_typed, numbers, with_skus
from web.pages.stock import undo_adjusted

pages = Blueprint("counting", __name__, url_prefix="/t/<tenant>/count")


@pages.get("")
@allow("stock.adjust")
async def show(tenant: str) -> Response:
    """The items that the address names, or none yet: they are scanned or typed."""
    return await _page(with_skus(Form({"warehouse": asking.arg("warehouse")}), asking.skus()))


@pages.post("")
@allow("stock.adjust")
async def save(tenant: str) -> Response:
    """Either one more line, or the books are put right by what was counted. All lines or none."""
    form = await typed()
    fields: list[str] = []
    with refusals_of(form):
        if form["add"].strip():
            added = await add_typed(form)
            if form["scanned"]:
                form.values[f"counted_{added}"] = form[f"counted_{added}"] or "1"
            return await _page(form)
        lines, fields = await _lines(form)
        counted = sum(bool(form[f"counted_{number}"].strip()) for number in numbers(form))
        unless(None if counted else nothing_typed("add"))
        done = await _adjusted(form, lines)
        back = url_for("counting.show", tenant=tenant, warehouse=form["warehouse"])
        taken_back = undo_adjusted(form.key, done["movements"], back) if lines else None
        return await respond.done(back, _deed(counted, len(lines)), taken_back)
    form.blame_lines(fields)
    return await _page(form)


async def _lines(form: Form) -> tuple[list[dict[str, Any]], list[str]]:
    """The lines that differ from the books, and the field of each. What was counted as expected needs no row in the ledger."""
    warehouse = form.text("warehouse", 64)
    lines, fields = [], []
    for number in numbers(form):
        if not form[f"counted_{number}"].strip():
            continue
        counted, expected = form.quantity(f"counted_{number}"), form.quantity(f"expected_{number}")
        if quantity.parse(counted) != quantity.parse(expected):
            lines.append({"sku": form[f"sku_{number}"], "warehouse": warehouse, "set_to": counted, "expected": expected})
            fields.append(f"counted_{number}")
    return lines, fields


async def _adjusted(form: Form, lines: list[dict[str, Any]]) -> Mapping[str, Any]:
    if not lines:
        return {"movements": ()}
    told = {"reason": form.text("reason", 500, required=False) or gettext("Counted"), "reference": form.text("reference", required=False)}
    answer = await commands.perform_here("adjust", form.key, {"lines": lines, **told})
    unless(answer.refusal)
    return answer.body


def _deed(counted: int, put_right: int) -> str:
    if not put_right:
        return ngettext("%(num)s item counted, as in the books.", "%(num)s items counted, all as in the books.", counted)
    return ngettext("%(num)s item put right.", "%(num)s items put right.", put_right)


async def _page(form: Form) -> Response:
    context = ctx()
    async with context.reading() as connection:
        warehouses = await places.warehouses_of(connection, context.tenant.id)
    form.values["warehouse"] = form["warehouse"] or (warehouses[0].code if warehouses else "")
    levels = await levels_of_lines(form)
    async with context.reading() as connection:
        codes = await catalog.barcodes_of(connection, context.tenant.id, (level.item_id for level in levels.values()))
    for number, level in levels.items():
        form.values[f"expected_{number}"] = _in_books(level, form["warehouse"])
    return await respond.page("counting/page.html", form.status, form=form, levels=levels, codes=codes, places=warehouses)


def _in_books(level: ItemLevel, warehouse: str) -> str:
    cell = cell_in(level, warehouse)
    return format_qty(cell.on_hand, level.decimals) if cell else "0"
