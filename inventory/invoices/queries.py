"""What screens, the API and the verbs read of invoices. Each line comes with what its match is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.invoices.domain import Invoiced, Ordered, Reason, State, Tolerance, reasons, state_of
from inventory.ledger.queries import as_of_seq
from inventory.purchasing.domain import in_unit
from kit.paging import LIMIT_DEFAULT, Page, paged, parse_cursor

ROUND = 200
"""Lines looked at in one go for a page of exceptions: most lines match."""


@dataclass(frozen=True, slots=True)
class ShownInvoiceLine:
    """A line and what came of matching it. Quantities in millionths of the order line's unit."""

    number: int
    order_line: int | None
    sku: str
    description: str
    unit: str
    invoiced: Invoiced
    ordered: Ordered | None
    state: State
    reasons: tuple[Reason, ...]
    approval: str
    approved_by: str | None


@dataclass(frozen=True, slots=True)
class ShownInvoice:
    """An invoice as it is shown."""

    id: int
    number: str
    supplier: str
    supplier_name: str
    order_id: int
    currency: str
    invoiced_on: date | None
    due_on: date | None
    note: str
    created_by: str
    created_at: datetime
    lines: tuple[ShownInvoiceLine, ...]

    @property
    def state(self) -> State:
        """The worst of its lines'."""
        states = {line.state for line in self.lines}
        return next((each for each in (State.EXCEPTION, State.APPROVED) if each in states), State.MATCHED)

    @property
    def amount(self) -> Decimal:
        """What is asked for."""
        return sum((line.invoiced.amount for line in self.lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """Which invoices a list shows, newest first. `exceptions`: only those with a line that somebody has to look at."""

    order: int | None = None
    supplier: str | None = None
    exceptions: bool = False
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None


async def shown(connection: AsyncConnection, tenant_id: int, number: int, tolerance: Tolerance) -> ShownInvoice | None:
    """One invoice with its lines."""
    params = {"tenant_id": tenant_id, "number": number}
    rows = await _mappings(connection, f"{_INVOICES} WHERE v.tenant_id = :tenant_id AND v.id = :number", params)
    return next(iter(await _with_lines(connection, tenant_id, rows, tolerance)), None)


async def invoices_page(connection: AsyncConnection, tenant_id: int, asked: InvoiceFilter, tolerance: Tolerance) -> Page[ShownInvoice]:
    """A page of invoices with their lines. Raises ValueError `bad_cursor`."""
    after = int(parse_cursor(asked.cursor, int)[0]) if asked.cursor else 2**31 - 1
    found: list[ShownInvoice] = []
    while len(found) <= asked.limit:
        rows = await _read(connection, tenant_id, asked, after)
        shown = await _with_lines(connection, tenant_id, rows, tolerance)
        found += [each for each in shown if not asked.exceptions or each.state is State.EXCEPTION]
        if len(rows) < ROUND:
            break
        after = rows[-1]["id"]
    return paged(found[: asked.limit + 1], asked.limit, await as_of_seq(connection, tenant_id), lambda each: (each.id,))


async def under_number(connection: AsyncConnection, tenant_id: int, supplier_id: int, number: str) -> int | None:
    """Our number of the supplier's invoice, if it was entered."""
    query = "SELECT id FROM supplier_invoices WHERE tenant_id = :tenant_id AND supplier_id = :supplier AND lower(number) = lower(:number)"
    rows = await _mappings(connection, query, {"tenant_id": tenant_id, "supplier": supplier_id, "number": number})
    return rows[0]["id"] if rows else None


async def invoiced_of(connection: AsyncConnection, tenant_id: int, order: int) -> dict[int, int]:
    """How much was invoiced of an order, by its lines, in millionths of their units."""
    query = """
      SELECT order_line, sum(qty)::bigint AS qty FROM supplier_invoice_lines
      WHERE tenant_id = :tenant_id AND order_id = :order AND order_line IS NOT NULL GROUP BY order_line"""
    return {row["order_line"]: row["qty"] for row in await _mappings(connection, query, {"tenant_id": tenant_id, "order": order})}


_INVOICES = """
SELECT v.*, s.code AS supplier, s.name AS supplier_name, p.label AS by FROM supplier_invoices v
JOIN suppliers s ON s.tenant_id = v.tenant_id AND s.id = v.supplier_id
LEFT JOIN principals p ON p.tenant_id = v.tenant_id AND p.id = v.created_by"""
_LINES = """
SELECT l.*, o.unit, o.numerator, o.denominator, o.received, o.rejected, o.price AS agreed, i.sku, i.name, p.label AS approver,
  coalesce((SELECT sum(x.qty) FROM supplier_invoice_lines x WHERE x.tenant_id = l.tenant_id AND x.order_id = l.order_id
    AND x.order_line = l.order_line AND (x.invoice_id, x.line) <= (l.invoice_id, l.line)), 0)::bigint AS upto
FROM supplier_invoice_lines l
LEFT JOIN purchase_order_lines o ON o.tenant_id = l.tenant_id AND o.order_id = l.order_id AND o.line = l.order_line
LEFT JOIN items i ON i.tenant_id = o.tenant_id AND i.id = o.item_id
LEFT JOIN principals p ON p.tenant_id = l.tenant_id AND p.id = l.approved_by
WHERE l.tenant_id = :tenant_id AND l.invoice_id = ANY (CAST(:numbers AS int[])) ORDER BY l.invoice_id, l.line"""


async def _read(connection: AsyncConnection, tenant_id: int, asked: InvoiceFilter, after: int) -> Sequence[Mapping[str, Any]]:
    params: dict[str, Any] = {"tenant_id": tenant_id, "after": after, "limit": ROUND}
    conditions = ["v.tenant_id = :tenant_id", "v.id < :after"]
    for name, condition in {"order": "v.order_id = :order", "supplier": "s.code = :supplier"}.items():
        if (value := getattr(asked, name)) is not None:
            conditions.append(condition)
            params[name] = value
    return await _mappings(connection, f"{_INVOICES} WHERE {' AND '.join(conditions)} ORDER BY v.id DESC LIMIT :limit", params)


async def _with_lines(
    connection: AsyncConnection, tenant_id: int, rows: Sequence[Mapping[str, Any]], tolerance: Tolerance
) -> list[ShownInvoice]:
    currencies = {row["id"]: row["currency"] for row in rows}
    lines: dict[int, list[ShownInvoiceLine]] = {}
    for row in await _mappings(connection, _LINES, {"tenant_id": tenant_id, "numbers": list(currencies)}):
        lines.setdefault(row["invoice_id"], []).append(_line(row, currencies[row["invoice_id"]], tolerance))
    names = (
        "id", "number", "supplier", "supplier_name", "order_id", "currency", "invoiced_on", "due_on", "note", "created_at",
    )  # fmt: skip
    return [
        ShownInvoice(**{name: row[name] for name in names}, created_by=row["by"] or "", lines=tuple(lines.get(row["id"], ())))
        for row in rows
    ]


def _line(row: Mapping[str, Any], currency: str, tolerance: Tolerance) -> ShownInvoiceLine:
    invoiced = Invoiced(row["qty"], row["upto"], row["price"], row["amount"])
    ordered = _ordered(row)
    found = reasons(invoiced, ordered, tolerance, currency)
    state = state_of(found, row["approved_at"] is not None)
    return ShownInvoiceLine(
        row["line"], row["order_line"], row["sku"] or "", row["description"] or row["name"] or "", row["unit"] or "", invoiced, ordered,
        state, found, row["approval"], row["approver"],
    )  # fmt: skip


def _ordered(row: Mapping[str, Any]) -> Ordered | None:
    if row["order_line"] is None:
        return None
    agreed: Decimal | None = row["agreed"]
    return Ordered(in_unit(row["received"] - row["rejected"], row["numerator"], row["denominator"]), agreed)


async def _mappings(connection: AsyncConnection, query: str, params: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return (await connection.execute(text(query), dict(params))).mappings().all()  # type: ignore[return-value]
