"""The page of the first steps of a new company, with a form for what comes next: see `web.first_steps`."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, Response, url_for
from quart_babel import gettext

from events.unit_of_work import UnitOfWork
from inventory import stock
from inventory.catalog import messages as catalog
from inventory.catalog import queries as items
from inventory.catalog import service as catalog_service
from inventory.locations import messages as places
from inventory.locations import queries, service
from kit.errors import unless
from web import filters, first_steps, respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.once import once

pages = Blueprint("welcome", __name__, url_prefix="/t/<tenant>/welcome")


@pages.get("")
@allow("places.write")
async def show(tenant: str) -> Response:
    """What is done and what comes next. Any step may be left out."""
    return await _page({})


@pages.post("/warehouse")
@allow("places.write")
async def open_warehouse(tenant: str) -> Response:
    """The first warehouse."""
    form = await typed()
    with refusals_of(form):
        asked = places.NewWarehouse(form.text("code", 64), form.text("name"))

        async def open_it(work: UnitOfWork) -> tuple[str, str]:
            warehouse = await service.create_warehouse(ctx(), work, asked)
            return _url(), gettext("%(name)s is open.", name=warehouse.name)

        return await once(form, open_it)
    return await _page({"warehouse": form})


@pages.post("/item")
@allow("catalog.write")
async def first_stock(tenant: str) -> Response:
    """The first item, and what of it is there: the catalogue first, then the ledger, each once however often the form comes."""
    form = await typed()
    with refusals_of(form):
        asked = catalog.NewItem(sku=form.text("sku", 64), name=form.text("item_name"), base_unit=form.text("base_unit"))
        line = {"sku": asked.sku, "warehouse": form.text("warehouse", 64), "qty": form.quantity("qty")}

        async def add(work: UnitOfWork) -> tuple[str, str]:
            if not _is_same(await items.item(work.connection, work.tenant_id, asked.sku), asked):
                await catalog_service.create_item(ctx(), work, asked)
            return _url(), gettext("%(name)s is in stock.", name=asked.name)

        response = await once(form, add)
        answer = await stock.perform(ctx(), "receive", form.key, {"lines": [line]})
        unless(answer.refusal)
        return response
    form.blame("qty", name="item_name")
    return await _page({"item": form})


def _is_same(found: items.Item | None, asked: catalog.NewItem) -> bool:
    """The item of an attempt whose stock was refused: it is there, and only its stock is missing."""
    return found is not None and (found.name, found.base_unit, found.archived_at) == (asked.name, asked.base_unit, None)


@pages.post("/put-away")
@allow("places.write")
async def put_away(tenant: str) -> Response:
    """The steps are asked for no more, on nobody's dashboard."""

    async def put(work: UnitOfWork) -> tuple[str, str]:
        if not await first_steps.are_put_away(work.connection, ctx()):
            await work.record(first_steps.PUT_AWAY, first_steps.SUBJECT)
        return url_for("dashboard.show", tenant=tenant), gettext("Put away. The help has all of it too.")

    return await once(await typed(), put)


async def _page(refused: dict[str, Form]) -> Response:
    forms = {
        "warehouse": refused.get("warehouse") or Form({"code": "main", "name": gettext("Main")}),
        "item": refused.get("item") or Form({"base_unit": "pcs"}),
    }
    status = next((form.status for form in refused.values()), 200)
    return await respond.page("welcome/page.html", status, forms=forms, **await _progress())


async def _progress() -> dict[str, Any]:
    context = ctx()
    async with context.reading() as connection:
        warehouses = await queries.warehouses_of(connection, context.tenant.id)
        units = await items.units_of(connection, context.tenant.id)
        steps = await first_steps.taken(connection, context)
    return {
        "warehouses": warehouses,
        "units": [(each.code, filters.unit(each.code)) for each in units],
        "steps": steps,
    }


def _url() -> str:
    return url_for("welcome.show", tenant=ctx().tenant.slug)
