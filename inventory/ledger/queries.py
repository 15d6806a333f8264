"""What screens and the API read of stock: levels, totals, shortages. Quantities are millionths of each item's base unit.

Everything runs in the caller's snapshot, so a page and its `as_of_seq` agree. A soft hold whose time has passed stops
counting at once, whether or not the sweeper has written it down; available is clamped per cell before anything is summed.
"""

# ruff: noqa: S608 - statements are put together from words of this package; whatever a person typed is a parameter.
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.catalog.queries import escaped
from inventory.ledger import tally as tallies
from inventory.ledger.cells import DUE, IN_WAREHOUSE, ITEM_BY_ITEM, OF_CELLS, cells, items, ranked_items
from kit.clock import rfc3339
from kit.paging import LIMIT_DEFAULT, Page, paged, parse_cursor

State = Literal["out", "low", "coming", "over", "ok"]
STATES: tuple[State, ...] = ("out", "low", "coming", "over", "ok")
"""Worst first: an item's state is that of its worst warehouse (look.md)."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One item in one warehouse, as a row of a list. `qty_min` and `qty_max` are None where no limits are set."""

    item_id: int
    sku: str
    name: str
    category: str
    unit: str
    decimals: int
    warehouse_id: int
    warehouse: str
    warehouse_name: str
    on_hand: int
    reserved: int
    available: int
    blocked: int
    in_transit: int
    on_order: int
    qty_min: int | None
    qty_max: int | None
    state: State
    seq: int


@dataclass(frozen=True, slots=True)
class ItemLevel:
    """One item over its warehouses. `state` is its worst warehouse's, `state_in` that warehouse's name."""

    item_id: int
    sku: str
    name: str
    category: str
    unit: str
    decimals: int
    on_hand: int
    reserved: int
    available: int
    in_transit: int
    on_order: int
    qty_min: int
    qty_max: int
    state: State
    state_in: str
    seq: int
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Total:
    """All stock counted in one unit. Pieces, kilograms and metres are never added together."""

    unit: str
    decimals: int
    on_hand: int
    reserved: int
    available: int
    in_transit: int
    on_order: int


@dataclass(frozen=True, slots=True)
class LevelFilter:
    """Which levels a list shows. `low`: only what is out or low. `sort` with a minus in front counts down."""

    sku: str | None = None
    warehouse: str | None = None
    category: str | None = None
    q: str = ""
    low: bool = False
    state: State | None = None
    sort: str = "sku"
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None


SORTS: Mapping[str, tuple[str, type]] = {
    "sku": ("sku", str),
    "name": ("name", str),
    "on_hand": ("on_hand", int),
    "-on_hand": ("-on_hand", int),
    "reserved": ("reserved", int),
    "-reserved": ("-reserved", int),
    "available": ("available", int),
    "-available": ("-available", int),
    "state": ("rank", int),
}
"""What a list may be sorted by: the expression, and the type of its value in a cursor."""


async def as_of_seq(connection: AsyncConnection, tenant_id: int) -> int:
    """The last ledger sequence this snapshot has seen."""
    query = text("SELECT coalesce(max(seq), 0) FROM stock_partitions WHERE tenant_id = :tenant_id")
    return int((await connection.execute(query, {"tenant_id": tenant_id})).scalar_one())


async def has_costs(connection: AsyncConnection, tenant_id: int) -> bool:
    """Whether anything was ever received with a cost, in the company's currency of that time."""
    query = text("SELECT EXISTS (SELECT FROM stock_ledger WHERE tenant_id = :tenant_id AND unit_cost IS NOT NULL)")
    return bool((await connection.execute(query, {"tenant_id": tenant_id})).scalar_one())


async def rows_by(connection: AsyncConnection, tenant_id: int, principal_id: int) -> list[dict[str, Any]]:
    """The rows that somebody left: their numbers and times, and nothing of the business."""
    query = text("SELECT seq, recorded_at_us FROM stock_ledger WHERE tenant_id = :tenant_id AND principal_id = :by ORDER BY part, seq")
    found = await connection.execute(query, {"tenant_id": tenant_id, "by": principal_id})
    return [{"seq": row.seq, "recorded_at": rfc3339(row.recorded_at_us)} for row in found]


