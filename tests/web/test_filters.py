"""Numbers, times and words as people read them, in three languages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from quart import Quart, g

from kit.clock import NEVER, SECOND, to_us
from web import filters, locale

NOW = to_us(datetime(2026, 11, 20, 4, 2, 9, tzinfo=UTC))
"""Friday, 10:02:09 in Bishkek."""
MINUTE = 60 * SECOND

Speak = Callable[[str], None]


@pytest.fixture
async def speak(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Speak]:
    """Lets the reader speak a language, in Bishkek's time."""
    app = Quart("test")
    locale.install(app)
    spoken = ["en"]
    monkeypatch.setattr(locale, "language", lambda: spoken[0])
    monkeypatch.setattr(locale, "time_zone", lambda: "Asia/Bishkek")
    app.extensions["babel"].locale_selector = lambda: spoken[0]

    def choose(language: str) -> None:
        spoken[0] = language
        for remembered in ("babel_locale", "_quart_babel", "language_of_page", "number_format_of_page"):
            g.pop(remembered, None)

    async with app.test_request_context("/"):
        yield choose


@pytest.mark.parametrize(
    ("millionths", "decimals", "en", "ru"),
    [
        (1_204_000_000, 0, "1,204", "1\u00a0204"),
        (4_250_000, 3, "4.250", "4,250"),
        (62_500_000, 1, "62.5", "62,5"),
        (-12_000_000, 0, "\u221212", "\u221212"),
        (0, 3, "0", "0"),
        (None, 0, "\u2013", "\u2013"),
        (1_234_567_000_000, 0, "1,234,567", "1\u00a0234\u00a0567"),
        (123_456, 0, "0.123456", "0,123456"),
    ],
)
async def test_quantities_have_their_own_precision(speak: Speak, millionths: int | None, decimals: int, en: str, ru: str) -> None:
    assert filters.number(millionths, decimals) == en
    speak("ru")
    assert filters.number(millionths, decimals) == ru
    speak("ky")
    assert filters.number(millionths, decimals) == ru


async def test_a_change_carries_its_sign(speak: Speak) -> None:
    assert [filters.signed(each * 10**6) for each in (96, -12, 0)] == ["+96", "\u221212", "0"]


@pytest.mark.parametrize(("language", "said"), [("en", "4.250\u00a0kg"), ("ru", "4,250\u00a0кг"), ("ky", "4,250\u00a0кг")])
async def test_the_unit_stands_beside_and_never_on_the_next_line(speak: Speak, language: str, said: str) -> None:
    speak(language)
    assert filters.qty(4_250_000, "kg", 3) == said


@pytest.mark.parametrize(("language", "said"), [("en", "pcs"), ("ru", "шт."), ("ky", "даана")])
async def test_units_are_words_of_the_language_and_own_units_stay_as_named(speak: Speak, language: str, said: str) -> None:
    speak(language)
    assert (filters.unit("pcs"), filters.unit("crate")) == (said, "crate")


@pytest.mark.parametrize(("language", "said"), [("en", "#184,120"), ("ru", "№\u00a0184\u00a0120")])
async def test_a_ledger_number_is_written_as_people_do(speak: Speak, language: str, said: str) -> None:
    speak(language)
    assert filters.seq(184_120) == said


@pytest.mark.parametrize(
    ("back", "en", "ru"),
    [
        (timedelta(minutes=2), "10:00", "10:00"),
        (timedelta(days=4), "Mon 16 Nov, 10:02", "пн, 16 нояб., 10:02"),
        (timedelta(days=365), "20 Nov 2025, 10:02", "20 нояб. 2025, 10:02"),
    ],
)
async def test_times_say_as_much_as_is_needed(speak: Speak, back: timedelta, en: str, ru: str) -> None:
    then = NOW - back // timedelta(microseconds=1)
    assert filters.when(then, NOW) == en
    speak("ru")
    assert filters.when(then, NOW) == ru


async def test_the_ledger_shows_seconds_and_narrow_places_no_weekday(speak: Speak) -> None:
    assert filters.when(NOW, NOW, seconds=True) == "10:02:09"
    assert filters.when(NOW - 4 * 24 * 60 * MINUTE, NOW, narrow=True) == "16 Nov, 10:02"


@pytest.mark.parametrize(
    ("left", "en", "ru", "soon"),
    [
        (12 * MINUTE + 48 * SECOND, "12:48", "12:48", True),
        (-5 * SECOND, "0:00", "0:00", True),
        (38 * MINUTE, "38 min", "38 мин", False),
        (5 * 60 * MINUTE, "5 h", "5 ч", False),
        (3 * 24 * 60 * MINUTE, "3 days", "3 дня", False),
        (5 * 24 * 60 * MINUTE, "5 days", "5 дней", False),
    ],
)
async def test_time_left_counts_seconds_only_when_the_end_is_in_view(speak: Speak, left: int, en: str, ru: str, soon: bool) -> None:
    assert filters.left(NOW + left, NOW) == en
    assert filters.is_soon(NOW + left, NOW) is soon
    speak("ru")
    assert filters.left(NOW + left, NOW) == ru


async def test_a_firm_hold_is_never_about_to_end(speak: Speak) -> None:
    assert not filters.is_soon(NEVER, NOW)


async def test_money_carries_its_currency_and_minor_units(speak: Speak) -> None:
    assert filters.money(Decimal("118440"), "KGS") == "KGS\u00a0118,440.00"
    assert filters.money(Decimal("1500"), "JPY") == "JPY\u00a01,500"
    assert filters.money(None, None) == "\u2013"


async def test_a_hold_that_got_another_end_says_so(speak: Speak) -> None:
    assert filters.deed("reserve") == "Reserved"
    assert filters.deed("reserve", "hardened") == "Made firm"
    assert filters.deed("adjust", "hardened") == "Put right"


@pytest.mark.parametrize(("name", "letters"), [("Aizada Toktogulova", "AT"), ("Till 1", "T1"), ("иван", "И"), ("", "?"), ("(x)", "?")])
async def test_people_are_two_letters(speak: Speak, name: str, letters: str) -> None:
    assert filters.initials(name) == letters


@dataclass(frozen=True)
class Stock:
    on_hand: int = 148_000_000
    reserved: int = 22_000_000
    available: int = 126_000_000
    in_transit: int = 0
    on_order: int = 204_000_000
    qty_min: int | None = 120_000_000
    qty_max: int | None = 600_000_000
    decimals: int = 0


async def test_the_level_bar_says_in_words_what_it_shows(speak: Speak) -> None:
    words = "on hand 148, reserved 22, available 126, coming 204, minimum 120, maximum 600"
    assert filters.level_words(Stock()) == words
    assert f'aria-label="{words}"' in filters.level_bar(Stock())
    assert filters.level_words(Stock(on_order=0, qty_min=None, qty_max=None)) == "on hand 148, reserved 22, available 126"


async def test_a_live_number_is_named_and_zero_is_quiet_unless_nothing_is_available(speak: Speak) -> None:
    assert filters.num(Stock(), "available") == '<span data-num="available">126</span>'
    assert filters.num(Stock(), "in_transit") == '<span data-num="in_transit" class="zero">0</span>'
    assert filters.num(Stock(available=0), "available") == '<span data-num="available" class="bad-num">0</span>'
