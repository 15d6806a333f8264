"""Items: the catalogue's list, its forms, and the barcodes, packagings and limits of an item."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any

from quart import Blueprint, Response, url_for
from quart_babel import gettext

from events.unit_of_work import UnitOfWork
from inventory.body import fit
from inventory.catalog import messages as m
from inventory.catalog import queries, service
from inventory.catalog.queries import Item, ItemFilter
from inventory.locations import queries as places
from kit.errors import refuse
from kit.money import rounded
from web import asking, respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.once import once

pages = Blueprint("items", __name__, url_prefix="/t/<tenant>/items")

KINDS = ("finished", "raw", "semi_finished", "kit")
_SORTS = ("sku", "name")
_SHOWN = {"active": False, "archived": True, "all": None}
_HEADER = ("SKU", "Name", "Kind", "Unit", "Category", "Price", "Currency", "Archived")


@pages.get("")
@allow("catalog.read")
async def show_list(tenant: str) -> Response:
    """The catalogue."""
    asked, context = _asked(), ctx()
    if asking.wants_csv():
        return respond.csv(f"items-{tenant}", _HEADER, [_csv_row(item) for item in await _all_items(asked)])
    async with context.reading() as connection:
        with asking.address_read():
            items = await queries.items_page(connection, context.tenant.id, asked)
        total = await queries.items_counted(connection, context.tenant.id, asked)
        if respond.is_fragment():
            return await respond.fragment("items/_rows.html", items=items, asked=asked, total=total)
        categories = await queries.categories(connection, context.tenant.id)
    return await respond.page("items/list.html", items=items, asked=asked, total=total, categories=categories, kinds=KINDS)


@pages.get("/new")
@allow("catalog.write")
async def new(tenant: str) -> Response:
    """An empty form."""
    return await _form_page(Form({"sku": asking.arg("sku"), "base_unit": "pcs", "kind": KINDS[0]}))


@pages.post("/new")
@allow("catalog.write")
async def create(tenant: str) -> Response:
    """An item comes into the catalogue."""
    form = await typed()
    with refusals_of(form):
        asked = m.NewItem(sku=form.text("sku", 64), base_unit=form.text("base_unit"), **_told(form))
        code = form.text("barcode", 64, required=False)

        async def add(work: UnitOfWork) -> tuple[str, str]:
            item = await service.create_item(ctx(), work, asked)
            if code:
                await service.add_barcode(ctx(), work, item.sku, m.NewBarcode(code))
            return _url(item.sku), gettext("%(name)s is in the catalogue.", name=item.name)

        return await once(form, add)
    form.blame("", price_amount="price", code="barcode")
    return await _form_page(form)


@pages.get("/edit/<path:sku>")
@allow("catalog.write")
async def edit(tenant: str, sku: str) -> Response:
    """The item as it is, to be changed."""
    async with ctx().reading() as connection:
        item = await _found(connection, sku)
    return await _form_page(_as_is(item), item)


@pages.post("/edit/<path:sku>")
@allow("catalog.write")
async def change(tenant: str, sku: str) -> Response:
    """Change what the form shows, unless somebody changed it since the form was opened."""
    form = await typed()
    with refusals_of(form):
        asked, version = m.ItemChange(**_told(form)), form.whole("version")

        async def save(work: UnitOfWork) -> tuple[str, str]:
            await service.change_item(ctx(), work, sku, asked, version)
            return _url(sku), gettext("Saved.")

        return await once(form, save)
    form.blame("", price_amount="price", If_Match="")
    async with ctx().reading() as connection:
        item = await _found(connection, sku)
    return await _form_page(form, item)


@pages.post("/archive")
@allow("catalog.write")
async def archive(tenant: str) -> Response:
    """Put an item away; it must be gone from every shelf."""
    return await _change_one(service.archive_item, lambda form: (), gettext("The item is in the archive."))


@pages.post("/barcodes")
@allow("catalog.write")
async def add_barcode(tenant: str) -> Response:
    """One more code that finds the item."""
    return await _change_one(service.add_barcode, lambda form: (m.NewBarcode(form.text("code", 64)),), gettext("The barcode was added."))


@pages.post("/barcodes/remove")
@allow("catalog.write")
async def remove_barcode(tenant: str) -> Response:
    """The code finds the item no more."""
    return await _change_one(service.remove_barcode, lambda form: (form.text("code", 64),), gettext("The barcode was removed."))


@pages.post("/packagings")
@allow("catalog.write")
async def set_packaging(tenant: str) -> Response:
    """What the item comes in: so many base units."""
    return await _change_one(service.set_item_unit, lambda form: (_packaging(form),), gettext("The packaging was set."))


@pages.post("/packagings/remove")
@allow("catalog.write")
async def remove_packaging(tenant: str) -> Response:
    """The item comes in this packaging no more."""
    return await _change_one(service.remove_item_unit, lambda form: (form.text("unit", 16),), gettext("The packaging was removed."))


@pages.post("/limits")
@allow("catalog.write")
async def set_limits(tenant: str) -> Response:
    """Minimum and maximum in a warehouse."""
    return await _change_one(
        service.set_limits,
        lambda form: (m.NewLimits(form.text("warehouse"), form.quantity("min"), form.quantity("max")),),
        gettext("The limits were set."),
    )


async def _change_one(verb: Callable[..., Awaitable[Any]], arguments: Callable[[Form], tuple[Any, ...]], sentence: str) -> Response:
    """Perform a verb on the form's item and return to its form, which shows what was refused."""
    form = await typed()
    with refusals_of(form):
        sku, told = form.text("sku", 64), arguments(form)

        async def change(work: UnitOfWork) -> tuple[str, str]:
            await verb(ctx(), work, sku, *told)
            return url_for("items.edit", tenant=ctx().tenant.slug, sku=sku), sentence

        return await once(form, change)
    async with ctx().reading() as connection:
        item = await _found(connection, form["sku"])
    return await _form_page(_as_is(item), item, small=form)


