"""The level bar as a table: what is in stock on the left, what is drawn (in percent of the width) on the right."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.level import bar, draw


@dataclass(frozen=True)
class Stock:
    on_hand: int
    reserved: int
    coming: int
    qty_min: int | None
    qty_max: int | None
    blocked: int = 0

    in_transit: int = 0

    @property
    def available(self) -> int:
        return max(0, self.on_hand - self.blocked - self.reserved)

    @property
    def on_order(self) -> int:
        return self.coming


@pytest.mark.parametrize(
    ("stock", "free", "held", "coming", "past", "least", "low", "empty"),
    [
        # plenty, part of it promised, more on the way
        (Stock(148, 22, 204, 120, 600), 21.0, (18.0, 6.7), (24.7, 34.0), 0, 20.0, False, False),
        # at or below the minimum: amber
        (Stock(10, 4, 24, 40, 160), 3.8, (0.8, 5.4), (6.2, 15.0), 0, 25.0, True, False),
        # everything promised: nothing free, a red cap
        (Stock(3, 3, 0, 20, 60), 0, (0, 5.0), (5.0, 0), 0, 33.3, True, True),
        # above the maximum: the track ends earlier, the rest is past it
        (Stock(940, 24, 0, 200, 800), 97.4, (94.4, 5.6), (100.0, 0), 12.3, 21.3, False, False),
        # more on the way than fits: it ends at the edge
        (Stock(22, 4, 500, 24, 144), 12.5, (9.5, 5.8), (15.3, 84.7), 0, 16.7, True, False),
        # no limits: air behind whatever there is, no tick
        (Stock(80, 0, 0, None, None), 80.0, (77.0, 0), (80.0, 0), 0, None, False, False),
        # nothing at all
        (Stock(0, 0, 0, None, None), 0, (0, 0), (0, 0), 0, None, False, True),
        # promised more than there is, after a count: the bar shows what is there
        (Stock(5, 8, 0, 6, 24), 0, (0, 20.8), (20.8, 0), 0, 25.0, True, True),
    ],
)
def test_the_bar_is_drawn_as_the_numbers_say(
    stock: Stock,
    free: float,
    held: tuple[float, float],
    coming: tuple[float, float],
    past: float,
    least: float | None,
    low: bool,
    empty: bool,
) -> None:
    drawn = bar(stock)
    assert drawn.free == free
    assert (drawn.held_from, drawn.held) == pytest.approx(held, abs=0.1)
    assert (drawn.coming_from, drawn.coming) == coming
    assert (drawn.past, drawn.least, drawn.is_low, drawn.is_empty) == (past, least, low, empty)


counts = st.integers(0, 10**15)


@given(counts, counts, counts, counts | st.none(), counts | st.none(), counts)
def test_nothing_is_drawn_outside(on_hand: int, reserved: int, coming: int, least: int | None, most: int | None, blocked: int) -> None:
    drawn = bar(Stock(on_hand, reserved, coming, least, most, blocked))
    for start, width in ((0, drawn.track), (0, drawn.free), (drawn.held_from, drawn.held), (drawn.coming_from, drawn.coming)):
        assert start >= 0
        assert width >= 0
        assert start + width <= 100.2
    assert drawn.least is None or 0 <= drawn.least < 100


def test_a_drawing_holds_only_what_there_is_and_escapes_its_name() -> None:
    drawn = draw(Stock(3, 3, 0, 20, 60), '<b>"')
    assert 'class="cap"' in drawn
    assert "url(#hatch)" in drawn
    assert "coming" not in drawn
    assert 'aria-label="&lt;b&gt;&#34;"' in drawn
