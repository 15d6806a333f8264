"""Limits that several processes share: one number per key in Redis, the moment at which the key will have rested.

Redis is told afterwards what was spent, so nobody waits for it; a process that cannot reach it goes on with what it knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError

_PREFIX = "onhand:limit:"
_SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local ahead = {}
for place, key in ipairs(KEYS) do
  local rested = math.max(tonumber(redis.call('GET', key)) or now, now) + ARGV[place] * 1
  if rested > now then
    redis.call('SET', key, string.format('%.0f', rested), 'PX', math.ceil((rested - now) / 1000))
  end
  ahead[place] = string.format('%.0f', rested - now)
end
return ahead
"""
"""Times are Redis's own, so the clocks of the processes need not agree; a key that has rested expires."""


class Unshared(Exception):
    """Redis could not be asked. What was spent is known to this process only."""


class Spending(NamedTuple):
    """What a key spent since it was last told: so many microseconds of rest are needed for it (less, if some was given back)."""

    key: str
    rest_us: int


class SharedGcra:
    """The shared side of limits. `spend` tells and asks in one round trip."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(url, decode_responses=True, socket_timeout=1, socket_connect_timeout=1)
        self._script = self._redis.register_script(_SCRIPT)

    async def spend(self, spendings: Sequence[Spending]) -> Mapping[str, int]:
        """Key -> microseconds until it will have rested, over all processes. Raises Unshared."""
        try:
            ahead = await self._script(keys=[_PREFIX + each.key for each in spendings], args=[each.rest_us for each in spendings])
        except (RedisError, OSError) as problem:
            raise Unshared(repr(problem)) from problem
        return {each.key: int(found) for each, found in zip(spendings, ahead, strict=True)}

    async def close(self) -> None:
        """Let go of the connection."""
        await self._redis.aclose()
