"""Decisions about goods that come from a supplier, or go back: receive, undo, return. Pure; the stock engine runs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum

from msgspec import structs

from inventory.decision import (
    Decision,
    Entry,
    Grain,
    Needs,
    NewReceipt,
    OrderChange,
    OrderLineView,
    OrderView,
    ReceiptPart,
    ReceiptView,
    Refusal,
    StockView,
)
from inventory.ledger.domain import ON_HAND_MAX, taken_out
from inventory.ledger.messages import Condition, DeliveryLine, Kind, Line, Ordered, ReceiveOrder, Scope, TakeBack, TakeBackLine
from inventory.purchasing.status import ON_ORDER, Counted, Counts, Status, status_of
from kit.errors import Fact
from kit.ids import order_number, receipt_id
from tenants.domain import SYSTEM

UNDONE = "entered by mistake"
"""The reason on the rows of a receipt that was undone, if nobody gave another."""


class ReceiptKind(IntEnum):
    """What a receipt document is. Numbers are stored; names are the wire's."""

    RECEIPT = 1
    UNDO = 2
    RETURN = 3

    @property
    def label(self) -> str:
        """The wire's name."""
        return self.name.lower()


def needs_of_receive(command: ReceiveOrder) -> Needs:
    """The order, through it its cells, and whether the key has made a receipt before."""
    return Needs(order=command.order, receipt_key=command.key)


def needs_of_take_back(command: TakeBack) -> Needs:
    """The receipt, and through it its order and their cells."""
    return Needs(receipt=command.receipt)


def needs_of_ordered(command: Ordered) -> Needs:
    """The order, and through it its cells."""
    return Needs(order=command.order)


def decide_receive(state: StockView, command: ReceiveOrder, now: int) -> Decision | Refusal:
    """All lines or none. More than was ordered and tolerated only if whoever asks may and says so (worked example E10)."""
    order = _seen(state.order(command.order), command.scope)
    if order is None:
        return Refusal("order_not_found")
    if made := state.receipt_under(command.key):
        return Refusal("receipt_exists", ({"receipt": receipt_id(made), "order": order_number(order.id)},))
    if order.status not in ON_ORDER:
        return _not_open(order)
    coming = _by_line(order, command.lines)
    refusal = _unknown_line(order, command.lines) or _too_much(order, coming, command) or _overflow(state, order, coming)
    if refusal is not None:
        return refusal
    parts = [part for line in command.lines for part in _delivered(order, line)]
    entries = [_arriving(order.lines[part.index], part) for part in parts]
    receipt = NewReceipt(order.id, ReceiptKind.RECEIPT, parts, command.note, shipment=command.shipment)
    return Decision(entries, receipt=receipt, order=_changed(order, parts, 1))


def decide_take_back(state: StockView, command: TakeBack, now: int) -> Decision | Refusal:
    """What came in leaves from where it was put, if it is still there and promised to nobody."""
    receipt = state.receipt(command.receipt)
    order = None if receipt is None else _seen(state.order(receipt.order), command.scope)
    if receipt is None or order is None or receipt.kind != ReceiptKind.RECEIPT:
        return Refusal("receipt_not_found")
    if command.undo and order.status not in ON_ORDER:
        return _not_open(order)
    asked = _asked_back(order, receipt, command)
    if isinstance(asked, Refusal):
        return asked
    parts = [_taken(order, receipt, line) for line in asked]
    leaving = _leaving(state, order, parts)
    if isinstance(leaving, Refusal):
        return leaving
    kind = ReceiptKind.UNDO if command.undo else ReceiptKind.RETURN
    change = _changed(order, parts, -1) if command.undo else _returned(order, parts)
    placed = [structs.replace(part, grain=entry.grain) for part, entry in zip(parts, leaving, strict=True)]
    document = NewReceipt(order.id, kind, placed, of=command.receipt)
    return Decision(leaving, receipt=document, order=change, note=UNDONE if command.undo else "")


def decide_ordered(state: StockView, command: Ordered, now: int) -> Decision | Refusal:
    """Nothing moves: the cells of the order show what is on order now."""
    order = state.order(command.order)
    return Refusal("order_not_found") if order is None else Decision([], order=OrderChange(order.id, order.status))


def recount(order: int) -> Ordered:
    """The command that has the balances count an order that was changed without the engine."""
    return Ordered(key="", key_hash=b"", body_hash=b"", principal=SYSTEM.principal_id, role=SYSTEM.role, order=order)


