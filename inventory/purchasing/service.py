"""The verbs of purchase orders as documents: draft, change, submit, approve, reject, close short, cancel, send, note.

Each runs inside the caller's open transaction, locks the order, and records its fact there. What is on order is counted by the
stock engine, which is told once the transaction has been committed; if it cannot be told, its shard finds it out by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import structlog
from msgspec import UNSET
from sqlalchemy import Date, bindparam, cast, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from events.unit_of_work import UnitOfWork, Words
from inventory.body import Complaints
from inventory.catalog.domain import checked_currency, checked_text
from inventory.context import Context, Unavailable
from inventory.locations.store import warehouses
from inventory.purchasing import domain
from inventory.purchasing import messages as m
from inventory.purchasing.dates import day
from inventory.purchasing.domain import Line, Order
from inventory.purchasing.drafting import lines_of
from inventory.purchasing.queries import order_of
from inventory.purchasing.receiving import recount
from inventory.purchasing.status import ON_ORDER, Status, open_of
from inventory.purchasing.store import document_numbers, purchase_order_lines, purchase_orders
from inventory.suppliers.queries import Supplier, supplier_by_code, supplier_by_id
from kit.errors import refuse, unless
from kit.ids import order_number

FIRST_NUMBER = 1_001
TEXT_MAX = 500
ORDERS = "purchase_order"
"""The kind of their numbers."""

_log = structlog.get_logger("inventory")


async def draft(ctx: Context, work: UnitOfWork, new: m.NewOrder) -> int:
    """A new draft; answers its number. Numbers have no holes: a draft is cancelled, never deleted."""
    ctx.permit("purchasing.write")
    supplier = await _supplier(work, new.supplier)
    currency = _currency(new.currency) or supplier.currency
    ordered_on, expected_on = _day(new.ordered_on, "ordered_on"), _day(new.expected_on, "expected_on")
    lines = await lines_of(ctx, work, supplier, new.warehouse, currency, new.lines)
    number = await next_number(work, ORDERS)
    head = {
        "tenant_id": work.tenant_id, "id": number, "supplier_id": supplier.id, "warehouse_id": lines.warehouse_id, "currency": currency,
        "status": int(Status.DRAFT), "ordered_on": ordered_on, "expected_on": expected_on, "reference": _said(new.reference, "reference"),
        "note": _said(new.note, "note"), "created_by": work.principal_id,
    }  # fmt: skip
    await work.connection.execute(purchase_orders.insert().values(head))
    await _write_lines(work, number, lines.warehouse_id, lines.lines)
    await record(
        ctx, work, m.ORDER_DRAFTED, number, lines.warehouse_id, supplier=supplier.code, warehouse=new.warehouse, lines=len(lines.lines)
    )
    return number


async def change(ctx: Context, work: UnitOfWork, number: int, changed: m.OrderChanged, version: int) -> None:
    """Change a draft, or what was rejected, which is a draft again then."""
    ctx.permit("purchasing.write")
    order = await locked(work, number)
    unless(domain.edit_refusal(order))
    if order.version != version:
        raise refuse("version_conflict", {"field": "If-Match", "expected": version, "actual": order.version})
    values = _changed_values(changed)
    if changed.lines is not UNSET:
        supplier = await supplier_by_id(work.connection, work.tenant_id, order.supplier_id)
        assert supplier is not None
        warehouse = await _warehouse_code(work, order.warehouse_id)
        lines = await lines_of(ctx, work, supplier, warehouse, order.currency, changed.lines)
        of_order = (purchase_order_lines.c.tenant_id == work.tenant_id, purchase_order_lines.c.order_id == number)
        await work.connection.execute(delete(purchase_order_lines).where(*of_order))
        await _write_lines(work, number, order.warehouse_id, lines.lines)
    await _move(work, order, Status.DRAFT, **values)
    await record(
        ctx, work, m.ORDER_CHANGED, number, order.warehouse_id, fields=sorted([*values, *(["lines"] if changed.lines is not UNSET else [])])
    )


async def submit(ctx: Context, work: UnitOfWork, number: int) -> None:
    """Put a draft forward."""
    ctx.permit("purchasing.write")
    order = await locked(work, number)
    unless(domain.submit_refusal(order))
    await _move(work, order, Status.SUBMITTED, submitted_by=work.principal_id, submitted_at=func.now(), reason="")
    amount = domain.amount_of(order.lines, order.currency)
    await record(ctx, work, m.ORDER_SUBMITTED, number, order.warehouse_id, amount=str(amount), currency=order.currency)


async def approve(ctx: Context, work: UnitOfWork, number: int) -> None:
    """Goods are on order from now on."""
    ctx.permit("purchasing.approve")
    order = await locked(work, number)
    unless(domain.approval_refusal(order, ctx.actor, ctx.tenant))
    today = select(cast(func.timezone(warehouses.c.time_zone, func.now()), Date)).where(
        warehouses.c.tenant_id == work.tenant_id, warehouses.c.id == order.warehouse_id
    )
    ordered_on = func.coalesce(purchase_orders.c.ordered_on, today.scalar_subquery())
    await _decide(work, order, Status.APPROVED, ordered_on=ordered_on)
    await _open(work, order, {line.number: (open_of(line), 0) for line in order.lines})
    amount = domain.amount_of(order.lines, order.currency)
    await record(ctx, work, m.ORDER_APPROVED, number, order.warehouse_id, amount=str(amount), currency=order.currency)
    _have_counted(ctx, work, number)


async def reject(ctx: Context, work: UnitOfWork, number: int, because: m.Because) -> None:
    """It goes back to whoever drafted it, with a reason."""
    ctx.permit("purchasing.approve")
    order = await locked(work, number)
    unless(domain.decision_refusal(order))
    reason = _said(because.reason, "reason", required=True)
    await _decide(work, order, Status.REJECTED, reason=reason)
    await record(ctx, work, m.ORDER_REJECTED, number, order.warehouse_id, reason=reason)


async def close(ctx: Context, work: UnitOfWork, number: int, closing: m.Closing) -> None:
    """Nothing more is to come of some lines, or of the whole order."""
    ctx.permit("purchasing.write")
    order = await locked(work, number)
    chosen = None if closing.lines is None else [line.line for line in closing.lines]
    unless(domain.close_refusal(order, chosen))
    done = domain.closed(order, chosen)
    reason = _said(closing.reason, "reason")
    await _open(work, order, {x.number: (_left(order, x, done), done.given_up.get(x.number, 0)) for x in order.lines})
    await _move(work, order, done.status, reason=reason)
    await record(ctx, work, m.ORDER_CLOSED, number, order.warehouse_id, lines=sorted(done.given_up), whole=chosen is None, reason=reason)
    _have_counted(ctx, work, number)


async def cancel(ctx: Context, work: UnitOfWork, number: int, because: m.Because) -> None:
    """Nothing was received and nothing will be."""
    ctx.permit("purchasing.write")
    order = await locked(work, number)
    unless(domain.cancel_refusal(order))
    reason = _said(because.reason, "reason")
    await _open(work, order, {line.number: (0, 0) for line in order.lines})
    await _move(work, order, Status.CANCELLED, reason=reason)
    await record(ctx, work, m.ORDER_CANCELLED, number, order.warehouse_id, reason=reason)
    _have_counted(ctx, work, number)


async def send(ctx: Context, work: UnitOfWork, number: int) -> Supplier:
    """The order goes to its supplier by letter, which the caller writes into the same transaction; to whom."""
    ctx.permit("purchasing.write")
    order = await locked(work, number)
    supplier = await supplier_by_id(work.connection, work.tenant_id, order.supplier_id)
    assert supplier is not None
    unless(domain.send_refusal(order, supplier.email))
    mine = (purchase_orders.c.tenant_id == work.tenant_id, purchase_orders.c.id == number)
    await work.connection.execute(update(purchase_orders).where(*mine).values(sent_at=func.now()))
    await record(ctx, work, m.ORDER_SENT, number, order.warehouse_id, supplier=supplier.code)
    return supplier


async def note(ctx: Context, work: UnitOfWork, number: int, said: m.Noted) -> None:
    """Something worth knowing about an order, for its timeline. It may name people, so it stands where it can be erased."""
    ctx.permit("purchasing.write")
    order = await locked(work, number)
    words = {work.principal_id: {"note": _said(said.note, "note", required=True)}}
    await record(ctx, work, m.ORDER_NOTED, number, order.warehouse_id, words=words)


async def record(
    ctx: Context, work: UnitOfWork, name: str, number: int, warehouse_id: int, *, words: Words | None = None, **body: Any
) -> None:
    """A fact about an order; open pages are told of it once it is committed."""
    await work.record(name, order_number(number), words=words, **body)
    tell(ctx, work, number, warehouse_id)


def tell(ctx: Context, work: UnitOfWork, number: int, warehouse_id: int) -> None:
    """Tell open pages, once it is committed, that an order or what belongs to it has changed."""
    work.after.append(lambda: ctx.tell(work.tenant_id, f"order/{order_number(number)}", warehouse_id))


async def next_number(work: UnitOfWork, kind: str) -> int:
    """The next number of a kind of document. Whoever takes it holds the others up until the transaction has ended: no holes."""
    first = insert(document_numbers).values(tenant_id=work.tenant_id, kind=kind, last=FIRST_NUMBER)
    statement = first.on_conflict_do_update(constraint=document_numbers.primary_key, set_={"last": document_numbers.c.last + 1})
    return int((await work.connection.execute(statement.returning(document_numbers.c.last))).scalar_one())


async def locked(work: UnitOfWork, number: int, field: str = "number") -> Order:
    """The order, which nobody else changes until this transaction has ended. Receipts in flight wait, or are decided again. `field`
    is where its number was said."""
    mine = (purchase_orders.c.tenant_id == work.tenant_id, purchase_orders.c.id == number)
    await work.connection.execute(select(purchase_orders.c.id).where(*mine).with_for_update())
    order = await order_of(work.connection, work.tenant_id, number)
    if order is None:
        raise refuse("order_not_found", {"field": field, "order": order_number(number)})
    return order


async def _supplier(work: UnitOfWork, code: str) -> Supplier:
    supplier = await supplier_by_code(work.connection, work.tenant_id, code)
    if supplier is None:
        raise refuse("unknown_supplier", {"field": "supplier", "supplier": code[:64]})
    if supplier.archived_at:
        raise refuse("supplier_archived", {"field": "supplier", "supplier": code})
    return supplier


async def _write_lines(work: UnitOfWork, number: int, warehouse_id: int, lines: Sequence[Line]) -> None:
    names = ("item_id", "location_id", "unit", "numerator", "denominator", "qty", "ordered", "price", "unit_cost", "expected_on", "note")
    rows = [
        {"tenant_id": work.tenant_id, "order_id": number, "line": line.number, "warehouse_id": warehouse_id}
        | {name: getattr(line, name) for name in names}
        for line in lines
    ]
    await work.connection.execute(insert(purchase_order_lines), rows)


async def _move(work: UnitOfWork, order: Order, status: Status, **values: Any) -> None:
    mine = (purchase_orders.c.tenant_id == work.tenant_id, purchase_orders.c.id == order.id)
    changed = {**values, "status": int(status), "version": order.version + 1}
    await work.connection.execute(update(purchase_orders).where(*mine).values(changed))


async def _decide(work: UnitOfWork, order: Order, status: Status, **values: Any) -> None:
    await _move(work, order, status, decided_by=work.principal_id, decided_at=func.now(), **values)


async def _open(work: UnitOfWork, order: Order, lines: dict[int, tuple[int, int]]) -> None:
    """Set what is still to come of each line, and add what it gives up."""
    table = purchase_order_lines
    statement = (
        update(table)
        .where(table.c.tenant_id == work.tenant_id, table.c.order_id == order.id, table.c.line == bindparam("which"))
        .values(open=bindparam("left"), cancelled=table.c.cancelled + bindparam("more"))
    )
    rows = [{"which": number, "left": left, "more": given_up} for number, (left, given_up) in lines.items()]
    await work.connection.execute(statement, rows)


def _left(order: Order, line: Line, done: domain.Closed) -> int:
    return open_of(line) - done.given_up.get(line.number, 0) if order.status in ON_ORDER else 0


def _have_counted(ctx: Context, work: UnitOfWork, number: int) -> None:
    """Tell the stock engine, once this is committed."""

    async def tell() -> None:
        try:
            await ctx.stock.submit(work.tenant_id, recount(number))
        except Unavailable as problem:
            _log.warning("order not counted yet", tenant=work.tenant_id, order=number, problem=repr(problem))

    work.told.append(tell)


def _changed_values(changed: m.OrderChanged) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if changed.expected_on is not UNSET:
        values["expected_on"] = _day(changed.expected_on, "expected_on")
    for name in ("reference", "note"):
        if (said := getattr(changed, name)) is not UNSET:
            values[name] = _said(said, name)
    return values


def _currency(text: str | None) -> str | None:
    complaints = Complaints()
    if text is not None:
        checked_currency(text, "currency", complaints)
    complaints.raise_any()
    return text


def _day(text: str | None, field: str) -> date | None:
    complaints = Complaints()
    found = day(text, field, complaints)
    complaints.raise_any()
    return found


def _said(text: str, field: str, required: bool = False) -> str:
    complaints = Complaints()
    said = checked_text(text, field, TEXT_MAX, complaints, required=required)
    complaints.raise_any()
    return said


async def _warehouse_code(work: UnitOfWork, warehouse_id: int) -> str:
    mine = (warehouses.c.tenant_id == work.tenant_id, warehouses.c.id == warehouse_id)
    return str((await work.connection.execute(select(warehouses.c.code).where(*mine))).scalar_one())
