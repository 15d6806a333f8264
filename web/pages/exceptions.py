"""Exceptions: what left though the books did not have it, and what is promised though it is not there. Somebody looks into each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from quart import Blueprint, Response, url_for
from quart_babel import gettext
from sqlalchemy.ext.asyncio import AsyncConnection

from events.unit_of_work import UnitOfWork
from inventory.catalog import queries as catalog
from inventory.context import Context
from inventory.exceptions import queries
from inventory.exceptions import service as settling
from inventory.exceptions.messages import Exceptional, SettleBody
from inventory.exceptions.queries import ExceptionFilter
from inventory.ledger.render import item_of, warehouse_of
from inventory.locations import queries as places
from kit.clock import rfc3339
from kit.ids import exception_id
from kit.paging import Page
from kit.quantity import format_qty
from web import asking, respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.once import once

pages = Blueprint("exceptions", __name__, url_prefix="/t/<tenant>/exceptions")

_HEADER = (
    "Exception", "Kind", "SKU", "Item", "Unit", "Warehouse", "Quantity", "Seq", "Happened", "Recorded", "By", "Reference", "Settled",
    "Settled by", "Note",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShownException:
    """An exception with the names a screen shows. Only what was oversold has an `id` and can be settled."""

    found: Exceptional
    id: str | None
    sku: str
    name: str
    unit: str
    decimals: int
    warehouse_name: str
    by: str
    settled_by: str


@pages.get("")
@allow("stock.read")
async def show_list(tenant: str) -> Response:
    """What is open, newest first, unless asked for what was settled."""
    asked = _asked()
    if asking.wants_csv():
        return respond.csv(f"exceptions-{tenant}", _HEADER, [_csv_row(each) for each in await _many(asked)])
    return await _list(Form())


@pages.get("/count")
@allow("stock.read")
async def count(tenant: str) -> Response:
    """How many are open, for the number that stands in the menu and before the title."""
    async with ctx().reading() as connection:
        return await respond.fragment("ui/count.html", count=await queries.open_count(connection, ctx().tenant.id))


@pages.post("/<exception>/settle")
@allow("stock.adjust")
async def settle(tenant: str, exception: str) -> Response:
    """Note what was found. The stock itself is put right by a count."""
    form = await typed()
    with refusals_of(form):
        body = SettleBody(form.text("note", settling.NOTE_LENGTH_MAX))

        async def save(work: UnitOfWork) -> tuple[str, str]:
            await settling.settle(ctx(), work, exception, body)
            return url_for("exceptions.show_list", tenant=tenant), gettext("Settled: %(exception)s.", exception=exception)

        return await once(form, save)
    form.blame("", exception="")
    return await _list(form, exception)


async def _list(form: Form, settling_id: str = "") -> Response:
    asked, context = _asked(), ctx()
    async with context.reading() as connection:
        with asking.address_read():
            found = await _page(context, connection, asked)
        values: dict[str, Any] = {"exceptions": found, "asked": asked, "form": form, "settling": settling_id}
        if respond.is_fragment():
            return await respond.fragment("exceptions/_rows.html", form.status, **values)
        count = await queries.open_count(connection, context.tenant.id)
    return await respond.page("exceptions/list.html", form.status, count=count, **values)


def _asked() -> ExceptionFilter:
    status = asking.one_of("status", ("open", "settled"), "open")
    return ExceptionFilter(status, asking.PAGE_ROWS, asking.cursor())  # type: ignore[arg-type]


async def _page(context: Context, connection: AsyncConnection, asked: ExceptionFilter) -> Page[ShownException]:
    page = await queries.page(connection, context.tenant.id, asked)
    return Page(await _shown(context, connection, page.items), page.next, page.as_of_seq)


async def _shown(context: Context, connection: AsyncConnection, found: Sequence[Exceptional]) -> list[ShownException]:
    codes = await queries.name_exceptions(context.engine, context.tenant.id, found)
    names = await catalog.names_of(connection, context.tenant.id, (each.item for each in found))
    places_named = {each.code: each.name for each in await places.warehouses_of(connection, context.tenant.id, archived=None)}
    shown = []
    for each in found:
        item, warehouse = item_of(each.item, codes), warehouse_of(each.warehouse, codes).code
        people = [str(codes.get(("principal", who), "")) if who is not None else "" for who in (each.principal, each.settled_by)]
        number = exception_id(each.seq) if each.kind == "oversold" else None
        name, place = names.get(each.item, item.sku), places_named.get(warehouse, warehouse)
        shown.append(ShownException(each, number, item.sku, name, item.unit, item.decimals, place, *people))
    return shown


async def _many(asked: ExceptionFilter) -> list[ShownException]:
    context = ctx()
    async with context.reading() as connection:
        return await asking.every_page(asked, lambda asked: _page(context, connection, asked))


def _csv_row(shown: ShownException) -> tuple[object, ...]:
    found = shown.found
    happened, recorded, settled = (rfc3339(at) if at else "" for at in (found.effective_at_us, found.recorded_at_us, found.settled_at_us))
    what = (shown.id or "", found.kind, shown.sku, shown.name, shown.unit, shown.warehouse_name, format_qty(found.qty, shown.decimals))
    return (*what, found.seq, happened, recorded, shown.by, found.reference, settled, shown.settled_by, found.note)
