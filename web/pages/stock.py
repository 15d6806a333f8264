"""Stock: the list of levels, an item with its ledger and promises, and the verbs one performs there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from quart import Blueprint, Response, redirect, request, url_for
from quart.typing import ResponseReturnValue
from quart_babel import gettext
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.catalog import queries as catalog
from inventory.catalog.queries import Item
from inventory.ledger import history
from inventory.ledger import queries as ledger
from inventory.ledger.history import LedgerFilter
from inventory.ledger.queries import SORTS, STATES, ItemLevel, LevelFilter
from inventory.ledger.render import QUANTITIES
from inventory.locations import queries as places
from inventory.locations.queries import Warehouse
from inventory.reservations import queries as reservations
from inventory.shipments import queries as shipments
from inventory.suppliers import queries as suppliers
from kit import quantity
from kit.errors import Fact, refuse, unless
from kit.quantity import format_qty
from web import asking, commands, filters, respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.pages.rows import show_rows
from web.pages.transfers import undo_sent

pages = Blueprint("stock", __name__, url_prefix="/t/<tenant>/stock")

HOLD_MINUTES = ("15", "30", "60", "240", "1440", "firm")
_LEDGER_ROWS = 20
_FOUND_ROWS = 8
_ELSEWHERE_ROWS = 3
_CHART_DAYS = 30
VERBS = ("reserve", "receive", "issue", "adjust", "transfer")
_LINE_FIELD = {"adjust": "counted"}
"""Beside which field it is said that the stock does not allow it."""
_HEADER = ("SKU", "Item", "Category", "Unit", "On hand", "Reserved", "Available", "In transit", "On order", "Min", "Max", "State", "Where")


@pages.get("")
@allow("stock.read")
async def show_list(tenant: str) -> Response:
    """Every item with its levels, worst states countable at a glance."""
    asked = _asked()
    if asking.wants_csv():
        return respond.csv(f"stock-{tenant}", _HEADER, [_csv_row(level) for level in await _all_levels(asked)])
    context = ctx()
    async with context.reading() as connection:
        if respond.is_fragment() and request.args.get("part") == "count":
            counted = await ledger.states(connection, context.tenant.id, context.clock(), asked)
            return await respond.fragment("ui/count.html", count=counted[asked.state] if asked.state else sum(counted.values()))
        with asking.address_read():
            levels = await ledger.item_levels(connection, context.tenant.id, context.clock(), asked)
        if respond.is_fragment():
            return await respond.fragment("stock/_rows.html", levels=levels, asked=asked, look=_look(), elsewhere=())
        elsewhere = await _elsewhere(connection, asked) if not levels.items else ()
        states = await ledger.states(connection, context.tenant.id, context.clock(), asked)
        categories = await catalog.categories(connection, context.tenant.id)
        warehouses = await places.warehouses_of(connection, context.tenant.id)
    return await respond.page(
        "stock/list.html",
        look=_look(),
        levels=levels,
        elsewhere=elsewhere,
        asked=asked,
        states=states,
        categories=categories,
        warehouses=warehouses,
        warehouse=asked.warehouse,
    )


@pages.get("/item/<path:sku>")
@allow("stock.read")
async def show_item(tenant: str, sku: str) -> Response:
    """One item: its levels by warehouse, its ledger, who holds it, and forms for the verbs."""
    return await _item_page(sku, {})


@pages.get("/find")
@allow("stock.read")
async def palette(tenant: str) -> Response:
    """The first items that fit what was typed into the palette."""
    context, q = ctx(), asking.arg("q")
    async with context.reading() as connection:
        asked = LevelFilter(q=q, sort="name", limit=_FOUND_ROWS)
        levels = await ledger.item_levels(connection, context.tenant.id, context.clock(), asked) if q else None
    return await respond.fragment("stock/_palette.html", levels=levels.items if levels else [], q=q)


@pages.get("/lookup")
@allow("stock.read")
async def lookup(tenant: str) -> ResponseReturnValue:
    """Where a scanned or typed code leads: the item it belongs to, else a search for it."""
    code = asking.arg("code")
    async with ctx().reading() as connection:
        item = await catalog.item_by_code(connection, ctx().tenant.id, code)
    if item is not None:
        return redirect(url_for("stock.show_item", tenant=tenant, sku=item.sku), 303)
    return redirect(url_for("stock.show_list", tenant=tenant, q=code), 303)


@pages.post("/reserve")
@allow("stock.reserve")
async def reserve(tenant: str) -> Response:
    """Promise stock to somebody for a while, or firmly."""
    return await _perform("reserve", _reserve_body)


@pages.post("/receive")
@allow("stock.receive")
async def receive(tenant: str) -> Response:
    """Stock came in."""
    return await _perform("receive", _receive_body)


@pages.post("/issue")
@allow("stock.issue")
async def issue(tenant: str) -> Response:
    """Stock left."""
    return await _perform("issue", _issue_body)


@pages.post("/adjust")
@allow("stock.adjust")
async def adjust(tenant: str) -> Response:
    """Stock is put right: by the change or by what was counted, whichever was typed."""
    return await _perform("adjust", _adjust_body)


@pages.post("/transfer")
@allow("stock.transfer")
async def transfer(tenant: str) -> Response:
    """Stock leaves for another warehouse."""
    return await _perform("transfer", _transfer_body)


@pages.post("/undo")
@allow("stock.adjust")
async def undo(tenant: str) -> Response:
    """An adjustment is taken back by its opposite: the ledger keeps both."""
    form = await typed()
    lines = [
        {name: form[f"{name}_{number}"] for name in UNDONE if form[f"{name}_{number}"]}
        for number in range(asking.PAGE_ROWS)
        if form[f"sku_{number}"]
    ]
    answer = await commands.perform_here("adjust", form.key, {"lines": lines, "reason": gettext("Taken back")})
    unless(answer.refusal)
    back = form["back"]
    return await respond.done(back if respond.is_own_path(back) else url_for("stock.show_list", tenant=tenant), gettext("Taken back."))


async def _perform(verb: str, body_of: Callable[[Form], Mapping[str, Any]]) -> Response:
    form = await typed()
    with refusals_of(form):
        answer = await commands.perform_here(verb, form.key, body_of(form))
        unless(answer.refusal)
        return await respond.done(_item_url(form), await _deed(verb, _here(form, answer.body["levels"])), _undo(verb, form, answer.body))
    return await _item_page(form["sku"], {verb: form})


def _here(form: Form, levels: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Of the levels that a deed changed, the one where it was done."""
    return next((level for level in levels if level["warehouse"] == form["warehouse"]), levels[0])


