"""Time as the core sees it: int microseconds since the Unix epoch, UTC."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

Clock = Callable[[], int]
SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_OF_UTC = EPOCH.replace(tzinfo=None)
NEVER = 2**62
"""An expiry that never comes: what a hard hold carries."""


def now_us() -> int:
    """Wall time in microseconds since the epoch."""
    return time.time_ns() // 1_000


def from_us(us: int) -> datetime:
    """An aware UTC datetime, exact to the microsecond (no float on the way)."""
    return EPOCH + timedelta(microseconds=us)


def to_us(moment: datetime) -> int:
    """Microseconds since the epoch of an aware datetime."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def rfc3339(us: int) -> str:
    """`2026-11-21T08:00:00.000000Z`: the wire format of every time."""
    second, rest = divmod(us, SECOND)
    return f"{_to_the_second(second)}.{rest:06d}Z"


def parse_rfc3339(text: str) -> int:
    """Microseconds of an RFC 3339 time. Raises ValueError without a zone or on anything else."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("time without a zone")
    return to_us(moment)


@lru_cache(maxsize=1_024)
def _to_the_second(second: int) -> str:
    """Thousands of commands are answered in one second, and most of a time is the same in all of them."""
    return (_EPOCH_OF_UTC + timedelta(seconds=second)).isoformat()
