"""From lines to orders: what is to be made in a company, with codes that the same names give every time. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from app.purchases.sorting import Bought, Sorted
from kit.text import slug_from

CURRENCY = "USD"
UNIT = "pack"
LINES_MAX = 500
"""Of one order, as purchasing has it."""
_SLUG_MAX = 54


@dataclass(frozen=True, slots=True)
class Good:
    """An item: `pack` base units are one pack."""

    sku: str
    name: str
    pack: int


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line of an order, in packs. `number` is the file's."""

    number: int
    good: Good
    qty: int
    price: Decimal
    expected_on: date | None


@dataclass(frozen=True, slots=True)
class DeliveryPlan:
    """What came together: `lines` are places in the order's lines, counted from 1."""

    note: str
    on: date
    lines: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """One order of one vendor for one country. `mark` stands in its note, and its keys begin with it."""

    mark: str
    reference: str
    supplier: str
    warehouse: str
    ordered_on: date | None
    lines: list[OrderLine] = field(default_factory=list)
    deliveries: list[DeliveryPlan] = field(default_factory=list)

    @property
    def expected_on(self) -> date | None:
        """When the first of it was awaited."""
        return min((line.expected_on for line in self.lines if line.expected_on), default=None)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything to be made, by code; orders in the order of the file."""

    digest: str
    suppliers: dict[str, str]
    warehouses: dict[str, str]
    goods: dict[str, Good]
    orders: list[OrderPlan]


def make(digest: str, found: Iterable[Sorted]) -> Plan:
    """The plan for the lines that are imported."""
    plan = Plan(digest, {}, {}, {}, [])
    open_orders: dict[tuple[str, str, str], OrderPlan] = {}
    sent: dict[tuple[str, str, str], list[date]] = {}
    bought = [(each.line.number, each.bought) for each in found if each.bought is not None]
    for _, line in bought:
        if line.sent_on:
            sent.setdefault(_order_of(line), []).append(line.sent_on)
    for number, line in bought:
        supplier, warehouse, _ = key = _order_of(line)
        plan.suppliers.setdefault(supplier, line.vendor)
        plan.warehouses.setdefault(warehouse, line.country)
        order = open_orders.get(key)
        if order is None or len(order.lines) == LINES_MAX:
            order = OrderPlan(f"{prefix(digest)}{number}", line.order, supplier, warehouse, min(sent.get(key, []), default=None))
            open_orders[key] = order
            plan.orders.append(order)
        good = plan.goods.setdefault(sku_of(line.item, line.pack), Good(sku_of(line.item, line.pack), line.item, line.pack))
        order.lines.append(OrderLine(number, good, line.qty, line.price, line.expected_on))
        _deliver(order, line)
    return plan


def prefix(digest: str) -> str:
    """What the mark of every order of a file begins with."""
    return f"import-{digest}-"


def code_of(name: str) -> str:
    """A supplier's or warehouse's code: its name in capitals; with a digest of it when it is long or has letters that do not fit."""
    slug = slug_from(name).upper()
    whole = len(slug) <= _SLUG_MAX and sum(map(str.isalnum, slug)) >= sum(map(str.isalnum, name))
    return slug if slug and whole else _with_digest(slug, name)


def sku_of(description: str, pack: int) -> str:
    """An item's SKU: its description in capitals, and a digest of it with the pack, so that no two are the same."""
    return _with_digest(slug_from(description).upper(), f"{description}\n{pack}")


def median_days(days: Iterable[int]) -> int:
    """The shortest time in which half of the deliveries came."""
    ordered = sorted(days)
    return ordered[(len(ordered) + 1) // 2 - 1]


def lead_times(plan: Plan) -> dict[str, list[int]]:
    """Days from order to delivery of each supplier, where it is known when it was ordered and nothing came before that."""
    found: dict[str, list[int]] = {}
    for order in plan.orders:
        for delivery in order.deliveries:
            if order.ordered_on and delivery.on >= order.ordered_on:
                found.setdefault(order.supplier, []).append((delivery.on - order.ordered_on).days)
    return found


def _order_of(line: Bought) -> tuple[str, str, str]:
    return code_of(line.vendor), code_of(line.country), line.order


def _deliver(order: OrderPlan, line: Bought) -> None:
    place, identity = len(order.lines), (line.asn, line.delivered_on)
    delivery = next((each for each in order.deliveries if (each.note, each.on) == identity), None)
    if delivery is None:
        delivery = DeliveryPlan(*identity)
        order.deliveries.append(delivery)
    delivery.lines.append(place)


def _with_digest(slug: str, text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()[:8].upper()
    return f"{slug[:_SLUG_MAX].strip('-')}-{digest}".lstrip("-")