def _undo(verb: str, form: Form, done: Mapping[str, Any]) -> respond.Undo | None:
    """What takes the deed back, if something can."""
    tenant = ctx().tenant.slug
    if verb == "adjust":
        return undo_adjusted(form.key, done["movements"], _item_url(form))
    if verb == "reserve" and ctx().actor.may("stock.release"):
        held = done["reservation"]["id"]
        return respond.undo(url_for("reservations.release", tenant=tenant, reservation=held), form.key, back=_item_url(form))
    if verb == "transfer":
        return undo_sent(form.key, done["transfer"]["id"])
    return None


UNDONE = ("sku", "warehouse", "delta", "location", "lot", "serial", "condition")


def undo_adjusted(key: str, movements: Sequence[Mapping[str, Any]], back: str) -> respond.Undo:
    """What takes back an adjustment: each of its movements the other way round."""
    fields = {"back": back}
    for number, moved in enumerate(movements):
        change = -quantity.parse(moved["delta_on_hand"])
        told = {**moved, "delta": format_qty(change, 0)}
        fields |= {f"{name}_{number}": str(told[name]) for name in UNDONE if told.get(name)}
    return respond.undo(url_for("stock.undo", tenant=ctx().tenant.slug), key, **fields)


def _line(form: Form) -> dict[str, Any]:
    line = {"sku": form.text("sku"), "warehouse": form.text("warehouse"), "qty": form.quantity("qty")}
    return line | ({"unit": form["unit"]} if form["unit"] else {})


def _reserve_body(form: Form) -> Mapping[str, Any]:
    minutes = form.choice("minutes", HOLD_MINUTES) if form["minutes"] else HOLD_MINUTES[0]
    hold = {"hold": "hard"} if minutes == "firm" else {"hold": "soft", "expires_in": int(minutes) * 60}
    return {"lines": [_line(form)], "reference": form.text("reference", required=False), **hold}


