"""Items from a file: looked at line by line first, then taken over; and all items as such a file, or an empty one to fill."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from quart import Blueprint, Response, url_for
from quart_babel import ngettext
from sqlalchemy.ext.asyncio import AsyncConnection

from events.unit_of_work import UnitOfWork
from inventory.catalog import imports, queries
from inventory.catalog.imports import ItemFile, Row, Written
from inventory.catalog.queries import ItemFilter
from inventory.files import ROWS_MAX
from web import asking, errors, respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, take_csv, typed
from web.once import once

pages = Blueprint("item_files", __name__, url_prefix="/t/<tenant>/items/import")

SHOWN_MAX = 200
"""Lines that a look shows: more is read in the file itself, and a page of 2,000 of them takes a phone seconds."""


@pages.get("")
@allow("catalog.write")
async def show(tenant: str) -> Response:
    """Where a file is chosen; or all items as such a file, or its header alone."""
    if not asking.wants_csv():
        return await _page(Form())
    async with ctx().reading() as connection:
        warehouses = imports.told_apart(await queries.warehouse_ids(connection, ctx().tenant.id))
        header = imports.columns_for(warehouses)
        if asking.arg("rows") == "none":
            return respond.file("items", header, ())
        return respond.csv(f"items-{tenant}", header, await _all_rows(connection, warehouses))


@pages.post("")
@allow("catalog.write")
async def take(tenant: str) -> Response:
    """First the file is only looked at; what was looked at is then taken over."""
    form = await typed()
    with refusals_of(form):
        await take_csv(form)
        if form["sure"]:

            async def take_over(work: UnitOfWork) -> tuple[str, str]:
                done = await imports.import_items(ctx(), work, ItemFile(form["csv"]))
                return url_for("stock.show_list", tenant=tenant), _done(done)

            return await once(form, take_over)
    is_seen = form.refusal is None or form.refusal.code == "file_refused"
    return await _page(form, await _look(form) if is_seen else ())


async def _look(form: Form) -> Sequence[Row]:
    """What the file would do; the form is refused when some line of it is, or when it is no such file."""
    with refusals_of(form):
        async with ctx().writing() as work:
            rows = await imports.look(ctx(), work, ItemFile(form["csv"]))
        refusal = imports.refusal_of(rows)
        if refusal:
            form.refuse(refusal)
        return rows
    return ()


async def _page(form: Form, rows: Sequence[Row] = ()) -> Response:
    """`rows`: what was looked at. Those that are refused come first, and those that stay as they are are only counted."""
    told = sorted((row for row in rows if row.outcome != "unchanged"), key=lambda row: (row.outcome != "refused", row.line))
    said = _said(told[:SHOWN_MAX])
    if form.refusal and not rows:
        form.errors = {"": errors.say(form.refusal).detail}
    async with ctx().reading() as connection:
        warehouses = imports.told_apart(await queries.warehouse_ids(connection, ctx().tenant.id))
    values: dict[str, Any] = {
        "counted": Counter(row.outcome for row in rows),
        "rows": told[:SHOWN_MAX],
        "more": max(len(told) - SHOWN_MAX, 0),
        "said": said,
        "columns": imports.columns_for(warehouses),
        "rows_max": ROWS_MAX,
    }
    return await respond.page("items/import.html", form.status, form=form, **values)


def _said(rows: Sequence[Row]) -> dict[int, list[dict[str, Any]]]:
    """The complaints of lines, in words."""
    refusal = imports.refusal_of(rows)
    said = defaultdict(list)
    for error in errors.problem(refusal)["errors"] if refusal else ():
        said[error["line"]].append(error)
    return said


def _done(written: Written) -> str:
    touched = written.added + written.changed
    return ngettext("%(num)s item was taken over.", "%(num)s items were taken over.", touched)


async def _all_rows(connection: AsyncConnection, warehouses: dict[str, int]) -> list[list[str]]:
    tenant_id = ctx().tenant.id
    items = await asking.every_page(ItemFilter(), lambda asked: queries.items_page(connection, tenant_id, asked))
    ids = [item.id for item in items]
    barcodes = await queries.barcodes_of(connection, tenant_id, ids)
    limits = await queries.limits_of(connection, tenant_id, ids)
    return [imports.cells_of(item, barcodes.get(item.id, ()), limits, warehouses) for item in items]
