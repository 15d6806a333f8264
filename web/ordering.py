"""A purchase order as its pages show it: how far it is, what is late, what may be done with it, and what happened to it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from inventory.purchasing import domain
from inventory.purchasing import messages as m
from inventory.purchasing.domain import Order, amount_of, line_amount
from inventory.purchasing.history import OrderFact
from inventory.purchasing.queries import OrderHead, ShownLine, ShownOrder, ShownReceipt
from inventory.purchasing.receiving import ReceiptKind
from inventory.purchasing.status import EDITABLE, INVOICED, ON_ORDER, Status
from kit import money, quantity
from kit.clock import to_us
from kit.errors import Refusal
from tenants.domain import Actor, Tenant

_LADDER = (Status.DRAFT, Status.SUBMITTED, Status.APPROVED, Status.PARTIALLY_RECEIVED, Status.RECEIVED, Status.CLOSED)

_TO = {
    m.ORDER_DRAFTED: Status.DRAFT,
    m.ORDER_SUBMITTED: Status.SUBMITTED,
    m.ORDER_APPROVED: Status.APPROVED,
    m.ORDER_REJECTED: Status.REJECTED,
    m.ORDER_CLOSED: Status.CLOSED,
    m.ORDER_CANCELLED: Status.CANCELLED,
}


class Stage(NamedTuple):
    """A step of the ladder: `done` is behind us, `now` is where the order stands; by which fact it got there, where there is one."""

    status: Status
    done: bool
    now: bool
    fact: OrderFact | None


class Counted(NamedTuple):
    """Quantities of lines together, in millionths of `unit`; without a unit they are of several, and only `percent` says something."""

    received: int
    ordered: int
    open: int
    percent: int
    unit: str | None
    decimals: int
    open_lines: int


class Total(NamedTuple):
    """What a receipt moved, in millionths of `unit`: `qty` is below zero where it went back. Without a unit it was of several."""

    qty: int
    rejected: int
    unit: str | None
    decimals: int

    @property
    def size(self) -> int:
        """How much, whichever way."""
        return abs(self.qty)


@dataclass(frozen=True, slots=True)
class Happened:
    """A moment of an order's life. `kind`: `ahead`, `late`, `key` (goods moved) or nothing; it has a fact, a receipt, or only a day."""

    kind: str
    at_us: int
    day: date | None = None
    fact: OrderFact | None = None
    receipt: ShownReceipt | None = None

    @property
    def key(self) -> str:
        """What tells it from the others of its order."""
        return f"F{self.fact.id}" if self.fact else f"G{self.receipt.seq}" if self.receipt else self.kind


def stages(head: OrderHead, facts: Sequence[OrderFact]) -> list[Stage]:
    """The steps of an order: those it went, and those ahead of it unless it has ended otherwise."""
    last = {_TO[fact.name]: fact for fact in reversed(facts) if fact.name in _TO}
    path = _path(head.status, last.keys())
    now = path.index(head.status)
    return [Stage(each, at < now, at == now, last.get(each) if at <= now else None) for at, each in enumerate(path)]


def late_by(head: OrderHead) -> int:
    """How many days an order is overdue; 0 when it is not."""
    return (head.today - head.due_on).days if head.overdue and head.due_on else 0


def is_late(line: ShownLine, head: OrderHead) -> bool:
    """Whether something of a line is still to come and its day has passed."""
    due = line.line.expected_on or head.expected_on
    return bool(line.line.open and due and due < head.today)


