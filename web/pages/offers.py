"""Offers: what a supplier sells an item for, one in a form or many from a file, and which supplier an item is bought from first."""

from __future__ import annotations

import re
from typing import Any

from quart import Blueprint, Response, url_for
from quart_babel import gettext, ngettext
from sqlalchemy.ext.asyncio import AsyncConnection

from events.unit_of_work import UnitOfWork
from inventory.body import fit
from inventory.catalog import queries as catalog
from inventory.catalog.queries import Item
from inventory.files import ROWS_MAX
from inventory.suppliers import messages as m
from inventory.suppliers import queries, service
from inventory.suppliers.imports import COLUMNS, OfferFile, import_offers, rows_of
from inventory.suppliers.offers import Written
from inventory.suppliers.queries import OfferFilter, Supplier, SupplierFilter, SupplierItem
from kit.errors import refuse
from kit.money import micros, minor_digits
from kit.paging import LIMIT_MAX
from kit.quantity import format_qty
from web import asking, respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, take_csv, typed
from web.once import once
from web.pages.from_file import complaints_of

pages = Blueprint("offers", __name__, url_prefix="/t/<tenant>/offers")

SPARE_ROWS = 3
"""Empty rows for further prices by quantity."""
_BREAK = re.compile(r"breaks\[(\d+)\]\.(from_qty|price)")


@pages.get("/set")
@allow("suppliers.write")
async def edit(tenant: str) -> Response:
    """The offer of a supplier and an item, or the way to choose them."""
    code, sku = asking.arg("supplier"), asking.arg("sku")
    async with ctx().reading() as connection:
        supplier, item = await _pair(connection, code, sku)
        if supplier is None or item is None:
            return await _choose(connection, code, sku, item)
        offer = await queries.supplier_item(connection, ctx().tenant.id, supplier.id, item.id)
        form = _as_is(offer) if offer else Form({"currency": supplier.currency, "multiple": "1", "moq": "1"})
        form.values["back"] = asking.arg("back")
        return await _form_page(connection, form, supplier, item, offer)


@pages.post("/set")
@allow("suppliers.write")
async def save(tenant: str) -> Response:
    """The offer as the form shows it, unless somebody changed it since the form was opened."""
    form = await typed()
    with refusals_of(form):
        code, sku = form.text("supplier", 64), form.text("sku", 64)
        version = form.whole("version") if form["version"] else None
        terms = fit(_told(form, is_new=version is None), m.OfferTerms)

        async def put(work: UnitOfWork) -> tuple[str, str]:
            if version is None:
                new = m.NewOffer(sku=sku, **{name: getattr(terms, name) for name in m.OfferTerms.__struct_fields__})
                offer = await service.add_item(ctx(), work, code, new)
            else:
                offer = await service.set_item(ctx(), work, code, sku, terms, version)
            return _back(form), gettext("%(supplier)s sells %(item)s.", supplier=offer.offer.supplier_name, item=offer.name)

        return await once(form, put)
    _blame(form)
    async with ctx().reading() as connection:
        supplier, item = await _pair(connection, form["supplier"], form["sku"])
        if supplier is None or item is None:
            raise refuse("not_found")
        offer = await queries.supplier_item(connection, ctx().tenant.id, supplier.id, item.id)
        return await _form_page(connection, form, supplier, item, offer)


@pages.post("/remove")
@allow("suppliers.write")
async def remove(tenant: str) -> Response:
    """The supplier sells the item no more."""
    form = await typed()
    code, sku = form.text("supplier", 64), form.text("sku", 64)

    async def take_away(work: UnitOfWork) -> tuple[str, str]:
        await service.remove_item(ctx(), work, code, sku)
        return _back(form), gettext("The offer was removed.")

    return await once(form, take_away)


@pages.post("/prefer")
@allow("suppliers.write")
async def prefer(tenant: str) -> Response:
    """Buy the item from this supplier first."""
    form = await typed()
    code, sku = form.text("supplier", 64), form.text("sku", 64)

    async def choose(work: UnitOfWork) -> tuple[str, str]:
        offer = await service.prefer_item(ctx(), work, code, sku)
        return _back(form), gettext("%(item)s is bought from %(supplier)s first.", item=offer.name, supplier=offer.offer.supplier_name)

    return await once(form, choose)


@pages.get("/import")
@allow("suppliers.write")
async def import_form(tenant: str) -> Response:
    """Where a file is chosen; or all offers as such a file."""
    if not asking.wants_csv():
        return await _import_page(Form())
    context = ctx()
    async with context.reading() as connection:
        offers = await asking.every_page(OfferFilter(), lambda asked: queries.offers_page(connection, context.tenant.id, asked))
    return respond.csv(f"offers-{tenant}", COLUMNS, rows_of(offers))


