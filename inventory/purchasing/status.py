"""Where a purchase order stands. Derived per line, never from totals (semantics.md, I12). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple, Protocol


class Status(IntEnum):
    """The ladder of semantics.md, decision 8. Numbers are stored; names are the wire's."""

    DRAFT = 1
    SUBMITTED = 2
    APPROVED = 3
    REJECTED = 4
    PARTIALLY_RECEIVED = 5
    RECEIVED = 6
    CLOSED = 7
    CANCELLED = 8

    @property
    def label(self) -> str:
        """The wire's name."""
        return self.name.lower()


ON_ORDER = frozenset({Status.APPROVED, Status.PARTIALLY_RECEIVED, Status.RECEIVED})
"""Where goods may still come. Of a received order nothing is open, but a supplier may send more than was asked."""
INVOICED = ON_ORDER | {Status.CLOSED}
"""Where a supplier may ask to be paid."""
EDITABLE = frozenset({Status.DRAFT, Status.REJECTED})
"""Where lines may be changed. A rejected order that is changed is a draft again."""


class Counted(Protocol):
    """A line with its quantities, in millionths of the item's base unit."""

    @property
    def ordered(self) -> int: ...
    @property
    def received(self) -> int: ...
    @property
    def cancelled(self) -> int: ...


class Counts(NamedTuple):
    """A line's quantities as they will be."""

    ordered: int
    received: int
    cancelled: int


def open_of(line: Counted) -> int:
    """What is still to come of a line of an order that goods may come for."""
    return max(0, line.ordered - line.received - line.cancelled)


def status_of(lines: Iterable[Counted]) -> Status:
    """Where an approved order stands, by its lines: over-delivery of one never makes up for another."""
    lines = tuple(lines)
    some = any(line.received for line in lines)
    if any(open_of(line) for line in lines):
        return Status.PARTIALLY_RECEIVED if some else Status.APPROVED
    return Status.RECEIVED if some else Status.CANCELLED
