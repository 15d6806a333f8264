"""Barcodes as SVG: EAN where the code is one, else Code 128. Drawn here and not by the library, whose drawing carries inline styles."""

from __future__ import annotations

from functools import lru_cache

from barcode import get_barcode_class
from markupsafe import Markup, escape

QUIET = 10
"""Modules of white that a reader needs on either side."""
_EANS = {8: "ean8", 12: "upca", 13: "ean13"}


def modules(code: str) -> str:
    """Bars (1) and spaces (0) of a code. Raises ValueError for one that neither EAN nor Code 128 can say."""
    name = _EANS.get(len(code)) if code.isdecimal() and _sum_fits(code) else None
    if name is None and not (code.isascii() and code.isprintable()):
        raise ValueError("not_a_code")
    found: list[str] = get_barcode_class(name or "code128")(code).build()
    return found[0]


@lru_cache(maxsize=1024)
def barcode(code: str) -> Markup:
    """The drawing, as wide as its place; its name is the code. Nothing for a code that cannot be drawn."""
    try:
        bits = modules(code)
    except ValueError:
        return Markup("")
    width = len(bits) + 2 * QUIET
    path = "".join(f"M{QUIET + at} 0h1v1h-1z" for at, bit in enumerate(bits) if bit == "1")
    frame = f'<svg class="barcode" viewBox="0 0 {width} 1" preserveAspectRatio="none" shape-rendering="crispEdges" role="img"'
    # All but the name is made of numbers of ours.
    return Markup(f'{frame} aria-label="{escape(code)}"><path d="{path}"/></svg>')  # noqa: S704


def _sum_fits(code: str) -> bool:
    """Whether the last digit is the check digit of those before it; the weights 3 and 1 alternate from the right."""
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(code)))
    return weighed % 10 == 0
