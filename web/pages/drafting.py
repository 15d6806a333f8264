"""Drafting an order: supplier and warehouse first, then line by line, found by search or scan. What was typed is kept whatever happens."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quart import Blueprint, Response
from quart_babel import gettext
from sqlalchemy.ext.asyncio import AsyncConnection

from events.unit_of_work import UnitOfWork
from inventory.catalog.directory import ItemName
from inventory.catalog.messages import Money
from inventory.locations import queries as places
from inventory.locations.queries import Location
from inventory.purchasing import messages as m
from inventory.purchasing import service
from inventory.purchasing.queries import ShownLine, ShownOrder
from inventory.purchasing.status import EDITABLE
from inventory.suppliers import queries as suppliers
from inventory.suppliers.queries import Offer, Supplier, SupplierFilter
from kit import quantity
from kit.errors import refuse, unless
from kit.ids import order_number
from kit.paging import LIMIT_MAX
from kit.quantity import format_qty
from web import asking, filters, locale, respond
from web.access import allow, ctx
from web.forms import Form, as_number, as_typed, refusals_of, typed
from web.once import once
from web.pages.finding import search
from web.pages.lines import beside_lines, nothing_typed
from web.pages.orders import found_order, in_words_of, numbered, url_of

pages = Blueprint("drafting", __name__, url_prefix="/t/<tenant>/purchasing")

_LINE = re.compile(r"sku_(\d{1,3})", re.ASCII)
_FIELDS = ("qty", "unit", "price", "expected_on", "location", "note")


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line of the form: its item, what the supplier offers of it, and the units it can be ordered in, each with its base units."""

    number: int
    item: ItemName
    offer: Offer | None
    units: Sequence[tuple[str, int, int]]
    list_price: Decimal | None
    amount: Decimal | None

    @property
    def offered_in(self) -> str:
        """The unit that the supplier's price is of."""
        return (self.offer and self.offer.unit) or self.item.unit

    @property
    def prices(self) -> list[tuple[int, Decimal]]:
        """From how many packs on one costs what, by the price list."""
        if self.offer is None:
            return []
        return ([(0, self.offer.price)] if self.offer.price is not None else []) + [
            (each.from_qty, each.price) for each in self.offer.breaks
        ]


@pages.get("/new")
@allow("purchasing.write")
async def new(tenant: str) -> Response:
    """For whom and where to; then lines, with those items that the address names."""
    form = Form({"supplier": asking.arg("supplier"), "warehouse": asking.arg("warehouse")})
    for sku in asking.skus():
        await _add(form, sku)
    return await _page(form)


@pages.post("/new")
@allow("purchasing.write")
async def create(tenant: str) -> Response:
    """One more line, or one less, or the draft itself; it may be put forward at once."""
    form = await typed()
    with refusals_of(form):
        if await _changed_lines(form):
            return await _page(form)
        new = m.NewOrder(form.text("supplier", 64), form.text("warehouse", 64), _lines(form), **_told(form))

        async def draft(work: UnitOfWork) -> tuple[str, str]:
            number = await service.draft(ctx(), work, new)
            return await _saved(work, form, number)

        return await once(form, draft)
    return await _page(form)


@pages.get("/orders/<number>/edit")
@allow("purchasing.write")
async def edit(tenant: str, number: str) -> Response:
    """The draft as it is, to be changed."""
    async with ctx().reading() as connection:
        order = await found_order(connection, numbered(number))
    if order.head.status not in EDITABLE:
        raise refuse("order_status", {"order": number, "status": filters.order_status(order.head.status.label).lower()})
    return await _page(_as_is(order), order)


@pages.post("/orders/<number>/edit")
@allow("purchasing.write")
async def change(tenant: str, number: str) -> Response:
    """Lines are replaced as a whole, unless somebody changed the order since the form was opened."""
    form = await typed()
    async with ctx().reading() as connection:
        order = await found_order(connection, numbered(number))
    form.values |= {"supplier": order.head.supplier, "warehouse": order.head.warehouse}
    with refusals_of(form):
        if await _changed_lines(form):
            return await _page(form, order)
        changed, version = m.OrderChanged(_lines(form), **_told(form)), form.whole("version")

        async def save(work: UnitOfWork) -> tuple[str, str]:
            await service.change(ctx(), work, order.head.id, changed, version)
            return await _saved(work, form, order.head.id)

        return await once(form, save)
    return await _page(form, order)


