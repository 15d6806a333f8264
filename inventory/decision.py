"""What a decision looks like: entries to post and what becomes of a reservation. Values only; nothing is changed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from inventory.ledger.messages import Line
from kit.errors import Refusal

CellKey = tuple[int, int]
"""(item id, warehouse id)."""
Grain = tuple[int, int, int, int]
"""(location id, lot id, owner id, condition): where inside a cell stock is."""
PLAIN: Grain = (0, 0, 0, 0)
"""Stock without location or lot, our own, good: what is not in any bucket."""


class Entry(Struct, frozen=True, gc=False):
    """One ledger row to be: how much of what, where, changes in which measure."""

    kind: int
    cell: CellKey
    grain: Grain
    delta_on_hand: int = 0
    delta_reserved: int = 0
    delta_blocked: int = 0
    delta_in_transit: int = 0
    unit_cost: int | None = None
    delta_pinned: int = 0  # of delta_reserved, what is promised from this very bucket


class NewHold(Struct, frozen=True):
    """A reservation to be made, one hold line per command line."""

    lines: tuple[Line, ...]
    hard: bool
    expires_at_us: int


class HoldChange(Struct, frozen=True, gc=False):
    """So much of a reservation's line leaves its open part, into `measure` (committed, released or expired)."""

    line: int
    measure: str
    qty: int


class NewTransfer(Struct, frozen=True):
    """A transfer to be made: (item, lot, owner, condition) -> quantity, of which each is a line."""

    source: int
    to: int
    lines: Mapping[tuple[int, int, int, int], int]


class TransferChange(Struct, frozen=True):
    """So much of a transfer's lines (index, quantity) leaves their open part, into `measure` (received or written_off)."""

    transfer: int
    measure: str
    parts: Sequence[tuple[int, int]]


class OrderChange(Struct, frozen=True):
    """What becomes of a purchase order: per line (index, received, rejected, returned) more or less, and its status then.

    Without parts nothing changes but what is on order for its cells, which was read anew.
    """

    order: int
    status: int
    parts: Sequence[tuple[int, int, int, int]] = ()


class ReceiptPart(Struct, frozen=True, gc=False):
    """A receipt's line to be. `index` is the order line's place, `of` the line of the receipt that it takes back."""

    index: int
    grain: Grain
    qty: int
    rejected: bool
    reason: str = ""
    of: int = 0


class NewReceipt(Struct, frozen=True):
    """A receipt to be made, or one that takes back from the receipt `of`. One line for each entry, in their order."""

    order: int
    kind: int
    parts: Sequence[ReceiptPart]
    note: str = ""
    of: int = 0
    shipment: int = 0


class Decision(Struct, frozen=True):
    """What will be written if the batch commits. `term` is a reservation's new (hard, expiry), if it gets one.

    `totals` (on hand, reserved, blocked, in transit) is what the cell of the entries holds before them, whatever it held.
    `past`: it has happened already, before it is recorded.
    `backordered` (line, item, quantity) is what a promise leaves out, None where nothing may be left out.
    """

    entries: list[Entry]
    new_hold: NewHold | None = None
    reservation: int = 0
    changes: Sequence[HoldChange] = ()
    term: tuple[bool, int] | None = None
    note: str = ""
    transfer: NewTransfer | TransferChange | None = None
    totals: tuple[int, int, int, int] | None = None
    past: bool = False
    backordered: Sequence[tuple[int, int, int]] | None = None
    order: OrderChange | None = None
    receipt: NewReceipt | None = None


class Needs(NamedTuple):
    """What must be in memory before a command can be decided. `holder`: a principal whose open reservations are counted.

    `receipt_key`: whether a receipt was made under this key, however long ago.
    """

    cells: tuple[CellKey, ...] = ()
    reservation: int = 0
    transfer: int = 0
    holder: int = 0
    order: int = 0
    receipt: int = 0
    receipt_key: str = ""


class CellView(Protocol):
    """A cell as decisions read it."""

    @property
    def on_hand(self) -> int: ...
    @property
    def reserved(self) -> int: ...
    @property
    def blocked(self) -> int: ...
    @property
    def in_transit(self) -> int: ...
    @property
    def version(self) -> int: ...
    @property
    def buckets(self) -> Mapping[Grain, tuple[int, int]]: ...  # grain -> (quantity, of which pinned)


