"""Addresses of our styles, scripts and pictures: `asset("app.css")` is `/static/app.<hash>.css`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

MANIFEST = Path(__file__).parent.parent / "static" / "dist" / "manifest.json"
PREFIX = "/static/"


def asset(name: str) -> str:
    """The address of a built file by its plain name. Raises LookupError for one that the build does not know."""
    try:
        return PREFIX + manifest()[name]
    except KeyError:
        raise LookupError(f"no asset {name!r}: see static/dist/manifest.json") from None


@cache
def manifest() -> dict[str, str]:
    """Plain name → hashed name, read once. Raises LookupError when the assets have not been built."""
    try:
        found: dict[str, str] = json.loads(MANIFEST.read_text())
    except FileNotFoundError:
        raise LookupError("the screen assets are not built: run `make setup`") from None
    return found
