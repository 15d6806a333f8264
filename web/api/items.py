"""Items over REST: the catalogue with its barcodes, packagings and limits."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from events.unit_of_work import UnitOfWork
from inventory.catalog import messages as m
from inventory.catalog import queries, service
from inventory.catalog.imports import ItemFile, import_items
from inventory.catalog.queries import Item, ItemFilter
from inventory.ledger.queries import as_of_seq
from kit.errors import refuse
from kit.paging import Page
from web.access import allow, ctx
from web.api import shapes
from web.api.incoming import body_as, choice_arg, code_of, cursor_arg, flag_arg, limit_arg, seen_version, text_arg
from web.api.operation import PAGED, choice, flag, operation, text
from web.api.outgoing import changed, listing, thing
from web.asking import address_read

routes = Blueprint("api_items", __name__, url_prefix="/v1/<tenant>/inventory")

ITEM_KINDS = ("raw", "semi_finished", "finished", "kit")


@routes.get("/items")
@allow("catalog.read")
@operation(
    "Items",
    answer="Item",
    listed=True,
    query=(
        text("q", "Part of a name or SKU, or a barcode."),
        text("category", "One category."),
        choice("kind", "One kind.", ITEM_KINDS),
        flag("archived", "Those that were put away instead."),
        choice("sort", "By SKU or by name.", ("sku", "name"), "sku"),
        *PAGED,
    ),
)
async def list_items(tenant: str) -> Response:
    """Without those that were put away."""
    asked = ItemFilter(
        q=text_arg("q") or "",
        category=text_arg("category"),
        kind=choice_arg("kind", ITEM_KINDS),
        archived=flag_arg("archived"),
        sort="name" if choice_arg("sort", ("sku", "name")) == "name" else "sku",
        limit=limit_arg(),
        cursor=cursor_arg(),
    )
    context = ctx()
    with address_read():
        async with context.reading() as connection:
            page = await queries.items_page(connection, context.tenant.id, asked)
            seq = await as_of_seq(connection, context.tenant.id)
    return listing("items", Page(page.items, page.next, seq), shapes.item, shapes.ITEM_COLUMNS)


@routes.post("/items")
@allow("catalog.write")
@operation("A new item", body=m.NewItem, answer="Item", status=201, keyed=True, refuses=(409,))
async def create(tenant: str) -> Response:
    """The SKU and the base unit stay for ever."""
    new = await body_as(m.NewItem)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 201, await _shown(work.connection, await service.create_item(ctx(), work, new))

    return await changed(act)


@routes.post("/items/import")
@allow("catalog.write")
@operation("Items from a CSV file", body=ItemFile, answer="ItemsWritten", keyed=True, refuses=(409,))
async def import_file(tenant: str) -> Response:
    """All rows or none; complaints (`file_refused`) name the line of the file, the header being 1. Columns: sku, name, category, unit,
    kind, price, barcode (several with spaces between), and `min` and `max` before the code of a warehouse, as in `min osh`. What is
    left empty stays as it is."""
    file = await body_as(ItemFile)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 200, (await import_items(ctx(), work, file))._asdict() | {"dry_run": file.dry_run}

    return await changed(act)


@routes.get("/items/<path:sku>")
@allow("catalog.read")
@operation("One item", answer="Item")
async def one(tenant: str, sku: str) -> Response:
    """With its barcodes and packagings. The ETag is its version."""
    context = ctx()
    async with context.reading() as connection:
        return thing(await _shown(connection, await _found(connection, sku)))


@routes.patch("/items/<path:sku>")
@allow("catalog.write")
@operation("Change an item", body=m.ItemChange, answer="Item", keyed=True, versioned=True, refuses=(409,))
async def change(tenant: str, sku: str) -> Response:
    """Only what is named is changed."""
    version, wanted = seen_version(), await body_as(m.ItemChange)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 200, await _shown(work.connection, await service.change_item(ctx(), work, code_of(sku), wanted, version))

    return await changed(act)


@routes.post("/items/<path:sku>/archive")
@allow("catalog.write")
@operation("Put an item away", answer="Item", keyed=True, refuses=(409,))
async def archive(tenant: str, sku: str) -> Response:
    """Only while nothing of it is on hand, promised or under way."""

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 200, await _shown(work.connection, await service.archive_item(ctx(), work, code_of(sku)))

    return await changed(act)


@routes.get("/items/<path:sku>/barcodes")
@allow("catalog.read")
@operation("An item's barcodes and PLUs", answer="Barcode", listed=True)
async def barcodes(tenant: str, sku: str) -> Response:
    """Oldest first."""
    context = ctx()
    async with context.reading() as connection:
        found = await queries.barcodes(connection, context.tenant.id, (await _found(connection, sku)).id)
        seq = await as_of_seq(connection, context.tenant.id)
    return listing("barcodes", Page(found, None, seq), shapes.barcode, ("code", "kind", "created_at"))


@routes.post("/items/<path:sku>/barcodes")
@allow("catalog.write")
@operation("One more code that finds the item", body=m.NewBarcode, answer="Item", status=201, keyed=True, refuses=(409,))
async def add_barcode(tenant: str, sku: str) -> Response:
    """A code finds one item."""
    new = await body_as(m.NewBarcode)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        await service.add_barcode(ctx(), work, code_of(sku), new)
        return 201, await _shown(work.connection, await _found(work.connection, sku))

    return await changed(act)


@routes.delete("/items/<path:sku>/barcodes/<code>")
@allow("catalog.write")
@operation("The code finds nothing any more", answer="Item", keyed=True)
async def remove_barcode(tenant: str, sku: str, code: str) -> Response:
    """Labels wear out and numbers are given anew."""

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        await service.remove_barcode(ctx(), work, code_of(sku), code if code.isprintable() else "")
        return 200, await _shown(work.connection, await _found(work.connection, sku))

    return await changed(act)


@routes.get("/items/<path:sku>/units")
@allow("catalog.read")
@operation("An item's packagings", answer="ItemUnit", listed=True)
async def item_units(tenant: str, sku: str) -> Response:
    """Each with its exact factor."""
    context = ctx()
    async with context.reading() as connection:
        found = await queries.item_units_of(connection, context.tenant.id, (await _found(connection, sku)).id)
        seq = await as_of_seq(connection, context.tenant.id)
    return listing("item-units", Page(found, None, seq), shapes.item_unit, ("unit", "base", "per"))


@routes.post("/items/<path:sku>/units")
@allow("catalog.write")
@operation("Set a packaging", body=m.NewItemUnit, answer="Item", keyed=True, refuses=(409,))
async def set_item_unit(tenant: str, sku: str) -> Response:
    """A case of 12 is `{"unit":"case","base":12}`. Setting it again replaces it."""
    new = await body_as(m.NewItemUnit)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        await service.set_item_unit(ctx(), work, code_of(sku), new)
        return 200, await _shown(work.connection, await _found(work.connection, sku))

    return await changed(act)


@routes.get("/items/<path:sku>/limits")
@allow("catalog.read")
@operation("An item's minimum and maximum by warehouse", answer="Limits", listed=True)
async def limits(tenant: str, sku: str) -> Response:
    """In its base unit."""
    context = ctx()
    async with context.reading() as connection:
        item = await _found(connection, sku)
        found = await queries.limits(connection, context.tenant.id, item.id)
        seq = await as_of_seq(connection, context.tenant.id)
    return listing("limits", Page(found, None, seq), lambda each: shapes.limits(each, item.decimals), ("warehouse", "min", "max"))


@routes.post("/items/<path:sku>/limits")
@allow("catalog.write")
@operation("Set minimum and maximum in a warehouse", body=m.NewLimits, answer="Item", keyed=True)
async def set_limits(tenant: str, sku: str) -> Response:
    """Setting them again replaces them."""
    new = await body_as(m.NewLimits)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        await service.set_limits(ctx(), work, code_of(sku), new)
        return 200, await _shown(work.connection, await _found(work.connection, sku))

    return await changed(act)


@routes.get("/categories")
@allow("catalog.read")
@operation("Categories in use", answer="Category", listed=True)
async def categories(tenant: str) -> Response:
    """With how many items are in each."""
    context = ctx()
    async with context.reading() as connection:
        found = await queries.categories(connection, context.tenant.id)
        seq = await as_of_seq(connection, context.tenant.id)
    return listing("categories", Page(found, None, seq), shapes.category, ("name", "items"))


@routes.get("/lookup")
@allow("catalog.read")
@operation("The item of a scanned or typed code", answer="Item", query=(text("code", "A SKU, barcode or PLU."),))
async def lookup(tenant: str) -> Response:
    """A SKU wins over another item's barcode that reads the same."""
    code, context = text_arg("code"), ctx()
    if code is None:
        raise refuse("invalid_value", {"field": "code", "code": "value_missing"})
    async with context.reading() as connection:
        found = await queries.item_by_code(connection, context.tenant.id, code)
        if found is None:
            raise refuse("unknown_item", {"field": "code", "sku": code[:64]})
        return thing(await _shown(connection, found))


async def _found(connection: AsyncConnection, sku: str) -> Item:
    found = await queries.item(connection, ctx().tenant.id, code_of(sku))
    if found is None:
        raise refuse("unknown_item", {"field": "sku", "sku": sku[:64]})
    return found


async def _shown(connection: AsyncConnection, item: Item) -> dict[str, Any]:
    tenant_id = ctx().tenant.id
    barcodes = await queries.barcodes(connection, tenant_id, item.id)
    return shapes.item(item, barcodes, await queries.item_units_of(connection, tenant_id, item.id))
