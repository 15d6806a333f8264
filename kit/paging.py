"""Pages of a list: a limit and an opaque cursor that names the last row seen."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")
LIMIT_DEFAULT = 50
LIMIT_MAX = 500


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page: its rows, the cursor of the next page (None on the last), and the ledger sequence it reflects."""

    items: Sequence[Row]
    next: str | None
    as_of_seq: int


def cursor(*values: str | int) -> str:
    """An opaque cursor from sort values."""
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def parse_cursor(text: str, *types: type) -> tuple[str | int, ...]:
    """The sort values inside a cursor. Raises ValueError `bad_cursor` when it was not made by `cursor` with these types."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, UnicodeDecodeError) as problem:
        raise ValueError("bad_cursor") from problem
    if not isinstance(values, list) or [type(value) for value in values] != list(types):
        raise ValueError("bad_cursor")
    if any(isinstance(value, int) and abs(value) >= 2**63 for value in values):
        raise ValueError("bad_cursor")
    return tuple(values)


def paged(rows: Sequence[Row], limit: int, as_of_seq: int, key: Callable[[Row], tuple[str | int, ...]]) -> Page[Row]:
    """A page from `limit + 1` fetched rows: the extra row only tells that there is more."""
    shown = rows[:limit]
    more = len(rows) > limit and bool(shown)
    return Page(shown, cursor(*key(shown[-1])) if more else None, as_of_seq)
