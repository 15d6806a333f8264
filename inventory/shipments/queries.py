"""What screens, the API and the verbs read of shipments."""

# ruff: noqa: S608 - statements are put together from words of this package; whatever a person typed is a parameter.
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.catalog.queries import escaped
from inventory.ledger.queries import as_of_seq
from inventory.shipments.domain import ShipmentStatus
from kit.paging import LIMIT_DEFAULT, Page, paged, parse_cursor


@dataclass(frozen=True, slots=True)
class ShownShipmentLine:
    """A line: so much of the order's line, in its unit."""

    number: int
    order_line: int
    sku: str
    name: str
    unit: str
    qty: int
    base: int
    base_unit: str
    decimals: int


@dataclass(frozen=True, slots=True)
class ShownShipment:
    """A shipment as it is shown. `receipt` is the sequence of the receipt that took it in, 0 for none."""

    id: int
    order_id: int
    supplier: str
    supplier_name: str
    warehouse: str
    warehouse_name: str
    status: ShipmentStatus
    carrier: str
    tracking: str
    due_on: date | None
    late: bool
    note: str
    reason: str
    receipt: int
    created_by: str
    created_at: datetime
    lines: tuple[ShownShipmentLine, ...]


@dataclass(frozen=True, slots=True)
class Coming:
    """So much of an item is to come, in millionths of its base unit: with a shipment, or of an order and not announced (`shipment` 0)."""

    order_id: int
    shipment: int
    supplier_name: str
    warehouse: str
    warehouse_name: str
    qty: int
    due_on: date | None
    late: bool


@dataclass(frozen=True, slots=True)
class ShipmentFilter:
    """Which shipments a list shows, newest first."""

    status: ShipmentStatus | None = None
    order: int | None = None
    supplier: str | None = None
    q: str = ""
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None


async def shown(connection: AsyncConnection, tenant_id: int, number: int) -> ShownShipment | None:
    """One shipment with its lines."""
    params = {"tenant_id": tenant_id, "number": number}
    rows = await _mappings(connection, f"{_SHIPMENTS} WHERE s.tenant_id = :tenant_id AND s.id = :number", params)
    return next(iter(await _with_lines(connection, tenant_id, rows)), None)


async def shipments_page(connection: AsyncConnection, tenant_id: int, asked: ShipmentFilter) -> Page[ShownShipment]:
    """A page of shipments with their lines. Raises ValueError `bad_cursor`."""
    params: dict[str, Any] = {"tenant_id": tenant_id, "limit": asked.limit + 1}
    conditions = _conditions(asked, params)
    if asked.cursor:
        conditions.append("s.id < :after")
        params["after"] = parse_cursor(asked.cursor, int)[0]
    query = f"{_SHIPMENTS} WHERE {' AND '.join(conditions)} ORDER BY s.id DESC LIMIT :limit"
    rows = await _mappings(connection, query, params)
    page = paged(rows, asked.limit, await as_of_seq(connection, tenant_id), lambda row: (row["id"],))
    return Page(await _with_lines(connection, tenant_id, page.items), page.next, page.as_of_seq)


async def inbound(connection: AsyncConnection, tenant_id: int, order: int) -> dict[int, int]:
    """Base quantity that is announced and has not come, by line of an order."""
    rows = await _mappings(connection, _INBOUND, {"tenant_id": tenant_id, "order": order})
    return {row["order_line"]: int(row["base"]) for row in rows}


async def coming_of(connection: AsyncConnection, tenant_id: int, item_id: int) -> list[Coming]:
    """What is on order of an item and when it is to come, the next first: all of it, up to `COMING_MAX` lines."""
    lines: dict[tuple[int, int], list[Mapping[str, Any]]] = {}
    for row in await _mappings(connection, _COMING, {"tenant_id": tenant_id, "item": item_id, "limit": COMING_MAX}):
        lines.setdefault((row["order_id"], row["line"]), []).append(row)
    found = [part for rows in lines.values() for part in _parts(rows)]
    return sorted(found, key=lambda each: (each.due_on or date.max, each.order_id, each.shipment))


COMING_MAX = 200
"""Lines of orders that one item is awaited by. Fifty would be many."""
_RECEIPT = """(SELECT min(r.seq) FROM purchase_receipts r WHERE r.tenant_id = s.tenant_id AND r.shipment_id = s.id AND r.kind = 1)"""
_STATUS = f"CASE WHEN s.cancelled_at IS NOT NULL THEN 3 WHEN {_RECEIPT} IS NOT NULL THEN 2 ELSE 1 END"
_SHIPMENTS = f"""
SELECT s.*, c.code AS supplier, c.name AS supplier_name, w.code AS warehouse, w.name AS warehouse_name, {_STATUS} AS status,
  coalesce({_RECEIPT}, 0) AS receipt, coalesce(s.due_on < (now() AT TIME ZONE w.time_zone)::date, false) AS past, p.label AS by
FROM shipments s
JOIN purchase_orders o ON o.tenant_id = s.tenant_id AND o.id = s.order_id
JOIN suppliers c ON c.tenant_id = o.tenant_id AND c.id = o.supplier_id
JOIN warehouses w ON w.tenant_id = s.tenant_id AND w.id = s.warehouse_id
LEFT JOIN principals p ON p.tenant_id = s.tenant_id AND p.id = s.created_by"""
_LINES = """
SELECT l.*, o.unit, i.sku, i.name, i.base_unit, u.decimals FROM shipment_lines l
JOIN purchase_order_lines o ON o.tenant_id = l.tenant_id AND o.order_id = l.order_id AND o.line = l.order_line
JOIN items i ON i.tenant_id = o.tenant_id AND i.id = o.item_id
JOIN units u ON u.tenant_id = i.tenant_id AND u.code = i.base_unit
WHERE l.tenant_id = :tenant_id AND l.shipment_id = ANY (CAST(:numbers AS int[])) ORDER BY l.shipment_id, l.line"""
_INBOUND = f"""
SELECT l.order_line, sum(l.base) AS base FROM shipment_lines l
JOIN shipments s ON s.tenant_id = l.tenant_id AND s.id = l.shipment_id
WHERE l.tenant_id = :tenant_id AND l.order_id = :order AND {_STATUS} = 1 GROUP BY l.order_line"""

