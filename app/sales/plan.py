"""From sorted lines to what will be done: items, opening stock, and events in time order. Pure and the same every time.

An invoice is served by one warehouse, chosen by its number, so its lines are one reservation. Lines of one invoice that go the
same way are one event, at the time of the earliest of them. The opening stock of an item in a warehouse is what its worst moment
would lack, and a margin.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, TypeVar
from zlib import crc32

from app.sales.sorting import Fate, Sorted
from kit.clock import SECOND, rfc3339
from kit.text import clean, is_idempotency_key

LINES_MAX = 400
"""Lines of one command: the contract allows 500, and a frame of 64 KiB holds 400 of the longest SKUs."""
MARGIN_MIN = 5
MARGIN_SHARE = 10
"""Opening stock is a tenth more than the worst moment needs, and at least five pieces more."""
NAME_LENGTH_MAX = 200
CURRENCY = "GBP"
_DAY = 86_400 * SECOND

Value = TypeVar("Value")
Cell = tuple[str, str]
"""(sku, warehouse)."""


class Good(NamedTuple):
    """An item to be made. No price where none of its lines has one."""

    sku: str
    name: str
    price: Decimal | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a warehouse: an invoice sold, goods that came back, goods written off.

    `lines` are (sku, pieces) as on the invoice; `numbers` are those of the file's lines. A very long invoice makes several events.
    """

    fate: Fate
    invoice: str
    part: int
    at_us: int
    warehouse: str
    lines: tuple[tuple[str, int], ...]
    numbers: tuple[int, ...]
    why: str = ""

    def key(self, digest: str, verb: str) -> str:
        """The idempotency key of one of its commands: the same whenever this file is replayed."""
        word = self.invoice if is_idempotency_key(self.invoice) else "~" + hashlib.sha256(self.invoice.encode()).hexdigest()[:16]
        return f"{prefix(digest)}{word}:{verb}" + (f".{self.part}" if self.part > 1 else "")

    @property
    def effective_at(self) -> str:
        """When it happened, as the wire wants it."""
        return rfc3339(self.at_us)

    @property
    def sign(self) -> int:
        """+1 when goods come in, -1 when they go."""
        return 1 if self.fate is Fate.CANCELLATION else -1

    @property
    def cells(self) -> set[Cell]:
        """The stock it touches."""
        return {(sku, self.warehouse) for sku, _ in self.lines}


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that will be done, and from when the opening stock is there."""

    digest: str
    warehouses: tuple[str, ...]
    goods: list[Good]
    opening: dict[Cell, int]
    opened_at: str
    events: list[Event]


def prefix(digest: str) -> str:
    """What every key of a replay begins with."""
    return f"replay:{digest}:"


def make(digest: str, found: Sequence[Sorted], warehouses: Sequence[str]) -> Plan:
    """The plan for a file in these warehouses."""
    events = sorted(_events(found, warehouses), key=lambda event: (event.at_us, event.numbers[0], event.part))
    first_us = events[0].at_us if events else 0
    # Midnight before the first event: the shop was stocked before it opened.
    return Plan(digest, tuple(warehouses), goods(found), opening(events), rfc3339(first_us - first_us % _DAY), events)


def goods(found: Iterable[Sorted]) -> list[Good]:
    """The items of all lines that move goods, by SKU."""
    names: dict[str, Counter[str]] = {}
    spare: dict[str, Counter[str]] = {}
    prices: dict[str, Counter[Decimal]] = {}
    for each in found:
        if each.fate.moves:
            name = _name(each.line.description)
            counted = spare.setdefault(each.sku, Counter())
            if each.fate is Fate.SALE:
                counted[name] += 1
            if each.price:
                names.setdefault(each.sku, Counter())[name] += 1
                prices.setdefault(each.sku, Counter())[each.price] += 1
    return [
        Good(sku, _most(names.get(sku)) or _most(spare[sku]) or sku, _most(prices.get(sku))) for sku in sorted(spare)
    ]  # fmt: skip


def opening(events: Iterable[Event]) -> dict[Cell, int]:
    """Pieces of each item in each warehouse that must be there before the first of these events, which come in time order."""
    running: Counter[Cell] = Counter()
    worst: dict[Cell, int] = {}
    for event in events:
        for sku, pieces in event.lines:
            cell = (sku, event.warehouse)
            running[cell] += event.sign * pieces
            worst[cell] = min(worst.get(cell, 0), running[cell])
    return {cell: -low + max(MARGIN_MIN, -low // MARGIN_SHARE) for cell, low in sorted(worst.items())}


def expected(plan: Plan, refused: Collection[int] = ()) -> dict[Cell, int]:
    """Pieces of each item in each warehouse when all is done, from the plan alone. Events that were refused moved nothing."""
    balances = Counter(plan.opening)
    for number, event in enumerate(plan.events):
        if number not in refused:
            for sku, pieces in event.lines:
                balances[sku, event.warehouse] += event.sign * pieces
    return dict(balances)


def _events(found: Iterable[Sorted], warehouses: Sequence[str]) -> Iterator[Event]:
    together: dict[tuple[Fate, str], list[Sorted]] = {}
    for each in found:
        if each.fate.moves:
            together.setdefault((each.fate, each.line.invoice), []).append(each)
    for (fate, invoice), members in together.items():
        at_us = min(each.at_us for each in members)
        warehouse = warehouses[crc32(invoice.encode()) % len(warehouses)]
        for part, start in enumerate(range(0, len(members), LINES_MAX), 1):
            chunk = members[start : start + LINES_MAX]
            yield Event(
                fate,
                invoice,
                part,
                at_us,
                warehouse,
                tuple((each.sku, each.pieces) for each in chunk),
                tuple(each.line.number for each in chunk),
                _why(chunk) if fate is Fate.WRITE_OFF else "",
            )


def _why(members: Sequence[Sorted]) -> str:
    """What the export says about a write-off: "?" and "check" too, they are all there is."""
    said = dict.fromkeys(_name(each.line.description) for each in members if each.line.description)
    return ", ".join(said)[:NAME_LENGTH_MAX]


def _name(description: str) -> str:
    try:
        return clean(" ".join(description.split())[:NAME_LENGTH_MAX], NAME_LENGTH_MAX)
    except ValueError:
        return ""


def _most(counted: Counter[Value] | None) -> Value | None:
    """The most frequent value that is not empty; the last seen of those equally frequent."""
    filled = [(count, place, value) for place, (value, count) in enumerate((counted or Counter()).items()) if value]
    return max(filled, key=lambda each: each[:2])[2] if filled else None
