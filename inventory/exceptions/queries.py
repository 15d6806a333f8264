"""What screens and the API read of exceptions."""

# ruff: noqa: S608 - statements are put together from words of this package; whatever a person typed is a parameter.
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from inventory.catalog.directory import Names, directory_of
from inventory.exceptions.messages import Exceptional, Status
from inventory.exceptions.render import keys_of_exceptions
from inventory.ledger.queries import as_of_seq
from kit.paging import LIMIT_DEFAULT, Page, paged, parse_cursor


@dataclass(frozen=True, slots=True)
class ExceptionFilter:
    """Which exceptions a list shows, newest first: all, those still open, or those settled."""

    status: Status | None = None
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None


async def page(connection: AsyncConnection, tenant_id: int, asked: ExceptionFilter) -> Page[Exceptional]:
    """A page of exceptions. Raises ValueError `bad_cursor`."""
    params: dict[str, Any] = {"tenant_id": tenant_id, "limit": asked.limit + 1}
    after = "TRUE"
    if asked.cursor is not None:
        params["seq"], params["kind"] = parse_cursor(asked.cursor, int, str)
        after = "(seq, kind) < (:seq, :kind)"
    query = f"{_FOUND} SELECT * FROM found WHERE {_STATUS[asked.status]} AND {after} ORDER BY seq DESC, kind DESC LIMIT :limit"
    rows = [Exceptional(**row) for row in (await connection.execute(text(query), params)).mappings()]
    return paged(rows, asked.limit, await as_of_seq(connection, tenant_id), lambda each: (each.seq, each.kind))


async def one(connection: AsyncConnection, tenant_id: int, seq: int) -> Exceptional | None:
    """What was oversold, by the row that stands for it."""
    query = f"{_FOUND} SELECT * FROM found WHERE seq = :seq AND kind = 'oversold'"
    row = (await connection.execute(text(query), {"tenant_id": tenant_id, "seq": seq})).mappings().one_or_none()
    return Exceptional(**row) if row else None


async def worst(connection: AsyncConnection, tenant_id: int, warehouse: str | None = None, limit: int = 5) -> tuple[list[Exceptional], int]:
    """What is open, worst first, and how many there are: a promise that cannot be kept comes before a number that is wrong."""
    there = "TRUE" if warehouse is None else "warehouse = (SELECT w.id FROM warehouses w WHERE w.tenant_id = :tenant_id AND w.code = :code)"
    query = f"""{_FOUND} SELECT *, count(*) OVER () AS open FROM found WHERE {_STATUS["open"]} AND {there}
        ORDER BY kind = 'overpromised' DESC, seq DESC LIMIT :limit"""
    params = {"tenant_id": tenant_id, "code": warehouse, "limit": limit}
    rows = [dict(row) for row in (await connection.execute(text(query), params)).mappings()]
    count = rows[0]["open"] if rows else 0
    return [Exceptional(**{name: value for name, value in row.items() if name != "open"}) for row in rows], count


async def open_count(connection: AsyncConnection, tenant_id: int) -> int:
    """How many somebody has yet to look into."""
    query = f"{_FOUND} SELECT count(*) FROM found WHERE {_STATUS['open']}"
    return int((await connection.execute(text(query), {"tenant_id": tenant_id})).scalar_one())


async def name_exceptions(engine: AsyncEngine, tenant_id: int, found: Iterable[Exceptional]) -> Names:
    """The names that exceptions are shown with."""
    return await directory_of(engine).look(tenant_id, keys_of_exceptions(found))


# The conditions are those of the partial indexes: few rows are corrections, and few cells are short.
_FOUND = """
WITH found AS (
  SELECT 'oversold' AS kind, l.seq, l.item_id AS item, l.warehouse_id AS warehouse, l.delta_on_hand AS qty, l.effective_at_us,
    l.recorded_at_us, l.principal_id AS principal, l.reference, s.settled_at_us, s.principal_id AS settled_by, coalesce(s.note, '') AS note
  FROM stock_ledger l LEFT JOIN stock_settlements s ON s.tenant_id = l.tenant_id AND s.part = l.part AND s.seq = l.seq
  WHERE l.tenant_id = :tenant_id AND l.part = 0 AND l.kind = 11 AND l.delta_on_hand > 0
  UNION ALL
  SELECT 'overpromised', b.seq, b.item_id, b.warehouse_id, b.short, NULL, NULL, NULL, '', NULL, NULL, ''
  FROM stock_balances b WHERE b.tenant_id = :tenant_id AND b.short > 0)"""
_STATUS: dict[Status | None, str] = {None: "TRUE", "open": "settled_at_us IS NULL", "settled": "settled_at_us IS NOT NULL"}
