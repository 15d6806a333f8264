"""Rules of the catalogue, without I/O."""

from __future__ import annotations

import pytest

from inventory.body import Complaints, fit
from inventory.catalog import domain
from inventory.catalog.messages import Money, NewItem
from kit import quantity
from kit.errors import Refused


@pytest.mark.parametrize(
    ("unit", "base", "packagings", "factor"),
    [
        (None, "pcs", {}, (1, 1)),
        ("pcs", "pcs", {}, (1, 1)),
        ("case", "pcs", {"case": (12, 1)}, (12, 1)),
        ("g", "kg", {}, (1, 1000)),
        ("lb", "kg", {"lb": (45359237, 100000000)}, (45359237, 100000000)),
        ("lb", "kg", {}, (45359237, 100000000)),
        ("kg", "lb", {}, (100000000, 45359237)),
        ("oz", "lb", {}, (1, 16)),
        ("oz", "g", {}, (45359237, 1600000)),
        ("in", "m", {}, (127, 5000)),
        ("ft", "m", {}, (381, 1250)),
        ("yd", "m", {}, (1143, 1250)),
        ("in", "ft", {}, (1, 12)),
        ("cm", "m", {}, (1, 100)),
        ("in", "m", {"in": (6, 1)}, (6, 1)),
        ("lb", "m", {}, None),
        ("case", "pcs", {}, None),
        ("kg", "pcs", {}, None),
    ],
)
def test_knows_what_one_of_a_unit_is(
    unit: str | None, base: str, packagings: dict[str, tuple[int, int]], factor: tuple[int, int] | None
) -> None:
    assert domain.factor_of(unit, base, packagings) == factor


def test_conversions_are_exact_or_refused() -> None:
    """Worked example E11: 2.5 cases of 12 are 30; grams are kilograms to the last one; nothing is rounded on the way."""
    assert quantity.convert(quantity.parse("2.5"), 12, 1) == quantity.parse("30")
    assert quantity.convert(quantity.parse("150"), 1, 1000) == quantity.parse("0.150")
    with pytest.raises(ValueError, match="not_whole_millionths"):
        quantity.convert(quantity.parse("1"), 1, 3)


@pytest.mark.parametrize(
    ("low", "high", "codes"),
    [("2", "5", []), ("0", "0", []), ("5", "2", ["out_of_range"]), ("-1", "2", ["out_of_range"]), ("0.5", "2", ["too_many_decimals"])],
)
def test_limits_stand_in_order(low: str, high: str, codes: list[str]) -> None:
    complaints = Complaints()
    domain.checked_limits(low, high, 0, complaints)
    assert _codes(complaints) == codes


@pytest.mark.parametrize(
    ("amount", "currency", "codes"),
    [
        ("2.55", "GBP", []),
        (3, "KGS", []),
        ("-1", "GBP", ["out_of_range"]),
        ("1e3", "GBP", ["not_an_amount"]),
        ("1", "gbp", ["not_a_currency"]),
    ],
)
def test_prices_are_exact_amounts_in_a_currency(amount: str | int, currency: str, codes: list[str]) -> None:
    complaints = Complaints()
    domain.checked_price(Money(amount, currency), complaints)
    assert _codes(complaints) == codes


@pytest.mark.parametrize(
    ("metadata", "codes"),
    [
        ({"colour": "red", "weight": 3, "organic": True, "note": None}, []),
        ({"nested": {}}, ["wrong_type"]),
        ({"price": 1.5}, ["wrong_type"]),
        ({"long": "x" * 501}, ["text_too_long"]),
        ({f"k{number}": 1 for number in range(51)}, ["out_of_range"]),
    ],
)
def test_metadata_is_flat_and_small(metadata: dict[str, object], codes: list[str]) -> None:
    complaints = Complaints()
    domain.checked_metadata(metadata, complaints)
    assert _codes(complaints) == codes


@pytest.mark.parametrize(
    ("body", "fact"),
    [
        ({"name": "Cup"}, {"field": "sku", "code": "value_missing"}),
        ({"sku": "C", "name": 1}, {"field": "name", "code": "wrong_type"}),
        ({"sku": "C", "name": "Cup", "x": 1}, {"field": "x", "code": "unknown_field"}),
        ({"sku": "C", "name": "Cup", "kind": "toy"}, {"field": "kind", "code": "not_a_choice"}),
        ({"sku": "C", "name": "Cup", "price": {"amount": "1"}}, {"field": "price.currency", "code": "value_missing"}),
        ([], {"field": "", "code": "wrong_type"}),
    ],
)
def test_a_body_that_does_not_fit_names_the_field(body: object, fact: dict[str, str]) -> None:
    with pytest.raises(Refused) as caught:
        fit(body, NewItem)
    assert caught.value.refusal.code == "invalid_body"
    assert caught.value.refusal.errors[0].items() >= fact.items()


def _codes(complaints: Complaints) -> list[str]:
    try:
        complaints.raise_any()
    except Refused as refused:
        return [str(fact["code"]) for fact in refused.refusal.errors]
    return []
