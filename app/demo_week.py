"""The week behind a demo company: what came in, what was sold, what is promised. Pure, and the same every time.

Times are hours before the midnight that began the day of founding, so a start that was cut short makes the same plan again.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from app.demo_goods import Company, Good
from kit.quantity import ONE, format_qty

_DAYS = 7
_SHARES = (1.0, 0.35, 0.25)
"""How much of a full shelf the main warehouse and the branches hold."""
_SHIFTS = (9.0, 13.5, 18.0)
"""Hours of the day at which a till hands in its sales."""
_DELIVERIES = {6: 10.0, 4: 11.5, 2: 9.5}
"""On which days before, and when, the main warehouse gets goods."""
_COUNTED_ON = 3
_LEFT = {"out": 0.0, "low": 0.06}
"""What share of a full shelf is left of the goods that should end short."""
_WORDS = {"en": ("till in", "counted"), "ru": ("касса", "пересчёт")}
"""What people of a company type as reasons: for sales of a till, and after a count."""
_HOLD_SECONDS = (1_200, 5_400, 86_400, 604_800)


class Deed(NamedTuple):
    """A stock command to be: hours before the founding day began (None: now), who does it, the verb and its body."""

    hours: float | None
    role: str
    verb: str
    body: dict[str, Any]


@dataclass(slots=True)
class Week:
    """What to do in order, and the limits that make sense afterwards: (sku, warehouse) -> (minimum, maximum), in millionths."""

    deeds: list[Deed] = field(default_factory=list)
    limits: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)


def week_of(company: Company) -> Week:
    """A week that ends with some goods out, some low, one above its maximum, and holds on others."""
    shelf = _Shelf(company, Random(company.slug))
    shelf.open(_DAYS * 24 - 7.0)
    for day in range(_DAYS, 0, -1):
        if day in _DELIVERIES:
            shelf.refill(day * 24 - _DELIVERIES[day])
        for hour in _SHIFTS:
            shelf.sell(day * 24 - hour)
        if day == _COUNTED_ON:
            shelf.count(day * 24 - 20.0)
    shelf.sell_out(4.0)
    shelf.promise()
    return shelf.week


class _Shelf:
    """What lies where while the week is planned."""

    def __init__(self, company: Company, random: Random) -> None:
        self.week = Week()
        self._company = company
        self._random = random
        self._codes = [code for code, _ in company.warehouses]
        self._decimals = {good.sku: {"kg": 3, "m": 1}.get(good.unit, 0) for good in company.goods}
        self._left: dict[tuple[str, str], int] = defaultdict(int)
        self._orders = 1001
        self._tills = 0

    def open(self, hours: float) -> None:
        """The first delivery: the main warehouse gets most."""
        for place, code in enumerate(self._codes):
            amounts = [(good, self._amount(good, _SHARES[place] * self._random.uniform(0.7, 1.0))) for good in self._company.goods]
            self._receive(hours - 0.5 * place, [self._line(good, code, amount, cost=True) for good, amount in amounts])

    def refill(self, hours: float) -> None:
        """A delivery to the main warehouse: most of what should not end short."""
        goods = [good for good in self._company.goods if good.ends == "ok" and self._random.random() < 0.7]
        amounts = [(good, self._amount(good, self._random.uniform(0.15, 0.3))) for good in goods]
        self._receive(hours, [self._line(good, self._codes[0], amount, cost=True) for good, amount in amounts])

    def sell(self, hours: float) -> None:
        """A shift at every till: a third of the goods, a little of each."""
        for place, code in enumerate(self._codes):
            sold = [good for good in self._company.goods if self._random.random() < 0.33]
            lines = [self._line(good, code, -self._part(good, code, _SHARES[place] * self._random.uniform(0.01, 0.08))) for good in sold]
            self._tills += 1
            self._do(
                hours, "operator", "issue", lines, reference=f"Z-{self._tills:04}", reason=f"{_WORDS[self._company.language][0]} {code}"
            )

    def count(self, hours: float) -> None:
        """A few shelves are counted and put right."""
        code = self._codes[-1]
        for good in self._random.sample(self._company.goods, min(4, len(self._company.goods))):
            missing = self._part(good, code, 0.01)
            if missing:
                self._left[good.sku, code] -= missing
                line = {"sku": good.sku, "warehouse": code, "delta": self._text(good, -missing)}
                self._do(hours, "inventory", "adjust", [line], reason=_WORDS[self._company.language][1], reference="C-077")

    def sell_out(self, hours: float) -> None:
        """Bring the goods that should end short to where they should be, and set limits around what is left."""
        main, lines = self._codes[0], []
        for good in self._company.goods:
            too_many = self._left[good.sku, main] - self._amount(good, _LEFT.get(good.ends, 1.0))
            if good.ends in _LEFT and too_many > 0:
                lines.append(self._line(good, main, -too_many))
        self._do(hours, "operator", "issue", lines, reference="SO-117")
        for good in self._company.goods:
            for place, code in enumerate(self._codes):
                self.week.limits[good.sku, code] = self._limits(good, place, self._left[good.sku, code])

    def promise(self) -> None:
        """Holds of today: carts that end soon, orders that stay, one order over several goods."""
        free = [(good, place) for good in self._company.goods for place in range(len(self._codes)) if good.ends == "ok"]
        chosen = self._random.sample(free, min(12, len(free)))
        lines = [
            self._line(good, self._codes[place], -self._part(good, self._codes[place], 0.1 * _SHARES[place])) for good, place in chosen
        ]
        for number, line in enumerate(lines[:8]):
            hold = {"hold": "hard"} if number % 3 == 0 else {"expires_in": _HOLD_SECONDS[number % 4]}
            self._do(None, ("manager", "operator")[number % 2], "reserve", [line], reference=f"SO-{118 + number}", **hold)
        self._do(None, "manager", "reserve", lines[8:], reference="SO-130", hold="hard")

    def _receive(self, hours: float, lines: list[dict[str, Any]]) -> None:
        self._do(hours, "inventory", "receive", lines, reference=f"PO-{self._orders}")
        self._orders += 1

    def _do(self, hours: float | None, role: str, verb: str, lines: list[dict[str, Any]], **told: Any) -> None:
        """Only lines that change something are sent, and no command without lines."""
        lines = [line for line in lines if line]
        if lines:
            self.week.deeds.append(Deed(hours, role, verb, {"lines": lines, **told}))

    def _line(self, good: Good, code: str, change: int, cost: bool = False) -> dict[str, Any]:
        """A line that changes the shelf by so much; empty when there is nothing to change."""
        if change == 0:
            return {}
        self._left[good.sku, code] += change
        line: dict[str, Any] = {"sku": good.sku, "warehouse": code, "qty": self._text(good, abs(change))}
        if cost:
            line["unit_cost"] = {"amount": f"{float(good.price) * 0.6:.2f}", "currency": self._company.currency}
        return line

    def _part(self, good: Good, code: str, share: float) -> int:
        return min(self._left[good.sku, code], self._amount(good, share))

    def _amount(self, good: Good, share: float) -> int:
        """So much of a full shelf, as exactly as the unit is counted, and never nothing unless asked for nothing."""
        step = ONE // 10 ** self._decimals[good.sku]
        return max(step, int(good.full * share * ONE) // step * step) if share else 0

    def _limits(self, good: Good, place: int, left: int) -> tuple[int, int]:
        if good.ends == "over" and place == 0:
            return self._amount(good, 0.05), max(self._amount(good, 0.06), left // ONE // 2 * ONE)
        return self._amount(good, 0.2 * _SHARES[place]), self._amount(good, 1.5 * _SHARES[place])

    def _text(self, good: Good, millionths: int) -> str:
        return format_qty(millionths, self._decimals[good.sku])
