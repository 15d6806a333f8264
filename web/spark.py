"""A level over time as steps: SVG of a hundred by a hundred, stretched to its place, so that no script is needed to see a trend."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

HEIGHT = 100.0


def steps(values: Sequence[float], name: str, tone: str = "", least: float | None = None) -> Markup:
    """The line of `values` in order, with the ground under it; `name` says the same in words. `tone`: hold, coming, low or nothing.

    It begins at zero, so that a small change looks small; `least` draws the minimum.
    """
    if len(values) < 2:
        return Markup("")
    top = max(*values, least or 0, 1)
    line = _line([HEIGHT - HEIGHT * max(0.0, value) / top for value in values])
    ground = f'<path class="under" d="{line}V{HEIGHT:g}H0z"/>'
    low = f'<path class="least" d="M0 {HEIGHT - HEIGHT * least / top:.1f}H100"/>' if least else ""
    shape = f"spark spark-{tone}" if tone else "spark"
    frame = f'<svg class="{escape(shape)}" viewBox="0 0 100 {HEIGHT:g}" preserveAspectRatio="none" role="img" aria-label="{escape(name)}">'
    return Markup(f'{frame}{ground}{low}<path d="{line}"/></svg>')  # noqa: S704


def _line(heights: Sequence[float]) -> str:
    """A step holds until the next value."""
    wide = 100 / (len(heights) - 1)
    rest = "".join(f"H{wide * at:.2f}V{height:.1f}" for at, height in enumerate(heights) if at)
    return f"M0 {heights[0]:.1f}{rest}"
