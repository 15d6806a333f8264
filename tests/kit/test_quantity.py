"""Quantities…"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import quantity


@pytest.mark.parametrize(
    ("text", "decimals", "millionths"),
    [("6", 0, 6_000_000), (6, 0, 6_000_000), ("0.150", 3, 150_000), ("4.25", 3, 4_250_000), ("-3", 0, -3_000_000), ("6.000", 0, 6_000_000)],
)
def test_are_read_exactly(text: Any, decimals: int, millionths: int) -> None:
    assert quantity.parse(text, decimals) == millionths


@pytest.mark.parametrize("value", [1.5, True, None, "1e3", "NaN", "", " 1", "1,5", "٣", "0x1", "+", ".5", "5.", [], {}])
def test_refuse_what_is_not_a_plain_decimal(value: Any) -> None:
    with pytest.raises(ValueError, match="not_a_quantity"):
        quantity.parse(value)


def test_refuse_more_decimals_than_the_unit_has() -> None:
    with pytest.raises(ValueError, match="too_many_decimals"):
        quantity.parse("0.5", 0)


def test_refuse_what_could_overflow() -> None:
    with pytest.raises(ValueError, match="quantity_too_large"):
        quantity.parse("9" * 19)


@given(st.integers(-quantity.QTY_MAX, quantity.QTY_MAX))
def test_survive_the_way_out_and_back(millionths: int) -> None:
    assert quantity.parse(quantity.format_qty(millionths)) == millionths


def test_show_at_least_the_units_own_places() -> None:
    assert quantity.format_qty(4_250_000, 3) == "4.250"
    assert quantity.format_qty(-500_000) == "-0.5"
    assert quantity.format_qty(0, 2) == "0.00"


def test_convert_by_exact_fractions_only() -> None:
    """Worked example E11: 2.5 cases of 12 are 30; a third of a piece is not a quantity."""
    assert quantity.convert(quantity.parse("2.5"), 12, 1) == 30_000_000
    with pytest.raises(ValueError, match="not_whole_millionths"):
        quantity.convert(1_000_000, 1, 3)


def test_round_once_and_half_to_even_where_they_must() -> None:
    """Worked example E11: 970 kg are shown as 2138.484 lb, and those are 970.000 kg again."""
    pound = (45359237, 100_000_000)
    shown = quantity.convert_rounded(quantity.parse("970"), pound[1], pound[0], 3)
    assert quantity.format_qty(shown, 3) == "2138.484"
    assert quantity.format_qty(quantity.convert_rounded(shown, *pound, 3), 3) == "970.000"
    assert quantity.format_qty(quantity.convert_rounded(shown, 454, 1000, 3), 3) == "970.872", "a factor that was cut is wrong"
    assert [quantity.convert_rounded(each * quantity.ONE, 1, 2, 0) // quantity.ONE for each in (1, 3, -1, -3)] == [0, 2, 0, -2]
    with pytest.raises(ValueError, match="quantity_too_large"):
        quantity.convert_rounded(quantity.QTY_MAX, 2, 1, 0)
