"""What screens, the API and the other verbs read of orders and receipts."""

# ruff: noqa: S608 - statements are put together from words of this package; whatever a person typed is a parameter.
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.catalog.queries import escaped
from inventory.ledger.queries import as_of_seq
from inventory.purchasing.domain import Line, Order
from inventory.purchasing.receiving import ReceiptKind
from inventory.purchasing.status import Status
from kit.paging import LIMIT_DEFAULT, Page, paged, parse_cursor


@dataclass(frozen=True, slots=True)
class OrderHead:
    """An order without its lines. `due_on` is its day, else the first of its lines' that is awaited; `today` is by the calendar of
    the place where it is awaited. `overdue`: its day has passed and something is still to come."""

    id: int
    supplier: str
    supplier_name: str
    warehouse: str
    warehouse_name: str
    currency: str
    status: Status
    ordered_on: date | None
    expected_on: date | None
    due_on: date | None
    today: date
    overdue: bool
    reference: str
    note: str
    reason: str
    created_by: str
    submitted_by: str | None
    decided_by: str | None
    created_at: datetime
    submitted_at: datetime | None
    decided_at: datetime | None
    sent_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line with what it is shown with; `base_unit` and `decimals` are its item's. `inbound`: of what is open, announced."""

    line: Line
    sku: str
    name: str
    base_unit: str
    decimals: int
    location: str | None
    supplier_sku: str
    inbound: int


@dataclass(frozen=True, slots=True)
class ShownOrder:
    """An order as it is shown."""

    head: OrderHead
    lines: tuple[ShownLine, ...]


@dataclass(frozen=True, slots=True)
class ShownReceiptLine:
    """A line of a receipt: one movement. `left` of it is neither undone nor returned."""

    number: int
    order_line: int
    sku: str
    name: str
    unit: str
    decimals: int
    location: str | None
    lot: str | None
    condition: int
    rejected: bool
    qty: int
    left: int
    reason: str


@dataclass(frozen=True, slots=True)
class ShownReceipt:
    """A receipt, or what takes one back (`of`)."""

    seq: int
    kind: ReceiptKind
    of: int
    order: int
    supplier: str
    supplier_name: str
    warehouse: str
    warehouse_name: str
    note: str
    created_at_us: int
    effective_at_us: int
    created_by: str
    lines: tuple[ShownReceiptLine, ...]


