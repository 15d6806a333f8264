"""When a job runs: its rhythm, and what follows when it fails. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TypeAlias

from kit.clock import EPOCH

ATTEMPTS_MAX = 5
"""Failures in a row after which a job is left alone until a person asks for it: a quarter of an hour of trying, longer than a
restart of Postgres and shorter than a night."""
RETRY_FIRST = timedelta(minutes=1)
RETRY_LONGEST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Every:
    """At every whole multiple of an interval since 1970, so that neither a late start nor a long run moves the ones to come."""

    interval: timedelta


@dataclass(frozen=True, slots=True)
class Daily:
    """Once a day at a time of UTC."""

    at: time


Rhythm: TypeAlias = Every | Daily


def next_run(rhythm: Rhythm, now: datetime) -> datetime:
    """The first moment of the rhythm after now. Moments that were missed are not made up for: each run does all there is."""
    match rhythm:
        case Every(interval):
            return now + interval - (now - EPOCH) % interval
        case Daily(at):
            today = datetime.combine(now.astimezone(UTC), at, UTC)
            return today if today > now else today + timedelta(days=1)


def retry_delay(failures: int) -> timedelta | None:
    """How long to wait after so many failures in a row, twice as long each time; None: give up."""
    if failures >= ATTEMPTS_MAX:
        return None
    return min(RETRY_FIRST * (1 << (failures - 1)), RETRY_LONGEST)
