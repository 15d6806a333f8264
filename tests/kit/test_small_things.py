"""Ids, cursors, cells of a spreadsheet, times, money, text…"""

from __future__ import annotations

from decimal import Decimal

import pytest

from kit import clock, csvs, ids, money, paging, text


def test_a_reservation_id_survives_the_way_out_and_back() -> None:
    assert ids.parse_reservation_id(ids.reservation_id(184_207)) == (184_207, 0)
    assert ids.parse_reservation_id(ids.reservation_id(7, 3)) == (7, 3)
    assert [ids.parse_reservation_id(bad) for bad in ("", "R", "r1", "R-1", "R1.", "R1x", "R" + "9" * 30)] == [None] * 7


def test_a_digest_tells_parts_apart() -> None:
    assert ids.digest16(b"ab", b"c") != ids.digest16(b"a", b"bc")


def test_a_cursor_is_opaque_and_checked() -> None:
    assert paging.parse_cursor(paging.cursor("S1", 7), str, int) == ("S1", 7)
    for bad in ("", "!!!", paging.cursor("S1"), paging.cursor(7, "S1"), paging.cursor("S1", 2**70), "ey"):
        with pytest.raises(ValueError, match="bad_cursor"):
            paging.parse_cursor(bad, str, int)


def test_a_page_has_a_next_one_only_when_there_is_more() -> None:
    assert paging.paged([1, 2, 3], 2, 9, lambda row: (row,)) == paging.Page([1, 2], paging.cursor(2), 9)
    assert paging.paged([1, 2], 2, 9, lambda row: (row,)).next is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1", "'=1"),
        ("@x", "'@x"),
        ("+7", "+7"),
        ("-4.5", "-4.5"),
        ("-1+c", "'-1+c"),
        ("\tx", "'\tx"),
        ("＝1", "'＝1"),
        (None, ""),
        (5, "5"),
    ],
)
def test_a_cell_never_becomes_a_formula(value: object, shown: str) -> None:
    assert csvs.cell(value) == shown


def test_a_time_is_exact_to_the_microsecond_and_has_a_zone() -> None:
    assert clock.rfc3339(clock.parse_rfc3339("2026-02-20T18:30:00.000001+06:00")) == "2026-02-20T12:30:00.000001Z"
    with pytest.raises(ValueError, match="without a zone"):
        clock.parse_rfc3339("2026-02-20T18:30:00")


def test_money_rounds_half_even_at_the_currencys_minor_unit() -> None:
    assert money.rounded(Decimal("2.345"), "GBP") == Decimal("2.34")
    assert money.rounded(Decimal("2.5"), "JPY") == Decimal("2")
    for bad in (1.5, "1e3", "NaN", "", True):
        with pytest.raises(ValueError, match="not_an_amount"):
            money.parse(bad)


def test_text_is_trimmed_bounded_and_printable() -> None:
    assert text.clean("  Ош ", 10) == "Ош"
    with pytest.raises(ValueError, match="unprintable_text"):
        text.clean("a\x00b", 10)
    with pytest.raises(ValueError, match="text_too_long"):
        text.clean("abc", 2)
    assert text.is_slug("ala-too") and not text.is_slug("-a") and not text.is_slug("A")
    assert [text.is_code(code) for code in ("85123A", "gift_0001", "", "a ", "Ж")] == [True, True, False, False, False]
