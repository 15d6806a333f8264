"""What screens, the API and the verbs read of requisitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.ledger.queries import as_of_seq
from inventory.requisitions.domain import RequisitionStatus
from kit.paging import LIMIT_DEFAULT, Page, paged, parse_cursor


@dataclass(frozen=True, slots=True)
class ShownRequisitionLine:
    """A line; `order_id` is the order that it became a line of, None before."""

    number: int
    item_id: int
    sku: str
    name: str
    unit: str
    qty: int
    note: str
    order_id: int | None


@dataclass(frozen=True, slots=True)
class ShownRequisition:
    """A requisition as it is shown."""

    id: int
    status: RequisitionStatus
    warehouse_id: int
    warehouse: str
    warehouse_name: str
    needed_on: date | None
    note: str
    reason: str
    created_by_id: int
    created_by: str
    created_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    lines: tuple[ShownRequisitionLine, ...]


@dataclass(frozen=True, slots=True)
class RequisitionFilter:
    """Which requisitions a list shows, newest first."""

    status: RequisitionStatus | None = None
    warehouse: str | None = None
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None


async def shown(connection: AsyncConnection, tenant_id: int, number: int) -> ShownRequisition | None:
    """One requisition with its lines."""
    params = {"tenant_id": tenant_id, "number": number}
    rows = await _mappings(connection, f"{_REQUISITIONS} WHERE q.tenant_id = :tenant_id AND q.id = :number", params)
    return next(iter(await _with_lines(connection, tenant_id, rows)), None)


async def requisitions_page(connection: AsyncConnection, tenant_id: int, asked: RequisitionFilter) -> Page[ShownRequisition]:
    """A page of requisitions with their lines. Raises ValueError `bad_cursor`."""
    params: dict[str, Any] = {"tenant_id": tenant_id, "limit": asked.limit + 1}
    conditions = ["q.tenant_id = :tenant_id"]
    if asked.status is not None:
        conditions.append("q.status = :status")
        params["status"] = int(asked.status)
    if asked.warehouse is not None:
        conditions.append("w.code = :warehouse")
        params["warehouse"] = asked.warehouse
    if asked.cursor:
        conditions.append("q.id < :after")
        params["after"] = parse_cursor(asked.cursor, int)[0]
    rows = await _mappings(connection, f"{_REQUISITIONS} WHERE {' AND '.join(conditions)} ORDER BY q.id DESC LIMIT :limit", params)
    page = paged(rows, asked.limit, await as_of_seq(connection, tenant_id), lambda row: (row["id"],))
    return Page(await _with_lines(connection, tenant_id, page.items), page.next, page.as_of_seq)


_REQUISITIONS = """
SELECT q.*, w.code AS warehouse, w.name AS warehouse_name, c.label AS created_by_name, d.label AS decided_by_name
FROM requisitions q
JOIN warehouses w ON w.tenant_id = q.tenant_id AND w.id = q.warehouse_id
LEFT JOIN principals c ON c.tenant_id = q.tenant_id AND c.id = q.created_by
LEFT JOIN principals d ON d.tenant_id = q.tenant_id AND d.id = q.decided_by"""
_LINES = """
SELECT l.*, i.sku, i.name FROM requisition_lines l JOIN items i ON i.tenant_id = l.tenant_id AND i.id = l.item_id
WHERE l.tenant_id = :tenant_id AND l.requisition_id = ANY (CAST(:numbers AS int[])) ORDER BY l.requisition_id, l.line"""


async def _with_lines(connection: AsyncConnection, tenant_id: int, rows: Sequence[Mapping[str, Any]]) -> list[ShownRequisition]:
    lines: dict[int, list[ShownRequisitionLine]] = {}
    names = ("line", "item_id", "sku", "name", "unit", "qty", "note", "order_id")
    for row in await _mappings(connection, _LINES, {"tenant_id": tenant_id, "numbers": [row["id"] for row in rows]}):
        lines.setdefault(row["requisition_id"], []).append(ShownRequisitionLine(*(row[name] for name in names)))
    return [
        ShownRequisition(
            row["id"], RequisitionStatus(row["status"]), row["warehouse_id"], row["warehouse"], row["warehouse_name"], row["needed_on"],
            row["note"], row["reason"], row["created_by"], row["created_by_name"] or "", row["created_at"], row["decided_by_name"],
            row["decided_at"], tuple(lines.get(row["id"], ())),
        )
        for row in rows
    ]  # fmt: skip


async def _mappings(connection: AsyncConnection, query: str, params: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return (await connection.execute(text(query), dict(params))).mappings().all()  # type: ignore[return-value]
