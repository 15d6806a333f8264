"""Rules of the catalogue: what a name, a price, a unit or a limit must look like. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from msgspec import UNSET

from inventory.body import Complaints
from inventory.catalog.messages import ItemChange, Money, NewItem
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
_POUND = Fraction(45359237, 100_000)
_METRES = {"m": Fraction(1), "cm": Fraction(1, 100), "mm": Fraction(1, 1000)}
_GRAMS = {"g": Fraction(1), "kg": Fraction(1000)}
_LITRES = {"l": Fraction(1), "ml": Fraction(1, 1000)}
_YARDS = {"in": Fraction(254, 10_000), "ft": Fraction(3048, 10_000), "yd": Fraction(9144, 10_000)}
_POUNDS = {"lb": _POUND, "oz": _POUND / 16}
"""In metres, grams and litres, exact since the international agreement of 1959."""


def _factors(*sizes: dict[str, Fraction]) -> dict[tuple[str, str], Factor]:
    """(unit, base unit) -> factor, for all pairs of each measure."""
    pairs = ((measure[unit] / measure[base], unit, base) for measure in sizes for unit in measure for base in measure if unit != base)
    return {(unit, base): factor.as_integer_ratio() for factor, unit, base in pairs}


_METRIC = _factors(_METRES, _GRAMS, _LITRES)
_BY_DEFINITION = _factors(_METRES | _YARDS, _GRAMS | _POUNDS, _LITRES)
"""(unit, base unit) -> factor, for units that are the same measure by definition."""


@dataclass(frozen=True, slots=True)
class Price:
    """An exact amount in a currency."""

    amount: Decimal
    currency: str


def item_values(new: NewItem) -> dict[str, Any]:
    """The columns of a new item. Refuses with `invalid_body` what does not fit."""
    complaints = Complaints()
    price = checked_price(new.price, complaints)
    values = {
        "sku": checked_code(new.sku, "sku", complaints),
        "name": checked_text(new.name, "name", NAME_LENGTH_MAX, complaints),
        "kind": new.kind,
        "base_unit": checked_unit_code(new.base_unit, "base_unit", complaints),
        "category": checked_text(new.category, "category", CATEGORY_LENGTH_MAX, complaints, required=False),
        "price": price and price.amount,
        "currency": price and price.currency,
        "names": checked_names(new.names, complaints),
        "metadata": checked_metadata(new.metadata, complaints),
    }
    complaints.raise_any()
    return values


def change_values(change: ItemChange) -> dict[str, Any]:
    """The columns that a change names. Refuses with `invalid_body` what does not fit."""
    complaints = Complaints()
    values: dict[str, Any] = {}
    if change.name is not UNSET:
        values["name"] = checked_text(change.name, "name", NAME_LENGTH_MAX, complaints)
    if change.kind is not UNSET:
        values["kind"] = change.kind
    if change.category is not UNSET:
        values["category"] = checked_text(change.category, "category", CATEGORY_LENGTH_MAX, complaints, required=False)
    if change.price is not UNSET:
        price = checked_price(change.price, complaints)
        values |= {"price": price and price.amount, "currency": price and price.currency}
    if change.names is not UNSET:
        values["names"] = checked_names(change.names, complaints)
    if change.metadata is not UNSET:
        values["metadata"] = checked_metadata(change.metadata, complaints)
    complaints.raise_any()
    return values


def checked_text(value: str, field: str, length_max: int, complaints: Complaints, required: bool = True, line: int | None = None) -> str:
    """The trimmed text; a complaint if it is too long, unprintable, or empty though required."""
    try:
        cleaned = text.clean(value, length_max)
    except ValueError as problem:
        complaints.add(str(problem), field, line, max=length_max)
        return ""
    if required and not cleaned:
        complaints.add("value_missing", field, line)
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
    if not is_barcode(value):
        complaints.add("not_a_code", "code")
    return value


def is_barcode(value: str) -> bool:
    """Whether it can be scanned or typed: printable ASCII without spaces."""
    return _BARCODE.fullmatch(value) is not None


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
    return Price(amount, checked_currency(value.currency, f"{field}.currency", complaints, line))


def checked_currency(value: str, field: str, complaints: Complaints, line: int | None = None) -> str:
    """A currency's three letters."""
    if not _CURRENCY.fullmatch(value):
        complaints.add("not_a_currency", field, line)
    return value


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
    return packagings.get(unit) or _BY_DEFINITION.get((unit, base_unit))


def base_of(millionths: int, unit: str, base_unit: str, decimals: int, factor: Factor) -> int:
    """So much of a unit in millionths of the base unit. Raises ValueError `not_whole_millionths`, `quantity_too_large`.

    What is counted, and what is metric on both sides, comes out even or is refused: rounding would lose pieces. A pound has
    more decimals of a kilogram than anybody keeps, so what is measured in one system and kept in the other is rounded, once.
    """
    pair = (unit, base_unit)
    if pair not in _METRIC and _BY_DEFINITION.get(pair) == factor:
        return quantity.convert_rounded(millionths, *factor, decimals)
    return quantity.convert(millionths, *factor)