@pages.get("/items")
@allow("purchasing.write")
async def items(tenant: str) -> Response:
    """What was meant by some letters: items of the supplier first, then all others."""
    found = await search(asking.arg("supplier"), asking.arg("q"))
    return await respond.fragment("purchasing/_found.html", found=found)


def _told(form: Form) -> dict[str, Any]:
    reference, note = form.text("reference", required=False), form.text("note", 500, required=False)
    return {"expected_on": form["expected_on"] or None, "reference": reference, "note": note}


async def _saved(work: UnitOfWork, form: Form, number: int) -> tuple[str, str]:
    if form["then"] == "submit":
        await service.submit(ctx(), work, number)
        return url_of(number), gettext("Put forward: somebody who may approves it.")
    return url_of(number), gettext("%(number)s is a draft.", number=order_number(number))


async def _changed_lines(form: Form) -> bool:
    """Do what a button of a line asked for, if one did."""
    if drop := form["drop"]:
        for name in ("sku", *_FIELDS):
            form.values.pop(f"{name}_{drop}", None)
        return True
    if code := (form["choose"] or form["add"]).strip():
        await _add(form, code)
        return True
    return False


async def _add(form: Form, code: str) -> None:
    """A line for the item that a code belongs to, or one more pack of it if there is one. Refuses what is not found or not clear."""
    found = await search(form["supplier"], code)
    exact = next((each for each in found if each.exact), found[0] if len(found) == 1 else None)
    if exact is None:
        raise refuse("several_items" if found else "unknown_item", {"field": "add", "sku": code[:64]})
    here = next((number for number in _numbers(form) if form[f"sku_{number}"] == exact.sku), None)
    form.values |= {"add": "", "choose": ""}
    if here is not None:
        form.values["last"] = str(here)
        return
    if len(_numbers(form)) >= m.LINES_MAX:
        raise refuse("too_many_lines", {"field": "add"}, max=m.LINES_MAX)
    number = max(_numbers(form), default=-1) + 1
    form.values |= {"last": str(number), f"sku_{number}": exact.sku, f"unit_{number}": exact.unit, f"qty_{number}": exact.least}


def _numbers(form: Form) -> list[int]:
    """The numbers of the lines that the form brings, in their order."""
    return sorted(int(match[1]) for name, value in form.values.items() if value and (match := _LINE.fullmatch(name)))


def _lines(form: Form) -> tuple[m.NewOrderLine, ...]:
    """The lines as they are asked for. Refuses a form without any."""
    numbers = _numbers(form)
    unless(nothing_typed("add") if not numbers else None)
    return tuple(_line(form, number) for number in numbers)


def _line(form: Form, number: int) -> m.NewOrderLine:
    def told(name: str) -> str | None:
        return form[f"{name}_{number}"].strip() or None

    price = Money(form.amount(f"price_{number}"), form["currency"]) if told("price") else None
    return m.NewOrderLine(
        form[f"sku_{number}"], form.quantity(f"qty_{number}"), told("unit"), price, told("expected_on"), told("location"),
        form.text(f"note_{number}", 500, required=False),
    )  # fmt: skip


def _as_is(order: ShownOrder) -> Form:
    head = order.head
    values = {"supplier": head.supplier, "warehouse": head.warehouse, "version": str(head.version), "reference": head.reference}
    values |= {"note": head.note, "expected_on": head.expected_on.isoformat() if head.expected_on else ""}
    for number, line in enumerate(order.lines):
        values |= {f"{name}_{number}": text for name, text in _line_as_is(line).items()}
    return Form(values)


def _line_as_is(shown: ShownLine) -> dict[str, str]:
    line = shown.line
    return {
        "sku": shown.sku,
        "qty": as_typed(format_qty(line.qty)),
        "unit": line.unit,
        "price": "" if line.price is None else as_typed(f"{line.price.normalize():f}"),
        "expected_on": line.expected_on.isoformat() if line.expected_on else "",
        "location": shown.location or "",
        "note": line.note,
    }