@pages.post("/import")
@allow("suppliers.write")
async def import_file(tenant: str) -> Response:
    """First the file is only looked at; what was looked at is then taken over."""
    form = await typed()
    found: Written | None = None
    with refusals_of(form):
        await take_csv(form)
        if form["sure"]:

            async def take_over(work: UnitOfWork) -> tuple[str, str]:
                done = await import_offers(ctx(), work, OfferFile(form["csv"]))
                return url_for("suppliers.show_list", tenant=tenant), _done(done)

            return await once(form, take_over)
        async with ctx().writing() as work:
            found = await import_offers(ctx(), work, OfferFile(form["csv"], dry_run=True))
    return await _import_page(form, found)


async def _import_page(form: Form, found: Written | None = None) -> Response:
    """`found`: what would be done. Complaints stand line by line."""
    complaints = complaints_of(form)
    limits = {"columns": COLUMNS, "rows_max": ROWS_MAX}
    return await respond.page("offers/import.html", form.status, form=form, found=found, complaints=complaints, **limits)


def _done(written: Written) -> str:
    touched = written.added + written.changed
    return ngettext("%(num)s offer was taken over.", "%(num)s offers were taken over.", touched)


async def _pair(connection: AsyncConnection, code: str, sku: str) -> tuple[Supplier | None, Item | None]:
    """What the address names; an item by any code that finds it."""
    tenant_id = ctx().tenant.id
    supplier = await queries.supplier_by_code(connection, tenant_id, code) if code else None
    return supplier, await catalog.item_by_code(connection, tenant_id, sku) if sku else None


async def _choose(connection: AsyncConnection, code: str, sku: str, item: Item | None) -> Response:
    form = Form({"supplier": code, "sku": item.sku if item else sku, "back": asking.arg("back")})
    if sku and item is None:
        form.refuse(refuse("unknown_item", {"field": "sku", "sku": sku}).refusal)
    asked = SupplierFilter(sort="name", limit=LIMIT_MAX)
    suppliers = (await queries.suppliers_page(connection, ctx().tenant.id, asked)).items
    return await respond.page("offers/choose.html", 200, form=form, suppliers=suppliers, item=item)


def _told(form: Form, *, is_new: bool) -> dict[str, Any]:
    """The form as the API's body would say it. Left alone, a new offer is preferred if it is the item's first."""
    price = form["price"].strip()
    wanted = form["preferred"] == "yes"
    rows = [(form[f"break_qty_{row}"].strip(), row) for row in _rows(form)]
    return {
        "supplier_sku": form.text("supplier_sku", required=False),
        "unit": form["unit"] or None,
        "multiple": _whole(form["multiple"]) or 1,
        "moq": _whole(form["moq"]) or 1,
        "price": {"amount": form.amount("price"), "currency": form.text("currency", 3).upper()} if price else None,
        "breaks": [{"from_qty": _whole(qty), "price": form.amount(f"break_price_{row}")} for qty, row in rows],
        "lead_time_days": _whole(form["lead_time_days"]),
        "preferred": True if wanted else None if is_new else False,
    }


def _rows(form: Form) -> list[int]:
    """The rows of prices by quantity that say something."""
    return [row for row in range(m.BREAKS_MAX + 1) if form[f"break_qty_{row}"].strip() or form[f"break_price_{row}"].strip()]


def _whole(text: str) -> int | str | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text or None


def _blame(form: Form) -> None:
    """Beside which field of the form a refusal of the offer belongs."""
    form.blame("", price_amount="price", price_currency="currency", If_Match="", supplier="", sku="")
    rows = _rows(form)
    for field in list(form.errors):
        found = _BREAK.fullmatch(field)
        if found and int(found[1]) < len(rows):
            name = "qty" if found[2] == "from_qty" else "price"
            form.errors[f"break_{name}_{rows[int(found[1])]}"] = form.errors.pop(field)


def _as_is(found: SupplierItem) -> Form:
    offer = found.offer
    digits = minor_digits(offer.currency)
    values = {
        "supplier_sku": offer.supplier_sku,
        "unit": offer.unit or "",
        "multiple": str(offer.multiple),
        "moq": str(offer.moq),
        "price": "" if offer.price is None else format_qty(micros(offer.price), digits),
        "currency": offer.currency,
        "lead_time_days": "" if found.own_lead_time_days is None else str(found.own_lead_time_days),
        "preferred": "yes" if offer.preferred else "",
        "version": str(found.version),
    }
    for row, each in enumerate(offer.breaks):
        values |= {f"break_qty_{row}": str(each.from_qty), f"break_price_{row}": format_qty(micros(each.price), digits)}
    return Form(values)


async def _form_page(connection: AsyncConnection, form: Form, supplier: Supplier, item: Item, offer: SupplierItem | None) -> Response:
    rows = range(min(max(_rows(form), default=-1) + 1 + SPARE_ROWS, m.BREAKS_MAX))
    units = await catalog.item_units_of(connection, ctx().tenant.id, item.id)
    return await respond.page(
        "offers/form.html", form.status, form=form, supplier=supplier, item=item, offer=offer, item_units=units, break_rows=rows
    )


def _back(form: Form) -> str:
    """Where one came from: the item's page or the supplier's."""
    slug = ctx().tenant.slug
    if form["back"] == "item":
        return url_for("stock.show_item", tenant=slug, sku=form["sku"])
    return url_for("suppliers.show", tenant=slug, code=form["supplier"])
