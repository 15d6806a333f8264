"""A rhythm knows its next moment, and a failing job when to try again and when to give up."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from jobs.schedule import ATTEMPTS_MAX, Daily, Every, Rhythm, next_run, retry_delay

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("rhythm", "now", "then"),
    [
        (Every(5 * MINUTE), "2026-11-21 10:02:03", "2026-11-21 10:05:00"),
        (Every(5 * MINUTE), "2026-11-21 10:04:59.999999", "2026-11-21 10:05:00"),
        (Every(5 * MINUTE), "2026-11-21 10:05:00", "2026-11-21 10:10:00"),  # never the same moment twice
        (Every(HOUR), "2026-12-31 23:30:00", "2027-01-01 00:00:00"),
        (Daily(time(20)), "2026-11-21 19:59:59", "2026-11-21 20:00:00"),
        (Daily(time(20)), "2026-11-21 20:00:00", "2026-11-22 20:00:00"),
        (Daily(time(20)), "2026-11-30 23:00:00", "2026-12-01 20:00:00"),
        (Daily(time(0)), "2026-02-28 12:00:00", "2026-03-01 00:00:00"),
    ],
)
def test_the_next_moment_of_a_rhythm(rhythm: Rhythm, now: str, then: str) -> None:
    assert next_run(rhythm, at(now)) == at(then)


def test_a_late_start_does_not_move_the_ones_to_come() -> None:
    begun = [at("2026-11-21 10:05:00"), at("2026-11-21 10:07:31"), at("2026-11-21 10:09:59")]
    assert {next_run(Every(5 * MINUTE), each) for each in begun} == {at("2026-11-21 10:10:00")}


def test_waits_twice_as_long_after_each_failure_and_then_gives_up() -> None:
    waits = [retry_delay(failures) for failures in range(1, ATTEMPTS_MAX + 1)]
    assert waits == [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE, None]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
