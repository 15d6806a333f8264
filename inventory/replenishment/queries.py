"""What screens, the API and the verbs read of replenishment: suggestions with their reasons, counts, and drafts made of them."""

# ruff: noqa: S608 - statements are put together from words of this package; whatever a person typed is a parameter.
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from events.jobs import job_results, job_runs
from inventory.catalog.queries import escaped
from inventory.ledger.queries import as_of_seq
from inventory.purchasing.status import Status
from inventory.replenishment import positions
from inventory.replenishment.suggestion import Elsewhere, Suggestion, suggestion_of
from inventory.suppliers.queries import Offer, offers_for
from kit.paging import LIMIT_DEFAULT, Page, paged, parse_cursor

JOB = "suggest_orders"
"""The job that counts suggestions every night."""
_OFFERS_OF = 500
"""Items whose offers are read in one statement."""


@dataclass(frozen=True, slots=True)
class SuggestionFilter:
    """Which suggestions a list shows: by supplier, warehouse and SKU, those without a supplier last. `q` looks at names, SKUs, barcodes;
    `assigned` None shows both those with a supplier and those without."""

    warehouse: str | None = None
    supplier: str | None = None
    q: str = ""
    assigned: bool | None = None
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many suggestions there are, of how many items, and how many of those nobody sells."""

    suggestions: int
    items: int
    unassigned: int


@dataclass(frozen=True, slots=True)
class OpenDraft:
    """A draft made of suggestions."""

    number: int
    supplier_name: str
    warehouse_name: str


async def page(connection: AsyncConnection, tenant_id: int, now_us: int, asked: SuggestionFilter) -> Page[Suggestion]:
    """A page of suggestions. Raises ValueError `bad_cursor`."""
    conditions, params = _where(tenant_id, now_us, asked)
    if asked.cursor:
        conditions.append(f"({_ORDER}) > (:after_0, :after_1, :after_2, :after_3)")
        params |= {f"after_{place}": value for place, value in enumerate(parse_cursor(asked.cursor, int, str, str, str))}
    query = f"""{_suggested(asked)} WHERE {" AND ".join(conditions)} ORDER BY {_ORDER} LIMIT :limit"""
    rows = await _mappings(connection, query, {**params, "limit": asked.limit + 1})
    seq = await as_of_seq(connection, tenant_id)
    found = paged(rows, asked.limit, seq, lambda row: (row["nobody"], row["supplier"] or "", row["warehouse"], row["sku"]))
    return Page(await _suggestions(connection, tenant_id, now_us, found.items), found.next, seq)


async def counted(connection: AsyncConnection, tenant_id: int, now_us: int, asked: SuggestionFilter) -> Counts:
    """How many suggestions the filter finds on all pages."""
    conditions, params = _where(tenant_id, now_us, asked)
    query = f"{_suggested(asked, positions.COUNTS)} WHERE {' AND '.join(conditions)}"
    return Counts(**(await _mappings(connection, query, params))[0])


async def of_cells(
    connection: AsyncConnection, tenant_id: int, now_us: int, cells: Collection[tuple[int, int]]
) -> dict[tuple[int, int], Suggestion]:
    """What is suggested for these (item, warehouse); those that need nothing are absent."""
    params = {"item_ids": [item for item, _ in cells], "warehouse_ids": [warehouse for _, warehouse in cells]}
    query = f"{positions.short(positions.OF_CELLS)} SELECT {_COLUMNS} {_JOINED}"
    rows = await _mappings(connection, query, {**params, "tenant_id": tenant_id, "now_us": now_us})
    return {(each.item_id, each.warehouse_id): each for each in await _suggestions(connection, tenant_id, now_us, rows)}


async def last_counted(connection: AsyncConnection, tenant_id: int) -> Counts | None:
    """What the nightly job found last; None before it has run for the first time."""
    of_run = (job_runs.c.id == job_results.c.run_id, job_results.c.tenant_id == tenant_id, job_runs.c.job == JOB)
    query = job_results.select().with_only_columns(job_results.c.counts).where(*of_run).order_by(job_runs.c.id.desc()).limit(1)
    counts = (await connection.execute(query)).scalar_one_or_none()
    return None if counts is None else Counts(*(counts.get(name, 0) for name in Counts.__slots__))


async def open_draft(
    connection: AsyncConnection, tenant_id: int, supplier: str, warehouse: str, currency: str, lines_max: int
) -> int | None:
    """The newest draft made of suggestions for this supplier, warehouse and currency that has room for one more line."""
    query = f"""SELECT o.id FROM {_DRAFTS}
        JOIN suppliers v ON v.tenant_id = o.tenant_id AND v.id = o.supplier_id JOIN warehouses w ON w.tenant_id = o.tenant_id
          AND w.id = o.warehouse_id WHERE r.tenant_id = :tenant_id AND v.code = :supplier AND w.code = :warehouse AND o.currency = :currency
          AND (SELECT count(*) FROM purchase_order_lines l WHERE l.tenant_id = o.tenant_id AND l.order_id = o.id) < :lines_max
        ORDER BY o.id DESC LIMIT 1"""
    params = {"tenant_id": tenant_id, "supplier": supplier, "warehouse": warehouse, "currency": currency, "lines_max": lines_max}
    return (await connection.execute(text(query), params)).scalar_one_or_none()


async def open_drafts(connection: AsyncConnection, tenant_id: int, limit: int) -> list[OpenDraft]:
    """The drafts made of suggestions that nobody has put forward yet, newest first."""
    query = f"""SELECT o.id AS number, v.name AS supplier_name, w.name AS warehouse_name FROM {_DRAFTS}
        JOIN suppliers v ON v.tenant_id = o.tenant_id AND v.id = o.supplier_id
        JOIN warehouses w ON w.tenant_id = o.tenant_id AND w.id = o.warehouse_id
        WHERE r.tenant_id = :tenant_id ORDER BY o.id DESC LIMIT :limit"""
    return [OpenDraft(**row) for row in await _mappings(connection, query, {"tenant_id": tenant_id, "limit": limit})]


async def drafts_with(connection: AsyncConnection, tenant_id: int, cells: Collection[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """For each (item, warehouse) the newest draft that it is in, whoever made it; the others are absent."""
    query = f"""SELECT l.item_id, l.warehouse_id, max(o.id) AS number FROM purchase_orders o
        JOIN purchase_order_lines l ON l.tenant_id = o.tenant_id AND l.order_id = o.id
        WHERE o.tenant_id = :tenant_id AND o.status = {int(Status.DRAFT)} AND {positions.OF_CELLS.replace("m.", "l.")} GROUP BY 1, 2"""
    params = {"item_ids": [item for item, _ in cells], "warehouse_ids": [warehouse for _, warehouse in cells]}
    found = await _mappings(connection, query, {**params, "tenant_id": tenant_id})
    return {(row["item_id"], row["warehouse_id"]): row["number"] for row in found}


_DRAFTS = f"""replenishment_drafts r
  JOIN purchase_orders o ON o.tenant_id = r.tenant_id AND o.id = r.order_id AND o.status = {int(Status.DRAFT)}"""
_JOINED = f"""FROM short s {positions.IN_USE}
LEFT JOIN units u ON u.tenant_id = :tenant_id AND u.code = i.base_unit
LEFT JOIN suppliers v ON v.tenant_id = :tenant_id AND v.id = c.supplier_id"""
_COLUMNS = """s.*, i.sku, i.name, i.base_unit AS unit, u.decimals, w.code AS warehouse, w.name AS warehouse_name, w.time_zone,
  v.code AS supplier, (v.id IS NULL)::int AS nobody"""
_ORDER = "(v.id IS NULL)::int, coalesce(v.code, ''), w.code, i.sku"


def _suggested(asked: SuggestionFilter, columns: str = _COLUMNS) -> str:
    scope = positions.EVERYWHERE if asked.warehouse is None else positions.IN_ONE_WAREHOUSE
    return f"{positions.short(scope)} SELECT {columns} {_JOINED}"


def _where(tenant_id: int, now_us: int, asked: SuggestionFilter) -> tuple[list[str], dict[str, Any]]:
    params: dict[str, Any] = {"tenant_id": tenant_id, "now_us": now_us}
    conditions = ["TRUE"]
    if asked.warehouse is not None:
        params["warehouse"] = asked.warehouse
    if asked.supplier is not None:
        conditions.append("v.code = :supplier")
        params["supplier"] = asked.supplier
    if asked.assigned is not None:
        conditions.append("v.id IS NOT NULL" if asked.assigned else "v.id IS NULL")
    if asked.q:
        conditions.append(r"""(i.name ILIKE :like ESCAPE '\' OR i.sku ILIKE :like ESCAPE '\'
            OR i.id IN (SELECT b.item_id FROM item_barcodes b WHERE b.tenant_id = :tenant_id AND b.code = :q))""")
        params |= {"q": asked.q, "like": f"%{escaped(asked.q)}%"}
    return conditions, params


async def _suggestions(connection: AsyncConnection, tenant_id: int, now_us: int, rows: Sequence[Mapping[str, Any]]) -> list[Suggestion]:
    """The rule for each row that was found. The statement that found it says the same, so that none is found in vain."""
    item_ids = sorted({row["item_id"] for row in rows})
    offers: dict[int, list[Offer]] = {}
    for begin in range(0, len(item_ids), _OFFERS_OF):
        offers |= await offers_for(connection, tenant_id, item_ids[begin : begin + _OFFERS_OF])
    elsewhere = await _elsewhere(connection, tenant_id, now_us, item_ids)
    return [suggestion_of(row, now_us, offers.get(row["item_id"], []), elsewhere.get(row["item_id"], [])) for row in rows]


async def _elsewhere(connection: AsyncConnection, tenant_id: int, now_us: int, item_ids: Sequence[int]) -> dict[int, list[Elsewhere]]:
    found: dict[int, list[Elsewhere]] = {}
    params = {"tenant_id": tenant_id, "now_us": now_us, "item_ids": item_ids}
    for row in await _mappings(connection, positions.ELSEWHERE, params) if item_ids else ():
        found.setdefault(row["item_id"], []).append(Elsewhere(**{name: row[name] for name in Elsewhere._fields}))
    return found


async def _mappings(connection: AsyncConnection, query: str, params: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return (await connection.execute(text(query), dict(params))).mappings().all()  # type: ignore[return-value]
