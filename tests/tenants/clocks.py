"""A clock for tests that wait without waiting."""

from __future__ import annotations

from datetime import timedelta

from kit.clock import now_us


class MovableClock:
    """Stands where it was made, and moves when told."""

    def __init__(self) -> None:
        self._now = now_us()

    def __call__(self) -> int:
        return self._now

    def forward(self, by: timedelta) -> None:
        """Let so much time pass."""
        self._now += by // timedelta(microseconds=1)
