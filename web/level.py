"""The level bar: the one picture of stock, as percentages of its width, so that a template only draws what is here.

Solid is available, hatched is reserved, outlined is coming; the tick is the minimum, the end of the track the maximum.
Stock above the maximum makes the track end earlier and shows the rest as past it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

_JOIN = 3.0
"""Percent by which the hatch reaches under the solid part, so that no gap shows between rounded ends."""


class Levels(Protocol):
    """What a bar is drawn from, in millionths: a cell, or an item over its warehouses."""

    @property
    def on_hand(self) -> int: ...
    @property
    def available(self) -> int: ...
    @property
    def in_transit(self) -> int: ...
    @property
    def on_order(self) -> int: ...
    @property
    def qty_min(self) -> int | None: ...
    @property
    def qty_max(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Bar:
    """A drawn bar: starts and widths in percent. A width of 0 is not drawn; `least` None means there is no minimum."""

    track: float
    free: float
    is_low: bool
    held_from: float
    held: float
    coming_from: float
    coming: float
    past_from: float
    past: float
    least: float | None

    @property
    def is_empty(self) -> bool:
        """Nothing is available: the bar wears its red cap."""
        return self.free == 0


def bar(level: Levels) -> Bar:
    """The bar of a level."""
    least, most = level.qty_min or 0, level.qty_max or 0
    coming = level.in_transit + level.on_order
    # Without a maximum the track has no end of its own: leave air behind whatever there is.
    whole = max(most, level.on_hand) if most else max(2 * least, (level.on_hand + coming) * 5 // 4, 1)
    free, stock = _percent(level.available, whole), _percent(level.on_hand, whole)
    under = min(_JOIN, free)
    held = stock - free
    past_from = _percent(most, whole) if most else 100.0
    return Bar(
        track=past_from if most and level.on_hand > most else 100.0,
        free=free,
        is_low=bool(least) and level.available <= least,
        held_from=round(free - under, 1),
        held=round(held + under, 1) if held else 0,
        coming_from=stock,
        coming=round(min(_percent(coming, whole), 100.0 - stock), 1),
        past_from=past_from,
        past=round(max(0.0, free - past_from), 1) if most else 0,
        least=min(_percent(least, whole), 99.0) if least else None,
    )


def _percent(part: int, whole: int) -> float:
    return round(100 * max(0, part) / whole, 1)
