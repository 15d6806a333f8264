"""Rules of places. Pure."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from inventory.body import Complaints


def checked_zone(value: str, complaints: Complaints) -> str:
    """An IANA time zone: the expiry day of stock is the day where it lies."""
    if value not in _zones():
        complaints.add("unknown_time_zone", "time_zone")
    return value


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())  # reads hundreds of files: once is enough
