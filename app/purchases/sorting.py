"""What each line of a delivery history is. Pure rules, in this order; the first that fits decides.

Refused: it has another number of fields; no ID, or one that an earlier line has; no order, vendor, country or item; a name too
long or unprintable; a pack or a quantity that is no whole number above zero; a price that is no amount; a delivery date that
cannot be read, is before 2000 or after today.
Everything else is imported, with a remark for each thing that is odd and does not keep it out: text where a date, a weight or
an amount of money belongs; a weight or freight that is said with another line, which is looked up; a date that cannot be read;
a value that is not quantity x pack price; a name that was read in the wrong encoding and is put right.

Dates are `2-Jun-06` or, month first, `6/2/06`; years below 70 are of this century.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from app.purchases import lines as c
from app.purchases.lines import PurchaseLine
from kit.text import clean, unscrambled

QUANTITY_MAX = 10_000_000
NAME_MAX = 100
"""Letters of a name that becomes a supplier, a warehouse or an item."""
CENT = Decimal("0.01")
EARLIEST = date(2000, 1, 1)
_WHOLE = re.compile(r"(\d{1,12})(?:\.0*)?", re.ASCII)
_MONEY = re.compile(r"\d{1,12}(?:\.\d{1,6})?", re.ASCII)
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_SEE = re.compile(r"See (\S+) \(ID#:\s*(\w+)\)")
_WORDS = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{2}|\d{4})", re.ASCII)
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{2}|\d{4})", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NEEDED = ((c.ID, "no ID"), (c.ORDER, "no PO"), (c.VENDOR, "no vendor"), (c.COUNTRY, "no country"), (c.ITEM, "no item"))
_ODD_WORDS = {c.QUOTE: "Pre-PQ Process", c.TERM: "N/A - From RDC"}
"""Columns whose texts are names, but for these."""


class Fate(StrEnum):
    """What a line is."""

    IMPORTED = "imported"
    REMARKED = "imported with remarks"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Bought:
    """What a line says, understood. `qty` in packs of `pack` pieces at `price` each, in dollars."""

    order: str
    vendor: str
    country: str
    item: str
    pack: int
    qty: int
    price: Decimal
    asn: str
    sent_on: date | None
    expected_on: date | None
    delivered_on: date


@dataclass(frozen=True, slots=True)
class Sorted:
    """A line and what it is: `bought` unless it is refused, for `reason`."""

    line: PurchaseLine
    fate: Fate
    bought: Bought | None = None
    remarks: tuple[str, ...] = ()
    reason: str = ""


def sort(lines: Iterable[PurchaseLine], today: date) -> list[Sorted]:
    """Every line with its fate, in the order of the file. `today` bounds deliveries."""
    kept = list(lines)
    by_id: dict[str, PurchaseLine] = {}
    for line in kept:
        if line.of[c.ID]:
            by_id.setdefault(line.of[c.ID], line)
    return [_sorted(line, by_id, today) for line in kept]


def day(text: str) -> date | None:
    """The day of `2-Jun-06` or `6/2/06`, None when it is not one."""
    words, slashes = _WORDS.fullmatch(text), _SLASHES.fullmatch(text)
    try:
        if words:
            return date(_year(words[3]), _MONTHS.index(words[2].lower()) + 1, int(words[1]))
        return date(_year(slashes[3]), int(slashes[1]), int(slashes[2])) if slashes else None
    except ValueError:
        return None


def _sorted(line: PurchaseLine, by_id: Mapping[str, PurchaseLine], today: date) -> Sorted:
    try:
        bought = _bought(line, by_id, today)
    except ValueError as problem:
        return Sorted(line, Fate.REFUSED, reason=str(problem))
    remarks = tuple(_remarks(line, bought, by_id))
    return Sorted(line, Fate.REMARKED if remarks else Fate.IMPORTED, bought, remarks)


def _bought(line: PurchaseLine, by_id: Mapping[str, PurchaseLine], today: date) -> Bought:
    """Raises ValueError with the reason for which the line is refused."""
    of = line.of
    if line.fault:
        raise ValueError(line.fault)
    if missing := next((reason for column, reason in _NEEDED if not of[column]), ""):
        raise ValueError(missing)
    if by_id[of[c.ID]] is not line:
        raise ValueError(f"duplicate ID {of[c.ID]}, first on line {by_id[of[c.ID]].number}")
    names = {column: _name(of[column], column) for column in (c.ORDER, c.VENDOR, c.COUNTRY, c.ITEM, c.ASN)}
    pack, qty = _whole(of[c.PACK], "pack"), _whole(of[c.QUANTITY], "quantity")
    if not _MONEY.fullmatch(of[c.PRICE]):
        raise ValueError("price is not an amount" if of[c.PRICE] else "no price")
    delivered_on = _delivered(of[c.DELIVERED], today)
    return Bought(
        names[c.ORDER], names[c.VENDOR], names[c.COUNTRY], names[c.ITEM], pack, qty, Decimal(of[c.PRICE]), names[c.ASN],
        day(of[c.SENT]), day(of[c.SCHEDULED]), delivered_on,
    )  # fmt: skip


def _name(text: str, column: str) -> str:
    try:
        return clean(" ".join(unscrambled(text).split()), NAME_MAX)
    except ValueError:
        raise ValueError(f"{column} too long or unprintable") from None


def _whole(text: str, what: str) -> int:
    match = _WHOLE.fullmatch(text)
    if match is None:
        raise ValueError(f"{what} not a positive whole number" if text else f"no {what}")
    if not 0 < int(match[1]) <= QUANTITY_MAX:
        raise ValueError(f"{what} not positive" if not int(match[1]) else f"{what} beyond {QUANTITY_MAX:,}")
    return int(match[1])


def _delivered(text: str, today: date) -> date:
    found = day(text)
    if found is None:
        raise ValueError("delivery date cannot be read" if text else "no delivery date")
    if found < EARLIEST:
        raise ValueError("delivered before 2000")
    if found > today:
        raise ValueError("delivered in the future")
    return found


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else int(text) + (2000 if int(text) < 70 else 1900)


def _remarks(line: PurchaseLine, bought: Bought, by_id: Mapping[str, PurchaseLine]) -> Iterator[str]:
    of = line.of
    for column, text in of.items():
        if (repaired := unscrambled(text)) != text:
            yield f"{column}: encoding repaired: {repaired}"
    for column, word in _ODD_WORDS.items():
        if of[column] == word:
            yield f"{column}: {word}"
    for column in (c.QUOTED, c.SENT, c.SCHEDULED, c.RECORDED):
        if day(of[column]) is None:
            yield f"{column}: {of[column] or 'empty'}"
    for column in (c.WEIGHT, c.FREIGHT):
        if not _NUMBER.fullmatch(of[column]):
            yield f"{column}: {_elsewhere(of[column], by_id)}"
    if bought.sent_on and bought.sent_on > bought.delivered_on:
        yield "delivered before it was ordered"
    if not bought.asn:
        yield f"{c.ASN}: empty"
    if not _MONEY.fullmatch(of[c.VALUE]) or abs(Decimal(of[c.VALUE]) - bought.qty * bought.price) >= CENT:
        yield f"value {of[c.VALUE] or 'empty'} is not quantity × pack price"


def _elsewhere(text: str, by_id: Mapping[str, PurchaseLine]) -> str:
    """A figure that stands with another line: which line that is, and what it says."""
    see = _SEE.fullmatch(text)
    if see is None:
        return text or "empty"
    named = by_id.get(see[2])
    if named is None:
        return f"{text}: no such line in the file"
    return f"{text}: line {named.number}" if named.of[c.ASN] == see[1] else f"{text}: line {named.number}, which is of {named.of[c.ASN]}"
