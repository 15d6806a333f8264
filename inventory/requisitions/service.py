"""The verbs of requisitions: draft, ask, approve, reject, order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, select, update

from events.unit_of_work import UnitOfWork
from inventory.body import Complaints
from inventory.catalog.domain import checked_text
from inventory.catalog.messages import Money
from inventory.context import Context
from inventory.ledger.resolve import base_quantity
from inventory.locations import queries as places
from inventory.purchasing import queries as orders
from inventory.purchasing import service as purchasing
from inventory.purchasing.dates import day
from inventory.purchasing.messages import Because, NewOrder, NewOrderLine, OrderChanged
from inventory.purchasing.service import TEXT_MAX, next_number
from inventory.requisitions import messages as m
from inventory.requisitions import queries
from inventory.requisitions.domain import Requisition, RequisitionStatus, approval_refusal, status_refusal
from inventory.requisitions.queries import ShownRequisition, ShownRequisitionLine
from inventory.requisitions.store import requisition_lines, requisitions
from inventory.suppliers.queries import items_by_sku, offers_for
from kit import quantity
from kit.errors import refuse, unless
from kit.ids import order_number, parse_order_number, requisition_number
from kit.quantity import format_qty
from kit.text import is_code

REQUISITIONS = "requisition"
"""The kind of their numbers."""


async def draft(ctx: Context, work: UnitOfWork, new: m.NewRequisition) -> int:
    """A new requisition, put forward at once where it says so; answers its number."""
    ctx.permit("stock.reserve")
    warehouse = await places.warehouse(work.connection, work.tenant_id, new.warehouse if is_code(new.warehouse) else "")
    if warehouse is None:
        raise refuse("unknown_warehouse", {"field": "warehouse", "warehouse": new.warehouse[:64]})
    complaints = Complaints()
    needed_on = day(new.needed_on, "needed_on", complaints)
    note = checked_text(new.note, "note", TEXT_MAX, complaints, required=False)
    lines = await _lines(work, new.lines, complaints)
    complaints.raise_any()
    number = await next_number(work, REQUISITIONS)
    status = RequisitionStatus.ASKED if new.ask else RequisitionStatus.DRAFT
    head = {"tenant_id": work.tenant_id, "id": number, "warehouse_id": warehouse.id, "status": int(status), "needed_on": needed_on}
    await work.connection.execute(insert(requisitions).values({**head, "note": note, "created_by": work.principal_id}))
    of = {"tenant_id": work.tenant_id, "requisition_id": number, "warehouse_id": warehouse.id}
    await work.connection.execute(insert(requisition_lines), [{**of, "line": place, **line} for place, line in enumerate(lines, 1)])
    name = m.REQUISITION_ASKED if new.ask else m.REQUISITION_DRAFTED
    await work.record(name, requisition_number(number), warehouse=warehouse.code, lines=len(lines))
    return number


async def ask(ctx: Context, work: UnitOfWork, number: int) -> None:
    """Put a draft forward."""
    ctx.permit("stock.reserve")
    found = await _locked(work, number)
    unless(status_refusal(_ruled(found), RequisitionStatus.DRAFT))
    await _move(work, number, RequisitionStatus.ASKED)
    await work.record(m.REQUISITION_ASKED, requisition_number(number), warehouse=found.warehouse, lines=len(found.lines))


async def approve(ctx: Context, work: UnitOfWork, number: int) -> None:
    """It may be ordered."""
    ctx.permit("purchasing.approve")
    unless(approval_refusal(_ruled(await _locked(work, number)), ctx.actor, ctx.tenant))
    await _move(work, number, RequisitionStatus.APPROVED, decided_by=work.principal_id, decided_at=func.now())
    await work.record(m.REQUISITION_APPROVED, requisition_number(number))


async def reject(ctx: Context, work: UnitOfWork, number: int, because: Because) -> None:
    """It will not be ordered, for a reason."""
    ctx.permit("purchasing.approve")
    unless(status_refusal(_ruled(await _locked(work, number)), RequisitionStatus.ASKED))
    complaints = Complaints()
    reason = checked_text(because.reason, "reason", TEXT_MAX, complaints)
    complaints.raise_any()
    await _move(work, number, RequisitionStatus.REJECTED, decided_by=work.principal_id, decided_at=func.now(), reason=reason)
    await work.record(m.REQUISITION_REJECTED, requisition_number(number), reason=reason)


async def order(ctx: Context, work: UnitOfWork, number: int, ordering: m.Ordering) -> list[str]:
    """Make its lines those of drafts; answers the numbers of these."""
    ctx.permit("purchasing.write")
    found = await _locked(work, number)
    unless(status_refusal(_ruled(found), RequisitionStatus.APPROVED))
    if ordering.order is not None:
        joined = await _join(ctx, work, found, ordering.order)
        made = {joined: list(found.lines)}
    else:
        made = {}
        for supplier, lines in (await _by_supplier(work, found, ordering.supplier)).items():
            expected_on = found.needed_on.isoformat() if found.needed_on else None
            new = NewOrder(supplier, found.warehouse, tuple(map(_order_line, lines)), expected_on=expected_on)
            made[await purchasing.draft(ctx, work, new)] = lines
    for order_id, lines in made.items():
        of = (requisition_lines.c.tenant_id == work.tenant_id, requisition_lines.c.requisition_id == number)
        chosen = requisition_lines.c.line.in_([line.number for line in lines])
        await work.connection.execute(update(requisition_lines).where(*of, chosen).values(order_id=order_id))
    await _move(work, number, RequisitionStatus.ORDERED)
    numbers = [order_number(each) for each in made]
    await work.record(m.REQUISITION_ORDERED, requisition_number(number), orders=numbers)
    return numbers


def no_requisition(text: str) -> Exception:
    """The refusal for a number that names none."""
    return refuse("requisition_not_found", {"field": "number", "requisition": text[:64]})


async def _lines(work: UnitOfWork, asked: Sequence[m.WantedLine], complaints: Complaints) -> list[dict[str, Any]]:
    """The lines as they are stored; unknown items are refused, all at once."""
    known = await items_by_sku(work.connection, work.tenant_id, {line.sku for line in asked if is_code(line.sku)})
    wrong = [{"line": n, "field": "sku", "code": "unknown_item", "sku": x.sku[:64]} for n, x in enumerate(asked) if x.sku not in known]
    if wrong:
        raise refuse("unknown_item", *wrong)
    lines = []
    for place, line in enumerate(asked):
        item, before = known[line.sku], len(complaints)
        base = base_quantity(item, line.qty, line.unit or item.unit, "qty", place, complaints)
        if len(complaints) == before and base <= 0:
            complaints.add("quantity_not_positive", "qty", place)
        elif len(complaints) == before:
            qty = quantity.parse(line.qty)
            lines.append({"item_id": item.id, "unit": line.unit or item.unit, "qty": qty, "note": line.note})
    return lines


async def _by_supplier(work: UnitOfWork, found: ShownRequisition, supplier: str | None) -> dict[str, list[ShownRequisitionLine]]:
    """Which supplier each line is bought from. Refuses lines that nobody is known to sell."""
    if supplier is not None:
        return {supplier: list(found.lines)}
    offers = await offers_for(work.connection, work.tenant_id, {line.item_id for line in found.lines})
    wrong = [
        {"line": place, "field": "supplier", "code": "no_supplier", "sku": line.sku}
        for place, line in enumerate(found.lines)
        if not offers.get(line.item_id)
    ]
    if wrong:
        raise refuse("no_supplier", *wrong)
    chosen: dict[str, list[ShownRequisitionLine]] = {}
    for line in found.lines:
        preferred = next((offer for offer in offers[line.item_id] if offer.preferred), offers[line.item_id][0])
        chosen.setdefault(preferred.supplier_code, []).append(line)
    return chosen


async def _join(ctx: Context, work: UnitOfWork, found: ShownRequisition, text: str) -> int:
    """Add the lines to a draft that is open; its number. What is there stays as it is."""
    number = parse_order_number(text)
    if number is None:
        raise refuse("order_not_found", {"field": "order", "order": text[:64]})
    order = await purchasing.locked(work, number, "order")
    there = await orders.shown(work.connection, work.tenant_id, number)
    assert there is not None, "it is locked"
    if there.head.warehouse != found.warehouse:
        raise refuse("order_elsewhere", {"field": "order", "order": text, "warehouse": there.head.warehouse_name})
    lines = [
        NewOrderLine(
            line.sku,
            format_qty(line.line.qty),
            line.line.unit,
            None if line.line.price is None else Money(f"{line.line.price:f}", order.currency),
            None if line.line.expected_on is None else line.line.expected_on.isoformat(),
            line.location,
            line.line.note,
        )
        for line in there.lines
    ]
    await purchasing.change(ctx, work, number, OrderChanged(lines=(*lines, *map(_order_line, found.lines))), order.version)
    return number


def _order_line(line: ShownRequisitionLine) -> NewOrderLine:
    return NewOrderLine(line.sku, format_qty(line.qty), line.unit, note=line.note)


def _ruled(found: ShownRequisition) -> Requisition:
    return Requisition(found.id, found.status, found.warehouse_id, found.created_by_id)


async def _locked(work: UnitOfWork, number: int) -> ShownRequisition:
    mine = (requisitions.c.tenant_id == work.tenant_id, requisitions.c.id == number)
    await work.connection.execute(select(requisitions.c.id).where(*mine).with_for_update())
    found = await queries.shown(work.connection, work.tenant_id, number)
    if found is None:
        raise no_requisition(requisition_number(number))
    return found


async def _move(work: UnitOfWork, number: int, status: RequisitionStatus, **values: Any) -> None:
    mine = (requisitions.c.tenant_id == work.tenant_id, requisitions.c.id == number)
    await work.connection.execute(update(requisitions).where(*mine).values(status=int(status), **values))
