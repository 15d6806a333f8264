"""Warehouses: their list and their form."""

from __future__ import annotations

from quart import Blueprint, Response, url_for
from quart_babel import gettext

from events.unit_of_work import UnitOfWork
from inventory.locations import messages as m
from inventory.locations import queries, service
from inventory.locations.queries import Warehouse
from kit.errors import refuse
from web import asking, respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.once import once

pages = Blueprint("warehouses", __name__, url_prefix="/t/<tenant>/warehouses")

_HEADER = ("Code", "Name", "Time zone", "Archived")


@pages.get("")
@allow("places.read")
async def show_list(tenant: str) -> Response:
    """All warehouses, those in use first."""
    async with ctx().reading() as connection:
        found = await queries.warehouses_of(connection, ctx().tenant.id, archived=None)
    warehouses = sorted(found, key=lambda each: (each.archived_at is not None, each.code))
    if asking.wants_csv():
        return respond.csv(f"warehouses-{tenant}", _HEADER, [_csv_row(each) for each in warehouses])
    return await respond.page("warehouses/list.html", warehouses=warehouses)


@pages.get("/new")
@allow("places.write")
async def new(tenant: str) -> Response:
    """An empty form."""
    return await _form_page(Form({"time_zone": ctx().tenant.time_zone}))


@pages.post("/new")
@allow("places.write")
async def create(tenant: str) -> Response:
    """A warehouse is opened, if the plan has room for it."""
    form = await typed()
    with refusals_of(form):
        asked = m.NewWarehouse(form.text("code", 64), form.text("name"), form.text("time_zone", required=False) or None)

        async def open_it(work: UnitOfWork) -> tuple[str, str]:
            warehouse = await service.create_warehouse(ctx(), work, asked)
            return _list_url(), gettext("%(name)s is open.", name=warehouse.name)

        return await once(form, open_it)
    return await _form_page(form)


@pages.get("/edit/<path:code>")
@allow("places.write")
async def edit(tenant: str, code: str) -> Response:
    """The warehouse as it is, to be changed."""
    found = await _found(code)
    values = {"code": found.code, "name": found.name, "time_zone": found.time_zone, "version": str(found.version)}
    return await _form_page(Form(values), found)


@pages.post("/edit/<path:code>")
@allow("places.write")
async def change(tenant: str, code: str) -> Response:
    """Change what the form shows, unless somebody changed it since the form was opened."""
    form = await typed()
    with refusals_of(form):
        asked, version = m.WarehouseChange(form.text("name"), form.text("time_zone")), form.whole("version")

        async def save(work: UnitOfWork) -> tuple[str, str]:
            await service.change_warehouse(ctx(), work, code, asked, version)
            return _list_url(), gettext("Saved.")

        return await once(form, save)
    form.blame("", If_Match="")
    return await _form_page(form, await _found(code))


@pages.post("/archive")
@allow("places.write")
async def archive(tenant: str) -> Response:
    """Close a warehouse; it must be empty."""
    form = await typed()
    with refusals_of(form):
        code = form.text("code", 64)

        async def close(work: UnitOfWork) -> tuple[str, str]:
            warehouse = await service.archive_warehouse(ctx(), work, code)
            return _list_url(), gettext("%(name)s is closed.", name=warehouse.name)

        return await once(form, close)
    form.blame("", warehouse="")
    found = await _found(form["code"])
    form.values |= {"name": found.name, "time_zone": found.time_zone, "version": str(found.version)}
    return await _form_page(form, found)


async def _found(code: str) -> Warehouse:
    async with ctx().reading() as connection:
        warehouse = await queries.warehouse(connection, ctx().tenant.id, code)
    if warehouse is None:
        raise refuse("warehouse_not_found")
    return warehouse


async def _form_page(form: Form, warehouse: Warehouse | None = None) -> Response:
    return await respond.page("warehouses/form.html", form.status, form=form, warehouse=warehouse)


def _csv_row(warehouse: Warehouse) -> tuple[str, ...]:
    archived = warehouse.archived_at.date().isoformat() if warehouse.archived_at else ""
    return (warehouse.code, warehouse.name, warehouse.time_zone, archived)


def _list_url() -> str:
    return url_for("warehouses.show_list", tenant=ctx().tenant.slug)
