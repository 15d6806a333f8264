"""What screens and the API read of the past: ledger rows, and how levels came to be what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from inventory.catalog.directory import directory_of
from inventory.ledger import tally as tallies
from inventory.ledger.bodies import AHEAD_MAX_US
from inventory.ledger.cells import IN_WAREHOUSE
from inventory.ledger.log import COLUMNS
from inventory.ledger.messages import Row
from inventory.ledger.queries import ItemLevel, Total, as_of_seq, totals
from inventory.ledger.render import LedgerRow, keys_of_rows, named
from kit.clock import from_us, to_us
from kit.paging import LIMIT_DEFAULT, Page, paged, parse_cursor

PART = 0
"""The partition of every tenant that is not split."""


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """Which rows a list shows. Bounds exclude themselves: by sequence, or by when a row was recorded (microseconds)."""

    sku: str | None = None
    warehouse: str | None = None
    kinds: tuple[int, ...] = ()
    after_seq: int | None = None
    before_seq: int | None = None
    after_us: int | None = None
    before_us: int | None = None
    oldest_first: bool = False
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """Levels at a moment, in millionths of the series' unit."""

    at_us: int
    on_hand: int
    reserved: int
    available: int
    in_transit: int


@dataclass(frozen=True, slots=True)
class Series:
    """How the stock counted in one unit went, oldest first. The last point is now."""

    unit: str
    decimals: int
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class LastProof:
    """How far the ledger was verified, when, and whether everything agreed. At `halted_seq` it did not, and is read-only since."""

    seq: int
    checked_at_us: int
    ok: bool
    halted_seq: int | None = None


async def last_proof(connection: AsyncConnection, tenant_id: int) -> LastProof | None:
    """The last verification of the ledger, None when there has been none."""
    query = text(
        "SELECT v.seq, v.checked_at_us, v.ok AND p.halted_rule IS NULL, p.halted_seq "
        "FROM stock_proofs v JOIN stock_partitions p USING (tenant_id, part) WHERE tenant_id = :tenant_id ORDER BY part LIMIT 1"
    )
    row = (await connection.execute(query, {"tenant_id": tenant_id})).one_or_none()
    return LastProof(*row) if row else None


async def rows(connection: AsyncConnection, tenant_id: int, asked: LedgerFilter) -> Page[Row]:
    """A page of ledger rows, newest first unless asked otherwise. Raises ValueError `bad_cursor`."""
    where, params = await _where(connection, tenant_id, asked)
    if asked.cursor is not None:
        params["cursor"] = parse_cursor(asked.cursor, int)[0]
        where += " AND l.seq > :cursor" if asked.oldest_first else " AND l.seq < :cursor"
    way = "ASC" if asked.oldest_first else "DESC"
    query = (_OF_ITEM if asked.sku is not None else _OF_ALL).format(columns=COLUMNS, where=where, way=way)
    found = [Row(*row) for row in await connection.execute(text(query), params)]
    return paged(found, asked.limit, await as_of_seq(connection, tenant_id), lambda row: (row.seq,))


async def name_rows(engine: AsyncEngine, tenant_id: int, found: Sequence[Row]) -> list[LedgerRow]:
    """Rows with the names of what they are about."""
    names = await directory_of(engine).look(tenant_id, keys_of_rows(found))
    return [named(row, names) for row in found]


async def series(
    connection: AsyncConnection, tenant_id: int, now_us: int, days: int, time_zone: str, warehouse: str | None = None
) -> list[Series]:
    """Levels of the last `days` days by unit: six-hourly up to eight days, else daily, at round hours where the company is.

    Levels are today's, less everything that took effect later; so a late delivery note changes the past it belongs to.
    """
    bounds = _bounds(now_us, days, time_zone)
    later = await _changes(connection, tenant_id, bounds, warehouse)
    return [
        Series(total.unit, total.decimals, _walk_back(bounds, total, later))
        for total in await totals(connection, tenant_id, now_us, warehouse)
    ]


async def item_points(
    connection: AsyncConnection, tenant_id: int, now_us: int, days: int, time_zone: str, level: ItemLevel
) -> Sequence[Point]:
    """Levels of one item over all warehouses in the last `days` days, oldest first, like `series`. The last point is now."""
    bounds = _bounds(now_us, days, time_zone)
    first = await _seq_before(connection, tenant_id, bounds[0] - AHEAD_MAX_US, 0)
    params = {"tenant_id": tenant_id, "bounds": bounds, "from": bounds[0], "after": first, "item_id": level.item_id}
    found = await connection.execute(text(_CHANGES_OF_ITEM), params)
    later = {(level.unit, bucket): tuple(map(int, changed)) for bucket, *changed in found}
    now = Total(level.unit, level.decimals, level.on_hand, level.reserved, level.available, level.in_transit, level.on_order)
    return _walk_back(bounds, now, later)


async def _changes(
    connection: AsyncConnection, tenant_id: int, bounds: Sequence[int], warehouse: str | None
) -> dict[tuple[str, int], tuple[int, ...]]:
    """What took effect between a bound and the next, by unit and the number of the bound: on hand, reserved, available, in transit."""
    params: dict[str, Any] = {"tenant_id": tenant_id, "bounds": list(bounds[:-1]), "from": bounds[0], "warehouse": warehouse}
    tally = await tallies.tally_of(connection, tenant_id)
    if tally is not None:
        query = tallies.changes(warehouse, tally.whole)
        params["seq"] = tally.seq
    else:
        query = _CHANGES.format(there="" if warehouse is None else f" AND {IN_WAREHOUSE.format(cell='l')}")
        params["since"] = bounds[0] - AHEAD_MAX_US
    found = await connection.execute(text(query), params)
    return {(unit, bound): tuple(map(int, changed)) for unit, bound, *changed in found}


