"""The demo companies' goods and the week behind them: what came in, what was sold, what is promised. Pure and repeatable.

Times are hours before the company was founded, so that the same plan is made again when a first start was cut short.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from kit.quantity import ONE, format_qty

_DAYS = 7
_SHARES = (1.0, 0.35, 0.25)
"""How much of a full shelf the main warehouse and the branches hold."""
_SHIFTS = (9.0, 13.5, 18.0)
"""Hours of the day at which a till hands in its sales."""


class Good(NamedTuple):
    """An item: SKU, name, category, unit, price, what a full shelf holds, and how it should end up in the first warehouse."""

    sku: str
    name: str
    category: str
    unit: str
    price: str
    full: int
    ends: str = "ok"


@dataclass(frozen=True, slots=True)
class Company:
    """A demo company. The first warehouse is its main one."""

    slug: str
    name: str
    language: str
    warehouses: tuple[tuple[str, str], ...]
    people: tuple[tuple[str, str], ...]
    goods: tuple[Good, ...]
    plan: str = "growth"
    time_zone: str = "Asia/Bishkek"
    currency: str = "KGS"


class Deed(NamedTuple):
    """A stock command to be: how many hours before the founding it happened (None: now), verb, body."""

    hours_ago: float | None
    verb: str
    body: dict[str, Any]


@dataclass(slots=True)
class Plan:
    """What to do in order, and the limits that make sense afterwards: (sku, warehouse) -> (minimum, maximum), in millionths."""

    deeds: list[Deed] = field(default_factory=list)
    limits: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)


def barcode(number: int) -> str:
    """An EAN-13 of the range 20 to 29, which shops use inside."""
    digits = f"21{number:010d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def plan_of(company: Company) -> Plan:
    """A week of receipts, sales, counts and promises that ends with some goods out, some low, one above its maximum."""
    shelf = _Shelf(company, Random(company.slug))
    shelf.open(_DAYS * 24 + 2.0)
    for day in range(_DAYS, 0, -1):
        for hour in _SHIFTS:
            shelf.sell(day * 24 - hour)
        if day == 4:
            shelf.refill(day * 24 - 11.0)
        if day == 2:
            shelf.count(day * 24 - 20.0)
    shelf.sell_out(2.0)
    shelf.promise()
    return shelf.plan


class _Shelf:
    """What lies where while the week is planned."""

    def __init__(self, company: Company, random: Random) -> None:
        self.plan = Plan()
        self._company = company
        self._random = random
        self._codes = [code for code, _ in company.warehouses]
        self._decimals = {good.sku: {"kg": 3, "m": 1}.get(good.unit, 0) for good in company.goods}
        self._left: dict[tuple[str, str], int] = defaultdict(int)

    def open(self, hours_ago: float) -> None:
        """The first delivery: the main warehouse gets most."""
        for place, code in enumerate(self._codes):
            amounts = [(good, self._amount(good, _SHARES[place] * self._random.uniform(0.7, 1.0))) for good in self._company.goods]
            lines = [self._line(good, code, amount, cost=True) for good, amount in amounts]
            self._do(hours_ago - 0.5 * place, "receive", lines, reference=f"PO-{1001 + place}")

    def sell(self, hours_ago: float) -> None:
        """A shift at every till: a third of the goods, a little of each."""
        for place, code in enumerate(self._codes):
            sold = [good for good in self._company.goods if self._random.random() < 0.33]
            lines = [self._line(good, code, -self._part(good, code, _SHARES[place] * self._random.uniform(0.01, 0.09))) for good in sold]
            till = f"Z-{code}-{int(hours_ago * 10)}"
            self._do(hours_ago, "issue", [line for line in lines if line], reference=till, reason="till")

    def refill(self, hours_ago: float) -> None:
        """A delivery in the middle of the week, to the main warehouse."""
        goods = [good for good in self._company.goods if good.ends == "ok" and self._random.random() < 0.5]
        lines = [self._line(good, self._codes[0], self._amount(good, self._random.uniform(0.2, 0.4)), cost=True) for good in goods]
        self._do(hours_ago, "receive", lines, reference="PO-1010")

    def count(self, hours_ago: float) -> None:
        """A few shelves are counted and put right."""
        for good in self._random.sample(self._company.goods, min(4, len(self._company.goods))):
            off = -min(self._left[good.sku, self._codes[-1]], self._amount(good, 0.01))
            if off:
                self._left[good.sku, self._codes[-1]] += off
                line = {"sku": good.sku, "warehouse": self._codes[-1], "delta": self._text(good, off)}
                self.plan.deeds.append(Deed(hours_ago, "adjust", {"lines": [line], "reason": "counted", "reference": "C-077"}))

    def sell_out(self, hours_ago: float) -> None:
        """Bring the goods that should end short to where they should be, and set limits around what is left."""
        main = self._codes[0]
        leave = {"out": 0.0, "low": 0.06}
        lines = []
        for good in self._company.goods:
            too_many = self._left[good.sku, main] - self._amount(good, leave.get(good.ends, 1.0))
            if good.ends in leave and too_many > 0:
                lines.append(self._line(good, main, -too_many))
        self._do(hours_ago, "issue", lines, reference="SO-117")
        for good in self._company.goods:
            for place, code in enumerate(self._codes):
                self.plan.limits[good.sku, code] = self._limits(good, place, self._left[good.sku, code])

    def promise(self) -> None:
        """Holds of today: carts that end soon, orders that stay, one order over several goods."""
        free = [(good, code) for good in self._company.goods for code in self._codes if good.ends == "ok" and self._left[good.sku, code]]
        chosen = self._random.sample(free, min(12, len(free)))
        for number, (good, code) in enumerate(chosen[:8]):
            line = self._line(good, code, -self._part(good, code, 0.1))
            hold = {"hold": "hard"} if number % 3 == 0 else {"expires_in": (1200, 5400, 86_400, 604_800)[number % 4]}
            if line:
                self.plan.deeds.append(Deed(None, "reserve", {"lines": [line], "reference": f"SO-{118 + number}", **hold}))
        lines = [self._line(good, code, -self._part(good, code, 0.05)) for good, code in chosen[8:]]
        if any(lines):
            self.plan.deeds.append(
                Deed(None, "reserve", {"lines": [line for line in lines if line], "reference": "SO-130", "hold": "hard"})
            )

    def _do(self, hours_ago: float, verb: str, lines: list[dict[str, Any]], **told: str) -> None:
        if lines:
            self.plan.deeds.append(Deed(hours_ago, verb, {"lines": lines, **told}))

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
        low = self._amount(good, 0.2 * _SHARES[place])
        if good.ends == "over" and place == 0:
            return self._amount(good, 0.05), max(self._amount(good, 0.06), left // ONE // 2 * ONE)
        return low, max(self._amount(good, 1.5), low)

    def _text(self, good: Good, millionths: int) -> str:
        return format_qty(millionths, self._decimals[good.sku])


ALA_TOO = Company(
    slug="ala-too",
    name="Ala-Too Gifts",
    language="en",
    warehouses=(("main", "Main"), ("osh", "Osh"), ("bishkek", "Bishkek")),
    people=(
        ("admin", "Aizada Toktogulova"),
        ("manager", "Nurlan Asanov"),
        ("inventory", "Aibek Sydykov"),
        ("operator", "Begimai Osmonova"),
        ("viewer", "Timur Kasymov"),
    ),
    goods=(
        Good("10110", "Felt slippers, snow leopard, 38", "Felt", "pcs", "1450", 120),
        Good("10111", "Felt slippers, snow leopard, 41", "Felt", "pcs", "1450", 120),
        Good("10112", "Felt slippers, ram's horn, 43", "Felt", "pcs", "1490", 90, "low"),
        Good("10125", "Felt coaster, set of 6", "Felt", "pcs", "680", 260),
        Good("10140", "Felt camel, small", "Felt", "pcs", "390", 400),
        Good("10141", "Felt camel, large", "Felt", "pcs", "990", 140, "out"),
        Good("10160", "Shyrdak cushion, red and white", "Felt", "pcs", "2350", 80),
        Good("10161", "Shyrdak cushion, blue and ochre", "Felt", "pcs", "2350", 80, "low"),
        Good("10170", "Shyrdak rug, 80 by 150 cm", "Felt", "pcs", "14900", 24),
        Good("20210", "Tea bowl, cobalt", "Ceramics", "pcs", "420", 640),
        Good("20211", "Tea bowl, pomegranate", "Ceramics", "pcs", "420", 640),
        Good("20212", "Tea bowl, set of 6 in a box", "Ceramics", "pcs", "2590", 120),
        Good("20220", "Teapot, cobalt, 1 l", "Ceramics", "pcs", "1890", 96, "low"),
        Good("20235", "Serving dish, 30 cm", "Ceramics", "pcs", "1750", 110),
        Good("20240", "Sugar bowl with lid", "Ceramics", "pcs", "760", 150, "out"),
        Good("20260", "Hanging heart, fired clay", "Ceramics", "pcs", "190", 1200),
        Good("30310", "Beeswax candle, 12 cm", "Candles", "pcs", "260", 900),
        Good("30311", "Beeswax candle, 20 cm", "Candles", "pcs", "380", 700),
        Good("30320", "Juniper candle in a tin", "Candles", "pcs", "540", 480),
        Good("30330", "Tea lights, pack of 24", "Candles", "pcs", "320", 360, "over"),
        Good("30345", "Soy wax flakes", "Candles", "kg", "310", 180, "low"),
        Good("30346", "Beeswax, blocks", "Candles", "kg", "920", 75),
        Good("40410", "Walnuts from Arslanbob, shelled", "Sweets", "kg", "980", 140),
        Good("40411", "Dried apricots", "Sweets", "kg", "640", 160),
        Good("40420", "White honey, jar 500 g", "Sweets", "pcs", "790", 420),
        Good("40421", "White honey, jar 250 g", "Sweets", "pcs", "450", 520),
        Good("40430", "Mountain tea, loose", "Sweets", "kg", "1350", 48),
        Good("40440", "Chak-chak gift box", "Sweets", "pcs", "690", 200, "low"),
        Good("50510", "Satin ribbon, red, 25 mm", "Wrapping", "m", "28", 900),
        Good("50511", "Satin ribbon, gold, 25 mm", "Wrapping", "m", "28", 900),
        Good("50512", "Jute twine", "Wrapping", "m", "9", 1600),
        Good("50520", "Kraft paper bag, small", "Wrapping", "pcs", "22", 3200),
        Good("50521", "Kraft paper bag, large", "Wrapping", "pcs", "34", 2400, "over"),
        Good("50530", "Gift box, 20 by 20 cm", "Wrapping", "pcs", "120", 800),
        Good("50540", "Gift tags, pack of 20", "Wrapping", "pcs", "95", 600),
        Good("60610", "Postcard, Song-Kol at dawn", "Paper", "pcs", "40", 2600),
        Good("60611", "Postcard, Tash-Rabat", "Paper", "pcs", "40", 2600),
        Good("60620", "Notebook, felt cover", "Paper", "pcs", "560", 260),
        Good("60630", "Wall calendar", "Paper", "pcs", "490", 300, "out"),
        Good("60640", "Map of the Tien Shan, folded", "Paper", "pcs", "350", 240),
    ),
)

TIEN_SHAN = Company(
    slug="tien-shan",
    name="Tien-Shan Kitchen",
    language="ru",
    warehouses=(("depot", "Склад"), ("kara-balta", "Кара-Балта")),
    people=(
        ("admin", "Elena Kim"),
        ("manager", "Ruslan Ibraimov"),
        ("inventory", "Daniyar Bekov"),
        ("operator", "Olga Petrova"),
        ("viewer", "Gulnara Alieva"),
    ),
    goods=(
        Good("K-100", "Казан чугунный, 8 л", "Посуда", "pcs", "4200", 60),
        Good("K-101", "Казан чугунный, 12 л", "Посуда", "pcs", "5900", 40, "low"),
        Good("K-120", "Шампур, 60 см", "Посуда", "pcs", "140", 900),
        Good("K-140", "Ляган, 35 см", "Посуда", "pcs", "680", 180),
        Good("K-200", "Мука высший сорт", "Продукты", "kg", "48", 2400),
        Good("K-201", "Рис девзира", "Продукты", "kg", "260", 900),
        Good("K-202", "Нут", "Продукты", "kg", "120", 500, "low"),
        Good("K-210", "Масло хлопковое, 5 л", "Продукты", "pcs", "690", 220),
        Good("K-220", "Зира", "Специи", "kg", "900", 40),
        Good("K-221", "Барбарис", "Специи", "kg", "1100", 25, "out"),
        Good("K-300", "Полотно льняное", "Текстиль", "m", "390", 320),
        Good("K-310", "Фартук повара", "Текстиль", "pcs", "850", 140),
    ),
)

COMPANIES = (ALA_TOO, TIEN_SHAN)