@dataclass(frozen=True, slots=True)
class LeadTime:
    """Days from ordering to delivery over so many deliveries: half of them took no longer, nine in ten no longer than `slow_days`."""

    deliveries: int
    median_days: int
    slow_days: int


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders a list shows. `open`: only those that something can still come of; `sku`: with such a line."""

    status: Status | None = None
    supplier: str | None = None
    warehouse: str | None = None
    sku: str | None = None
    q: str = ""
    open: bool = False
    overdue: bool = False
    sort: str = "-number"
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class ReceiptFilter:
    """Which receipts a list shows, newest first."""

    order: int | None = None
    supplier: str | None = None
    kind: ReceiptKind | None = None
    sku: str | None = None
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class LeadTimeFilter:
    """Which part of the list of lead times."""

    limit: int = LIMIT_DEFAULT
    cursor: str | None = None


async def order_of(connection: AsyncConnection, tenant_id: int, number: int) -> Order | None:
    """An order as its rules see it; None when there is none, or not for whoever asks."""
    head = await _one(connection, f"{_ORDER} WHERE o.tenant_id = :tenant_id AND o.id = :number", tenant_id, number)
    if head is None:
        return None
    lines = [shown.line for shown in (await _lines(connection, tenant_id, [number])).get(number, ())]
    return Order(
        head["id"], head["supplier_id"], head["warehouse_id"], head["currency"], Status(head["status"]), head["submitted_by_id"],
        tuple(lines), head["version"],
    )  # fmt: skip


async def shown(connection: AsyncConnection, tenant_id: int, number: int) -> ShownOrder | None:
    """One order with its lines."""
    head = await _one(connection, f"{_ORDER} WHERE o.tenant_id = :tenant_id AND o.id = :number", tenant_id, number)
    if head is None:
        return None
    return ShownOrder(_head(head), tuple((await _lines(connection, tenant_id, [number])).get(number, ())))


async def orders_page(connection: AsyncConnection, tenant_id: int, asked: OrderFilter) -> Page[ShownOrder]:
    """A page of orders with their lines. Raises ValueError `bad_cursor` or `bad_sort`."""
    params: dict[str, Any] = {"tenant_id": tenant_id, "limit": asked.limit + 1}
    conditions = _conditions(asked, params)
    order = _ordered(asked, conditions, params)
    rows = await _mappings(connection, f"{_ORDER} WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT :limit", params)
    page = paged(rows, asked.limit, await as_of_seq(connection, tenant_id), lambda row: _place(asked.sort.removeprefix("-"), row))
    lines = await _lines(connection, tenant_id, [row["id"] for row in page.items])
    return Page([ShownOrder(_head(row), tuple(lines.get(row["id"], ()))) for row in page.items], page.next, page.as_of_seq)


async def orders_counted(connection: AsyncConnection, tenant_id: int, asked: OrderFilter) -> dict[Status, int]:
    """How many orders the filter without its status finds, by status."""
    params: dict[str, Any] = {"tenant_id": tenant_id}
    conditions = _conditions(asked, params, with_status=False)
    query = f"SELECT o.status, count(*) AS orders FROM purchase_orders o {_JOINED} WHERE {' AND '.join(conditions)} GROUP BY o.status"
    return {Status(row["status"]): row["orders"] for row in await _mappings(connection, query, params)}


async def receipts_page(connection: AsyncConnection, tenant_id: int, asked: ReceiptFilter) -> Page[ShownReceipt]:
    """A page of receipts with their lines. Raises ValueError `bad_cursor`."""
    params: dict[str, Any] = {"tenant_id": tenant_id, "limit": asked.limit + 1}
    conditions = ["r.tenant_id = :tenant_id", "r.part = 0"]
    for name, condition in _OF_RECEIPT.items():
        if (value := getattr(asked, name)) is not None:
            conditions.append(condition)
            params[name] = value
    if asked.cursor:
        conditions.append("r.seq < :after")
        params["after"] = parse_cursor(asked.cursor, int)[0]
    query = f"SELECT DISTINCT r.seq FROM purchase_receipts r WHERE {' AND '.join(conditions)} ORDER BY r.seq DESC LIMIT :limit"
    seqs = [row["seq"] for row in await _mappings(connection, query, params)]
    page = paged(seqs, asked.limit, await as_of_seq(connection, tenant_id), lambda seq: (seq,))
    found = await _receipts(connection, tenant_id, page.items)
    return Page([found[seq] for seq in page.items], page.next, page.as_of_seq)


async def lead_times(connection: AsyncConnection, tenant_id: int) -> dict[int, LeadTime]:
    """How long deliveries took, by supplier, as far as it is known when they were ordered."""
    rows = await _mappings(connection, _LEAD_TIMES, {"tenant_id": tenant_id})
    return {row["supplier_id"]: LeadTime(row["deliveries"], row["median_days"], row["slow_days"]) for row in rows}


async def lead_times_page(connection: AsyncConnection, tenant_id: int, asked: LeadTimeFilter) -> Page[tuple[str, str, LeadTime]]:
    """Suppliers whose deliveries were measured, by code: code, name and how long they take. Raises ValueError `bad_cursor`."""
    params: dict[str, Any] = {"tenant_id": tenant_id, "limit": asked.limit + 1, "after": ""}
    if asked.cursor:
        params["after"] = parse_cursor(asked.cursor, str)[0]
    rows = await _mappings(connection, _LEAD_TIMES_SHOWN, params)
    page = paged(rows, asked.limit, await as_of_seq(connection, tenant_id), lambda row: (row["code"],))
    found = [(row["code"], row["name"], LeadTime(row["deliveries"], row["median_days"], row["slow_days"])) for row in page.items]
    return Page(found, page.next, page.as_of_seq)


async def receipt(connection: AsyncConnection, tenant_id: int, seq: int) -> ShownReceipt | None:
    """One receipt by its number."""
    return (await _receipts(connection, tenant_id, [seq])).get(seq)


_AWAITED = """EXISTS (SELECT 1 FROM purchase_order_lines x WHERE x.tenant_id = o.tenant_id AND x.order_id = o.id AND x.open > 0)"""
_TODAY = "(now() AT TIME ZONE w.time_zone)::date"
"""By the calendar of the place where it is awaited."""
_DAYS = (
    "SELECT min(coalesce(x.expected_on, o.expected_on)) FROM purchase_order_lines x WHERE x.tenant_id = o.tenant_id AND x.order_id = o.id"
)
_DUE = f"coalesce(({_DAYS} AND x.open > 0), o.expected_on, ({_DAYS}))"
"""The first day of a line that is awaited; a line without one of its own has the order's."""
_OVERDUE = f"({_AWAITED} AND {_DUE} < {_TODAY})"
_JOINED = """
JOIN suppliers s ON s.tenant_id = o.tenant_id AND s.id = o.supplier_id
JOIN warehouses w ON w.tenant_id = o.tenant_id AND w.id = o.warehouse_id"""
_ORDER = f"""
SELECT o.id, o.supplier_id, s.code AS supplier, s.name AS supplier_name, o.warehouse_id, w.code AS warehouse, w.name AS warehouse_name,
  o.currency, o.status, o.ordered_on, o.expected_on, {_DUE} AS due_on, {_TODAY} AS today, {_OVERDUE} AS overdue, o.reference,
  o.note, o.reason, c.label AS created_by, o.submitted_by AS submitted_by_id, b.label AS submitted_by, d.label AS decided_by, o.created_at,
  o.submitted_at, o.decided_at, o.sent_at, o.version
FROM purchase_orders o {_JOINED}
LEFT JOIN principals c ON c.tenant_id = o.tenant_id AND c.id = o.created_by
LEFT JOIN principals b ON b.tenant_id = o.tenant_id AND b.id = o.submitted_by
LEFT JOIN principals d ON d.tenant_id = o.tenant_id AND d.id = o.decided_by"""
_LINES = """
SELECT l.*, i.sku, i.name, i.base_unit, u.decimals, p.code AS location, coalesce(f.supplier_sku, '') AS supplier_sku,
  least(l.open, coalesce((SELECT sum(a.base) FROM shipment_lines a JOIN shipments h ON h.tenant_id = a.tenant_id AND h.id = a.shipment_id
    WHERE a.tenant_id = l.tenant_id AND a.order_id = l.order_id AND a.order_line = l.line AND h.cancelled_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM purchase_receipts r WHERE r.tenant_id = h.tenant_id AND r.shipment_id = h.id AND r.kind = 1)), 0)
  )::bigint AS inbound
FROM purchase_order_lines l
JOIN purchase_orders o ON o.tenant_id = l.tenant_id AND o.id = l.order_id
JOIN items i ON i.tenant_id = l.tenant_id AND i.id = l.item_id
JOIN units u ON u.tenant_id = l.tenant_id AND u.code = i.base_unit
LEFT JOIN locations p ON p.tenant_id = l.tenant_id AND p.id = l.location_id
LEFT JOIN item_suppliers f ON f.tenant_id = l.tenant_id AND f.item_id = l.item_id AND f.supplier_id = o.supplier_id
WHERE l.tenant_id = :tenant_id AND l.order_id = ANY (CAST(:numbers AS int[])) ORDER BY l.order_id, l.line"""
_RECEIPTS = """
SELECT r.*, s.code AS supplier, s.name AS supplier_name, w.code AS warehouse, w.name AS warehouse_name, p.label AS by, i.sku, i.name,
  i.base_unit, u.decimals, b.code AS location, t.code AS lot
FROM purchase_receipts r
JOIN purchase_orders o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
JOIN suppliers s ON s.tenant_id = o.tenant_id AND s.id = o.supplier_id
JOIN warehouses w ON w.tenant_id = r.tenant_id AND w.id = r.warehouse_id
JOIN items i ON i.tenant_id = r.tenant_id AND i.id = r.item_id
JOIN units u ON u.tenant_id = r.tenant_id AND u.code = i.base_unit
LEFT JOIN principals p ON p.tenant_id = r.tenant_id AND p.id = r.created_by
LEFT JOIN locations b ON b.tenant_id = r.tenant_id AND b.id = r.location_id
LEFT JOIN lots t ON t.tenant_id = r.tenant_id AND t.id = r.lot_id
WHERE r.tenant_id = :tenant_id AND r.part = 0 AND r.seq = ANY (CAST(:seqs AS bigint[])) ORDER BY r.seq, r.line"""
_LEAD_TIMES = """
WITH delivered AS (
  SELECT DISTINCT o.supplier_id, r.seq,
    (to_timestamp(r.effective_at_us / 1000000) AT TIME ZONE w.time_zone)::date - o.ordered_on AS days
  FROM purchase_receipts r
  JOIN purchase_orders o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
  JOIN warehouses w ON w.tenant_id = r.tenant_id AND w.id = r.warehouse_id
  WHERE r.tenant_id = :tenant_id AND r.kind = 1 AND o.ordered_on IS NOT NULL)
SELECT supplier_id, count(*)::int AS deliveries, percentile_disc(0.5) WITHIN GROUP (ORDER BY days) AS median_days,
  percentile_disc(0.9) WITHIN GROUP (ORDER BY days) AS slow_days
FROM delivered WHERE days >= 0 GROUP BY supplier_id"""
_LEAD_TIMES_SHOWN = f"""
SELECT s.code, s.name, t.deliveries, t.median_days, t.slow_days FROM ({_LEAD_TIMES}) t
JOIN suppliers s ON s.tenant_id = :tenant_id AND s.id = t.supplier_id
WHERE s.code > :after ORDER BY s.code LIMIT :limit"""
_HAS_SKU = """EXISTS (SELECT 1 FROM purchase_order_lines x JOIN items i ON i.tenant_id = x.tenant_id AND i.id = x.item_id
  WHERE x.tenant_id = o.tenant_id AND x.order_id = o.id AND i.sku = :sku)"""