async def _page(form: Form, order: ShownOrder | None = None) -> Response:
    context = ctx()
    async with context.reading() as connection:
        tenant_id = context.tenant.id
        supplier = await suppliers.supplier_by_code(connection, tenant_id, form["supplier"])
        warehouse = await places.warehouse(connection, tenant_id, form["warehouse"])
        if supplier is None or warehouse is None or supplier.archived_at:
            return await _choose(connection, form)
        form.values.setdefault("currency", order.head.currency if order else supplier.currency)
        lines = await _draft_lines(connection, form, supplier)
        locations = [each for each in await places.locations_of(connection, tenant_id, warehouse.id) if _takes(each)]
    _blame(form, order)
    found = await search(supplier.code, form["add"].strip()) if "add" in form.errors else []
    values: dict[str, Any] = {
        "lines": lines,
        "total": sum((line.amount for line in lines if line.amount is not None), Decimal(0)),
        "locations": locations,
        "supplier": supplier,
        "warehouse": warehouse,
        "found": found,
        "order": order,
    }
    if respond.is_fragment():
        return await respond.fragment("purchasing/_draft_lines.html", form=form, **values)
    return await respond.page("purchasing/draft.html", form.status, form=form, **values)


def _takes(location: Location) -> bool:
    return location.holds_stock and not location.archived_at


def _blame(form: Form, order: ShownOrder | None) -> None:
    """Put what was refused beside the fields of the line it is about."""
    form.reword(beside_lines(_numbers(form), _FIELDS, in_words_of(order) if order else dict))
    form.blame("", If_Match="", supplier="", warehouse="")


async def _choose(connection: AsyncConnection, form: Form) -> Response:
    """The first step: who delivers, and where to."""
    tenant_id = ctx().tenant.id
    sellers = (await suppliers.suppliers_page(connection, tenant_id, SupplierFilter(sort="name", limit=LIMIT_MAX))).items
    warehouses = await places.warehouses_of(connection, tenant_id)
    form.values["warehouse"] = form["warehouse"] or (warehouses[0].code if warehouses else "")
    return await respond.page("purchasing/choose.html", form.status, form=form, suppliers=sellers, places=warehouses, skus=asking.skus())


async def _draft_lines(connection: AsyncConnection, form: Form, supplier: Supplier) -> list[DraftLine]:
    tenant_id = ctx().tenant.id
    skus = {number: form[f"sku_{number}"] for number in _numbers(form)}
    known = await suppliers.items_by_sku(connection, tenant_id, skus.values())
    offers = await suppliers.offers_for(connection, tenant_id, (item.id for item in known.values()))
    of_supplier = {item: offer for item, each in offers.items() for offer in each if offer.supplier_id == supplier.id}
    return [_draft_line(form, number, known[sku], of_supplier.get(known[sku].id)) for number, sku in skus.items() if sku in known]


def _draft_line(form: Form, number: int, item: ItemName, offer: Offer | None) -> DraftLine:
    """With what it costs as far as that can be said of what was typed."""
    qty, typed_price = _read(form, f"qty_{number}"), _read(form, f"price_{number}")
    unit = form[f"unit_{number}"] or (offer and offer.unit) or item.unit
    offered = offer is not None and offer.currency == form["currency"] and unit == (offer.unit or item.unit)
    listed = offer.price_of(max(1, math.ceil(qty or 0))) if offer and offered else None
    price = listed if typed_price is None else typed_price
    return DraftLine(number, item, offer, _units(item), listed, None if price is None or qty is None else price * qty)


def _read(form: Form, field: str) -> Decimal | None:
    """A number as far as one was typed; what is none is refused when the form is sent."""
    try:
        return Decimal(quantity.parse(as_number(form[field].strip(), locale.number_format()))) / quantity.ONE
    except ValueError:
        return None


def _units(item: ItemName) -> list[tuple[str, int, int]]:
    """The base unit and the packagings, each with how many base units so many of them are."""
    return [(item.unit, 1, 1), *((code, base, per) for code, (base, per) in sorted(item.factors.items()) if code != item.unit)]
