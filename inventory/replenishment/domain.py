"""Rules of replenishment: when to order, how much, from whom, and who could give it instead. Pure.

Quantities are millionths of the item's base unit, packs whole numbers of what a supplier sells.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Protocol, TypeVar

from inventory.suppliers.domain import packs_for
from kit import quantity

Row = TypeVar("Row")
Group = TypeVar("Group", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Position:
    """How an item stands in a warehouse that has limits for it.

    `demand`: asked for and covered by nothing that is there: what is promised beyond it. `on_order`: approved and still to come.
    `planned`: in orders that are drafted or submitted, so that what was suggested once is not suggested again.
    """

    available: int
    demand: int
    on_order: int
    in_transit: int
    planned: int
    qty_min: int
    qty_max: int

    @property
    def projected(self) -> int:
        """What there will be when all that is coming has come and nothing else is asked for."""
        return self.available - self.demand + self.on_order + self.in_transit + self.planned


class Reason(Enum):
    """Why something is suggested. The values are the wire's."""

    OUT = "out"
    BELOW = "below_min"
    AT = "at_min"


class Packed(Protocol):
    """In what something is sold."""

    @property
    def pack(self) -> int: ...
    @property
    def multiple(self) -> int: ...
    @property
    def moq(self) -> int: ...


class Preferable(Protocol):
    """One of several offers."""

    @property
    def preferred(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class ByTheUnit:
    """How somebody sells who has not said how: by the base unit."""

    pack: int = quantity.ONE
    multiple: int = 1
    moq: int = 1


SomeOffer = TypeVar("SomeOffer", bound=Preferable)


def need_of(position: Position) -> int:
    """How much brings the projection up to the maximum; nothing while it is above the minimum. At the minimum is not above it."""
    return max(0, position.qty_max - position.projected) if position.projected <= position.qty_min else 0


def reason_of(position: Position) -> Reason:
    """Why something is needed."""
    if not position.available:
        return Reason.OUT
    return Reason.AT if position.projected == position.qty_min else Reason.BELOW


def chosen_offer(offers: Sequence[SomeOffer]) -> SomeOffer | None:
    """The preferred one, else the only one. Of several that nobody prefers none: a person decides."""
    preferred = [each for each in offers if each.preferred]
    return preferred[0] if preferred else offers[0] if len(offers) == 1 else None


def packs_of(need: int, offer: Packed) -> int:
    """The fewest packs that cover the need and that the supplier takes an order of."""
    return packs_for(need, offer.pack, offer.multiple, offer.moq)


def packs_problem(packs: int, offer: Packed) -> str | None:
    """Why a supplier does not take an order of so many packs, as a code."""
    if packs <= 0:
        return "quantity_not_positive"
    if packs < offer.moq:
        return "below_moq"
    if packs % offer.multiple:
        return "not_a_multiple"
    return "quantity_too_large" if packs * offer.pack > quantity.QTY_MAX else None


def surplus_of(available: int, qty_min: int, qty_max: int) -> int:
    """What a warehouse can give away: what it has above its maximum, without one above its minimum. So it stays above that."""
    return max(0, available - (qty_max or qty_min))


def expected_on(today: date, lead_time_days: int | None) -> date | None:
    """The day on which an order of today arrives. None when nobody has said how long it takes."""
    return None if lead_time_days is None else today + timedelta(days=lead_time_days)


def grouped(rows: Iterable[tuple[Group, Row]], rows_max: int) -> list[tuple[Group, list[Row]]]:
    """Rows by their group, in the order of first appearance, no more than `rows_max` together."""
    found: dict[Group, list[Row]] = {}
    for group, row in rows:
        found.setdefault(group, []).append(row)
    return [(group, of[begin : begin + rows_max]) for group, of in found.items() for begin in range(0, len(of), rows_max)]
