"""Suppliers: their list, one with what it offers, and their form."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, Response, url_for
from quart_babel import gettext
from sqlalchemy.ext.asyncio import AsyncConnection

from events.unit_of_work import UnitOfWork
from inventory.body import fit
from inventory.suppliers import messages as m
from inventory.suppliers import queries, service
from inventory.suppliers.domain import NOTES_LENGTH_MAX
from inventory.suppliers.imports import COLUMNS, rows_of
from inventory.suppliers.queries import OfferFilter, Supplier, SupplierFilter, SupplierItem
from kit.errors import refuse
from tenants.domain import LANGUAGES
from web import asking, respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.once import once

pages = Blueprint("suppliers", __name__, url_prefix="/t/<tenant>/suppliers")

_SHOWN = {"active": False, "archived": True, "all": None}
_TEXTS = ("email", "phone", "contact", "tax_number")
_DAYS = ("payment_terms_days", "lead_time_days")
_HEADER = (
    "Code", "Name", "Currency", "Contact", "E-mail", "Phone", "Tax number", "Payment terms, days", "Lead time, days", "Archived",
)  # fmt: skip


@pages.get("")
@allow("suppliers.read")
async def show_list(tenant: str) -> Response:
    """Everybody to buy from."""
    asked, context = _asked(), ctx()
    if asking.wants_csv():
        return respond.csv(f"suppliers-{tenant}", _HEADER, [_csv_row(each) for each in await _all(asked)])
    async with context.reading() as connection:
        with asking.address_read():
            suppliers = await queries.suppliers_page(connection, context.tenant.id, asked)
        total = await queries.suppliers_counted(connection, context.tenant.id, asked)
        currencies = await queries.currencies(connection, context.tenant.id)
    return await respond.page("suppliers/list.html", suppliers=suppliers, asked=asked, total=total, currencies=currencies)


@pages.get("/show/<path:code>")
@allow("suppliers.read")
async def show(tenant: str, code: str) -> Response:
    """One supplier and what it offers. As a file it has the columns that can be put back in."""
    asked, context = _offers_asked(), ctx()
    async with context.reading() as connection:
        supplier = await _found(connection, code)
        if asking.wants_csv():
            return respond.csv(f"offers-{code}", COLUMNS, rows_of(await _all_offers(connection, supplier, asked)))
        with asking.address_read():
            offers = await queries.items_of_supplier(connection, context.tenant.id, supplier.id, asked)
        total = await queries.items_of_supplier_counted(connection, context.tenant.id, supplier.id, asked)
    return await respond.page("suppliers/show.html", supplier=supplier, offers=offers, asked=asked, total=total, act=Form())


@pages.get("/new")
@allow("suppliers.write")
async def new(tenant: str) -> Response:
    """An empty form."""
    return await _form_page(Form({"currency": ctx().tenant.currency}))


@pages.post("/new")
@allow("suppliers.write")
async def create(tenant: str) -> Response:
    """Somebody new to buy from."""
    form = await typed()
    with refusals_of(form):
        asked = fit({"code": form.text("code", 64), **_told(form)}, m.NewSupplier)

        async def add(work: UnitOfWork) -> tuple[str, str]:
            supplier = await service.create_supplier(ctx(), work, asked)
            return _url(supplier.code), gettext("%(name)s is among the suppliers. Say what they sell.", name=supplier.name)

        return await once(form, add)
    return await _form_page(form)


@pages.get("/edit/<path:code>")
@allow("suppliers.write")
async def edit(tenant: str, code: str) -> Response:
    """The supplier as it is, to be changed."""
    async with ctx().reading() as connection:
        supplier = await _found(connection, code)
    return await _form_page(_as_is(supplier), supplier)


@pages.post("/edit/<path:code>")
@allow("suppliers.write")
async def change(tenant: str, code: str) -> Response:
    """Change what the form shows, unless somebody changed it since the form was opened."""
    form = await typed()
    with refusals_of(form):
        asked, version = fit(_told(form), m.SupplierChange), form.whole("version")

        async def save(work: UnitOfWork) -> tuple[str, str]:
            await service.change_supplier(ctx(), work, code, asked, version)
            return _url(code), gettext("Saved.")

        return await once(form, save)
    form.blame("", If_Match="")
    async with ctx().reading() as connection:
        return await _form_page(form, await _found(connection, code))


@pages.post("/archive")
@allow("suppliers.write")
async def archive(tenant: str) -> Response:
    """Buy from it no more."""
    form = await typed()
    with refusals_of(form):
        code = form.text("code", 64)

        async def put_away(work: UnitOfWork) -> tuple[str, str]:
            supplier = await service.archive_supplier(ctx(), work, code)
            return _url(code), gettext("%(name)s is in the archive.", name=supplier.name)

        return await once(form, put_away)
    form.blame("", supplier="")
    async with ctx().reading() as connection:
        supplier = await _found(connection, form["code"])
    form.values = {**_as_is(supplier).values}
    return await _form_page(form, supplier)


def _told(form: Form) -> dict[str, Any]:
    days = {name: int(value) if (value := form[name].strip()).isdecimal() else value or None for name in _DAYS}
    return {
        "name": form.text("name"),
        "currency": form.text("currency", 3).upper(),
        "notes": form["notes"][: NOTES_LENGTH_MAX * 2],
        "language": form["language"] or None,
        **{name: form.text(name, required=False) for name in _TEXTS},
        **days,
    }


def _as_is(supplier: Supplier) -> Form:
    days = {name: "" if getattr(supplier, name) is None else str(getattr(supplier, name)) for name in _DAYS}
    texts = {name: getattr(supplier, name) for name in ("code", "name", "currency", "notes", *_TEXTS)}
    return Form({**texts, **days, "language": supplier.language or "", "version": str(supplier.version)})


async def _form_page(form: Form, supplier: Supplier | None = None) -> Response:
    return await respond.page("suppliers/form.html", form.status, form=form, supplier=supplier, languages=LANGUAGES)


async def _found(connection: AsyncConnection, code: str) -> Supplier:
    supplier = await queries.supplier_by_code(connection, ctx().tenant.id, code)
    if supplier is None:
        raise refuse("unknown_supplier", {"field": "supplier", "supplier": code[:64]})
    return supplier


def _asked() -> SupplierFilter:
    return SupplierFilter(
        q=asking.arg("q"),
        currency=asking.arg_or_none("currency"),
        archived=_SHOWN[asking.one_of("shown", tuple(_SHOWN), "active")],
        sort="name" if asking.one_of("sort", ("code", "name"), "code") == "name" else "code",
        limit=asking.PAGE_ROWS,
        cursor=asking.cursor(),
    )


def _offers_asked() -> OfferFilter:
    return OfferFilter(
        q=asking.arg("q"),
        sort="name" if asking.one_of("sort", ("sku", "name"), "sku") == "name" else "sku",
        limit=asking.PAGE_ROWS,
        cursor=asking.cursor(),
    )


async def _all(asked: SupplierFilter) -> list[Supplier]:
    context = ctx()
    async with context.reading() as connection:
        return await asking.every_page(asked, lambda asked: queries.suppliers_page(connection, context.tenant.id, asked))


async def _all_offers(connection: AsyncConnection, supplier: Supplier, asked: OfferFilter) -> list[SupplierItem]:
    return await asking.every_page(asked, lambda asked: queries.items_of_supplier(connection, ctx().tenant.id, supplier.id, asked))


def _csv_row(each: Supplier) -> tuple[object, ...]:
    archived = each.archived_at.date().isoformat() if each.archived_at else ""
    told = (each.code, each.name, each.currency, each.contact, each.email, each.phone, each.tax_number)
    return (*told, each.payment_terms_days, each.lead_time_days, archived)


def _url(code: str) -> str:
    return url_for("suppliers.show", tenant=ctx().tenant.slug, code=code)
