"""Money: decimal amounts in a named currency, rounded half-even to the currency's minor unit."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

AMOUNT_MAX = Decimal(10) ** 12
"""Amounts stay below it: 18 digits, 6 of them after the point, are what the tables keep."""
_PLAIN = re.compile(r"-?\d{1,13}(?:\.\d{1,6})?", re.ASCII)
_MINOR_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "KWD": 3, "BHD": 3, "OMR": 3, "TND": 3}
MICRO = 1_000_000


def parse(value: Any) -> Decimal:
    """An exact amount from a decimal string or int. Raises ValueError `not_an_amount` or `amount_too_large`."""
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not _PLAIN.fullmatch(str(value)):
        raise ValueError("not_an_amount")
    amount = Decimal(value)
    if abs(amount) >= AMOUNT_MAX:
        raise ValueError("amount_too_large")
    return amount


def micros(amount: Decimal) -> int:
    """Millionths of the currency: how a unit cost travels inside."""
    return int((amount * MICRO).to_integral_exact())


def minor_digits(currency: str) -> int:
    """Decimals of the currency's minor unit."""
    return _MINOR_DIGITS.get(currency, 2)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """The amount at the currency's minor unit, half-even."""
    return amount.quantize(Decimal(1).scaleb(-minor_digits(currency)), rounding=ROUND_HALF_EVEN)