async def rows_counted_by(connection: AsyncConnection, tenant_id: int, principal_id: int) -> int:
    """How many rows somebody left."""
    query = text("SELECT count(*) FROM stock_ledger WHERE tenant_id = :tenant_id AND principal_id = :by")
    return int((await connection.execute(query, {"tenant_id": tenant_id, "by": principal_id})).scalar_one())


async def levels(connection: AsyncConnection, tenant_id: int, now_us: int, asked: LevelFilter) -> Page[Cell]:
    """A page of cells. Raises ValueError `bad_cursor` or `bad_sort`."""
    scope, where, params = _where(tenant_id, now_us, asked)
    by, after = _order(asked, params, "sku", "warehouse")
    if asked.sort == "sku" and asked.sku is None and not asked.low and asked.state is None:
        scope += ITEM_BY_ITEM
    query = f"{cells(scope)} SELECT *, {by} AS by FROM cells WHERE {where} AND {after} ORDER BY {by}, sku, warehouse LIMIT :limit"
    rows = [(_cell(row), row["by"]) for row in await _mappings(connection, query, params)]
    page = paged(rows, asked.limit, await as_of_seq(connection, tenant_id), lambda row: (row[1], row[0].sku, row[0].warehouse))
    return Page([cell for cell, _ in page.items], page.next, page.as_of_seq)


async def item_levels(connection: AsyncConnection, tenant_id: int, now_us: int, asked: LevelFilter) -> Page[ItemLevel]:
    """A page of items, each with its warehouses; items that were never in stock are there too. `state` is the worst warehouse's."""
    _, where, params = _where(tenant_id, now_us, asked, with_state=False)
    by, after = _order(asked, params, "sku")
    ranked = asked.low or asked.state is not None or asked.sort not in ("sku", "name")
    query = f"""{ranked_items(asked.warehouse is not None) if ranked else items(asked.warehouse is not None)}
        SELECT *, {by} AS by FROM listed WHERE {where} AND {_state(asked, params) if ranked else "TRUE"} AND {after}
        ORDER BY {by}, sku LIMIT :limit"""
    rows = await _mappings(connection, query, params)
    page = paged(rows, asked.limit, await as_of_seq(connection, tenant_id), lambda row: (row["by"], row["sku"]))
    found = await _cells_of(connection, tenant_id, now_us, [row["item_id"] for row in page.items], asked.warehouse)
    return Page([_item_level(row, found.get(row["item_id"], [])) for row in page.items], page.next, page.as_of_seq)


async def level_of(connection: AsyncConnection, tenant_id: int, now_us: int, sku: str) -> ItemLevel | None:
    """One item over its warehouses; None when there is no such item."""
    return next(iter(await levels_of(connection, tenant_id, now_us, [sku])), None)


async def levels_of(connection: AsyncConnection, tenant_id: int, now_us: int, skus: Sequence[str]) -> list[ItemLevel]:
    """Some items over their warehouses, in the order asked; those that do not exist are left out."""
    query = f"{items(archived=True)} SELECT * FROM listed WHERE sku = ANY (CAST(:skus AS text[]))"
    rows = {row["sku"]: row for row in await _mappings(connection, query, {"tenant_id": tenant_id, "skus": list(skus)})}
    found = await _cells_of(connection, tenant_id, now_us, [row["item_id"] for row in rows.values()], None)
    return [_item_level(rows[sku], found.get(rows[sku]["item_id"], [])) for sku in skus if sku in rows]


