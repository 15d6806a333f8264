"""The sorting of lines: a table that a shop owner could check."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.sales.lines import SalesLine
from app.sales.sorting import Fate, Sorted, sort

NOW = datetime(2011, 12, 10, tzinfo=UTC)
TABLE = """
    invoice | code         | description           | quantity | date                | price     | customer | fate
    536365  | 84029E       | RED WOOLLY HOTTIE     | 6        | 2010-12-01T08:26:00 | 3.39      | 17850    | sale
    536365  | 84029E       | RED WOOLLY HOTTIE     | 6        | 2010-12-01T08:26:00 | 0.0       |          | sale
    536365  | 22384        | CARRIAGE CLOCK        | 6.0      | 2010-12-01 08:26    | 5         | 17850    | sale
    536365  | 84029E       | HOTTIE                | +6       | 2010-12-01          | 3.39      | 17850    | sale
    C536379 | 84029E       | RED WOOLLY HOTTIE     | -1       | 2010-12-01T09:41:00 | 3.39      | 14527    | cancellation
    c536379 | 84029E       | RED WOOLLY HOTTIE     | -1       | 2010-12-01T09:41:00 | 3.39      |          | cancellation
    536380  | 84029E       | RED WOOLLY HOTTIE     | -1       | 2010-12-01T09:41:00 | 3.39      | 14527    | cancellation
    536589  | 21777        | damaged               | -10      | 2010-12-01T16:50:00 | 0.0       |          | write-off
    536370  | POST         | POSTAGE               | 3        | 2010-12-01T08:45:00 | 18.0      | 12583    | charge POST
    536370  | post         |                       | 3        | 2010-12-01T08:45:00 | 18.0      | 12583    | charge POST
    536370  | DOT          | DOTCOM POSTAGE        | 1        | 2010-12-01T08:45:00 | 18.0      |          | charge DOT
    C536379 | D            | Discount              | -1       | 2010-12-01T09:41:00 | 27.50     | 14527    | charge D
    536370  | M            | Manual                | 1        | 2010-12-01T09:41:00 | 2.5       | 14527    | charge M
    536370  | C2           | CARRIAGE              | 1        | 2010-12-01T09:41:00 | 50.0      | 14911    | charge C2
    536370  | S            | SAMPLES               | 1        | 2010-12-01T09:41:00 | 50.0      | 14911    | charge S
    A563185 | B            | Adjust bad debt       | 1        | 2011-08-12T14:50:00 | -11062.06 |          | charge B
    536370  | BANK CHARGES | Bank Charges          | 1        | 2010-12-01T09:41:00 | 15.0      | 14911    | charge BANK CHARGES
    536370  | AMAZONFEE    | AMAZON FEE            | 1        | 2010-12-01T09:41:00 | 13541.33  |          | charge AMAZONFEE
    C536370 | CRUK         | CRUK Commission       | -1       | 2011-11-01T09:41:00 | 16.6      | 14911    | charge CRUK
    536370  | gift_0001_40 | Gift Voucher £40.00   | 1        | 2010-12-01T09:41:00 | 34.04     |          | charge voucher
    536370  | SHIPEXP      | Express shipping      | 1        | 2010-12-01T09:41:00 | 9.9       |          | charge SHIPEXP: shipping
    536370  | SHIPEXP      |                       | 1        | 2010-12-01T09:41:00 | 9.9       |          | charge SHIPEXP: shipping
    536370  | FEE7         | whatever              | 1        | 2010-12-01T09:41:00 | 9.9       |          | charge FEE7: fee
    539718  | DCGS0070     | CAMOUFLAGE DOG COLLAR | 1        | 2010-12-21T13:06:00 | 12.72     |          | sale
    552234  | DCGSSGIRL    | GIRLS PARTY BAG       | 2        | 2011-05-06T16:01:00 | 3.29      |          | sale
    550193  | PADS         | PADS FOR ALL CUSHIONS | 1        | 2011-04-15T09:27:00 | 0.001     | 13952    | sale
