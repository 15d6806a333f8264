"""The one command that is measured: a soft reservation of one piece."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

from inventory.ledger.messages import Line, Reserve
from kit.clock import SECOND
from kit.quantity import ONE
from tenants.domain import Role

EXPIRES_US = 900 * SECOND
_numbers = itertools.count(1)


def head() -> dict[str, Any]:
    """Key, hashes and who. The key's hash is random, as a real one is: it decides where in its index the row goes."""
    return {
        "key": f"till-7:{next(_numbers)}",
        "key_hash": random.randbytes(16),
        "body_hash": b"0123456789abcdef",
        "principal": 1,
        "role": int(Role.OPERATOR),
    }


def reserve_one(item: int, warehouse: int) -> Reserve:
    """Reserve one piece of the item."""
    return Reserve(**head(), lines=(Line(item, warehouse, ONE),), hard=False, expires_in_us=EXPIRES_US)


def chooser(items: list[int], spread: bool) -> Callable[[], int]:
    """Which item the next reservation is for: always the first, or any with the same chance."""
    if not spread:
        return lambda: items[0]
    choice, count = random.random, len(items)
    return lambda: items[int(choice() * count)]