class HoldLineView(Protocol):
    """A reservation's line as decisions read it."""

    @property
    def item(self) -> int: ...
    @property
    def warehouse(self) -> int: ...
    @property
    def location(self) -> int: ...
    @property
    def lot(self) -> int: ...
    @property
    def owner(self) -> int: ...
    @property
    def open(self) -> int: ...
    @property
    def expired(self) -> int: ...


class HoldView(Protocol):
    """A reservation as decisions read it."""

    @property
    def hard(self) -> bool: ...
    @property
    def expires_at_us(self) -> int: ...
    @property
    def lines(self) -> Sequence[HoldLineView]: ...


class TransferLineView(Protocol):
    """A transfer's line as decisions read it."""

    @property
    def item(self) -> int: ...
    @property
    def to(self) -> int: ...
    @property
    def lot(self) -> int: ...
    @property
    def owner(self) -> int: ...
    @property
    def condition(self) -> int: ...
    @property
    def open(self) -> int: ...


class TransferView(Protocol):
    """A transfer as decisions read it."""

    @property
    def lines(self) -> Sequence[TransferLineView]: ...


class OrderLineView(Protocol):
    """A purchase order's line as decisions read it. `number` counts from 1 on paper; `unit_cost` is of one base unit."""

    @property
    def number(self) -> int: ...
    @property
    def item(self) -> int: ...
    @property
    def warehouse(self) -> int: ...
    @property
    def location(self) -> int: ...
    @property
    def ordered(self) -> int: ...
    @property
    def received(self) -> int: ...
    @property
    def rejected(self) -> int: ...
    @property
    def cancelled(self) -> int: ...
    @property
    def unit_cost(self) -> int | None: ...


class OrderView(Protocol):
    """A purchase order as decisions read it."""

    @property
    def id(self) -> int: ...
    @property
    def status(self) -> int: ...
    @property
    def lines(self) -> Sequence[OrderLineView]: ...


class ReceiptLineView(Protocol):
    """A receipt's line as decisions read it. `taken` of it has left again; `order_line` is the order line's number."""

    @property
    def order_line(self) -> int: ...
    @property
    def grain(self) -> Grain: ...
    @property
    def qty(self) -> int: ...
    @property
    def taken(self) -> int: ...
    @property
    def rejected(self) -> bool: ...


class ReceiptView(Protocol):
    """A receipt as decisions read it."""

    @property
    def order(self) -> int: ...
    @property
    def kind(self) -> int: ...
    @property
    def lines(self) -> Sequence[ReceiptLineView]: ...


class StockView(Protocol):
    """The loaded part of a partition: all that `needs` named."""

    def cell(self, key: CellKey) -> CellView:
        """The cell, empty if it never held anything."""
        ...

    def reservation(self, seq: int) -> HoldView | None:
        """The reservation, or None if there is none with this number."""
        ...

    def transfer(self, seq: int) -> TransferView | None:
        """The transfer, or None if there is none with this number."""
        ...

    def open_holds(self, principal: int) -> int:
        """How many reservations the principal has open."""
        ...

    def order(self, number: int) -> OrderView | None:
        """The purchase order, or None if there is none with this number."""
        ...

    def receipt(self, seq: int) -> ReceiptView | None:
        """The receipt, or None if there is none with this number."""
        ...

    def receipt_under(self, key: str) -> int:
        """The receipt that was made under this key, 0 if none was."""
        ...


__all__ = [
    "PLAIN",
    "CellKey",
    "CellView",
    "Decision",
    "Entry",
    "Grain",
    "HoldChange",
    "HoldLineView",
    "HoldView",
    "Needs",
    "NewHold",
    "NewReceipt",
    "NewTransfer",
    "OrderChange",
    "OrderLineView",
    "OrderView",
    "ReceiptLineView",
    "ReceiptPart",
    "ReceiptView",
    "Refusal",
    "StockView",
    "TransferChange",
    "TransferLineView",
    "TransferView",
]
