"""Reservations, transfers, orders and receipts in memory: documents of several lines. All but orders are known by the sequence
of the row that made them.

Trees without a way back up, as cells are: see `actors.cell`.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from inventory.decision import Grain, NewReceipt, NewTransfer, OrderChange, TransferChange
from inventory.purchasing.status import ON_ORDER, open_of
from kit.ids import order_number

Shown = tuple[Any, ...]
"""Part of an outcome as plain tuples: the same bytes as the structs of `messages`, at a fifth of the cost to make."""


class ReservationLine(Struct, gc=False):
    """One line of a reservation: what is still open of it, and where the rest went."""

    item: int
    warehouse: int
    location: int
    lot: int
    owner: int
    qty: int
    open: int
    committed: int = 0
    released: int = 0
    expired: int = 0


class Reservation(Struct, gc=False):
    """A promise in memory."""

    seq: int
    hard: bool
    expires_at_us: int
    reference: str
    created_at_us: int
    created_by: int
    lines: tuple[ReservationLine, ...]
    batch: int = -1

    def shown(self) -> Shown:
        """The reservation as an outcome shows it (`messages.Hold`)."""
        lines = [(x.item, x.warehouse, x.location, x.lot, x.qty, x.open, x.committed, x.released, x.expired) for x in self.lines]
        return (self.seq, self.hard, self.expires_at_us, self.reference, self.created_at_us, self.created_by, lines)


class TransferLine(Struct, gc=False):
    """One line of a transfer: what is still under way of it, and where the rest went."""

    item: int
    source: int
    to: int
    lot: int
    owner: int
    condition: int
    qty: int
    open: int
    received: int = 0
    written_off: int = 0


class Transfer(Struct, gc=False):
    """Stock under way, in memory."""

    seq: int
    reference: str
    created_at_us: int
    created_by: int
    lines: tuple[TransferLine, ...]
    batch: int = -1

    def change(self, change: TransferChange) -> None:
        """So much of the lines has arrived or is lost."""
        for index, qty in change.parts:
            line = self.lines[index]
            line.open -= qty
            setattr(line, change.measure, getattr(line, change.measure) + qty)
            assert line.open >= 0

    def shown(self) -> Shown:
        """The transfer as an outcome shows it (`messages.Transfer`)."""
        lines = [
            (x.item, x.source, x.to, x.lot, x.owner, x.condition, x.qty, x.open, x.received, x.written_off) for x in self.lines
        ]  # fmt: skip
        return (self.seq, self.reference, self.created_at_us, self.created_by, lines)


def transfer_lines(new: NewTransfer) -> tuple[TransferLine, ...]:
    """The lines of a transfer to be made."""
    return tuple(
        TransferLine(item, new.source, new.to, lot, owner, condition, qty, qty) for (item, lot, owner, condition), qty in new.lines.items()
    )


class OrderLine(Struct, gc=False):
    """One line of a purchase order. `counted` is what the balances were told is still to come of it."""

    number: int
    item: int
    warehouse: int
    location: int
    unit: str
    numerator: int
    denominator: int
    unit_cost: int | None
    ordered: int
    received: int
    rejected: int
    returned: int
    cancelled: int
    counted: int


class Order(Struct, gc=False):
    """A purchase order in memory, for as long as a batch about it takes: others write it too, so it is read anew each time.

    `base` is the version that was read; `moved` that it will be another.
    """

    id: int
    status: int
    base: int
    lines: tuple[OrderLine, ...]
    moved: bool = False

    def open_of(self, line: OrderLine) -> int:
        """What is still to come of a line."""
        return open_of(line) if self.status in ON_ORDER else 0

    def change(self, change: OrderChange) -> None:
        """So much more of its lines came, or went back."""
        self.status = change.status
        self.moved = self.moved or bool(change.parts)
        for index, received, rejected, returned in change.parts:
            line = self.lines[index]
            line.received += received
            line.rejected += rejected
            line.returned += returned
            assert line.received >= line.rejected >= 0

    def shown(self) -> list[Shown]:
        """The lines as an outcome shows them (`messages.OrderedLine`)."""
        return [
            (x.number, x.item, x.warehouse, x.unit, x.numerator, x.denominator, x.ordered, x.received, x.rejected, x.returned,
             x.cancelled, self.open_of(x))
            for x in self.lines
        ]  # fmt: skip


class ReceiptLine(Struct, gc=False):
    """One line of a receipt: one movement. `of` is the line it takes back, `taken` what was taken back of it."""

    order_line: int
    item: int
    warehouse: int
    grain: Grain
    qty: int
    rejected: bool
    reason: str
    of: int = 0
    taken: int = 0


class Receipt(Struct, gc=False):
    """A receipt in memory, or one that takes back from the receipt `of`; as short-lived there as its order."""

    seq: int
    order: int
    kind: int
    of: int
    note: str
    shipment: int
    key: str
    reason: str
    created_at_us: int
    effective_at_us: int
    created_by: int
    lines: tuple[ReceiptLine, ...]

    @property
    def reference(self) -> str:
        """What its rows refer to: the order."""
        return order_number(self.order)

    def shown(self, order: Order) -> Shown:
        """The receipt as an outcome shows it (`messages.Receipt`)."""
        lines = [
            (x.order_line, x.item, x.warehouse, x.grain[0], x.grain[1], x.grain[3], x.qty, x.rejected, x.reason) for x in self.lines
        ]  # fmt: skip
        return (
            self.seq, self.order, self.kind, self.of, self.note, self.created_at_us, self.created_by, lines, order.status, order.shown()
        )  # fmt: skip


def receipt_lines(order: Order, new: NewReceipt) -> tuple[ReceiptLine, ...]:
    """The lines of a receipt to be made."""
    return tuple(
        ReceiptLine(line.number, line.item, line.warehouse, part.grain, part.qty, part.rejected, part.reason, part.of)
        for part in new.parts
        for line in (order.lines[part.index],)
    )