def percent(line: ShownLine) -> int:
    """How much of a line has come; no more than all of it."""
    wanted = line.line.ordered - line.line.cancelled
    return min(100, 100 * line.line.received // wanted) if wanted > 0 else 100


def counted(lines: Sequence[ShownLine]) -> Counted:
    """The lines together. Pieces, kilograms and metres are never added up."""
    units = {(line.base_unit, line.decimals) for line in lines}
    unit, decimals = next(iter(units)) if len(units) == 1 else (None, 0)
    all_of = [(x.line.received, x.line.ordered - x.line.cancelled, x.line.open) for x in lines]
    received, ordered, still = (sum(each) for each in zip(*all_of, strict=True)) if all_of else (0, 0, 0)
    share = sum(percent(line) for line in lines) // len(lines) if lines else 0
    if unit and ordered:
        share = 100 * sum(min(came, wanted) for came, wanted, _ in all_of) // ordered
    return Counted(received, ordered, still, share, unit, decimals, sum(bool(x.line.open) for x in lines))


def receipt_total(receipt: ShownReceipt) -> Total:
    """The lines of a receipt together."""
    units = {(line.unit, line.decimals) for line in receipt.lines}
    unit, decimals = next(iter(units)) if len(units) == 1 else (None, 0)
    sign = 1 if receipt.kind is ReceiptKind.RECEIPT else -1
    rejected = sum(line.qty for line in receipt.lines if line.rejected)
    return Total(sign * sum(line.qty for line in receipt.lines), rejected if sign > 0 else 0, unit, decimals)


def amounts(order: ShownOrder) -> tuple[Decimal, Decimal]:
    """What the order costs, and what has come of it."""
    currency = order.head.currency
    came = (money.rounded(x.line.price * x.line.in_unit(x.line.received) / quantity.ONE, currency) for x in order.lines if x.line.price)
    return amount_of([x.line for x in order.lines], currency), sum(came, Decimal(0))


def cost(line: ShownLine, currency: str) -> Decimal | None:
    """What a line costs."""
    return line_amount(line.line, currency)


def acts(order: Order, lines: Sequence[ShownLine], email: str, actor: Actor, tenant: Tenant) -> dict[str, Refusal | None]:
    """What the person may do with the order as it stands; with the refusal where something else is in the way."""
    received, on_order = any(line.received for line in order.lines), order.status in ON_ORDER
    fits: list[tuple[str, str, bool, Refusal | None]] = [
        ("edit", "purchasing.write", order.status in EDITABLE, None),
        ("submit", "purchasing.write", order.status is Status.DRAFT, domain.submit_refusal(order)),
        ("approve", "purchasing.approve", order.status is Status.SUBMITTED, domain.approval_refusal(order, actor, tenant)),
        ("reject", "purchasing.approve", order.status is Status.SUBMITTED, None),
        ("receive", "purchasing.receive", on_order, None),
        ("send", "purchasing.write", on_order, domain.send_refusal(order, email)),
        ("close", "purchasing.write", on_order and (received or any(line.line.open for line in lines)), None),
        ("cancel", "purchasing.write", domain.cancel_refusal(order) is None, None),
        ("announce", "purchasing.write", on_order and any(line.line.open > line.inbound for line in lines), None),
        ("invoice", "purchasing.invoice", order.status in INVOICED, None),
        ("note", "purchasing.write", True, None),
    ]
    return {name: refusal for name, permission, here, refusal in fits if here and actor.may(permission)}


def happened(order: ShownOrder, facts: Iterable[OrderFact], receipts: Iterable[ShownReceipt]) -> list[Happened]:
    """The life of an order, newest first; what is expected stands on top."""
    found = [Happened("", each.at_us, fact=each) for each in facts]
    found += [Happened("key" if each.kind is ReceiptKind.RECEIPT else "", each.created_at_us, receipt=each) for each in receipts]
    head = order.head
    if head.due_on and any(line.line.open for line in order.lines):
        # The day has passed when it is over.
        over = to_us(datetime.combine(head.due_on + timedelta(days=1), datetime.min.time(), UTC))
        found.append(Happened("late" if head.overdue else "ahead", over, head.due_on))
    return sorted(found, key=lambda each: (each.kind != "ahead", -each.at_us))


def _path(status: Status, reached: Collection[Status]) -> list[Status]:
    if status not in (Status.REJECTED, Status.CANCELLED):
        return list(_LADDER)
    return [each for each in _LADDER[:3] if each in reached or each is Status.DRAFT] + [status]
