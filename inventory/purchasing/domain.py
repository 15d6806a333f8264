"""Rules of purchase orders as documents: what may be done with one, by whom, and what a line is. Pure.

What comes of an order is decided in `receiving`, inside the stock engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from inventory.purchasing.status import EDITABLE, ON_ORDER, Counts, Status, open_of, status_of
from kit import money, quantity
from kit.errors import Refusal
from kit.ids import order_number
from tenants.domain import Actor, Role, Tenant


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an order. `qty` in millionths of `unit`, of which one is numerator/denominator base units; the rest in base units.

    `price` is of one unit, `unit_cost` of one base unit in millionths of the company's currency (None: not known in it).
    """

    number: int
    item_id: int
    location_id: int
    unit: str
    numerator: int
    denominator: int
    qty: int
    ordered: int
    price: Decimal | None
    unit_cost: int | None
    expected_on: date | None
    note: str
    received: int = 0
    rejected: int = 0
    returned: int = 0
    cancelled: int = 0
    open: int = 0

    def in_unit(self, base: int) -> int:
        """Millionths of the line's unit."""
        return in_unit(base, self.numerator, self.denominator)

    @property
    def over(self) -> int:
        """How much more came than was ordered."""
        return max(0, self.received - self.ordered + self.cancelled)


@dataclass(frozen=True, slots=True)
class Order:
    """An order with its lines. Who and when are ids of principals and times, None while it has not happened."""

    id: int
    supplier_id: int
    warehouse_id: int
    currency: str
    status: Status
    submitted_by: int | None
    lines: tuple[Line, ...]
    version: int


def in_unit(base: int, numerator: int, denominator: int) -> int:
    """Millionths of a unit from millionths of the base unit, to the nearest (half up): a third of a pack has no end."""
    return (2 * base * denominator + numerator) // (2 * numerator)


def amount_of(lines: Iterable[Line], currency: str) -> Decimal:
    """What the lines cost, each rounded to the currency's minor unit; those without a price cost nothing yet."""
    return sum((line_amount(line, currency) or Decimal(0) for line in lines), Decimal(0))


def credit_of(lines: Iterable[Line], currency: str) -> Decimal:
    """What the supplier owes for goods that went back, at the prices of the order."""
    return sum((money.rounded(x.price * x.in_unit(x.returned) / quantity.ONE, currency) for x in lines if x.price is not None), Decimal(0))


def line_amount(line: Line, currency: str) -> Decimal | None:
    """What a line costs."""
    return None if line.price is None else money.rounded(line.price * line.qty / quantity.ONE, currency)


def cost_of_base(price: Decimal | None, currency: str, company_currency: str, numerator: int, denominator: int) -> int | None:
    """Cost of one base unit in millionths of the company's currency; unknown in another, since nobody has said a rate."""
    if price is None or currency != company_currency:
        return None
    return int((price * money.MICRO * denominator / numerator).to_integral_value(ROUND_HALF_EVEN))


def edit_refusal(order: Order) -> Refusal | None:
    """Why its lines cannot be changed."""
    return None if order.status in EDITABLE else _not_in(order)


def submit_refusal(order: Order) -> Refusal | None:
    """Why it cannot be put forward."""
    return None if order.status is Status.DRAFT and order.lines else _not_in(order)


def decision_refusal(order: Order) -> Refusal | None:
    """Why nobody can approve or reject it."""
    return None if order.status is Status.SUBMITTED else _not_in(order)


def approval_refusal(order: Order, by: Actor, tenant: Tenant) -> Refusal | None:
    """Why `by` cannot approve it: it is not up for it, it is their own, or it is more than a manager may approve."""
    refusal = decision_refusal(order)
    if refusal is not None:
        return refusal
    settings = tenant.settings
    if settings.order_four_eyes == "on" and order.submitted_by == by.principal_id:
        return Refusal("own_order", ({"order": order_number(order.id)},))
    if by.role is Role.ADMIN or not settings.approval_limit:
        return None
    amount = amount_of(order.lines, order.currency)
    # An amount in another currency cannot be compared with the limit: nobody has said a rate.
    if order.currency == tenant.currency and amount <= settings.approval_limit:
        return None
    fact = {"order": order_number(order.id), "amount": str(amount), "limit": str(settings.approval_limit), "currency": tenant.currency}
    return Refusal("over_approval_limit", (fact,))


def cancel_refusal(order: Order) -> Refusal | None:
    """Why it cannot be cancelled: something has come, or it has ended."""
    if any(line.received for line in order.lines):
        return Refusal("already_received", ({"order": order_number(order.id)},))
    return _not_in(order) if order.status in (Status.CLOSED, Status.CANCELLED) else None


def close_refusal(order: Order, lines: Sequence[int] | None) -> Refusal | None:
    """Why lines, or the whole of it, cannot be closed short."""
    if order.status not in ON_ORDER:
        return _not_in(order)
    known = {line.number for line in order.lines}
    wrong = tuple({"line": place, "order_line": number} for place, number in enumerate(lines or ()) if number not in known)
    if wrong:
        return Refusal("order_line_not_found", wrong)
    if lines is None and not any(line.received for line in order.lines):
        return Refusal("nothing_received", ({"order": order_number(order.id)},))
    return None


def send_refusal(order: Order, email: str) -> Refusal | None:
    """Why it cannot be sent to its supplier: nobody has approved it, it has ended, or there is no address."""
    if order.status not in ON_ORDER:
        return _not_in(order)
    return None if email else Refusal("supplier_no_email", ({"order": order_number(order.id)},))


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing short makes of an order: its status, and the quantity that each line gives up."""

    status: Status
    given_up: dict[int, int]


def closed(order: Order, lines: Sequence[int] | None) -> Closed:
    """Close lines short, or all of them and the order with them."""
    chosen = {line.number for line in order.lines} if lines is None else set(lines)
    given_up = {line.number: open_of(line) for line in order.lines if line.number in chosen and open_of(line)}
    if lines is None:
        return Closed(Status.CLOSED, given_up)
    after = [Counts(line.ordered, line.received, line.cancelled + given_up.get(line.number, 0)) for line in order.lines]
    return Closed(status_of(after), given_up)


def _not_in(order: Order) -> Refusal:
    return Refusal("order_status", ({"order": order_number(order.id), "status": order.status.label},))
