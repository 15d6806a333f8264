"""The plan of a replay…"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from app.sales import plan
from app.sales.lines import SalesLine
from app.sales.plan import LINES_MAX, MARGIN_MIN, Plan
from app.sales.sorting import Fate, sort

WAREHOUSES = ["bishkek", "main", "osh"]
NOW = datetime(2012, 1, 1, tzinfo=UTC)
Row = tuple[str, str, int, str]


def planned(*rows: Row, described: str = "TEA CUP", price: str = "2.55") -> Plan:
    """A plan of (invoice, code, quantity, day of December) rows."""
    lines = [
        SalesLine(number, invoice, code, described, str(quantity), f"2010-12-{day}", price, "", "")
        for number, (invoice, code, quantity, day) in enumerate(rows, 2)
    ]
    return plan.make("d1g35t", sort(lines, NOW), WAREHOUSES)


def played(made: Plan) -> dict[plan.Cell, int]:
    """Everything done by hand; fails when a warehouse would have to give what it has not got."""
    stock = Counter(made.opening)
    for event in made.events:
        for sku, pieces in event.lines:
            stock[sku, event.warehouse] += pieces if event.fate is Fate.CANCELLATION else -pieces
        assert all(stock[cell] >= 0 for cell in event.cells), event
    return dict(stock)


def test_makes_one_event_of_an_invoice_in_one_warehouse() -> None:
    made = planned(("1", "A1000", 3, "02"), ("2", "B1000", 1, "02"), ("1", "C1000", 2, "02"), ("1", "A1000", 4, "02"))
    first = made.events[0]
    assert (first.fate, first.invoice, first.lines, first.numbers) == (
        Fate.SALE,
        "1",
        (("A1000", 3), ("C1000", 2), ("A1000", 4)),
        (2, 4, 5),
    )
    assert len(made.events) == 2


def test_puts_events_in_the_order_of_time() -> None:
    made = planned(("9", "A1000", 3, "05"), ("C8", "A1000", -2, "04"), ("7", "A1000", -1, "03"), ("6", "A1000", 1, "03"))
    assert [(event.invoice, event.fate) for event in made.events] == [
        ("7", Fate.WRITE_OFF),
        ("6", Fate.SALE),
        ("C8", Fate.CANCELLATION),
        ("9", Fate.SALE),
    ]
    assert made.opened_at == "2010-12-03T00:00:00.000000Z"


def test_splits_what_one_command_cannot_hold() -> None:
    made = planned(*[("1", f"A{number:04}", 1, "02") for number in range(LINES_MAX + 1)])
    assert [(event.part, len(event.lines)) for event in made.events] == [(1, LINES_MAX), (2, 1)]
    assert [event.key("d", "reserve") for event in made.events] == ["replay:d:1:reserve", "replay:d:1:reserve.2"]


def test_gives_every_command_a_key_of_its_own_that_stays() -> None:
    made = planned(("1", "A1000", 3, "02"), ("C1", "A1000", -2, "04"), ("№ 7", "A1000", 1, "03"))
    keys = [event.key(made.digest, verb) for event in made.events for verb in ("reserve", "commit", "return")]
    assert len(set(keys)) == len(keys)
    assert all(key.isascii() and len(key) <= 255 and key.startswith(plan.prefix(made.digest)) for key in keys)


def test_opens_with_what_the_worst_moment_lacks_and_a_margin() -> None:
    made = planned(("1", "A1000", 100, "02"), ("C1", "A1000", -60, "03"), ("1", "A1000", 20, "04"))
    # All three fall to the warehouse of their invoice number; take the worst moment of each warehouse by hand.
    by_hand: dict[plan.Cell, int] = {}
    for event in made.events:
        cell = ("A1000", event.warehouse)
        gone = sum(pieces for _, pieces in event.lines) if event.fate is Fate.SALE else 0
        by_hand[cell] = by_hand.get(cell, 0) + gone
    assert made.opening == {cell: gone + max(MARGIN_MIN, gone // 10) for cell, gone in by_hand.items()}


def test_stocks_what_only_ever_came_back() -> None:
    made = planned(("C1", "A1000", -60, "03"))
    assert set(made.opening.values()) == {MARGIN_MIN}
    assert plan.expected(made) == {("A1000", made.events[0].warehouse): 60 + MARGIN_MIN}


def test_names_and_prices_an_item_by_its_most_frequent_lines() -> None:
    told = [("", "0"), ("check", "0"), ("TEA  CUP", "2.55"), ("TEA CUP", "2.95"), ("CUP OF TEA", "2.95"), ("", "2.55")]
    lines = [
        SalesLine(number, "1", "a1000", name, "1", "2010-12-02", price, "", "")
        for number, (name, price) in enumerate([*told, ("x", "2.95")], 2)
    ]
    (good,) = plan.goods(sort(lines, NOW))
    assert good == ("A1000", "TEA CUP", Decimal("2.95"))


def test_names_an_item_by_its_code_when_nothing_says_more() -> None:
    found = sort([SalesLine(2, "1", "A1000", "damaged", "-4", "2010-12-02", "0", "", "")], NOW)
    assert plan.goods(found) == [("A1000", "A1000", None)]


def test_expects_nothing_of_what_was_refused() -> None:
    made = planned(("1", "A1000", 3, "02"), ("1", "B1000", 3, "02"))
    assert plan.expected(made, {0}) == made.opening


quantities = st.integers(-30, 30).filter(bool)
rows = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "3", "C4", "C5"]), st.sampled_from(["A1000", "B1000"]), quantities, st.sampled_from(["02", "03", "04"])
    ),
    max_size=40,
)


@settings(max_examples=200, deadline=None)
@given(rows)
def test_lets_every_event_happen_in_its_turn(made_of: list[Row]) -> None:
    """Whatever an export holds, nobody is ever asked for what is not there, and playing it gives what is expected."""
    made = planned(*made_of)
    assert played(made) == plan.expected(made)
    assert planned(*made_of) == made
