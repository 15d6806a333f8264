"""Quantities: int64 millionths of an item's base unit inside, decimal strings at the edges.

Floats, exponents, NaN and more decimals than the unit allows are refused, never rounded.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

ONE = 1_000_000
"""One base unit."""
QTY_MAX = 10**15 * ONE // 1_000
"""A trillion base units: far above any warehouse and far enough below 2**63 that sums of a batch cannot overflow."""
DECIMALS_MAX = 6
_WHOLE_MAX = QTY_MAX // ONE

_PLAIN = re.compile(r"([+-]?)(\d{1,19})(?:\.(\d{1,19}))?", re.ASCII)


def parse(value: Any, decimals: int = DECIMALS_MAX) -> int:
    """Millionths of the unit from a decimal string or a plain int.

    Raises ValueError with a stable code as its message: `not_a_quantity`, `too_many_decimals`, `quantity_too_large`.
    """
    if type(value) is int and -_WHOLE_MAX <= value <= _WHOLE_MAX:
        return value * ONE
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError("not_a_quantity")
    match = _PLAIN.fullmatch(str(value))
    if match is None:
        raise ValueError("not_a_quantity")
    sign, whole, fraction = match.group(1), match.group(2), (match.group(3) or "").rstrip("0")
    if len(fraction) > decimals:
        raise ValueError("too_many_decimals")
    millionths = int(whole) * ONE + int(fraction.ljust(DECIMALS_MAX, "0") or 0)
    if millionths > QTY_MAX:
        raise ValueError("quantity_too_large")
    return -millionths if sign == "-" else millionths


def format_qty(millionths: int, decimals: int = 0) -> str:
    """Decimal string with at least `decimals` places and no more than the value needs: 4250000 at 3 is `4.250`."""
    if not decimals and not millionths % ONE:  # most of what is shown; an answer shows ten
        return str(millionths // ONE)
    sign = "-" if millionths < 0 else ""
    whole, fraction = divmod(abs(millionths), ONE)
    digits = f"{fraction:06d}".rstrip("0").ljust(decimals, "0")
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def convert(millionths: int, numerator: int, denominator: int) -> int:
    """Quantity times an exact rational factor. Raises ValueError `not_whole_millionths` when it would need rounding."""
    product, rest = divmod(millionths * numerator, denominator)
    if rest:
        raise ValueError("not_whole_millionths")
    if abs(product) > QTY_MAX:
        raise ValueError("quantity_too_large")
    return product


def convert_rounded(millionths: int, numerator: int, denominator: int, decimals: int) -> int:
    """Quantity times an exact rational factor, rounded once, half-even, to so many decimals. Raises ValueError `quantity_too_large`."""
    step = int(10 ** (DECIMALS_MAX - decimals))
    product: int = round(Fraction(millionths * numerator, denominator * step)) * step
    if abs(product) > QTY_MAX:
        raise ValueError("quantity_too_large")
    return product