def receivable(line: Counted, tolerance_percent: int) -> int:
    """How much more of a line may come without anybody's leave."""
    wanted = line.ordered - line.cancelled
    return max(0, wanted * (100 + tolerance_percent) // 100 - line.received)


def _not_open(order: OrderView) -> Refusal:
    return Refusal("order_not_open", ({"order": order_number(order.id), "status": Status(order.status).label},))


def _seen(order: OrderView | None, scope: Scope) -> OrderView | None:
    """The order, unless part of it goes where whoever asks has no business."""
    if order is None or not scope:
        return order
    return order if all(line.warehouse in scope for line in order.lines) else None


def _by_line(order: OrderView, lines: Sequence[DeliveryLine]) -> dict[int, int]:
    """What comes of each line of the order, added up."""
    coming: dict[int, int] = {}
    for line in lines:
        coming[line.line] = coming.get(line.line, 0) + line.qty
    return coming


def _unknown_line(order: OrderView, lines: Sequence[DeliveryLine]) -> Refusal | None:
    known = {line.number for line in order.lines}
    wrong = [{"line": place, "order_line": line.line} for place, line in enumerate(lines) if line.line not in known]
    return Refusal("order_line_not_found", tuple(wrong)) if wrong else None


def _too_much(order: OrderView, coming: Mapping[int, int], command: ReceiveOrder) -> Refusal | None:
    if command.over:
        return None
    first = {line.line: place for place, line in reversed(list(enumerate(command.lines)))}
    wrong: list[Fact] = []
    for line in order.lines:
        most = receivable(line, command.tolerance_percent)
        if coming.get(line.number, 0) > most:
            counts = {"requested": coming[line.number], "max": most, "open": most, "ordered": line.ordered, "received": line.received}
            wrong.append({"line": first[line.number], "order_line": line.number, **_where(line), **counts})
    return Refusal("over_receipt", tuple(wrong)) if wrong else None


def _overflow(state: StockView, order: OrderView, coming: Mapping[int, int]) -> Refusal | None:
    """A cell never holds more than fits."""
    totals: dict[tuple[int, int], int] = {}
    for line in order.lines:
        cell = (line.item, line.warehouse)
        totals[cell] = totals.get(cell, state.cell(cell).on_hand) + coming.get(line.number, 0)
        if totals[cell] > ON_HAND_MAX:
            return Refusal("quantity_too_large", (_where(line),))
    return None


def _delivered(order: OrderView, line: DeliveryLine) -> list[ReceiptPart]:
    """What was accepted and what was rejected are apart: the rejected is there, and blocked, until it goes back (E19)."""
    index = _index(order, line.line)
    place = (line.location or order.lines[index].location, line.lot, 0)
    accepted = ReceiptPart(index, (*place, line.condition), line.qty - line.rejected, False, line.reason if not line.rejected else "")
    rejected = ReceiptPart(index, (*place, int(Condition.DAMAGED)), line.rejected, True, line.reason)
    return [part for part in (accepted, rejected) if part.qty]


def _arriving(line: OrderLineView, part: ReceiptPart) -> Entry:
    blocked = part.qty if part.grain[3] else 0
    return Entry(Kind.RECEIVE, (line.item, line.warehouse), part.grain, part.qty, 0, blocked, 0, line.unit_cost)


def _asked_back(order: OrderView, receipt: ReceiptView, command: TakeBack) -> Sequence[TakeBackLine] | Refusal:
    """What is asked for of the receipt's lines: everything that is left of them when it is undone."""
    left = [line.qty - line.taken for line in receipt.lines]
    asked = tuple(TakeBackLine(place, qty) for place, qty in enumerate(left) if qty) if command.undo else command.lines
    if command.undo and any(line.taken for line in receipt.lines):
        return Refusal("receipt_taken_back", ({"receipt": receipt_id(command.receipt)},))
    wanted: dict[int, int] = {}
    for place, line in enumerate(asked):
        if not 0 <= line.line < len(left):
            return Refusal("receipt_line_not_found", ({"line": place, "receipt_line": line.line + 1},))
        wanted[line.line] = wanted.get(line.line, 0) + line.qty
        if wanted[line.line] > left[line.line]:
            return Refusal(
                "more_than_received",
                ({"line": place, "receipt_line": line.line + 1, **_where_back(order, receipt, line), "open": left[line.line]},),
            )
    return asked if asked else Refusal("receipt_taken_back", ({"receipt": receipt_id(command.receipt)},))


def _where_back(order: OrderView, receipt: ReceiptView, asked: TakeBackLine) -> dict[str, int]:
    line = order.lines[_index(order, receipt.lines[asked.line].order_line)]
    return {**_where(line), "requested": asked.qty}


def _taken(order: OrderView, receipt: ReceiptView, asked: TakeBackLine) -> ReceiptPart:
    line = receipt.lines[asked.line]
    return ReceiptPart(_index(order, line.order_line), line.grain, asked.qty, line.rejected, of=asked.line)


def _leaving(state: StockView, order: OrderView, parts: Sequence[ReceiptPart]) -> list[Entry] | Refusal:
    """The rows by which it leaves, one for each line. What lay nowhere in particular may have been put away meanwhile: it is taken
    from there, if one place has all of it."""
    lines = [_line(order.lines[part.index], part.grain, part.qty) for part in parts]
    drawn = taken_out(state, lines, Kind.ISSUE)
    if isinstance(drawn, Refusal):
        return drawn
    if len(drawn) != len(parts):
        return Refusal("put_away_meanwhile", tuple({"line": place, **_where(order.lines[part.index])} for place, part in enumerate(parts)))
    return drawn


def _line(line: OrderLineView, grain: Grain, qty: int) -> Line:
    return Line(line.item, line.warehouse, qty, *grain)


def _changed(order: OrderView, parts: Sequence[ReceiptPart], sign: int) -> OrderChange:
    """So much more, or less, was received; where the order stands follows from its lines."""
    came: dict[int, list[int]] = {}
    for part in parts:
        counts = came.setdefault(part.index, [0, 0])
        counts[0] += sign * part.qty
        counts[1] += sign * part.qty * part.rejected
    lines = [Counts(x.ordered, x.received + came.get(place, [0])[0], x.cancelled) for place, x in enumerate(order.lines)]
    return OrderChange(order.id, status_of(lines), [(place, received, rejected, 0) for place, (received, rejected) in came.items()])


def _returned(order: OrderView, parts: Sequence[ReceiptPart]) -> OrderChange:
    """What goes back was received all the same: a return asks for credit, not for other goods."""
    return OrderChange(order.id, order.status, [(part.index, 0, 0, part.qty) for part in parts])


def _index(order: OrderView, number: int) -> int:
    return next(place for place, line in enumerate(order.lines) if line.number == number)


def _where(line: OrderLineView) -> dict[str, int]:
    return {"item": line.item, "warehouse": line.warehouse}
