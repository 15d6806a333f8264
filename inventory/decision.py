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


class Decision(Struct, frozen=True):
    """What will be written if the batch commits. `term` is a reservation's new (hard, expiry), if it gets one.

    `totals` (on hand, reserved, blocked, in transit) is what the cell of the entries holds before them, whatever it held.
    `past`: it has happened already, before it is recorded.
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


class Needs(NamedTuple):
    """What must be in memory before a command can be decided. `holder`: a principal whose open reservations are counted."""

    cells: tuple[CellKey, ...] = ()
    reservation: int = 0
    transfer: int = 0
    holder: int = 0


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
    "NewTransfer",
    "Refusal",
    "StockView",
    "TransferChange",
    "TransferLineView",
    "TransferView",
]