async def states(connection: AsyncConnection, tenant_id: int, now_us: int, asked: LevelFilter) -> dict[State, int]:
    """How many items are in each state, for the filter without its own state."""
    _, where, params = _where(tenant_id, now_us, asked, with_state=False)
    query = f"{ranked_items(asked.warehouse is not None)} SELECT rank, count(*) AS items FROM listed WHERE {where} GROUP BY rank"
    if asked == LevelFilter(warehouse=asked.warehouse, state=asked.state, low=asked.low, sort=asked.sort, limit=asked.limit):
        tally = await tallies.tally_of(connection, tenant_id)
        if tally is not None and (tally.whole or asked.warehouse is not None):
            stale = await tallies.stale_of(connection, tenant_id, now_us, tally)
            query, params = (query, params) if stale is None else (tallies.states(asked.warehouse), params | stale)
    found = {STATES[row["rank"]]: int(row["items"]) for row in await _mappings(connection, query, params)}
    return {state: found.get(state, 0) for state in STATES}


async def shortages(connection: AsyncConnection, tenant_id: int, now_us: int, warehouse: str | None = None, limit: int = 7) -> list[Cell]:
    """What must be ordered now: cells with a minimum that are out or low, the emptiest first."""
    scope, where, params = _where(tenant_id, now_us, LevelFilter(warehouse=warehouse))
    params["limit"] = limit
    if (among := await _short_cells(connection, tenant_id, now_us, warehouse, params)) is not None:
        scope, params = f"{scope} AND {OF_CELLS}", params | among
    query = f"""{cells(scope)} SELECT * FROM cells WHERE {where} AND rank <= 1 AND qty_min > 0 AND NOT archived
        ORDER BY rank, available::float / qty_min, qty_min DESC, item_id, warehouse_id LIMIT :limit"""
    return [_cell(row) for row in await _mappings(connection, query, params)]


async def _short_cells(
    connection: AsyncConnection, tenant_id: int, now_us: int, warehouse: str | None, params: Mapping[str, Any]
) -> dict[str, list[int]] | None:
    """The cells among which the worst shortages are; None when that takes a look at all of them."""
    tally = await tallies.tally_of(connection, tenant_id)
    stale = await tallies.stale_of(connection, tenant_id, now_us, tally) if tally else None
    if stale is None:
        return None
    found = await _mappings(connection, tallies.shortest(warehouse), {**params, **stale})
    return {
        "items": [*stale["items"], *(row["item_id"] for row in found)],
        "warehouses": [*stale["warehouses"], *(row["warehouse_id"] for row in found)],
    }


async def totals(connection: AsyncConnection, tenant_id: int, now_us: int, warehouse: str | None = None) -> list[Total]:
    """Sums per unit, by the unit's code."""
    params: dict[str, Any] = {"tenant_id": tenant_id, "now_us": now_us, "warehouse": warehouse}
    tally = await tallies.tally_of(connection, tenant_id)
    query = _summed(warehouse) if tally is None else tallies.totals(warehouse)
    return [Total(**row) for row in await _mappings(connection, query, params | ({"seq": tally.seq} if tally else {}))]


def _summed(warehouse: str | None) -> str:
    """Totals from every balance there is."""
    there = "TRUE" if warehouse is None else IN_WAREHOUSE.format(cell="b")
    return f"""{DUE}, free AS (
          SELECT b.*, b.reserved - coalesce(d.qty, 0) AS promised FROM stock_balances b
          LEFT JOIN due d ON d.item_id = b.item_id AND d.warehouse_id = b.warehouse_id
          WHERE b.tenant_id = :tenant_id AND {there})
        SELECT u.code AS unit, u.decimals, sum(f.on_hand)::bigint AS on_hand, sum(f.promised)::bigint AS reserved,
          sum(greatest(0, f.on_hand - f.blocked - f.promised))::bigint AS available,
          sum(f.in_transit)::bigint AS in_transit, sum(f.on_order)::bigint AS on_order
        FROM free f JOIN items i ON i.tenant_id = :tenant_id AND i.id = f.item_id
        LEFT JOIN units u ON u.tenant_id = :tenant_id AND u.code = i.base_unit
        GROUP BY u.code, u.decimals ORDER BY u.code"""