"""
UNUSABLE = """
    invoice | code   | description | quantity | date                | price | customer | fate
    536365  |        | X           | 6        | 2010-12-01T08:26:00 | 3.39  | 17850    | unusable no stock code
            | 84029E | X           | 6        | 2010-12-01T08:26:00 | 3.39  | 17850    | unusable no invoice number
    536365  | 84*29E | X           | 6        | 2010-12-01T08:26:00 | 3.39  | 17850    | unusable stock code cannot be a SKU
    536365  | ЖУК1   | X           | 6        | 2010-12-01T08:26:00 | 3.39  | 17850    | unusable stock code cannot be a SKU
    536365  | 84029E | X           | 0        | 2010-12-01T08:26:00 | 3.39  | 17850    | unusable quantity is zero
    536365  | 84029E | X           | -0.00    | 2010-12-01T08:26:00 | 3.39  | 17850    | unusable quantity is zero
    536365  | 84029E | X           |          | 2010-12-01T08:26:00 | 3.39  | 17850    | unusable no quantity
    536365  | 84029E | X           | six      | 2010-12-01T08:26:00 | 3.39  | 17850    | unusable quantity is not a number
    536365  | 84029E | X           | 1,000    | 2010-12-01T08:26:00 | 3.39  | 17850    | unusable quantity is not a number
    536365  | 84029E | X           | 1e3      | 2010-12-01T08:26:00 | 3.39  | 17850    | unusable quantity is not a number
    536365  | 84029E | X           | 0.5      | 2010-12-01T08:26:00 | 3.39  | 17850    | unusable quantity is a fraction of a piece
    536365  | 84029E | X           | 10000001 | 2010-12-01T08:26:00 | 3.39  | 17850    | unusable quantity is beyond 10,000,000
    536365  | 84029E | X           | 6        | 01/12/2010 08:26    | 3.39  | 17850    | unusable date is not ISO
    536365  | 84029E | X           | 6        | 2010-13-01T08:26:00 | 3.39  | 17850    | unusable date is not in the calendar
    536365  | 84029E | X           | 6        |                     | 3.39  | 17850    | unusable no date
    536365  | 84029E | X           | 6        | 2011-12-11T08:26:00 | 3.39  | 17850    | unusable date is in the future
    536365  | 84029E | X           | 6        | 1999-12-31T23:59:59 | 3.39  | 17850    | unusable date is before 2000
    536365  | 84029E | X           | 6        | 2010-12-01T08:26:00 | -1    | 17850    | unusable price is below zero
    536365  | 84029E | X           | 6        | 2010-12-01T08:26:00 | NaN   | 17850    | unusable price is not a number
    536365  | 84029E | X           | 6        | 2010-12-01T08:26:00 |       | 17850    | unusable no price
    C536365 | 84029E | X           | 6        | 2010-12-01T08:26:00 | 3.39  | 17850    | unusable cancellation with a positive quantity
"""


def rows() -> list[list[str]]:
    texts = TABLE.strip().splitlines()[1:] + UNUSABLE.strip().splitlines()[1:]
    return [[part.strip() for part in text.split("|")] for text in texts]


@pytest.fixture(scope="module")
def found() -> list[Sorted]:
    """All lines sorted together, because what a code is depends on all its descriptions."""
    return sort([SalesLine(number, *fields[:7], "United Kingdom") for number, fields in enumerate(rows(), 2)], NOW)  # type: ignore[call-arg]


@pytest.mark.parametrize("number", range(len(rows())), ids=lambda number: f"{number}: {' '.join(rows()[number][:4])}")
def test_says_what_a_line_is(found: list[Sorted], number: int) -> None:
    each = found[number]
    assert f"{each.fate} {each.reason}".strip() == rows()[number][7]


def test_keeps_what_cannot_be_taken_apart_as_unusable() -> None:
    (each,) = sort([SalesLine(9, "", "", "", "", "", "", "", "", "9 fields instead of 8")], NOW)
    assert (each.fate, each.reason) == (Fate.UNUSABLE, "9 fields instead of 8")


def test_takes_pieces_time_and_price_from_a_line(found: list[Sorted]) -> None:
    sale, cancelled = found[2], found[4]
    assert (sale.sku, sale.pieces, sale.at_us, sale.price) == ("22384", 6, 1_291_191_960_000_000, Decimal(5))
    assert cancelled.pieces == 1


def test_reads_the_spellings_of_a_code_as_one() -> None:
    lines = [SalesLine(2, "1", code, "X", "1", "2010-12-01", "1", "", "") for code in ("85049e", "85049E", " 85049E ", "bank  charges")]
    assert [each.sku for each in sort(lines, NOW)] == ["85049E", "85049E", "85049E", "BANK CHARGES"]
