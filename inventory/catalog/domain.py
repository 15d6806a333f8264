"""Rules of the catalogue: what a name, a price, a unit or a limit must look like. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from inventory.body import Complaints
from inventory.catalog.messages import Money
from kit import money, quantity, text

NAME_LENGTH_MAX = 200
CATEGORY_LENGTH_MAX = 100
BARCODE_LENGTH_MAX = 64
METADATA_KEYS_MAX = 50
METADATA_TEXT_MAX = 500

_UNIT = re.compile(r"[a-z][a-z0-9_]{0,15}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2}", re.ASCII)
_BARCODE = re.compile(r"[\x21-\x7e]{1,64}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)

UNITS = (
    ("pcs", "pieces", 0),
    ("kg", "kilograms", 3),
    ("g", "grams", 0),
    ("l", "litres", 3),
    ("ml", "millilitres", 0),
    ("m", "metres", 1),
    ("m2", "square metres", 2),
)
"""(code, name, decimals) that every new company starts with."""

Factor = tuple[int, int]
_METRIC: dict[tuple[str, str], Factor] = {
    ("g", "kg"): (1, 1000),
    ("kg", "g"): (1000, 1),
    ("ml", "l"): (1, 1000),
    ("l", "ml"): (1000, 1),
}
"""(unit, base unit) -> factor, for units that are the same measure by definition."""


@dataclass(frozen=True, slots=True)
class Price:
    """An exact amount in a currency."""

    amount: Decimal
    currency: str


def checked_text(value: str, field: str, length_max: int, complaints: Complaints, required: bool = True) -> str:
    """The trimmed text; a complaint if it is too long, unprintable, or empty though required."""
    try:
        cleaned = text.clean(value, length_max)
    except ValueError as problem:
        complaints.add(str(problem), field, max=length_max)
        return ""
    if required and not cleaned:
        complaints.add("value_missing", field)
    return cleaned


def checked_code(value: str, field: str, complaints: Complaints) -> str:
    """A SKU or warehouse code; a complaint if it cannot be one."""
    if not text.is_code(value):
        complaints.add("not_a_code", field)
    return value


def checked_unit_code(value: str, field: str, complaints: Complaints) -> str:
    """A unit's code: lower-case letters, digits and underscores, up to 16."""
    if not _UNIT.fullmatch(value):
        complaints.add("not_a_code", field)
    return value


def checked_barcode(value: str, complaints: Complaints) -> str:
    """A scanned or typed code: printable ASCII without spaces."""
    if not _BARCODE.fullmatch(value):
        complaints.add("not_a_code", "code")
    return value


def checked_price(value: Money | None, complaints: Complaints, field: str = "price", line: int | None = None) -> Price | None:
    """The exact price; a complaint if the amount or the currency is none."""
    if value is None:
        return None
    try:
        amount = money.parse(value.amount)
    except ValueError as problem:
        complaints.add(str(problem), f"{field}.amount", line)
        return None
    if amount < 0:
        complaints.add("out_of_range", f"{field}.amount", line, min="0")
    if not _CURRENCY.fullmatch(value.currency):
        complaints.add("not_a_currency", f"{field}.currency", line)
    return Price(amount, value.currency)


def checked_names(value: dict[str, str], complaints: Complaints) -> dict[str, str]:
    """Names by language (two letters)."""
    for language in value:
        if not _LANGUAGE.fullmatch(language):
            complaints.add("not_a_language", "names")
    return {language: checked_text(name, f"names.{language}", NAME_LENGTH_MAX, complaints) for language, name in value.items()}


def checked_metadata(value: dict[str, Any], complaints: Complaints) -> dict[str, Any]:
    """Facts of the customer's own: a flat object of text, whole numbers, truth values and nulls."""
    if len(value) > METADATA_KEYS_MAX:
        complaints.add("out_of_range", "metadata", max=METADATA_KEYS_MAX)
    for name, fact in value.items():
        if isinstance(fact, (dict, list, float)):
            complaints.add("wrong_type", f"metadata.{name}")
        checked_text(name, "metadata", CATEGORY_LENGTH_MAX, complaints)
        if isinstance(fact, str):
            checked_text(fact, f"metadata.{name}", METADATA_TEXT_MAX, complaints, required=False)
    return value


def checked_limits(low: str | int, high: str | int, decimals: int, complaints: Complaints) -> tuple[int, int]:
    """Minimum and maximum in millionths; complaints unless 0 <= minimum <= maximum."""
    found = [checked_quantity(value, field, decimals, complaints) for field, value in (("min", low), ("max", high))]
    if found[0] < 0:
        complaints.add("out_of_range", "min", min="0")
    if found[1] < found[0]:
        complaints.add("out_of_range", "max", min=quantity.format_qty(found[0]))
    return found[0], found[1]


def checked_quantity(value: str | int, field: str, decimals: int, complaints: Complaints, line: int | None = None) -> int:
    """Millionths; a complaint if the text is no quantity or has more decimals than the unit."""
    try:
        return quantity.parse(value, decimals)
    except ValueError as problem:
        complaints.add(str(problem), field, line, decimals=decimals)
        return 0


def factor_of(unit: str | None, base_unit: str, packagings: Mapping[str, Factor]) -> Factor | None:
    """Base units in one of `unit`, exact: (numerator, denominator). None when the item does not come in that unit."""
    if unit is None or unit == base_unit:
        return (1, 1)
    return packagings.get(unit) or _METRIC.get((unit, base_unit))