_NEVER = "9999-12-31"
SORTS = {"number": "o.id", "supplier": "s.name", "expected": f"to_char(coalesce({_DUE}, DATE '{_NEVER}'), 'YYYY-MM-DD')"}
"""What a list of orders can be sorted by, the other way round with a minus before it."""
_OF_ORDER = {"supplier": "s.code = :supplier", "warehouse": "w.code = :warehouse", "sku": _HAS_SKU}
_OF_RECEIPT = {
    "order": "r.order_id = :order",
    "kind": "r.kind = :kind",
    "supplier": """r.order_id IN (SELECT o.id FROM purchase_orders o JOIN suppliers s ON s.tenant_id = o.tenant_id AND s.id = o.supplier_id
      WHERE o.tenant_id = :tenant_id AND s.code = :supplier)""",
    "sku": "r.item_id = (SELECT i.id FROM items i WHERE i.tenant_id = :tenant_id AND i.sku = :sku)",
}


def _conditions(asked: OrderFilter, params: dict[str, Any], with_status: bool = True) -> list[str]:
    conditions = ["o.tenant_id = :tenant_id"]
    for name, condition in _OF_ORDER.items():
        if (value := getattr(asked, name)) is not None:
            conditions.append(condition)
            params[name] = value
    if with_status and asked.status is not None:
        conditions.append("o.status = :status")
        params["status"] = int(asked.status)
    if asked.open:
        conditions.append(_AWAITED)
    if asked.overdue:
        conditions.append(_OVERDUE)
    if asked.q:
        conditions.append(r"('PO-' || o.id ILIKE :like ESCAPE '\' OR s.name ILIKE :like ESCAPE '\' OR o.reference ILIKE :like ESCAPE '\')")
        params["like"] = f"%{escaped(asked.q)}%"
    return conditions