def _walk_back(bounds: Sequence[int], total: Total, later: Mapping[tuple[str, int], tuple[int, ...]]) -> list[Point]:
    """From the levels of now to those at each bound, undoing what took effect at or after it."""
    level: tuple[int, ...] = (total.on_hand, total.reserved, total.available, total.in_transit)
    points = []
    for index in range(len(bounds) - 1, -1, -1):
        changed = later.get((total.unit, index + 1), (0, 0, 0, 0))
        level = tuple(now - by for now, by in zip(level, changed, strict=True))
        on_hand, reserved, available, in_transit = level
        points.append(Point(bounds[index], on_hand, max(0, reserved), max(0, available), max(0, in_transit)))
    return points[::-1]


def _bounds(now_us: int, days: int, time_zone: str) -> list[int]:
    zone = ZoneInfo(time_zone)
    now = from_us(now_us).astimezone(zone)
    hours = 6 if days <= 8 else 24
    at = datetime(now.year, now.month, now.day) - timedelta(days=days - 1)
    bounds: list[int] = []
    while (us := to_us(at.replace(tzinfo=zone))) < now_us:
        bounds.append(us)
        at += timedelta(hours=hours)
    return [*bounds, now_us]


async def _where(connection: AsyncConnection, tenant_id: int, asked: LedgerFilter) -> tuple[str, dict[str, Any]]:
    conditions = ["l.tenant_id = :tenant_id", f"l.part = {PART}"]
    params: dict[str, Any] = {"tenant_id": tenant_id, "limit": asked.limit + 1, "sku": asked.sku, "warehouse": asked.warehouse}
    if asked.warehouse is not None and asked.sku is None:
        conditions.append(IN_WAREHOUSE.format(cell="l"))
    if asked.kinds:
        conditions.append("l.kind = ANY (CAST(:kinds AS smallint[]))")
        params["kinds"] = list(asked.kinds)
    after = [bound for bound in (asked.after_seq, await _seq_before(connection, tenant_id, asked.after_us, 1)) if bound is not None]
    before = [bound + 1 for bound in (await _seq_before(connection, tenant_id, asked.before_us, 0),) if bound is not None]
    before += [asked.before_seq] if asked.before_seq is not None else []
    if after:
        conditions.append("l.seq > :after")
        params["after"] = max(after)
    if before:
        conditions.append("l.seq < :before")
        params["before"] = min(before)
    return " AND ".join(conditions), params


async def _seq_before(connection: AsyncConnection, tenant_id: int, at_us: int | None, and_at: int) -> int | None:
    """The last sequence recorded before a moment (`and_at` 1: or at it).

    Time never runs backwards within a partition and sequences have no holes, so halving finds it in a few reads of the key.
    """
    if at_us is None:
        return None
    low, high = 0, await as_of_seq(connection, tenant_id)
    query = text("SELECT recorded_at_us FROM stock_ledger WHERE tenant_id = :tenant_id AND part = 0 AND seq = :seq")
    while low < high:
        middle = (low + high + 1) // 2
        recorded = (await connection.execute(query, {"tenant_id": tenant_id, "seq": middle})).scalar_one()
        if recorded < at_us + and_at:
            low = middle
        else:
            high = middle - 1
    return low


_OF_ALL = "SELECT {columns} FROM stock_ledger l WHERE {where} ORDER BY l.seq {way} LIMIT :limit"

# The index of cells is in order of sequence within one warehouse only: take so many from each, then the first of those.
_OF_ITEM = """
SELECT {columns} FROM warehouses w
JOIN items i ON i.tenant_id = :tenant_id AND i.sku = :sku
CROSS JOIN LATERAL (
  SELECT l.* FROM stock_ledger l
  WHERE {where} AND l.item_id = i.id AND l.warehouse_id = w.id
  ORDER BY l.seq {way} LIMIT :limit) l
WHERE w.tenant_id = :tenant_id AND (CAST(:warehouse AS text) IS NULL OR w.code = :warehouse)
ORDER BY l.seq {way} LIMIT :limit"""

_CHANGES_OF_ITEM = f"""
SELECT width_bucket(l.effective_at_us, CAST(:bounds AS bigint[])), sum(l.delta_on_hand), sum(l.delta_reserved),
  sum({tallies.FREED}), sum(l.delta_in_transit)
FROM warehouses w CROSS JOIN LATERAL (
  SELECT * FROM stock_ledger l
  WHERE l.tenant_id = :tenant_id AND l.part = 0 AND l.item_id = :item_id AND l.warehouse_id = w.id AND l.seq > :after) l
WHERE w.tenant_id = :tenant_id AND l.effective_at_us >= :from GROUP BY 1"""  # noqa: S608 - the words are ours

_CHANGES = f"""
SELECT i.base_unit, width_bucket(l.effective_at_us, CAST(:bounds AS bigint[])), sum(l.delta_on_hand), sum(l.delta_reserved),
  sum({tallies.FREED}), sum(l.delta_in_transit)
FROM stock_ledger l JOIN items i ON i.tenant_id = :tenant_id AND i.id = l.item_id
WHERE l.tenant_id = :tenant_id AND l.recorded_at_us >= :since AND l.effective_at_us >= :from{{there}}
GROUP BY 1, 2"""  # noqa: S608 - the words are ours
