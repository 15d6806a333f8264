"""The three-way match…"""

from __future__ import annotations

from decimal import Decimal

import pytest

from inventory.invoices.domain import Invoiced, Ordered, Reason, State, Tolerance, reasons, state_of

ONE = 1_000_000
NONE = Tolerance(0, 0)


@pytest.mark.parametrize(
    ("qty", "upto", "price", "amount", "tolerance", "found"),
    [
        (10, 10, "5.00", "50.00", NONE, ()),
        (10, 12, "5.00", "50.00", NONE, ("more_than_received",)),  # 2 were invoiced before
        (11, 11, "5.00", "55.00", Tolerance(10, 0), ()),
        (12, 12, "5.00", "60.00", Tolerance(10, 0), ("more_than_received",)),
        (10, 10, "5.10", "51.00", NONE, ("price_differs",)),
        (10, 10, "5.10", "51.00", Tolerance(0, 2), ()),
        (10, 10, "5.11", "51.10", Tolerance(0, 2), ("price_differs",)),
        (10, 10, "4.00", "40.00", NONE, ("price_differs",)),
        (10, 10, "5.00", "50.01", NONE, ("amount_differs",)),
        (11, 11, "6.00", "70.00", NONE, ("more_than_received", "price_differs", "amount_differs")),
    ],
)
def test_holds_a_line_against_the_order_and_what_came(
    qty: int, upto: int, price: str, amount: str, tolerance: Tolerance, found: tuple[str, ...]
) -> None:
    """Ten came and were accepted, at five each."""
    line = Invoiced(qty * ONE, upto * ONE, Decimal(price), Decimal(amount))
    assert reasons(line, Ordered(10 * ONE, Decimal("5.00")), tolerance, "KGS") == tuple(map(Reason, found))


def test_knows_what_was_not_ordered_and_what_has_no_price() -> None:
    line = Invoiced(ONE, ONE, Decimal(5), Decimal(5))
    assert reasons(line, None, Tolerance(100, 100), "KGS") == (Reason.NOT_ORDERED,)
    assert reasons(line, Ordered(ONE, None), Tolerance(100, 100), "KGS") == (Reason.PRICE_DIFFERS,)


def test_approves_exceptions_only() -> None:
    assert [state_of((), True), state_of((Reason.NOT_ORDERED,), True), state_of((Reason.NOT_ORDERED,), False)] == [
        State.MATCHED, State.APPROVED, State.EXCEPTION,
    ]  # fmt: skip
