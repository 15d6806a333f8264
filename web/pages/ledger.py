"""The ledger: everything that happened to stock, newest first."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, Response

from inventory.ledger import history
from inventory.ledger.history import LedgerFilter
from inventory.ledger.messages import Kind
from inventory.locations import queries as places
from kit.clock import rfc3339
from kit.paging import Page
from kit.quantity import format_qty
from web import asking, reasons, respond
from web.access import allow, ctx
from web.pages.rows import ShownRow, show_rows

pages = Blueprint("ledger", __name__, url_prefix="/t/<tenant>/ledger")

KINDS = tuple(kind.label for kind in Kind)
_HEADER = (
    "Seq", "Recorded", "Happened", "Kind", "SKU", "Item", "Unit", "Warehouse", "Change", "Change reserved", "On hand", "Reserved",
    "Reservation", "Reference", "Reason", "By", "Role",
)  # fmt: skip


@pages.get("")
@allow("stock.read")
async def show_list(tenant: str) -> Response:
    """Rows of the ledger; search is by SKU and warehouse, as the ledger is kept."""
    asked, context = _asked(), ctx()
    if asking.wants_csv():
        return respond.csv(f"ledger-{tenant}", _HEADER, [_csv_row(row) for row in await _many(asked)])
    async with context.reading() as connection:
        with asking.address_read():
            found = await history.rows(connection, context.tenant.id, asked)
        values: dict[str, Any] = {
            "rows": await show_rows(context, connection, found),
            "asked": asked,
            "kinds": KINDS,
            "kind": asking.one_of("kind", KINDS, ""),
        }
        if respond.is_fragment():
            return await respond.fragment("ledger/_rows.html", **values)
        warehouses = await places.warehouses_of(connection, context.tenant.id, archived=None)
        proof = await history.last_proof(connection, context.tenant.id)
    return await respond.page("ledger/list.html", warehouses=warehouses, warehouse=asked.warehouse, proof=proof, **values)


def _asked() -> LedgerFilter:
    kind = asking.one_of("kind", KINDS, "")
    return LedgerFilter(
        sku=asking.arg_or_none("sku"),
        warehouse=asking.arg_or_none("warehouse"),
        kinds=(Kind[kind.upper()].value,) if kind else (),
        limit=asking.PAGE_ROWS,
        cursor=asking.cursor(),
    )


async def _many(asked: LedgerFilter) -> list[ShownRow]:
    context = ctx()
    async with context.reading() as connection:

        async def read(asked: LedgerFilter) -> Page[ShownRow]:
            return await show_rows(context, connection, await history.rows(connection, context.tenant.id, asked))

        return await asking.every_page(asked, read)


def _csv_row(shown: ShownRow) -> tuple[object, ...]:
    row, decimals = shown.row, shown.decimals
    times = (rfc3339(row.recorded_at_us), rfc3339(row.effective_at_us))
    measures = (format_qty(each, decimals) for each in (row.delta_on_hand, row.delta_reserved, row.on_hand, row.reserved))
    words = (shown.reservation or shown.transfer or "", row.reference, reasons.reason(row.reason), shown.by, shown.role)
    return (row.seq, *times, shown.kind, shown.sku, shown.name, shown.unit, shown.warehouse, *measures, *words)
