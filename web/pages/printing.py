"""Paper: labels with barcodes, count sheets and pick lists. Pages that are read on a screen first, and printed by the browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quart import Blueprint, Response

from inventory.catalog import queries as catalog
from inventory.ledger import queries as ledger
from inventory.ledger.queries import ItemLevel, LevelFilter
from inventory.locations import queries as places
from inventory.reservations import queries as reservations
from inventory.transfers import queries as transfers
from kit.errors import refuse
from kit.ids import parse_reservation_id, parse_transfer_id
from web import asking, respond
from web.access import allow, ctx
from web.pages.lines import cell_in
from web.pages.rows import show_holds, show_transfers

pages = Blueprint("printing", __name__, url_prefix="/t/<tenant>/print")

COPIES = ("1", "2", "4", "8", "12", "24")
ROWS_MAX = 2000
"""Of a count sheet: some forty pages, more than one person counts."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A line of a pick list, in millionths: what to take from where."""

    sku: str
    name: str
    unit: str
    decimals: int
    qty: int
    where: str
    code: str


@pages.get("/labels")
@allow("stock.read")
async def labels(tenant: str) -> Response:
    """Labels of the items that the address names, each as often as it says. Their code is the first barcode, else the SKU."""
    context, asked = ctx(), asking.skus()
    async with context.reading() as connection:
        levels = await ledger.levels_of(connection, context.tenant.id, context.clock(), asked)
        codes = await catalog.barcodes_of(connection, context.tenant.id, (level.item_id for level in levels))
    shown = [(level, codes.get(level.item_id, [level.sku])[0]) for level in levels]
    copies = asking.one_of("copies", COPIES, COPIES[0])
    return await respond.page("printing/labels.html", labels=shown, copies=copies, all_copies=COPIES)


@pages.get("/count")
@allow("stock.read")
async def count_sheet(tenant: str) -> Response:
    """What to count in a warehouse, with room for the numbers. `books=1` prints what the books have, too: a blind count is better."""
    context = ctx()
    async with context.reading() as connection:
        warehouses = await places.warehouses_of(connection, context.tenant.id)
    warehouse = asking.arg("warehouse") or (warehouses[0].code if warehouses else "")
    levels = await _to_count(warehouse)
    return await respond.page(
        "printing/count.html",
        levels=[(level, cell_in(level, warehouse)) for level in levels],
        places=warehouses,
        place=next((each for each in warehouses if each.code == warehouse), None),
        books=asking.arg("books") == "1",
        skus=asking.skus(),
    )


@pages.get("/pick/<document>")
@allow("stock.read")
async def pick_list(tenant: str, document: str) -> Response:
    """What of a reservation or transfer is still to be taken from the shelves, by warehouse and SKU."""
    title, lines = await _picked(document)
    return await respond.page("printing/pick.html", document=document, reference=title, lines=sorted(lines, key=lambda x: (x.where, x.sku)))


async def _to_count(warehouse: str) -> Sequence[ItemLevel]:
    """The items that the address names, else all that the warehouse has or should have."""
    context, skus = ctx(), asking.skus()
    async with context.reading() as connection:
        if skus:
            return await ledger.levels_of(connection, context.tenant.id, context.clock(), skus)
        asked = LevelFilter(warehouse=warehouse, category=asking.arg_or_none("category"), q=asking.arg("q"))
        found = await asking.every_page(
            asked, lambda asked: ledger.item_levels(connection, context.tenant.id, context.clock(), asked), ROWS_MAX
        )  # fmt: skip
        return [level for level in found if level.cells][:ROWS_MAX]


async def _picked(document: str) -> tuple[str, list[Pick]]:
    context, held, moved = ctx(), parse_reservation_id(document), parse_transfer_id(document)
    async with context.reading() as connection:
        if held is not None and not held[1] and held[0] < 2**63:
            hold = await reservations.one(connection, context.tenant.id, held[0])
            for shown in await show_holds(context, connection, [hold] if hold else []):
                lines = [(x.sku, x.name, x.unit, x.decimals, x.open, x.warehouse_name) for x in shown.lines if x.open]
                return shown.reference, await _with_codes(lines)
        if moved is not None and not moved[1]:
            found = await transfers.one(connection, context.tenant.id, moved[0])
            for sent in await show_transfers(context, connection, [found] if found else []):
                lines = [(x.sku, x.name, x.unit, x.decimals, x.open, sent.source) for x in sent.lines if x.open]
                return sent.reference, await _with_codes(lines)
    raise refuse("not_found")


async def _with_codes(lines: Sequence[tuple[str, str, str, int, int, str]]) -> list[Pick]:
    """The lines with the code that a scanner reads off the shelf."""
    context = ctx()
    async with context.reading() as connection:
        levels = await ledger.levels_of(connection, context.tenant.id, context.clock(), list(dict.fromkeys(line[0] for line in lines)))
        codes = await catalog.barcodes_of(connection, context.tenant.id, (level.item_id for level in levels))
    first = {level.sku: codes.get(level.item_id, [level.sku])[0] for level in levels}
    return [Pick(*line, first.get(line[0], line[0])) for line in lines]
