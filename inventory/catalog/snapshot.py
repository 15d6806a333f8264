"""The catalogue as a till keeps it: every item that can be sold, with all the codes that find it, page by page.

A till asks with the edition it has and is told that nothing changed without one item being read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.catalog.queries import Item, ItemFilter, items_page
from inventory.catalog.store import item_barcodes
from kit.ids import digest16
from kit.paging import Page

PAGE_ITEMS = 1000
"""About 200 kB of JSON: a second on a slow phone line, so an interrupted till does not begin a long download again."""


@dataclass(frozen=True, slots=True)
class Code:
    """A barcode or PLU. `kind` is `barcode` or `plu`."""

    code: str
    kind: str


@dataclass(frozen=True, slots=True)
class TillItem:
    """An item and its codes, oldest first."""

    item: Item
    codes: Sequence[Code]


async def edition(connection: AsyncConnection, tenant_id: int) -> str:
    """Another text whenever an item, a code or a unit of the company was added, changed or taken away."""
    found = (await connection.execute(text(_EDITION), {"tenant_id": tenant_id})).one()
    return digest16(repr(tuple(found)).encode()).hex()


async def till_items(connection: AsyncConnection, tenant_id: int, cursor: str | None) -> Page[TillItem]:
    """A page of the items that are not archived, by SKU. Raises ValueError `bad_cursor`."""
    page = await items_page(connection, tenant_id, ItemFilter(limit=PAGE_ITEMS, cursor=cursor))
    codes = await _codes(connection, tenant_id, [item.id for item in page.items])
    return Page([TillItem(item, codes.get(item.id, ())) for item in page.items], page.next, page.as_of_seq)


async def _codes(connection: AsyncConnection, tenant_id: int, item_ids: Sequence[int]) -> dict[int, list[Code]]:
    table = item_barcodes
    query = select(table.c.item_id, table.c.code, table.c.kind).where(table.c.tenant_id == tenant_id, table.c.item_id.in_(item_ids))
    found: defaultdict[int, list[Code]] = defaultdict(list)
    for item_id, code, kind in await connection.execute(query.order_by(table.c.created_at, table.c.code)):
        found[item_id].append(Code(code, kind))
    return found


# Versions only grow and rows are never deleted, so a change moves a sum. Codes can be taken away and have no version: their
# number and the time of the newest tell.
_EDITION = """
    SELECT (SELECT (count(*), sum(version))::text FROM items WHERE tenant_id = :tenant_id),
           (SELECT (count(*), max(created_at))::text FROM item_barcodes WHERE tenant_id = :tenant_id),
           (SELECT (count(*), sum(version))::text FROM units WHERE tenant_id = :tenant_id)"""
