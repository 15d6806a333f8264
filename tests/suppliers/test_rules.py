"""Rules of buying from a supplier, without I/O."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.body import Complaints, fit
from inventory.catalog.directory import ItemName
from inventory.suppliers import domain
from inventory.suppliers.domain import Break
from inventory.suppliers.messages import NewOffer, OfferTerms
from kit.errors import Refused
from kit.quantity import ONE

CUP = ItemName(1, "CUP", "Cup", "pcs", 0, False, {"case": (12, 1), "third": (1, 3), "half": (1, 2), "mountain": (10**12, 1)})
FLOUR = ItemName(2, "FLOUR", "Flour", "kg", 3, False, {"sack": (50, 1)})
CLOTH = ItemName(3, "CLOTH", "Cloth", "m", 1, False, {})


@pytest.mark.parametrize(
    ("need", "pack", "multiple", "moq", "packs"),
    [
        (43, 1, 12, 1, 48),  # worked example E28: 43 are missing, they come by the dozen
        (43, 12, 1, 1, 4),
        (48, 12, 1, 1, 4),
        (49, 12, 1, 1, 5),
        (49, 12, 4, 1, 8),
        (1, 12, 1, 10, 10),
        (1, 12, 4, 10, 12),  # at least 10, but 4 at a time
        (1, 1, 1, 1, 1),
        (0, 12, 1, 10, 0),
        (-5, 12, 1, 10, 0),
    ],
)
def test_a_need_becomes_whole_packs_in_whole_multiples(need: int, pack: int, multiple: int, moq: int, packs: int) -> None:
    assert domain.packs_for(need * ONE, pack * ONE, multiple, moq) == packs


def test_a_crumb_more_than_a_pack_is_two_packs() -> None:
    assert domain.packs_for(12 * ONE + 1, 12 * ONE, 1, 1) == 2


@given(st.integers(1, 10**18), st.integers(1, 10**18), st.integers(1, 1000), st.integers(1, 1000))
def test_packs_cover_the_need_and_no_fewer_would(need: int, pack: int, multiple: int, moq: int) -> None:
    packs = domain.packs_for(need, pack, multiple, moq)
    assert packs % multiple == 0
    assert packs >= moq
    assert packs * pack >= need
    fewer = packs - multiple
    assert fewer < moq or fewer * pack < need


BREAKS = (Break(10, Decimal("9.50")), Break(50, Decimal("9")), Break(100, Decimal("9.20")))


@pytest.mark.parametrize(
    ("packs", "price"),
    [(1, "10"), (9, "10"), (10, "9.50"), (49, "9.50"), (50, "9"), (99, "9"), (100, "9.20"), (10**6, "9.20")],
)
def test_the_break_that_begins_highest_and_is_reached_makes_the_price(packs: int, price: str) -> None:
    assert domain.price_at(BREAKS, packs, Decimal("10")) == Decimal(price)
    assert domain.price_at(tuple(reversed(BREAKS)), packs, Decimal("10")) == Decimal(price)


def test_without_breaks_the_base_price_is_the_price() -> None:
    assert domain.price_at((), 5, Decimal("10")) == Decimal("10")
    assert domain.price_at((), 5) is None
    assert domain.price_at(BREAKS, 5) is None


@pytest.mark.parametrize(("own", "suppliers", "days"), [(None, 7, 7), (3, 7, 3), (0, 7, 0), (None, None, None), (3, None, 3)])
def test_an_offers_own_lead_time_goes_before_the_suppliers(own: int | None, suppliers: int | None, days: int | None) -> None:
    assert domain.effective_lead_time(own, suppliers) == days


@pytest.mark.parametrize(
    ("item", "unit", "multiple", "pack", "codes"),
    [
        (CUP, None, 1, ONE, []),
        (CUP, "pcs", 1, ONE, []),
        (CUP, "case", 1, 12 * ONE, []),
        (CUP, "half", 2, ONE // 2, []),  # two halves are a whole piece
        (CUP, "half", 1, ONE // 2, ["pack_not_whole"]),
        (CUP, "third", 3, 0, ["not_whole_millionths"]),
        (CUP, "crate", 1, 0, ["unknown_unit"]),
        (CUP, "kg", 1, 0, ["unknown_unit"]),
        (CUP, "mountain", 2, 10**18, ["quantity_too_large"]),
        (FLOUR, "sack", 1, 50 * ONE, []),
        (FLOUR, "g", 1, 1000, []),
        (FLOUR, "lb", 1, 0, ["not_whole_millionths"]),
        (CLOTH, "cm", 1, 10_000, ["pack_not_whole"]),
        (CLOTH, "cm", 10, 10_000, []),
        (CLOTH, "in", 50, 25_400, ["pack_not_whole"]),
    ],
)
def test_a_pack_is_exact_and_what_is_ordered_is_whole(item: ItemName, unit: str | None, multiple: int, pack: int, codes: list[str]) -> None:
    complaints = Complaints()
    assert domain.checked_terms(OfferTerms(unit=unit, multiple=multiple), item, "KGS", complaints).pack == pack
    assert told(complaints) == codes


@pytest.mark.parametrize(
    ("terms", "codes"),
    [
        ({"price": {"amount": "10", "currency": "USD"}, "breaks": [{"from_qty": 50, "price": "9"}, {"from_qty": 10, "price": 9}]}, []),
        ({"breaks": [{"from_qty": 10, "price": "9"}]}, ["value_missing"]),
        ({"price": {"amount": "10", "currency": "usd"}}, ["not_a_currency"]),
        ({"price": {"amount": "-1", "currency": "USD"}}, ["out_of_range"]),
        ({"price": {"amount": "1e3", "currency": "USD"}}, ["not_an_amount"]),
        ({"price": {"amount": "1000000000000", "currency": "USD"}}, ["amount_too_large"]),
        (
            {"price": {"amount": "1", "currency": "USD"}, "breaks": [{"from_qty": 9, "price": "1"}, {"from_qty": 9, "price": "2"}]},
            ["break_twice"],
        ),
        ({"supplier_sku": "x" * 101}, ["text_too_long"]),
        ({"supplier_sku": "x\x00"}, ["unprintable_text"]),
    ],
)
def test_terms_that_do_not_fit_are_all_named(terms: dict[str, Any], codes: list[str]) -> None:
    complaints = Complaints()
    domain.checked_terms(fit(terms, OfferTerms), CUP, "KGS", complaints)
    assert told(complaints) == codes


def test_breaks_ascend_and_are_in_the_currency_of_the_price() -> None:
    asked = fit(
        {"price": {"amount": "10", "currency": "USD"}, "breaks": [{"from_qty": 50, "price": "9"}, {"from_qty": 10, "price": "9.5"}]},
        OfferTerms,
    )
    terms = domain.checked_terms(asked, CUP, "KGS", Complaints())
    assert terms.breaks == (Break(10, Decimal("9.5")), Break(50, Decimal("9")))
    assert terms.currency == "USD"
    assert domain.checked_terms(OfferTerms(), CUP, "KGS", Complaints()).currency == "KGS"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"multiple": 0}, "multiple"),
        ({"moq": 0}, "moq"),
        ({"lead_time_days": -1}, "lead_time_days"),
        ({"breaks": [{"from_qty": 1, "price": "1"}]}, "breaks[0].from_qty"),
        ({"breaks": [{"from_qty": 2 + number, "price": "1"} for number in range(21)]}, "breaks"),
        ({"moq": 1.5}, "moq"),
        ({"pack": 12}, "pack"),
    ],
)
def test_bodies_are_bounded(body: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as caught:
        fit({"sku": "CUP", **body}, NewOffer)
    assert caught.value.refusal.errors[0]["field"] == field


def test_notes_have_lines_and_an_end() -> None:
    complaints = Complaints()
    assert domain.checked_notes(" Call first. \r\nRing twice.\n", complaints) == "Call first.\nRing twice."
    assert domain.checked_email(" Sales@Felt.Example ", complaints) == "sales@felt.example"
    assert told(complaints) == []
    domain.checked_notes("a\n" * 1500, complaints)
    domain.checked_email("nobody", complaints)
    assert told(complaints) == ["text_too_long", "not_an_email"]


def told(complaints: Complaints) -> list[str]:
    try:
        complaints.raise_any()
    except Refused as refused:
        return [str(fact["code"]) for fact in refused.refusal.errors]
    return []
