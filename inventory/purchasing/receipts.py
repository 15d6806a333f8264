"""The verbs of goods: receive what was ordered, undo a receipt, return goods to the supplier. The stock engine decides them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from inventory.answer import Asked, Json, Verb, head
from inventory.body import Complaints
from inventory.catalog.directory import ItemName, Key, Names, directory_of
from inventory.context import Context
from inventory.ledger.bodies import LineBody
from inventory.ledger.messages import DeliveryLine, Outcome, ReceiveOrder, TakeBack, TakeBackLine
from inventory.ledger.render import level_json, named, row_json
from inventory.ledger.resolve import Place, base_quantity, look_up, names_of_lines, places, with_new_lots
from inventory.ledger.service import header, scope_of
from inventory.lots.service import Expiry, set_expiries
from inventory.purchasing import queries
from inventory.purchasing.dates import day
from inventory.purchasing.messages import DeliveredLine, Delivery, OrderDelivery, ReceiptReturning, ReceiptUndoing
from inventory.purchasing.queries import ShownLine, ShownOrder
from inventory.purchasing.render import outcome_json
from kit.errors import refuse
from kit.ids import digest16, order_number, parse_order_number, parse_receipt_id, receipt_id
from kit.quantity import format_qty


def names_of(body: OrderDelivery | ReceiptReturning | ReceiptUndoing) -> set[Key]:
    """None: what the lines name is known when the order or the receipt is."""
    return set()


async def build_receive(ctx: Context, asked: Asked, body: OrderDelivery, names: Names) -> ReceiveOrder:
    """The command of a delivery for the order that `order` names. Lots that are new come into being.

    A receipt's key is the company's, not the person's: fifty people who post the same delivery make one receipt.
    """
    asked_by = head(ctx, asked) | {"key_hash": digest16(b"receipt", asked.key.encode())}
    return await of_delivery(ctx, asked_by, body)


async def of_delivery(ctx: Context, asked_by: Json, body: OrderDelivery, shipment: int = 0) -> ReceiveOrder:
    """The command of a delivery, of an announced shipment where its number is given."""
    order = await _order(ctx, body.order)
    if body.allow_over:
        ctx.permit("purchasing.over_receive")
    told = header(ctx, None, body.reason, body.effective_at)
    lines = await _delivered(ctx, order, _chosen(order, body))
    if not lines:
        raise refuse("nothing_to_receive", {"field": "lines", "order": order_number(order.head.id)})
    return ReceiveOrder(
        **asked_by,
        **told,
        order=order.head.id,
        lines=lines,
        tolerance_percent=ctx.tenant.settings.over_receipt_percent,
        over=body.allow_over,
        note=body.delivery_note,
        scope=scope_of(ctx),
        shipment=shipment,
    )


def build_undo(ctx: Context, asked: Asked, body: ReceiptUndoing, names: Names) -> TakeBack:
    """The command that takes a whole receipt back: it was entered by mistake."""
    told = header(ctx, None, body.reason)
    return TakeBack(**head(ctx, asked), **told, receipt=_receipt(body.receipt), undo=True, scope=scope_of(ctx))


async def build_return(ctx: Context, asked: Asked, body: ReceiptReturning, names: Names) -> TakeBack:
    """The command by which goods go back to their supplier: from where the receipt put them."""
    seq = _receipt(body.receipt)
    told = header(ctx, None, body.reason, body.effective_at, reason_required=True)
    async with ctx.reading() as connection:
        receipt = await queries.receipt(connection, ctx.tenant.id, seq)
    if receipt is None:
        raise _no_receipt(seq)
    items = await directory_of(ctx.engine).look(ctx.tenant.id, {("sku", line.sku) for line in receipt.lines})
    complaints, lines = Complaints(), []
    for number, line in enumerate(body.lines):
        of = next((each for each in receipt.lines if each.number == line.line), None)
        if of is None:
            raise refuse("receipt_line_not_found", {"line": number, "receipt_line": line.line})
        item = items["sku", of.sku]
        assert isinstance(item, ItemName)
        qty = base_quantity(item, line.qty, line.unit, "qty", number, complaints)
        if qty <= 0:
            complaints.add("quantity_not_positive", "qty", number)
        lines.append(TakeBackLine(line.line - 1, qty))
    complaints.raise_any()
    return TakeBack(**head(ctx, asked), **told, receipt=seq, undo=False, lines=tuple(lines), scope=scope_of(ctx))


def show_receipt(outcome: Outcome, names: Names) -> Json:
    """The answer: the receipt, how the order stands, what moved."""
    receipt = outcome.receipt
    assert receipt is not None, "a verb of receipts that was done has a receipt"
    return outcome_json(receipt, names) | {
        "movements": [row_json(named(row, names)) for row in outcome.rows],
        "levels": [level_json(level, names) for level in outcome.levels],
        "seq": outcome.seq,
    }


RECEIVE = Verb("purchasing.receive", OrderDelivery, names_of, build_receive, show_receipt, 201)
UNDO = Verb("purchasing.receive", ReceiptUndoing, names_of, build_undo, show_receipt, 201)
RETURN = Verb("purchasing.receive", ReceiptReturning, names_of, build_return, show_receipt, 201)


async def _order(ctx: Context, text: str) -> ShownOrder:
    number = parse_order_number(text)
    async with ctx.reading() as connection:
        order = None if number is None else await queries.shown(connection, ctx.tenant.id, number)
    if order is None:
        raise refuse("order_not_found", {"field": "number", "order": text[:64]})
    return order


def _receipt(text: str) -> int:
    found = parse_receipt_id(text)
    if found is None or found[1] != 0:
        raise refuse("receipt_not_found", {"field": "receipt", "receipt": text[:64]})
    return found[0]


def _no_receipt(seq: int) -> Exception:
    return refuse("receipt_not_found", {"field": "receipt", "receipt": receipt_id(seq)})


Chosen = list[tuple[ShownLine, DeliveredLine]]
"""Lines of a delivery, each with the order's line that it is of."""


