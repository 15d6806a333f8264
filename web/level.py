"""The level bar: the one picture of stock, as percentages of its width, and its drawing.

Solid is available, hatched is reserved, outlined is coming; the tick is the minimum, the end of the track the maximum.
Stock above the maximum makes the track end earlier and shows the rest as past it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from markupsafe import Markup, escape

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


def draw(level: Levels, name: str) -> Markup:
    """The bar as SVG; `name` says the same in words. Drawn here and not in a template, which would take a hundred times as long."""
    b = bar(level)
    parts = [f'<rect class="track" y="3" width="{b.track:g}%" height="8" rx="2"/>']
    if b.coming:
        parts.append(f'<rect class="coming" x="{b.coming_from:g}%" y="3.75" width="{b.coming:g}%" height="6.5" rx="2"/>')
    if b.held:
        parts.append(f'<rect x="{b.held_from:g}%" y="3" width="{b.held:g}%" height="8" rx="2" fill="url(#hatch)"/>')
    if b.free:
        parts.append(f'<rect class="{"low" if b.is_low else "free"}" y="3" width="{b.free:g}%" height="8" rx="2"/>')
    if b.past:
        parts.append(f'<rect class="past" x="{b.past_from:g}%" y="3" width="{b.past:g}%" height="8"/>')
    if b.is_empty:
        parts.append('<rect class="cap" y="1" width="3" height="12" rx="1"/>')
    if b.least is not None:
        parts.append(f'<rect class="min" x="{b.least:g}%" y="0" width="1.5" height="14"/>')
    # Everything but the name is a number of ours.
    return Markup(f'<svg class="level" role="img" aria-label="{escape(name)}">{"".join(parts)}</svg>')  # noqa: S704


def _percent(part: int, whole: int) -> float:
    return round(100 * max(0, part) / whole, 1)
