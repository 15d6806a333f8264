"""What each line is. Pure rules, in this order; the first that fits decides.

Unusable: it has another number of fields, or no invoice number, or no stock code.
A charge, which is money and not goods: the code is one of the shop's words for charges, or a single letter; or it begins with
`GIFT_` (a voucher); or it is no article number (it begins with a letter and has fewer than three digits) and the code or a
description of it has a word for charges, such as postage, fee or commission. So POST, DOT, M, D, C2, S, BANK CHARGES,
AMAZONFEE, CRUK and gift_0001_40 are charges, while PADS, DCGS0070 and DCGSSBOY, which name things, are goods; an article
number is goods whatever its description says: a carriage clock is a clock.
Unusable: the stock code cannot be a SKU; the quantity is no number, or a fraction of a piece, or zero; the date is not ISO
or not between 2000 and now; the price is no number or below zero (such as an adjustment of bad debt).
A cancellation: the invoice number begins with C, or the quantity is negative and there is a customer. Goods come back.
Unusable: a cancellation with a positive quantity.
A write-off: the quantity is negative and there is no customer.
Everything else is a sale, at price zero too: the goods left.

Times without a zone are taken as UTC. Codes are compared in upper case with single spaces, so the spellings of one code are one
item. Its name is its most frequent description on lines with a price (else on any sale, else the code), its price the most
frequent one above zero; of equally frequent ones the later in the file wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from app.sales.lines import SalesLine
from kit.clock import to_us
from kit.text import clean, is_code

QUANTITY_MAX = 10_000_000
"""Pieces of one line; beyond it a quantity is a typing mistake, and sums of a whole file stay within what stock can hold."""
INVOICE_LENGTH_MAX = 64
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
CHARGE_CODES = frozenset({"POST", "DOT", "C2", "C3", "CRUK", "AMAZONFEE", "BANK CHARGES", "ADJUST", "ADJUST2"})
_WORD = re.compile(r"[a-z]+")
CHARGE_WORDS = frozenset(
    _WORD.findall(
        "postage carriage shipping delivery freight courier handling manual discount discounts rebate fee fees amazonfee charge charges "
        "commission adjust adjustment debt sample samples voucher vouchers donation insurance surcharge tax vat deposit refund rounding"
    )
)

_QUANTITY = re.compile(r"([+-]?)(\d{1,18})(?:\.(\d{1,18}))?", re.ASCII)
_PRICE = re.compile(r"(-?)(\d{1,12}(?:\.\d{1,6})?)0*", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII)


class Fate(StrEnum):
    """What a line is."""

    SALE = "sale"
    CANCELLATION = "cancellation"
    WRITE_OFF = "write-off"
    CHARGE = "charge"
    UNUSABLE = "unusable"

    @property
    def moves(self) -> bool:
        """Whether goods move."""
        return self in (Fate.SALE, Fate.CANCELLATION, Fate.WRITE_OFF)


@dataclass(frozen=True, slots=True)
class Sorted:
    """A line and what it is. `pieces` is positive and 0 unless goods move; `reason` tells why it is a charge or unusable."""

    line: SalesLine
    fate: Fate
    sku: str
    reason: str = ""
    pieces: int = 0
    at_us: int = 0
    price: Decimal = Decimal(0)


def sort(lines: Iterable[SalesLine], now: datetime) -> list[Sorted]:
    """Every line with its fate, in the order of the file. `now` bounds dates."""
    kept = list(lines)
    words = _words_by_code(kept)
    return [_sorted(line, words, now) for line in kept]


def normal_code(code: str) -> str:
    """The one spelling of a stock code."""
    return " ".join(code.upper().split())


def charge(sku: str, described: set[str]) -> str:
    """Why a code is a charge, or "" when it is goods. `described` holds the words of all its descriptions."""
    if sku in CHARGE_CODES or (len(sku) == 1 and sku.isalpha()):
        return sku
    if sku.startswith("GIFT_"):
        return "voucher"
    is_article = sku[:1].isdigit() or sum(character.isdigit() for character in sku) >= 3
    said = set() if is_article else CHARGE_WORDS & (described | set(_WORD.findall(sku.lower())))
    return f"{sku}: {min(said)}" if said else ""


def _words_by_code(lines: list[SalesLine]) -> dict[str, set[str]]:
    words: dict[str, set[str]] = {}
    for line in lines:
        words.setdefault(normal_code(line.code), set()).update(_WORD.findall(line.description.lower()))
    return words


def _sorted(line: SalesLine, words: dict[str, set[str]], now: datetime) -> Sorted:
    sku = normal_code(line.code)
    fault = line.fault or _missing(line)
    if fault:
        return Sorted(line, Fate.UNUSABLE, sku, fault)
    if reason := charge(sku, words[sku]):
        return Sorted(line, Fate.CHARGE, sku, reason)
    try:
        _check_invoice(line.invoice)
        _check_code(sku)
        pieces, at_us, price = _pieces(line.quantity), _at_us(line.date, now), _price(line.price)
        fate = _fate(line, pieces)
    except ValueError as problem:
        return Sorted(line, Fate.UNUSABLE, sku, str(problem))
    return Sorted(line, fate, sku, "", abs(pieces), at_us, price)


def _fate(line: SalesLine, pieces: int) -> Fate:
    if line.invoice[:1] in "Cc":
        if pieces > 0:
            raise ValueError("cancellation with a positive quantity")
        return Fate.CANCELLATION
    if pieces > 0:
        return Fate.SALE
    return Fate.CANCELLATION if line.customer else Fate.WRITE_OFF


def _missing(line: SalesLine) -> str:
    if not line.invoice:
        return "no invoice number"
    return "" if line.code else "no stock code"


def _check_invoice(invoice: str) -> None:
    try:
        clean(invoice, INVOICE_LENGTH_MAX)
    except ValueError:
        raise ValueError("invoice number too long or unprintable") from None


def _check_code(sku: str) -> None:
    if not is_code(sku):
        raise ValueError("stock code cannot be a SKU")


def _pieces(text: str) -> int:
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError("quantity is not a number" if text else "no quantity")
    if (match[3] or "").strip("0"):
        raise ValueError("quantity is a fraction of a piece")
    pieces = int(match[2])
    if pieces == 0:
        raise ValueError("quantity is zero")
    if pieces > QUANTITY_MAX:
        raise ValueError(f"quantity is beyond {QUANTITY_MAX:,}")
    return -pieces if match[1] == "-" else pieces


def _at_us(text: str, now: datetime) -> int:
    if not _DATE.fullmatch(text):
        raise ValueError("date is not ISO" if text else "no date")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("date is not in the calendar") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment > now:
        raise ValueError("date is in the future")
    if moment < EARLIEST:
        raise ValueError("date is before 2000")
    return to_us(moment)


def _price(text: str) -> Decimal:
    match = _PRICE.fullmatch(text)
    if match is None:
        raise ValueError("price is not a number" if text else "no price")
    if match[1] and Decimal(match[2]):
        raise ValueError("price is below zero")
    return Decimal(match[2])
