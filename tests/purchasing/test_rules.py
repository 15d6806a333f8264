"""The rules of orders on their own: no clock, no database."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.purchasing.domain import Line, Order, amount_of, closed, cost_of_base, in_unit
from inventory.purchasing.receiving import receivable
from inventory.purchasing.status import Counts, Status, open_of, status_of

A, P, R, X = Status.APPROVED, Status.PARTIALLY_RECEIVED, Status.RECEIVED, Status.CANCELLED


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        # ordered, received, cancelled of each line
        ([(100, 0, 0)], A),
        ([(100, 60, 0)], P),
        ([(100, 100, 0)], R),
        ([(100, 110, 0)], R),
        ([(100, 120, 0), (20, 0, 0)], P),  # worked example E10: never from totals
        ([(100, 120, 0), (20, 0, 20)], R),
        ([(100, 0, 40)], A),
        ([(100, 0, 100)], X),
        ([(100, 1, 99)], R),
    ],
)
def test_derives_where_an_order_stands(lines: list[tuple[int, int, int]], status: Status) -> None:
    assert status_of(Counts(*line) for line in lines) is status


@pytest.mark.parametrize(
    ("ordered", "received", "cancelled", "percent", "most"),
    [(100, 60, 0, 0, 40), (100, 60, 0, 5, 45), (100, 105, 0, 5, 0), (100, 60, 40, 0, 0), (7, 0, 0, 5, 7), (100, 200, 0, 0, 0)],
)
def test_says_how_much_more_may_come(ordered: int, received: int, cancelled: int, percent: int, most: int) -> None:
    assert receivable(line(1, ordered, received, cancelled), percent) == most  # type: ignore[arg-type]


def test_closes_what_is_open_and_no_more() -> None:
    order = Order(1, 1, 1, "KGS", P, None, (line(1, 100, 60), line(2, 20, 25), line(3, 5, 0)), 1)
    some = closed(order, [1, 2])
    assert (some.status, some.given_up) == (P, {1: 40})
    assert closed(order, [1, 2, 3]).status is R
    whole = closed(order, None)
    assert (whole.status, whole.given_up) == (Status.CLOSED, {1: 40, 3: 5})


def test_adds_up_lines_rounded_each_and_knows_no_price_as_nothing() -> None:
    lines = [line(1, 1, price="0.335"), line(2, 1, price="0.335"), line(3, 1)]
    assert amount_of(lines, "EUR") == Decimal("0.68")
    assert amount_of(lines[:1], "JPY") == Decimal(0)


def test_a_cost_in_another_currency_is_not_known() -> None:
    assert cost_of_base(Decimal("25"), "KGS", "KGS", 12, 1) == 2_083_333
    assert cost_of_base(Decimal("25"), "EUR", "KGS", 12, 1) is None


@given(st.integers(0, 10**12), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_quantity_in_packs_is_never_further_off_than_half_a_millionth(base: int, numerator: int, denominator: int) -> None:
    shown = in_unit(base, numerator, denominator)
    assert abs(2 * (shown * numerator - base * denominator)) <= numerator


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 60), st.integers(0, 50)), min_size=1, max_size=6))
def test_something_is_open_exactly_while_an_order_is_not_through(lines: list[tuple[int, int, int]]) -> None:
    counts = [Counts(*each) for each in lines]
    assert any(open_of(each) for each in counts) is (status_of(counts) in (A, P))


def line(number: int, ordered: int, received: int = 0, cancelled: int = 0, price: str | None = None) -> Line:
    """A line of pieces."""
    cost = None if price is None else Decimal(price)
    return Line(number, 1, 0, "pcs", 1, 1, ordered * 1_000_000, ordered, cost, None, None, "", received, cancelled=cancelled)