def _ordered(asked: OrderFilter, conditions: list[str], params: dict[str, Any]) -> str:
    """The order of the rows; adds where the page begins to the conditions."""
    name, way, beyond = (asked.sort[1:], "DESC", "<") if asked.sort.startswith("-") else (asked.sort, "ASC", ">")
    if name not in SORTS:
        raise ValueError("bad_sort")
    if asked.cursor and name == "number":
        (params["after"],) = parse_cursor(asked.cursor, int)
        conditions.append(f"o.id {beyond} :after")
    elif asked.cursor:
        params["after"], params["after_id"] = parse_cursor(asked.cursor, str, int)
        conditions.append(f"({SORTS[name]}, o.id) {beyond} (:after, :after_id)")
    return f"{SORTS[name]} {way}, o.id {way}"


def _place(name: str, row: Mapping[str, Any]) -> tuple[str | int, ...]:
    """What a cursor says of a row."""
    if name == "number":
        return (row["id"],)
    return (row["supplier_name"] if name == "supplier" else str(row["due_on"] or _NEVER), row["id"])


async def _one(connection: AsyncConnection, query: str, tenant_id: int, number: int) -> Mapping[str, Any] | None:
    return next(iter(await _mappings(connection, query, {"tenant_id": tenant_id, "number": number})), None)