def _chosen(order: ShownOrder, body: Delivery) -> Chosen:
    """Which line of the order each line is of; without lines all that is open."""
    if body.lines is None:
        return [(x, DeliveredLine(format_qty(x.line.open), x.line.number, unit=x.base_unit)) for x in order.lines if x.line.open]
    complaints = Complaints()
    chosen = [(_line_of(order, line, number, complaints), line) for number, line in enumerate(body.lines)]
    complaints.raise_any()
    return [(of, line) for of, line in chosen if of is not None]


def _line_of(order: ShownOrder, line: DeliveredLine, number: int, complaints: Complaints) -> ShownLine | None:
    if line.line is None and line.sku is None:
        complaints.add("value_missing", "line", number)
        return None
    found = [x for x in order.lines if line.line in (None, x.line.number) and line.sku in (None, x.sku)]
    if not found:
        raise refuse("order_line_not_found", {"line": number, "order_line": line.line or line.sku})
    if len(found) > 1:
        complaints.add("which_line", "line", number, sku=line.sku)
    return found[0]


async def _delivered(ctx: Context, order: ShownOrder, chosen: Chosen) -> tuple[DeliveryLine, ...]:
    bodies = [_body(order, of, line) for of, line in chosen]
    found: Sequence[Place] = places(bodies, await look_up(ctx, names_of_lines(bodies)), adds=True, new_lots=True)
    complaints = Complaints()
    measured = [_measured(*each, place, number, complaints) for number, (each, place) in enumerate(zip(chosen, found, strict=True))]
    expiries = [day(line.expires_on, "expires_on", complaints, number) for number, (_, line) in enumerate(chosen)]
    _need_lots(chosen, expiries, complaints)
    complaints.raise_any()
    found = await with_new_lots(ctx, bodies, found)
    await set_expiries(ctx, [Expiry(place.lot, at) for place, at in zip(found, expiries, strict=True) if at])
    return tuple(
        DeliveryLine(of.line.number, qty, rejected, place.location, place.lot, place.condition, line.reason)
        for (of, line), place, (qty, rejected) in zip(chosen, found, measured, strict=True)
        if qty
    )


def _body(order: ShownOrder, of: ShownLine, line: DeliveredLine) -> LineBody:
    return LineBody(of.sku, order.head.warehouse, line.qty, line.location, line.lot, line.serial, None, line.condition or "good", line.unit)


def _measured(of: ShownLine, line: DeliveredLine, place: Place, number: int, complaints: Complaints) -> tuple[int, int]:
    """What came and what of it was rejected, in base units. A pack is what it was when it was ordered."""
    ordered = of.line
    item = place.item._replace(factors={**place.item.factors, ordered.unit: (ordered.numerator, ordered.denominator)})
    before, unit = len(complaints), line.unit or ordered.unit
    qty = base_quantity(item, line.qty, unit, "qty", number, complaints)
    rejected = base_quantity(item, line.rejected, unit, "rejected", number, complaints)
    if len(complaints) == before:
        if qty < 0:
            complaints.add("out_of_range", "qty", number, min="0")
        if not 0 <= rejected <= max(qty, 0):
            complaints.add("more_rejected", "rejected", number)
        if line.serial is not None and format_qty(qty) != "1":
            complaints.add("serial_is_one", "qty", number)
    return qty, rejected


def _need_lots(chosen: Chosen, expiries: Sequence[date | None], complaints: Complaints) -> None:
    """Only a lot or a serial number can expire."""
    for number, ((_, line), at) in enumerate(zip(chosen, expiries, strict=True)):
        if at is not None and line.lot is None and line.serial is None:
            complaints.add("expiry_needs_lot", "expires_on", number)
