"""How often somebody may do something: GCRA, one number per key, in this process.

The number is the moment at which the key will have rested completely. Every act pushes it one interval further; an act that
would push it beyond a whole period is refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

SIGN_INS_PER_MINUTE = 10
MUTATIONS_PER_MINUTE = 50_000
"""So high that a busy till never meets it; what it stops is a program gone wild."""
_KEYS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Spent:
    """The state of a limit after an act. Seconds are whole, as the headers want them."""

    allowed: bool
    limit: int
    remaining: int
    reset_s: int
    retry_after_s: int = 0


class Limiter:
    """At most `limit` acts per `period_s` for each key."""

    def __init__(self, limit: int, period_s: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._period_s = period_s
        self._interval_s = period_s / limit
        self._clock = clock
        self._rested_at: dict[str, float] = {}

    def spend(self, key: str) -> Spent:
        """Count one act of the key, unless it has no more."""
        now = self._clock()
        rested_at = max(self._rested_at.get(key, now), now) + self._interval_s
        over_s = rested_at - now - self._period_s
        # Room for the rounding of binary fractions: the tenth act of ten is allowed.
        if over_s > self._interval_s * 1e-6:
            return Spent(False, self.limit, 0, ceil(rested_at - self._interval_s - now), max(1, ceil(over_s)))
        self._make_room(now)
        self._rested_at[key] = rested_at
        left = int((self._period_s - (rested_at - now)) / self._interval_s + 1e-6)
        return Spent(True, self.limit, left, ceil(rested_at - now))

    def give_back(self, key: str) -> None:
        """Undo one act: it turned out not to be one that is limited."""
        if key in self._rested_at:
            self._rested_at[key] -= self._interval_s

    def _make_room(self, now: float) -> None:
        if len(self._rested_at) >= _KEYS_MAX:
            self._rested_at = {key: at for key, at in self._rested_at.items() if at > now}


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of this app."""

    sign_in_of_person: Limiter = field(default_factory=lambda: Limiter(SIGN_INS_PER_MINUTE))
    sign_in_from_address: Limiter = field(default_factory=lambda: Limiter(SIGN_INS_PER_MINUTE))
    mutations: Limiter = field(default_factory=lambda: Limiter(MUTATIONS_PER_MINUTE))


def headers(spent: Spent) -> dict[str, str]:
    """What an answer says about the limit its request counted against."""
    said = {
        "RateLimit-Limit": str(spent.limit),
        "RateLimit-Remaining": str(spent.remaining),
        "RateLimit-Reset": str(spent.reset_s),
    }
    return said if spent.allowed else said | {"Retry-After": str(spent.retry_after_s)}
