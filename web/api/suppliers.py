"""Suppliers over REST: whom we buy from, what they offer, and offers from a file."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from events.unit_of_work import UnitOfWork
from inventory.catalog import queries as catalog
from inventory.catalog.queries import Item
from inventory.ledger.queries import as_of_seq
from inventory.suppliers import messages as m
from inventory.suppliers import queries, service
from inventory.suppliers.imports import OfferFile, import_offers
from inventory.suppliers.queries import OfferFilter, Supplier, SupplierFilter
from kit.errors import refuse
from kit.paging import Page
from web.access import allow, ctx
from web.api import shapes
from web.api.incoming import body_as, choice_arg, code_of, cursor_arg, flag_arg, limit_arg, seen_version, text_arg
from web.api.operation import PAGED, choice, flag, operation, text
from web.api.outgoing import changed, listing, thing
from web.asking import address_read

routes = Blueprint("api_suppliers", __name__, url_prefix="/v1/<tenant>/inventory")


@routes.get("/suppliers")
@allow("suppliers.read")
@operation(
    "Suppliers",
    answer="Supplier",
    listed=True,
    query=(
        text("q", "Part of a name, code or tax number."),
        text("currency", "Those paid in one currency."),
        flag("archived", "Those that were put away instead."),
        choice("sort", "By code or by name.", ("code", "name"), "code"),
        *PAGED,
    ),
)
async def list_suppliers(tenant: str) -> Response:
    """Without those that were put away."""
    asked = SupplierFilter(
        q=text_arg("q") or "",
        currency=text_arg("currency"),
        archived=flag_arg("archived"),
        sort="name" if choice_arg("sort", ("code", "name")) == "name" else "code",
        limit=limit_arg(),
        cursor=cursor_arg(),
    )
    context = ctx()
    with address_read():
        async with context.reading() as connection:
            page = await queries.suppliers_page(connection, context.tenant.id, asked)
            seq = await as_of_seq(connection, context.tenant.id)
    return listing("suppliers", Page(page.items, page.next, seq), shapes.supplier, shapes.SUPPLIER_COLUMNS)


@routes.post("/suppliers")
@allow("suppliers.write")
@operation("A new supplier", body=m.NewSupplier, answer="Supplier", status=201, keyed=True, refuses=(409,))
async def create(tenant: str) -> Response:
    """The code stays for ever."""
    new = await body_as(m.NewSupplier)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 201, shapes.supplier(await service.create_supplier(ctx(), work, new))

    return await changed(act)


@routes.post("/suppliers/import")
@allow("suppliers.write")
@operation("Offers from a CSV file", body=OfferFile, answer="OffersWritten", keyed=True)
async def import_file(tenant: str) -> Response:
    """All rows or none; complaints (`file_refused`) name the line of the file, the header being 1. Columns: supplier, sku,
    supplier_sku, unit, multiple, moq, price, currency, lead_time_days, preferred."""
    file = await body_as(OfferFile)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 200, (await import_offers(ctx(), work, file))._asdict() | {"dry_run": file.dry_run}

    return await changed(act)


@routes.get("/suppliers/<path:code>")
@allow("suppliers.read")
@operation("One supplier", answer="Supplier")
async def one(tenant: str, code: str) -> Response:
    """The ETag is its version."""
    async with ctx().reading() as connection:
        return thing(shapes.supplier(await _found(connection, code)))


@routes.patch("/suppliers/<path:code>")
@allow("suppliers.write")
@operation("Change a supplier", body=m.SupplierChange, answer="Supplier", keyed=True, versioned=True, refuses=(409,))
async def change(tenant: str, code: str) -> Response:
    """Only what is named is changed."""
    version, wanted = seen_version(), await body_as(m.SupplierChange)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 200, shapes.supplier(await service.change_supplier(ctx(), work, code_of(code), wanted, version))

    return await changed(act)


@routes.post("/suppliers/<path:code>/archive")
@allow("suppliers.write")
@operation("Put a supplier away", answer="Supplier", keyed=True, refuses=(409,))
async def archive(tenant: str, code: str) -> Response:
    """What it offers counts no more. Only while no order of theirs is open."""

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 200, shapes.supplier(await service.archive_supplier(ctx(), work, code_of(code)))

    return await changed(act)


@routes.get("/suppliers/<path:code>/items")
@allow("suppliers.read")
@operation(
    "What a supplier offers",
    answer="Offer",
    listed=True,
    query=(
        text("q", "Part of a name, SKU or the supplier's code, or a barcode."),
        choice("sort", "By SKU or by name.", ("sku", "name"), "sku"),
        *PAGED,
    ),
)
async def list_items(tenant: str, code: str) -> Response:
    """With packs, prices by quantity and lead times."""
    asked = OfferFilter(
        q=text_arg("q") or "",
        sort="name" if choice_arg("sort", ("sku", "name")) == "name" else "sku",
        limit=limit_arg(),
        cursor=cursor_arg(),
    )
    context = ctx()
    async with context.reading() as connection:
        supplier = await _found(connection, code)
        with address_read():
            page = await queries.items_of_supplier(connection, context.tenant.id, supplier.id, asked)
        seq = await as_of_seq(connection, context.tenant.id)
    return listing("supplier-items", Page(page.items, page.next, seq), shapes.offer, shapes.OFFER_COLUMNS)


@routes.post("/suppliers/<path:code>/items")
@allow("suppliers.write")
@operation("An item that the supplier sells", body=m.NewOffer, answer="Offer", status=201, keyed=True, refuses=(409,))
async def add_item(tenant: str, code: str) -> Response:
    """The first supplier of an item is its preferred one, unless something else is said."""
    new = await body_as(m.NewOffer)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 201, shapes.offer(await service.add_item(ctx(), work, code_of(code), new))

    return await changed(act)


@routes.get("/suppliers/<path:code>/items/<path:sku>")
@allow("suppliers.read")
@operation("One offer", answer="Offer")
async def one_item(tenant: str, code: str, sku: str) -> Response:
    """The ETag is its version."""
    context = ctx()
    async with context.reading() as connection:
        supplier, item = await _found(connection, code), await _item(connection, sku)
        found = await queries.supplier_item(connection, context.tenant.id, supplier.id, item.id)
    if found is None:
        raise refuse("not_found")
    return thing(shapes.offer(found))


@routes.put("/suppliers/<path:code>/items/<path:sku>")
@allow("suppliers.write")
@operation("Replace the terms of an offer", body=m.OfferTerms, answer="Offer", keyed=True, versioned=True, refuses=(409,))
async def set_item(tenant: str, code: str, sku: str) -> Response:
    """What is left out is as in a new offer, but for `preferred`, which then stays."""
    version, terms = seen_version(), await body_as(m.OfferTerms)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 200, shapes.offer(await service.set_item(ctx(), work, code_of(code), code_of(sku), terms, version))

    return await changed(act)


@routes.delete("/suppliers/<path:code>/items/<path:sku>")
@allow("suppliers.write")
@operation("The supplier sells the item no more", answer="Supplier", keyed=True)
async def remove_item(tenant: str, code: str, sku: str) -> Response:
    """Its prices go with it."""

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        await service.remove_item(ctx(), work, code_of(code), code_of(sku))
        return 200, shapes.supplier(await _found(work.connection, code))

    return await changed(act)


@routes.get("/items/<path:sku>/suppliers")
@allow("suppliers.read")
@operation("Who sells an item", answer="Offer", listed=True)
async def item_suppliers(tenant: str, sku: str) -> Response:
    """The preferred one first; without suppliers that were put away."""
    context = ctx()
    async with context.reading() as connection:
        found = await queries.suppliers_of_item(connection, context.tenant.id, (await _item(connection, sku)).id)
        seq = await as_of_seq(connection, context.tenant.id)
    return listing("item-suppliers", Page(found, None, seq), shapes.offer, shapes.OFFER_COLUMNS)


@routes.post("/items/<path:sku>/suppliers/<path:code>/prefer")
@allow("suppliers.write")
@operation("Buy the item from this supplier first", answer="Offer", keyed=True, refuses=(409,))
async def prefer(tenant: str, sku: str, code: str) -> Response:
    """An item has one preferred supplier at most."""

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        return 200, shapes.offer(await service.prefer_item(ctx(), work, code_of(code), code_of(sku)))

    return await changed(act)


async def _found(connection: AsyncConnection, code: str) -> Supplier:
    found = await queries.supplier_by_code(connection, ctx().tenant.id, code_of(code))
    if found is None:
        raise refuse("unknown_supplier", {"field": "supplier", "supplier": code[:64]})
    return found


async def _item(connection: AsyncConnection, sku: str) -> Item:
    found = await catalog.item(connection, ctx().tenant.id, code_of(sku))
    if found is None:
        raise refuse("unknown_item", {"field": "sku", "sku": sku[:64]})
    return found
