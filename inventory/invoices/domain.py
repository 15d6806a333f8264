"""The three-way match: what is asked for, what was ordered, what came. Pure.

By quantity: all that was invoiced of an order's line up to here is no more than what came and was accepted. By amount: the price
is the order's, and the amount is quantity times price. A tolerance is a share of what was to be expected, in percent.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from kit import money, quantity


class State(StrEnum):
    """What came of matching a line."""

    MATCHED = "matched"
    EXCEPTION = "exception"
    APPROVED = "approved"


class Reason(StrEnum):
    """Why a line does not match."""

    NOT_ORDERED = "not_ordered"
    MORE_THAN_RECEIVED = "more_than_received"
    PRICE_DIFFERS = "price_differs"
    AMOUNT_DIFFERS = "amount_differs"


@dataclass(frozen=True, slots=True)
class Invoiced:
    """A line of an invoice. `qty` in millionths of the order line's unit; `upto`: all invoiced of that line, this one included."""

    qty: int
    upto: int
    price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Ordered:
    """The order's line it asks money for: what of it came and was accepted, in the same unit, and the price agreed."""

    accepted: int
    price: Decimal | None


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far quantities and amounts may be off, in percent."""

    qty: int
    amount: int


def reasons(line: Invoiced, ordered: Ordered | None, tolerance: Tolerance, currency: str) -> tuple[Reason, ...]:
    """Why the line does not match; empty when it does."""
    if ordered is None:
        return (Reason.NOT_ORDERED,)
    found = []
    if line.upto * 100 > ordered.accepted * (100 + tolerance.qty):
        found.append(Reason.MORE_THAN_RECEIVED)
    if ordered.price is None or _beyond(line.price, ordered.price, tolerance.amount):
        found.append(Reason.PRICE_DIFFERS)
    if _beyond(line.amount, amount_of(line.qty, line.price, currency), tolerance.amount):
        found.append(Reason.AMOUNT_DIFFERS)
    return tuple(found)


def amount_of(qty: int, price: Decimal, currency: str) -> Decimal:
    """Quantity times price, rounded to the currency's minor unit."""
    return money.rounded(price * qty / quantity.ONE, currency)


def state_of(found: tuple[Reason, ...], approved: bool) -> State:
    """Where a line stands."""
    if not found:
        return State.MATCHED
    return State.APPROVED if approved else State.EXCEPTION


def _beyond(actual: Decimal, expected: Decimal, percent: int) -> bool:
    return abs(actual - expected) * 100 > abs(expected) * percent
