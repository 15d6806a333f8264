"""The verbs of shipments: announce, cancel; and receive, which the stock engine decides."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, insert, select, update

from events.unit_of_work import UnitOfWork
from inventory.answer import Asked, Verb, head
from inventory.body import Complaints
from inventory.catalog.directory import Key, Names
from inventory.catalog.domain import checked_text
from inventory.context import Context
from inventory.ledger.messages import ReceiveOrder
from inventory.ledger.resolve import base_quantity
from inventory.purchasing import queries as orders
from inventory.purchasing.dates import day
from inventory.purchasing.messages import Because, DeliveredLine, OrderDelivery
from inventory.purchasing.queries import ShownLine, ShownOrder
from inventory.purchasing.receipts import of_delivery, show_receipt
from inventory.purchasing.service import TEXT_MAX, locked, next_number, tell
from inventory.shipments import messages as m
from inventory.shipments import queries
from inventory.shipments.domain import Announced, ShipmentStatus, announce_refusal, cancel_refusal
from inventory.shipments.queries import ShownShipment
from inventory.shipments.store import shipment_lines, shipments
from inventory.suppliers.queries import items_by_sku
from kit import quantity
from kit.errors import refuse, unless
from kit.ids import digest16, order_number, parse_order_number, parse_shipment_number, shipment_number
from kit.quantity import format_qty

SHIPMENTS = "shipment"
"""The kind of their numbers."""


async def announce(ctx: Context, work: UnitOfWork, new: m.NewShipment) -> int:
    """A new shipment; answers its number. Two who announce of one order do so one after the other."""
    ctx.permit("purchasing.write")
    number = parse_order_number(new.order)
    if number is None:
        raise _no_order(new.order)
    order = await locked(work, number, "order")
    shown = await orders.shown(work.connection, work.tenant_id, number)
    assert shown is not None, "it is locked"
    lines = await _announced(work, shown, new.lines)
    complaints = Complaints()
    due_on = day(new.due_on, "due_on", complaints)
    texts = {name: checked_text(getattr(new, name), name, TEXT_MAX, complaints, required=False) for name in ("carrier", "tracking", "note")}
    complaints.raise_any()
    unless(announce_refusal(order, lines, await queries.inbound(work.connection, work.tenant_id, number)))
    made = await next_number(work, SHIPMENTS)
    head = {
        "tenant_id": work.tenant_id,
        "id": made,
        "order_id": number,
        "warehouse_id": order.warehouse_id,
        "created_by": work.principal_id,
    }
    await work.connection.execute(insert(shipments).values({**head, "due_on": due_on, **texts}))
    rows = [
        {"tenant_id": work.tenant_id, "shipment_id": made, "line": place, "order_id": number, "order_line": each.line.number,
         "warehouse_id": order.warehouse_id, "qty": each.qty, "base": each.base}
        for place, each in enumerate(lines, 1)
    ]  # fmt: skip
    await work.connection.execute(insert(shipment_lines), rows)
    await work.record(m.SHIPMENT_ANNOUNCED, shipment_number(made), order=order_number(number), lines=len(lines))
    tell(ctx, work, number, order.warehouse_id)
    return made


async def cancel(ctx: Context, work: UnitOfWork, number: int, because: Because) -> None:
    """It does not come after all."""
    ctx.permit("purchasing.write")
    mine = (shipments.c.tenant_id == work.tenant_id, shipments.c.id == number)
    warehouse = (await work.connection.execute(select(shipments.c.warehouse_id).where(*mine).with_for_update())).scalar_one_or_none()
    shipment = await queries.shown(work.connection, work.tenant_id, number)
    if warehouse is None or shipment is None:
        raise no_shipment(shipment_number(number))
    unless(cancel_refusal(number, shipment.status))
    complaints = Complaints()
    reason = checked_text(because.reason, "reason", TEXT_MAX, complaints, required=False)
    complaints.raise_any()
    await work.connection.execute(update(shipments).where(*mine).values(cancelled_at=func.now(), reason=reason))
    await work.record(m.SHIPMENT_CANCELLED, shipment_number(number), order=order_number(shipment.order_id), reason=reason)
    tell(ctx, work, shipment.order_id, warehouse)


async def build_receive(ctx: Context, asked: Asked, body: m.ShipmentArrival, names: Names) -> ReceiveOrder:
    """The command that receives all of a shipment. Its key is the shipment's own, so however many people and keys ask, it is
    received once: whoever comes later is answered with the receipt that was made."""
    shipment = await _shipment(ctx, body.shipment)
    if shipment.status is ShipmentStatus.CANCELLED:
        unless(cancel_refusal(shipment.id, shipment.status))
    lines = tuple(DeliveredLine(format_qty(line.qty), line.order_line) for line in shipment.lines)
    delivery = OrderDelivery(
        order=order_number(shipment.order_id),
        lines=lines,
        delivery_note=body.delivery_note or shipment.tracking,
        reason=body.reason,
        effective_at=body.effective_at,
    )
    key = f"shipment {shipment_number(shipment.id)}"
    hashes = {"key": key, "key_hash": digest16(b"receipt", key.encode()), "body_hash": digest16(b"shipment", key.encode())}
    return await of_delivery(ctx, head(ctx, asked) | hashes, delivery, shipment.id)


def names_of(body: m.ShipmentArrival) -> set[Key]:
    """None: what its lines name is known when the order is."""
    return set()


RECEIVE = Verb("purchasing.receive", m.ShipmentArrival, names_of, build_receive, show_receipt, 201)


def no_shipment(text: str) -> Exception:
    """The refusal for a number that names none."""
    return refuse("shipment_not_found", {"field": "number", "shipment": text[:64]})


async def _shipment(ctx: Context, text: str) -> ShownShipment:
    number = parse_shipment_number(text)
    async with ctx.reading() as connection:
        found = None if number is None else await queries.shown(connection, ctx.tenant.id, number)
    if found is None:
        raise no_shipment(text)
    return found


async def _announced(work: UnitOfWork, order: ShownOrder, asked: Sequence[m.AnnouncedLine]) -> list[Announced]:
    """The lines in base units; all that is wrong with them at once."""
    items = await items_by_sku(work.connection, work.tenant_id, {line.sku for line in order.lines})
    complaints, found = Complaints(), []
    for place, line in enumerate(asked):
        of = line_of(order, line, place)
        item = items[of.sku]._replace(factors={**items[of.sku].factors, of.line.unit: (of.line.numerator, of.line.denominator)})
        before = len(complaints)
        base = base_quantity(item, line.qty, of.line.unit, "qty", place, complaints)
        if len(complaints) == before and base <= 0:
            complaints.add("quantity_not_positive", "qty", place)
        elif len(complaints) == before:
            found.append(Announced(of.line, quantity.parse(line.qty), base))
    complaints.raise_any()
    return found


def line_of(order: ShownOrder, line: m.AnnouncedLine, place: int) -> ShownLine:
    """The order's line that an announced one is of. Refuses none, and more than one."""
    if line.line is None and line.sku is None:
        raise refuse("invalid_body", {"line": place, "field": "line", "code": "value_missing"})
    found = [x for x in order.lines if line.line in (None, x.line.number) and line.sku in (None, x.sku)]
    if not found:
        raise refuse("order_line_not_found", {"line": place, "field": "line", "order_line": line.line or (line.sku or "")[:64]})
    if len(found) > 1:
        raise refuse("invalid_body", {"line": place, "field": "sku", "code": "which_line", "sku": line.sku})
    return found[0]


def _no_order(text: str) -> Exception:
    return refuse("order_not_found", {"field": "order", "order": text[:64]})