_COMING = f"""
SELECT l.order_id, l.line, l.open, coalesce(l.expected_on, o.expected_on) AS expected_on, c.name AS supplier_name, w.code AS warehouse,
  w.name AS warehouse_name, (now() AT TIME ZONE w.time_zone)::date AS today, a.id AS shipment, a.base, a.due_on
FROM purchase_order_lines l
JOIN purchase_orders o ON o.tenant_id = l.tenant_id AND o.id = l.order_id
JOIN suppliers c ON c.tenant_id = o.tenant_id AND c.id = o.supplier_id
JOIN warehouses w ON w.tenant_id = l.tenant_id AND w.id = l.warehouse_id
LEFT JOIN LATERAL (SELECT s.id, s.due_on, x.base FROM shipment_lines x
  JOIN shipments s ON s.tenant_id = x.tenant_id AND s.id = x.shipment_id
  WHERE x.tenant_id = l.tenant_id AND x.order_id = l.order_id AND x.order_line = l.line AND {_STATUS} = 1) a ON true
WHERE l.tenant_id = :tenant_id AND l.item_id = :item AND l.open > 0 ORDER BY l.order_id, l.line, a.id LIMIT :limit"""


def _parts(rows: Sequence[Mapping[str, Any]]) -> Iterator[Coming]:
    """What is to come of a line: with each of its shipments, and what is not announced. Together it is what is open, never more."""
    left = rows[0]["open"]
    for row in (row for row in rows if row["shipment"]):
        if qty := min(left, row["base"]):
            yield _coming(row, row["shipment"], qty, row["due_on"] or row["expected_on"])
        left -= qty
    if left:
        yield _coming(rows[0], 0, left, rows[0]["expected_on"])


def _coming(row: Mapping[str, Any], shipment: int, qty: int, due_on: date | None) -> Coming:
    late = due_on is not None and due_on < row["today"]
    return Coming(row["order_id"], shipment, row["supplier_name"], row["warehouse"], row["warehouse_name"], qty, due_on, late)


def _conditions(asked: ShipmentFilter, params: dict[str, Any]) -> list[str]:
    conditions = ["s.tenant_id = :tenant_id"]
    of = {"status": f"{_STATUS} = :status", "order": "s.order_id = :order", "supplier": "c.code = :supplier"}
    for name, condition in of.items():
        if (value := getattr(asked, name)) is not None:
            conditions.append(condition)
            params[name] = int(value) if name == "status" else value
    if asked.q:
        words = ("'SH-' || s.id", "'PO-' || s.order_id", "c.name", "s.carrier", "s.tracking")
        conditions.append("(" + " OR ".join(rf"{word} ILIKE :like ESCAPE '\'" for word in words) + ")")
        params["like"] = f"%{escaped(asked.q)}%"
    return conditions


async def _with_lines(connection: AsyncConnection, tenant_id: int, rows: Sequence[Mapping[str, Any]]) -> list[ShownShipment]:
    lines: dict[int, list[ShownShipmentLine]] = {}
    for row in await _mappings(connection, _LINES, {"tenant_id": tenant_id, "numbers": [row["id"] for row in rows]}):
        names = ("order_line", "sku", "name", "unit", "qty", "base", "base_unit", "decimals")
        lines.setdefault(row["shipment_id"], []).append(ShownShipmentLine(row["line"], *(row[name] for name in names)))
    return [_shown(row, tuple(lines.get(row["id"], ()))) for row in rows]


def _shown(row: Mapping[str, Any], lines: tuple[ShownShipmentLine, ...]) -> ShownShipment:
    status = ShipmentStatus(row["status"])
    return ShownShipment(
        row["id"], row["order_id"], row["supplier"], row["supplier_name"], row["warehouse"], row["warehouse_name"], status, row["carrier"],
        row["tracking"], row["due_on"], row["past"] and status is ShipmentStatus.ANNOUNCED, row["note"], row["reason"], row["receipt"],
        row["by"] or "", row["created_at"], lines,
    )  # fmt: skip


async def _mappings(connection: AsyncConnection, query: str, params: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return (await connection.execute(text(query), dict(params))).mappings().all()  # type: ignore[return-value]
