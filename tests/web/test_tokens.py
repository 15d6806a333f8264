"""Colours keep their contrast: the pairs that look.md promises, computed over tokens.css in both themes (WCAG 2.2)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[2] / "static" / "css" / "tokens.css"
THEMES = ("light", "dark")
TEXT_MIN, SHAPE_MIN = 4.5, 3.0

GROUNDS = ("surface", "canvas", "sunken", "hover", "picked")
STATES = ("out", "low", "coming", "good", "over", "hold")
TEXT = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3", "accent") for ground in GROUNDS),
    *((state, f"{state}-soft") for state in STATES),
    *((state, ground) for state in STATES for ground in ("surface", "sunken", "hover", "picked")),
    *(("ink", f"{state}-soft") for state in ("out", "low", "coming", "good")),
    ("accent", "accent-soft"),
    ("ink", "accent-soft"),
    ("ink-2", "accent-soft"),
    ("accent", "picked"),
    ("on-accent", "accent-fill"),
    ("on-accent", "accent-fill-hover"),
    ("on-accent", "out-fill"),
    ("ink", "mark"),
    ("ink-2", "bar-track"),
    ("ink", "raised"),
    ("canvas", "ink"),
]
"""(text, ground): what is written on what."""

SHAPES = [
    *(("field-line", ground) for ground in ("surface", "canvas")),
    *(("focus", ground) for ground in ("surface", "canvas", "sunken", "hover", "picked", "accent-soft")),
    *((bar, "bar-track") for bar in ("bar-free", "low-bar", "bar-mark", "bar-coming", "out-bar")),
    *((bar, "surface") for bar in ("bar-free", "bar-held", "bar-coming", "low-bar", "out-bar", "over")),
    ("out-bar", "out-soft"),
    ("accent", "surface"),
]
"""(shape, ground): edges, rings and bars that one must be able to tell from what is behind them."""


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_is_readable_on_its_ground(theme: str, text: str, ground: str) -> None:
    assert contrast(colours(theme)[text], colours(theme)[ground]) >= TEXT_MIN


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("shape", "ground"), SHAPES)
def test_shapes_can_be_told_from_their_ground(theme: str, shape: str, ground: str) -> None:
    assert contrast(colours(theme)[shape], colours(theme)[ground]) >= SHAPE_MIN


def test_both_themes_decide_every_colour() -> None:
    assert set(colours("light")) == set(colours("dark"))


def test_parts_use_only_colours_of_the_tokens() -> None:
    """A colour written into a part would not follow the theme."""
    loose = [
        f"{path.name}: {found}"
        for path in sorted(TOKENS.parent.glob("**/*.css"))
        if path != TOKENS
        for found in re.findall(r"#[0-9a-f]{3,8}\b(?![^{]*\{)|\brgb[a]?\([^)]*\)", path.read_text())
    ]
    assert not loose, f"name these in tokens.css: {loose}"


def test_parts_use_only_tokens_that_exist() -> None:
    known = set(re.findall(r"(--[\w-]+)\s*:", "".join(path.read_text() for path in TOKENS.parent.glob("**/*.css"))))
    used = {name for path in TOKENS.parent.glob("**/*.css") for name in re.findall(r"var\((--[\w-]+)", path.read_text())}
    assert not used - known


def colours(theme: str) -> dict[str, str]:
    """Name → #rrggbb of a theme."""
    block = re.search(rf'\[data-bs-theme="{theme}"\] \{{(.*?)\n  \}}', TOKENS.read_text(), re.DOTALL)
    assert block
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block.group(1)))


def contrast(one: str, other: str) -> float:
    """WCAG's ratio of two colours, 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