def _where(tenant_id: int, now_us: int, asked: LevelFilter, with_state: bool = True) -> tuple[str, str, dict[str, Any]]:
    """Scope, condition and parameters of a filter."""
    params: dict[str, Any] = {"tenant_id": tenant_id, "now_us": now_us, "limit": asked.limit + 1}
    scope, conditions = ["TRUE"], ["TRUE"]
    if asked.sku is not None:
        scope.append("{cell}.item_id = (SELECT s.id FROM items s WHERE s.tenant_id = :tenant_id AND s.sku = :sku)")
        conditions.append("sku = :sku")
        params["sku"] = asked.sku
    if asked.warehouse is not None:
        scope.append(IN_WAREHOUSE)
        params["warehouse"] = asked.warehouse
    if asked.category is not None:
        conditions.append("category = :category")
        params["category"] = asked.category
    if asked.q:
        conditions.append("""(name ILIKE :like ESCAPE '\\' OR sku ILIKE :like ESCAPE '\\'
            OR item_id IN (SELECT c.item_id FROM item_barcodes c WHERE c.tenant_id = :tenant_id AND c.code = :q))""")
        params |= {"q": asked.q, "like": f"%{escaped(asked.q)}%"}
    if with_state:
        conditions.append(_state(asked, params))
    return " AND ".join(scope), " AND ".join(conditions), params


def _state(asked: LevelFilter, params: dict[str, Any]) -> str:
    conditions = ["TRUE"]
    if asked.low:
        conditions.append("rank <= 1")
    if asked.state is not None:
        conditions.append("rank = :rank")
        params["rank"] = STATES.index(asked.state)
    return " AND ".join(conditions)


def _order(asked: LevelFilter, params: dict[str, Any], *then: str) -> tuple[str, str]:
    """What to sort by, and the condition that goes on after the cursor. Ties are broken by codes, so a page never repeats."""
    if asked.sort not in SORTS:
        raise ValueError("bad_sort")
    by, kind = SORTS[asked.sort]
    if asked.cursor is None:
        return by, "TRUE"
    values = parse_cursor(asked.cursor, kind, *(str for _ in then))
    params |= {f"after_{place}": value for place, value in enumerate(values)}
    places = ", ".join(f":after_{place}" for place in range(len(values)))
    return by, f"({by}, {', '.join(then)}) > ({places})"


async def _cells_of(
    connection: AsyncConnection, tenant_id: int, now_us: int, item_ids: Sequence[int], warehouse: str | None
) -> dict[int, list[Cell]]:
    scope, where, params = _where(tenant_id, now_us, LevelFilter(warehouse=warehouse))
    scope += " AND {cell}.item_id = ANY (CAST(:item_ids AS int[]))"
    query = f"{cells(scope)} SELECT * FROM cells WHERE {where} ORDER BY sku, warehouse"
    found: dict[int, list[Cell]] = {}
    for row in await _mappings(connection, query, {**params, "item_ids": list(item_ids)}):
        found.setdefault(row["item_id"], []).append(_cell(row))
    return found


async def _mappings(connection: AsyncConnection, query: str, params: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return (await connection.execute(text(query), dict(params))).mappings().all()  # type: ignore[return-value]


def _cell(row: Mapping[str, Any]) -> Cell:
    fields = {name: row[name] for name in Cell.__slots__ if name != "state"}
    return Cell(**fields, state=STATES[row["rank"]])


def _item_level(item: Mapping[str, Any], cells: Sequence[Cell]) -> ItemLevel:
    """The sum over warehouses; each cell was clamped before (semantics.md, E16)."""
    worst = min(cells, key=lambda cell: STATES.index(cell.state), default=None)
    return ItemLevel(
        item["item_id"],
        item["sku"],
        item["name"],
        item["category"],
        item["unit"],
        item["decimals"],
        on_hand=sum(cell.on_hand for cell in cells),
        reserved=sum(cell.reserved for cell in cells),
        available=sum(cell.available for cell in cells),
        in_transit=sum(cell.in_transit for cell in cells),
        on_order=sum(cell.on_order for cell in cells),
        qty_min=sum(cell.qty_min or 0 for cell in cells),
        qty_max=sum(cell.qty_max or 0 for cell in cells),
        state=worst.state if worst else "out",
        state_in=worst.warehouse_name if worst else "",
        seq=max((cell.seq for cell in cells), default=0),
        cells=tuple(cells),
    )
