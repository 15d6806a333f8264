"""The proof: what the file says of every order line, receipt and lead time equals what is read back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from app.purchases.plan import UNIT, OrderPlan, Plan, prefix

Json = Mapping[str, Any]


@dataclass(slots=True)
class Proof:
    """Gathers orders, then receipts, then compares. `foreign` are suppliers of the plan with receipts of other orders."""

    plan: Plan
    orders: dict[str, Json] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)
    foreign: set[str] = field(default_factory=set)
    lines: int = 0
    receipts: int = 0
    _marks: dict[str, str] = field(default_factory=dict)
    _came: dict[str, Counter[tuple[Any, ...]]] = field(default_factory=dict)
    _days: dict[str, list[int]] = field(default_factory=dict)

    def ordered(self, orders: Iterable[Json]) -> None:
        """Orders as their list shows them. Those of others are passed over."""
        for order in orders:
            mark = order["note"] or ""
            if not mark.startswith(prefix(self.plan.digest)):
                continue
            if mark in self.orders:
                self.twice.append(f"{order['number']} and {self.orders[mark]['number']} are of the same order ({mark})")
            self.orders[mark] = order
            self._marks[order["number"]] = mark

    def received(self, receipts: Iterable[Json]) -> None:
        """Receipts as their list shows them."""
        for receipt in receipts:
            mark = self._marks.get(receipt["order"])
            if mark is None:
                self.foreign.add(receipt["supplier"])
                continue
            self.receipts += 1
            on = date.fromisoformat(receipt["effective_at"][:10])
            lines = frozenset((line["order_line"], Decimal(line["qty"])) for line in receipt["lines"])
            self._came.setdefault(mark, Counter())[receipt["kind"], receipt["delivery_note"] or "", on, lines] += 1
            ordered_on = self.orders[mark]["ordered_on"]
            days = (on - date.fromisoformat(ordered_on)).days if ordered_on else -1
            if days >= 0:
                self._days.setdefault(receipt["supplier"], []).append(days)

    def differences(self, lead_times: Mapping[str, list[int]]) -> list[str]:
        """Everything that does not agree, in words."""
        told = list(self.twice)
        for order in self.plan.orders:
            told += self._of_order(order)
        for supplier, days in lead_times.items():
            if sorted(found := self._days.get(supplier, [])) != sorted(days):
                told.append(f"{supplier}: {len(days)} deliveries take {sum(days)} days in the file, {len(found)} take {sum(found)} here")
        return told

    def _of_order(self, order: OrderPlan) -> Iterator[str]:
        found = self.orders.get(order.mark)
        if found is None:
            yield f"{order.reference} ({order.mark}) is not there"
            return
        for what, expected, actual in (*_heads(order, found), *_lines(order, found)):
            self.lines += what.startswith("line ")
            if expected != actual:
                yield f"{found['number']} ({order.reference}): {what}: {expected} expected, {actual} found"
        came = Counter(("receipt", each.note, each.on, frozenset((n, _base(order, n)) for n in each.lines)) for each in order.deliveries)
        for receipt in (came - self._came.get(order.mark, Counter())) + (self._came.get(order.mark, Counter()) - came):
            yield f"{found['number']} ({order.reference}): {receipt[0]} {receipt[1]} of {receipt[2]} on one side only"


def _heads(order: OrderPlan, found: Json) -> Iterator[tuple[str, object, object]]:
    yield "reference", order.reference, found["reference"]
    yield "supplier", order.supplier, found["supplier"]
    yield "warehouse", order.warehouse, found["warehouse"]
    yield "lines", len(order.lines), len(found["lines"])
    yield "expected on", order.expected_on and order.expected_on.isoformat(), found["expected_on"]
    if order.ordered_on:
        yield "ordered on", order.ordered_on.isoformat(), found["ordered_on"]


def _lines(order: OrderPlan, found: Json) -> Iterator[tuple[str, object, object]]:
    for number, (line, shown) in enumerate(zip(order.lines, found["lines"], strict=False), 1):
        pieces = Decimal(line.qty * line.good.pack)
        expected = (line.good.sku, UNIT, Decimal(line.qty), pieces, pieces, line.price, line.expected_on and line.expected_on.isoformat())
        actual = (
            shown["sku"], shown["unit"], Decimal(shown["qty"]), Decimal(shown["ordered_base"]), Decimal(shown["received_base"]),
            shown["price"] and Decimal(shown["price"]["amount"]), shown["expected_on"],
        )  # fmt: skip
        yield f"line {number}", expected, actual


def _base(order: OrderPlan, number: int) -> Decimal:
    line = order.lines[number - 1]
    return Decimal(line.qty * line.good.pack)