async def _mappings(connection: AsyncConnection, query: str, params: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return (await connection.execute(text(query), dict(params))).mappings().all()  # type: ignore[return-value]


async def _lines(connection: AsyncConnection, tenant_id: int, numbers: Sequence[int]) -> dict[int, list[ShownLine]]:
    found: dict[int, list[ShownLine]] = {}
    for row in await _mappings(connection, _LINES, {"tenant_id": tenant_id, "numbers": list(numbers)}):
        told = (row["sku"], row["name"], row["base_unit"], row["decimals"], row["location"], row["supplier_sku"], row["inbound"])
        found.setdefault(row["order_id"], []).append(ShownLine(_line(row), *told))
    return found


def _line(row: Mapping[str, Any]) -> Line:
    return Line(number=row["line"], **{name: row[name] for name in Line.__slots__ if name != "number"})


def _head(row: Mapping[str, Any]) -> OrderHead:
    return OrderHead(status=Status(row["status"]), **{name: row[name] for name in OrderHead.__slots__ if name != "status"})


async def _receipts(connection: AsyncConnection, tenant_id: int, seqs: Sequence[int]) -> dict[int, ShownReceipt]:
    rows: dict[int, list[Mapping[str, Any]]] = {}
    for row in await _mappings(connection, _RECEIPTS, {"tenant_id": tenant_id, "seqs": list(seqs)}):
        rows.setdefault(row["seq"], []).append(row)
    return {seq: _receipt(lines) for seq, lines in rows.items()}


def _receipt(rows: Sequence[Mapping[str, Any]]) -> ShownReceipt:
    head = rows[0]
    return ShownReceipt(
        head["seq"], ReceiptKind(head["kind"]), head["of_seq"], head["order_id"], head["supplier"], head["supplier_name"],
        head["warehouse"], head["warehouse_name"], head["note"], head["created_at_us"], head["effective_at_us"], head["by"] or "",
        tuple(_receipt_line(row) for row in rows),
    )  # fmt: skip


def _receipt_line(row: Mapping[str, Any]) -> ShownReceiptLine:
    return ShownReceiptLine(
        row["line"] + 1, row["order_line"], row["sku"], row["name"], row["base_unit"], row["decimals"], row["location"], row["lot"],
        row["condition"], row["rejected"], row["qty"], row["qty"] - row["taken"], row["reason"],
    )  # fmt: skip
