"""A number over time as steps, without axes, stretched to its place: no script is needed to see a trend."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

HEIGHT = 100.0
_AIR = 11.0
"""Above and below a line that shows only how a number went."""


def steps(values: Sequence[float], name: str, tone: str = "", least: float | None = None) -> Markup:
    """The line of `values` in order, with the ground under it; `name` says the same in words. `tone`: hold, coming, low or nothing.

    It begins at zero, so that a small change looks small; `least` draws the minimum.
    """
    if len(values) < 2:
        return Markup("")
    top = max(*values, least or 0, 1)
    low = f'<path class="least" d="M0 {HEIGHT - HEIGHT * least / top:.1f}H100"/>' if least else ""
    heights = [HEIGHT - HEIGHT * max(0.0, value) / top for value in values]
    return _drawn(heights, tone, f'role="img" aria-label="{escape(name)}"', low)


def trend(values: Sequence[float], tone: str) -> Markup:
    """How a number went, from its lowest to its highest; `tone` is free, hold or coming. Nothing where there is no line to draw.

    What it shows stands in words beside it, so it has no name of its own.
    """
    if len(values) < 2 or not any(values):
        return Markup("")
    low, high = min(values), max(values)
    return _drawn([_between(value, low, high) for value in values], tone, 'aria-hidden="true"')


def _drawn(heights: Sequence[float], tone: str, named: str, beside: str = "") -> Markup:
    """Everything but the tone, which is ours, and the name, which is escaped, is a number."""
    line = _line(heights)
    shape = f"spark spark-{tone}" if tone else "spark"
    frame = f'<svg class="{escape(shape)}" viewBox="0 0 100 {HEIGHT:g}" preserveAspectRatio="none" {named}>'
    return Markup(f'{frame}<path class="under" d="{line}V{HEIGHT:g}H0z"/>{beside}<path d="{line}"/></svg>')  # noqa: S704


def _between(value: float, low: float, high: float) -> float:
    """From the top. What never changed lies in the middle."""
    share = (value - low) / (high - low) if high > low else 0.5
    return HEIGHT - _AIR - share * (HEIGHT - 2 * _AIR)


def _line(heights: Sequence[float]) -> str:
    """A step holds until the next value."""
    wide = 100 / (len(heights) - 1)
    rest = "".join(f"H{wide * at:.2f}V{height:.1f}" for at, height in enumerate(heights) if at)
    return f"M0 {heights[0]:.1f}{rest}"
