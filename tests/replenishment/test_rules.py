"""When to order, how much and of whom: worked example E28 and its neighbours as tables, in pieces and packs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from inventory.replenishment import domain
from inventory.replenishment.domain import ByTheUnit, Position, Reason
from kit.quantity import ONE


def standing(
    available: int, *, demand: int = 0, order: int = 0, transit: int = 0, planned: int = 0, low: int = 20, high: int = 60
) -> Position:
    return Position(*(each * ONE for each in (available, demand, order, transit, planned, low, high)))


@dataclass(frozen=True)
class Sells:
    """An offer of packs of so many pieces."""

    pieces: int = 1
    multiple: int = 1
    moq: int = 1
    preferred: bool = False

    @property
    def pack(self) -> int:
        return self.pieces * ONE


@pytest.mark.parametrize(
    ("position", "projected", "need"),
    [
        # On hand 12, hard 5, on order 10 (E28).
        (standing(7, order=10), 17, 43),
        # Run again with that draft of 48 open (E28).
        (standing(7, order=10, planned=48), 65, 0),
        # At the minimum exactly: inclusive (E28).
        (standing(20), 20, 40),
        (standing(21), 21, 0),
        (standing(10, order=5, transit=5), 20, 40),
        (standing(10, order=5, transit=6), 21, 0),
        # Promised beyond what is there: what is promised has to come, too.
        (standing(0, demand=7, order=10), 3, 57),
        (standing(0), 0, 60),
        (standing(5, low=5, high=5), 5, 0),
        (standing(4, low=5, high=5), 4, 1),
        (standing(0, low=0, high=0), 0, 0),
    ],
)
def test_needs_what_brings_the_projection_to_the_maximum(position: Position, projected: int, need: int) -> None:
    assert (position.projected, domain.need_of(position)) == (projected * ONE, need * ONE)


@pytest.mark.parametrize(
    ("need", "offer", "packs"),
    [
        (43, Sells(multiple=12), 48),  # E28
        (43, Sells(12), 4),
        (48, Sells(12), 4),
        (49, Sells(12), 5),
        (43, Sells(12, multiple=3), 6),
        (43, Sells(12, moq=10), 10),
        (43, Sells(12, multiple=3, moq=10), 12),
        (1, Sells(moq=100), 100),
        (43, ByTheUnit(), 43),
    ],
)
def test_orders_whole_packs_in_steps_from_the_least_on(need: int, offer: Any, packs: int) -> None:
    assert domain.packs_of(need * ONE, offer) == packs
    assert domain.packs_problem(packs, offer) is None


def test_orders_whole_units_of_what_is_weighed() -> None:
    assert domain.packs_of(4_300_000, ByTheUnit()) == 5


@pytest.mark.parametrize(
    ("packs", "problem"),
    [(0, "quantity_not_positive"), (-3, "quantity_not_positive"), (3, "below_moq"), (7, "not_a_multiple"), (10**12, "quantity_too_large")],
)
def test_says_why_a_supplier_does_not_take_so_many(packs: int, problem: str) -> None:
    assert domain.packs_problem(packs, Sells(12, multiple=2, moq=4)) == problem


@pytest.mark.parametrize(
    ("position", "reason"),
    [
        (standing(0, order=20), Reason.OUT),
        (standing(20), Reason.AT),
        (standing(7, order=10), Reason.BELOW),
    ],
)
def test_gives_a_reason(position: Position, reason: Reason) -> None:
    assert domain.reason_of(position) is reason


@pytest.mark.parametrize(
    ("offers", "chosen"),
    [
        ([], None),
        ([Sells(3)], 3),
        ([Sells(3), Sells(4, preferred=True)], 4),
        ([Sells(3), Sells(4)], None),
    ],
)
def test_asks_the_preferred_supplier_or_the_only_one(offers: list[Sells], chosen: int | None) -> None:
    found = domain.chosen_offer(offers)
    assert (found and found.pieces) == chosen


@pytest.mark.parametrize(
    ("available", "low", "high", "surplus"),
    [(100, 20, 60, 40), (60, 20, 60, 0), (30, 20, 60, 0), (100, 0, 0, 100), (0, 0, 0, 0), (25, 20, 20, 5)],
)
def test_a_warehouse_gives_what_it_has_above_its_maximum(available: int, low: int, high: int, surplus: int) -> None:
    """So it never asks for any of it again."""
    given = domain.surplus_of(available * ONE, low * ONE, high * ONE)
    assert given == surplus * ONE
    assert not domain.need_of(Position(available * ONE - given, 0, 0, 0, 0, low * ONE, high * ONE)) or available < high


def test_expects_the_goods_after_the_lead_time() -> None:
    assert domain.expected_on(date(2026, 12, 28), 5) == date(2027, 1, 2)
    assert domain.expected_on(date(2026, 12, 28), 0) == date(2026, 12, 28)
    assert domain.expected_on(date(2026, 12, 28), None) is None


def test_groups_rows_in_the_order_they_come_and_no_more_than_fit() -> None:
    rows = [("a", 1), ("b", 2), ("a", 3), ("a", 4)]
    assert domain.grouped(rows, 2) == [("a", [1, 3]), ("a", [4]), ("b", [2])]