def _packaging(form: Form) -> m.NewItemUnit:
    """As the API says it: 22.5 base units are 45 of 2."""
    base, per = Decimal(form.quantity("base")).as_integer_ratio()
    return fit({"unit": form.text("unit", 16), "base": base, "per": per}, m.NewItemUnit)


def _told(form: Form) -> dict[str, Any]:
    price = form["price"].strip()
    return {
        "name": form.text("name"),
        "kind": form.choice("kind", KINDS),
        "category": form.text("category", 100, required=False),
        "price": m.Money(form.amount("price"), ctx().tenant.currency) if price else None,
    }


def _as_is(item: Item) -> Form:
    price = "" if item.price is None else str(rounded(item.price, item.currency or ""))
    values = {"sku": item.sku, "name": item.name, "kind": item.kind, "category": item.category, "price": price}
    return Form(values | {"base_unit": item.base_unit, "version": str(item.version)})


async def _form_page(form: Form, item: Item | None = None, small: Form | None = None) -> Response:
    """`small` is the refused form of a barcode, a packaging or of limits on the same page."""
    context = ctx()
    async with context.reading() as connection:
        values: Mapping[str, Any] = {
            "units": [unit for unit in await queries.units_of(connection, context.tenant.id) if not unit.archived_at],
            "categories": await queries.categories(connection, context.tenant.id),
            "warehouses": await places.warehouses_of(connection, context.tenant.id),
            "barcodes": await queries.barcodes(connection, context.tenant.id, item.id) if item else [],
            "item_units": await queries.item_units_of(connection, context.tenant.id, item.id) if item else [],
            "limits": await queries.limits(connection, context.tenant.id, item.id) if item else [],
        }
    small = small or Form({"sku": item.sku} if item else {})
    status = max(form.status, small.status)
    return await respond.page("items/form.html", status, form=form, small=small, item=item, kinds=KINDS, **values)


async def _found(connection: Any, sku: str) -> Item:
    item = await queries.item(connection, ctx().tenant.id, sku)
    if item is None:
        raise refuse("item_not_found")
    return item


def _asked() -> ItemFilter:
    kind = asking.one_of("kind", KINDS, "")
    return ItemFilter(
        q=asking.arg("q"),
        category=asking.arg_or_none("category"),
        kind=kind or None,
        archived=_SHOWN[asking.one_of("shown", tuple(_SHOWN), "active")],
        sort=asking.one_of("sort", _SORTS, "sku"),  # type: ignore[arg-type]
        limit=asking.PAGE_ROWS,
        cursor=asking.cursor(),
    )


async def _all_items(asked: ItemFilter) -> list[Item]:
    context = ctx()
    async with context.reading() as connection:
        return await asking.every_page(asked, lambda asked: queries.items_page(connection, context.tenant.id, asked))


def _csv_row(item: Item) -> tuple[object, ...]:
    price = "" if item.price is None else rounded(item.price, item.currency or "")
    archived = item.archived_at.date().isoformat() if item.archived_at else ""
    return (item.sku, item.name, item.kind, item.base_unit, item.category, price, item.currency or "", archived)


def _url(sku: str) -> str:
    return url_for("stock.show_item", tenant=ctx().tenant.slug, sku=sku)