def _hold_minutes() -> tuple[str, ...]:
    """The lengths that the company allows, and a firm hold."""
    longest = ctx().tenant.settings.hold_max_s
    return tuple(each for each in HOLD_MINUTES if each == "firm" or int(each) * 60 <= longest)


def _receive_body(form: Form) -> Mapping[str, Any]:
    cost = form["cost"].strip()
    priced = {"unit_cost": {"amount": form.amount("cost"), "currency": ctx().tenant.currency}} if cost else {}
    return {"lines": [_line(form) | priced], "reference": form.text("reference", required=False)}


def _issue_body(form: Form) -> Mapping[str, Any]:
    told = {name: form.text(name, required=False) for name in ("reference", "reason")}
    return {"lines": [_line(form)], **told}


def _adjust_body(form: Form) -> Mapping[str, Any]:
    """A count says what it was compared with: if the stock has moved since, it is not silently overwritten."""
    place = {"sku": form.text("sku"), "warehouse": form.text("warehouse")}
    if form["counted"].strip():
        change = {"set_to": form.quantity("counted"), "expected": form.quantity("expected")}
    else:
        change = {"delta": form.quantity("delta")}
    return {"lines": [place | change], "reason": form.text("reason", 500), "reference": form.text("reference", required=False)}


def _transfer_body(form: Form) -> Mapping[str, Any]:
    line = {"sku": form.text("sku"), "qty": form.quantity("qty")}
    told = {"reference": form.text("reference", required=False) or None}
    return {"from": form.text("warehouse"), "to": form.text("to"), "lines": [line], **told}


def _in_words(fact: Fact, item: Item, warehouses: Sequence[Warehouse]) -> Fact:
    """A refusal's fact as people say it: the names of things, and numbers the way they write them."""
    shown = dict(fact)
    if shown.get("sku") == item.sku:
        shown["sku"] = item.name
    shown["warehouse"] = next((each.name for each in warehouses if each.code == fact.get("warehouse")), fact.get("warehouse", ""))
    for name in QUANTITIES:
        if isinstance(shown.get(name), str):
            shown[name] = filters.number(quantity.parse(shown[name]), item.decimals)
    return shown


async def _deed(verb: str, level: Mapping[str, Any]) -> str:
    """What was done, for the toast."""
    context = ctx()
    async with context.reading() as connection:
        item = await catalog.item(connection, context.tenant.id, level["sku"])
        warehouse = await places.warehouse(connection, context.tenant.id, level["warehouse"])
    assert item is not None
    assert warehouse is not None
    decimals = len(level["available"].partition(".")[2])
    left = filters.qty(quantity.parse(level["available"]), level["unit"], decimals)
    facts = {"sku": item.name, "warehouse": warehouse.name, "available": left}
    return {
        "reserve": lambda: gettext("Reserved: %(sku)s in %(warehouse)s, %(available)s left to promise.", **facts),
        "receive": lambda: gettext("Received: %(sku)s in %(warehouse)s, now %(available)s available.", **facts),
        "issue": lambda: gettext("Issued: %(sku)s from %(warehouse)s, %(available)s still available.", **facts),
        "transfer": lambda: gettext("Sent: %(sku)s from %(warehouse)s, %(available)s still available.", **facts),
        "adjust": lambda: gettext("Put right: %(sku)s in %(warehouse)s, now %(available)s available.", **facts),
    }[verb]()


def _item_url(form: Form) -> str:
    return url_for("stock.show_item", tenant=ctx().tenant.slug, sku=form["sku"])


async def _item_page(sku: str, refused: Mapping[str, Form]) -> Response:
    context, part = ctx(), request.args.get("part")
    async with context.reading() as connection:
        item = await catalog.item(connection, context.tenant.id, sku)
        if item is None:
            raise refuse("item_not_found")
        values = await _item_values(connection, item)
    for verb, form in refused.items():
        if verb == "adjust":
            form.values["expected"] = _in_books(values["level"], form["warehouse"], item.decimals)
        form.reword(lambda fact: _in_words(fact, item, values["warehouses"]))
        form.blame(_LINE_FIELD.get(verb, "qty"), set_to="counted", unit_cost_amount="cost")
    if respond.is_fragment() and part in ("level", "ledger", "holds", "chart"):
        return await respond.fragment(f"stock/_{part}.html", **values)
    forms = {verb: refused.get(verb) or _blank(values["level"], item, verb) for verb in VERBS}
    status = next((form.status for form in refused.values()), 200)
    return await respond.page("stock/item.html", status, forms=forms, hold_minutes=_hold_minutes(), **values)


