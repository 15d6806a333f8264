"""How often somebody may do something: GCRA, one number per key.

The number is the moment at which the key will have rested completely. Every act pushes it one interval further; an act that
would push it beyond a whole period is refused. It is decided in this process and at once; a few times a second the processes
tell each other through Redis what was spent, so that together they allow what one alone would. Without Redis each goes by
what it knows, so there always is a limit and nothing ever waits for one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

import structlog

from db.gcra import SharedGcra, Spending, Unshared

SIGN_INS_PER_MINUTE = 10
HOUR_S = 3600.0
CODES_PER_HOUR = 10
"""Wrong second factors of a person, and their password is known by then. Three of a million codes fit at a time: 240 tries a day
hit one in four years, and the owner sees none of it coming."""
LETTERS_TO_ADDRESS_PER_HOUR = 5
LETTERS_FROM_ADDRESS_PER_HOUR = 30
INVITATIONS_PER_HOUR = 100
LINKS_PER_MINUTE = 60
"""Links opened and slugs looked up from an address. A link has 256 bits; this only keeps the noise down."""
SIGN_ONS_PER_MINUTE = 60
"""Ways through an identity provider that may begin at one address: a whole office at nine, not a flood of rows."""
MUTATIONS_PERIOD_S = 10.0
MUTATIONS_OF_PRINCIPAL = 100_000
"""In 10 s: so high that a shop whose whole flash sale comes through one key or one socket does not meet it; it stops a program gone
wild. What a flood takes from others is the turnstile's to bound, not this one's."""
MUTATIONS_OF_TENANT = 200_000
"""More than one web process can take in."""
SHARE_EVERY_S = 0.25
SHARE_MAX = 1_000
"""Keys told in one round; the others wait for the next."""
HELD_BACK_S = 0.25
"""How long the refusal of a mutation is held back: who asks again at once, against its Retry-After, thus costs us little."""
_KEYS_MAX = 100_000

log = structlog.get_logger("web")


class Spent(NamedTuple):
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
        self._untold: dict[str, int] = {}

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
        self._untold[key] = self._untold.get(key, 0) + 1
        left = int((self._period_s - (rested_at - now)) / self._interval_s + 1e-6)
        return Spent(True, self.limit, left, ceil(rested_at - now))

    def give_back(self, key: str) -> None:
        """Undo one act: it turned out not to be one that is limited."""
        if key in self._rested_at:
            self._rested_at[key] -= self._interval_s
            self._untold[key] = self._untold.get(key, 0) - 1

    def untold(self, count: int) -> list[Spending]:
        """What up to `count` keys spent since it was last asked."""
        keys = [key for key, _ in zip(self._untold, range(count), strict=False)]
        return [Spending(key, round(self._untold.pop(key) * self._interval_s * 1e6)) for key in keys]

    def learn(self, key: str, ahead_us: int) -> None:
        """The key will have rested so far from now, as all processes together have it."""
        rested_at = self._clock() + ahead_us / 1e6
        if rested_at > self._rested_at.get(key, 0.0):
            self._rested_at[key] = rested_at

    def _make_room(self, now: float) -> None:
        if len(self._rested_at) >= _KEYS_MAX:
            self._rested_at = {key: at for key, at in self._rested_at.items() if at > now}


def _mutations(limit: int) -> Limiter:
    return Limiter(limit, MUTATIONS_PERIOD_S)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of this app, by the names that their keys have in Redis."""

    sign_in_of_person: Limiter = field(default_factory=lambda: Limiter(SIGN_INS_PER_MINUTE))
    sign_in_from_address: Limiter = field(default_factory=lambda: Limiter(SIGN_INS_PER_MINUTE))
    code_of_person: Limiter = field(default_factory=lambda: Limiter(CODES_PER_HOUR, HOUR_S))
    letter_to_address: Limiter = field(default_factory=lambda: Limiter(LETTERS_TO_ADDRESS_PER_HOUR, HOUR_S))
    letter_from_address: Limiter = field(default_factory=lambda: Limiter(LETTERS_FROM_ADDRESS_PER_HOUR, HOUR_S))
    invitations_of_tenant: Limiter = field(default_factory=lambda: Limiter(INVITATIONS_PER_HOUR, HOUR_S))
    link_from_address: Limiter = field(default_factory=lambda: Limiter(LINKS_PER_MINUTE))
    sign_on_from_address: Limiter = field(default_factory=lambda: Limiter(SIGN_ONS_PER_MINUTE))
    of_principal: Limiter = field(default_factory=lambda: _mutations(MUTATIONS_OF_PRINCIPAL))
    of_tenant: Limiter = field(default_factory=lambda: _mutations(MUTATIONS_OF_TENANT))

    def mutation(self, tenant_id: int, principal_id: int) -> Spent:
        """Count a mutation against its principal and its company; the state of whichever has less left."""
        own = f"{tenant_id}:{principal_id}"
        spent = self.of_principal.spend(own)
        if not spent.allowed:
            return spent
        together = self.of_tenant.spend(str(tenant_id))
        if not together.allowed:
            self.of_principal.give_back(own)
            return together
        return together if together.remaining < spent.remaining else spent

    async def share(self, shared: SharedGcra) -> None:
        """Tell the other processes what was spent here and learn what was spent there, for as long as this runs."""
        alone = False
        while True:
            await asyncio.sleep(SHARE_EVERY_S)
            try:
                for name in self.__slots__:
                    await _share(name, getattr(self, name), shared)
            except Unshared as problem:
                if not alone:
                    log.warning("limits_alone", problem=str(problem), meaning="each process counts for itself until Redis is back")
                alone = True
            else:
                alone = False


async def _share(name: str, limiter: Limiter, shared: SharedGcra) -> None:
    spendings = limiter.untold(SHARE_MAX)
    if spendings:
        told = await shared.spend([Spending(f"{name}:{each.key}", each.rest_us) for each in spendings])
        for each in spendings:
            limiter.learn(each.key, told[f"{name}:{each.key}"])


def headers(spent: Spent) -> dict[str, str]:
    """What an answer says about the limit its request counted against."""
    said = {
        "RateLimit-Limit": str(spent.limit),
        "RateLimit-Remaining": str(spent.remaining),
        "RateLimit-Reset": str(spent.reset_s),
    }
    return said if spent.allowed else said | {"Retry-After": str(spent.retry_after_s)}
