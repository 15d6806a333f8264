"""The sparkline: how a number went, as steps without axes. Beside it stands in words what it shows, so it has no name of its own."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

_WIDTH, _HEIGHT, _AIR = 100, 28, 3
"""Of the drawing's own box; styles stretch it to the width there is."""


def draw(values: Sequence[int], tone: str) -> Markup:
    """The values, evenly spaced, from the lowest to the highest; `tone` is free, hold or coming. Nothing where there is no line to draw."""
    if len(values) < 2 or not any(values):
        return Markup("")
    steps = _steps(values)
    # Everything but the tone, which is ours, is a number.
    return Markup(  # noqa: S704
        f'<svg class="spark spark-{tone}" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="under" d="{steps}V{_HEIGHT}H0Z"/><path d="{steps}"/></svg>'
    )


def _steps(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    heights = [_height(value, low, high) for value in values]
    moves = [f"H{index * _WIDTH / len(values):.1f}V{height:.1f}" for index, height in enumerate(heights) if index]
    return f"M0 {heights[0]:.1f}{''.join(moves)}H{_WIDTH}"


def _height(value: int, low: int, high: int) -> float:
    """From the top. What never changed lies in the middle."""
    share = (value - low) / (high - low) if high > low else 0.5
    return _HEIGHT - _AIR - share * (_HEIGHT - 2 * _AIR)