async def _item_values(connection: AsyncConnection, item: Item) -> dict[str, Any]:
    context = ctx()
    tenant_id, now_us, warehouse = context.tenant.id, context.clock(), asking.arg_or_none("warehouse")
    asked = LedgerFilter(sku=item.sku, warehouse=warehouse, limit=_LEDGER_ROWS, cursor=asking.cursor())
    with asking.address_read():
        rows = await history.rows(connection, tenant_id, asked)
    level = await ledger.level_of(connection, tenant_id, now_us, item.sku)
    return {
        "item": item,
        "level": level,
        "chart": await history.item_points(connection, tenant_id, now_us, _CHART_DAYS, context.tenant.time_zone, level) if level else (),
        "rows": await show_rows(context, connection, rows),
        "holds": await reservations.open_holds(connection, tenant_id, now_us, item.id),
        "proof": await history.last_proof(connection, tenant_id),
        "barcodes": await catalog.barcodes(connection, tenant_id, item.id),
        "limits": await catalog.limits(connection, tenant_id, item.id),
        "item_units": await catalog.item_units_of(connection, tenant_id, item.id),
        "coming": await shipments.coming_of(connection, tenant_id, item.id) if context.actor.may("purchasing.read") else [],
        "offers": await suppliers.suppliers_of_item(connection, tenant_id, item.id),
        "act": Form(),
        "warehouses": await places.warehouses_of(connection, tenant_id),
        "warehouse": warehouse,
    }


def _blank(level: ItemLevel | None, item: Item, verb: str) -> Form:
    """A form not typed into yet, with what one would most likely choose."""
    cells = level.cells if level else ()
    best = max(cells, key=lambda cell: cell.available, default=None)
    chosen = asking.arg("warehouse") or (best.warehouse if best else "")
    expected = _in_books(level, chosen, item.decimals)
    to = next((each.warehouse for each in cells if each.warehouse != chosen), "")
    return Form(
        {"sku": item.sku, "warehouse": chosen, "minutes": HOLD_MINUTES[0], "qty": asking.arg("qty"), "to": asking.arg("to") or to}
        | ({"expected": expected} if verb == "adjust" else {})
    )


def _in_books(level: ItemLevel | None, warehouse: str, decimals: int) -> str:
    """What a count is compared with. After a refusal it is what is there now: the next try is against that."""
    cell = next((each for each in (level.cells if level else ()) if each.warehouse == warehouse), None)
    return format_qty(cell.on_hand, decimals) if cell else "0"


def _look() -> str:
    """As a table, or as cards."""
    return asking.one_of("view", ("table", "cards"), "table")


def _asked() -> LevelFilter:
    state = asking.one_of("state", STATES, "")
    return LevelFilter(
        warehouse=asking.arg_or_none("warehouse"),
        category=asking.arg_or_none("category"),
        q=asking.arg("q"),
        low=asking.arg("low") == "1",
        state=state or None,  # type: ignore[arg-type]
        sort=asking.one_of("sort", tuple(SORTS), "sku"),
        limit=asking.PAGE_ROWS,
        cursor=asking.cursor(),
    )


async def _elsewhere(connection: AsyncConnection, asked: LevelFilter) -> Sequence[ItemLevel]:
    """What was searched for, in other warehouses and states than those that were asked for."""
    if not asked.q or not (asked.warehouse or asked.state or asked.category or asked.low):
        return ()
    context = ctx()
    found = await ledger.item_levels(connection, context.tenant.id, context.clock(), LevelFilter(q=asked.q, limit=_ELSEWHERE_ROWS))
    return found.items


async def _all_levels(asked: LevelFilter) -> list[ItemLevel]:
    context = ctx()
    async with context.reading() as connection:
        return await asking.every_page(asked, lambda asked: ledger.item_levels(connection, context.tenant.id, context.clock(), asked))


def _csv_row(level: ItemLevel) -> tuple[str, ...]:
    measures = (level.on_hand, level.reserved, level.available, level.in_transit, level.on_order, level.qty_min, level.qty_max)
    quantities = (format_qty(each, level.decimals) for each in measures)
    return (level.sku, level.name, level.category, level.unit, *quantities, level.state, level.state_in)
