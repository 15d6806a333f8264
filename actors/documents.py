"""Reservations and transfers in memory: documents of several lines, known by the sequence of the row that made them.

Trees without a way back up, as cells are: see `actors.cell`.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from inventory.decision import NewTransfer, TransferChange

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
