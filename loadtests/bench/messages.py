"""The commands that are measured, and which items they are about."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Sequence
from typing import Any, Literal

from inventory.ledger.messages import Line, Reserve
from kit.clock import SECOND
from kit.quantity import ONE
from tenants.domain import Role

EXPIRES_US = 900 * SECOND
ZIPF_S = 0.99
LINES_MEAN = 4
LINES_MAX = 20
_DRAWN = 1 << 16
"""Items drawn beforehand and walked through in a circle, so that drawing costs the same whatever the spread."""
_numbers = itertools.count(1)

Spread = Literal["hot", "uniform", "zipf"]
Choose = Callable[[], int]
"""The item of the next command."""


def head() -> dict[str, Any]:
    """Key, hashes and who. The key's hash is random, as a real one is: it decides where in its index the row goes."""
    return {
        "key": f"till-7:{next(_numbers)}",
        "key_hash": random.randbytes(16),
        "body_hash": b"0123456789abcdef",
        "principal": 1,
        "role": int(Role.OPERATOR),
    }


def reserve(items: Sequence[int], warehouse: int, expires_in_us: int = EXPIRES_US) -> Reserve:
    """Reserve one piece of each item, all or nothing."""
    lines = tuple([Line(item, warehouse, ONE) for item in items])
    return Reserve(**head(), lines=lines, hard=False, expires_in_us=expires_in_us)


def reserve_one(item: int, warehouse: int) -> Reserve:
    """Reserve one piece of the item."""
    return reserve((item,), warehouse)


def chooser(items: Sequence[int], spread: Spread) -> Choose:
    """Always the first item; any with the same chance; or the first ones far more often than the last (Zipf)."""
    if spread == "hot":
        return lambda: items[0]
    weights = [1 / rank**ZIPF_S for rank in range(1, len(items) + 1)] if spread == "zipf" else None
    return itertools.cycle(random.choices(items, weights, k=_DRAWN)).__next__


def order_items(choose: Choose, count_max: int) -> list[int]:
    """The items of an order: 1 to 20 of them, 4 on average (geometric), each once, in order of id."""
    count = 1 + int(math.log(1 - random.random()) / math.log(1 - 1 / LINES_MEAN))
    chosen: set[int] = set()
    while len(chosen) < min(count, LINES_MAX, count_max):
        chosen.add(choose())
    return sorted(chosen)
