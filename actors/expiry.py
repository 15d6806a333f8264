"""Holds whose time is coming: known a minute ahead, so that the row for an expiry is in the batch that follows it.

Expiry itself needs none of this: a hold past its end is refused and not counted wherever it is read. The rows keep the
counters of a cell equal to its open holds, so they go first in every batch.
"""

from __future__ import annotations

import heapq

from actors.cell import Batch, Memory
from actors.loader import Pool, due
from inventory.ledger.messages import Expire
from kit.clock import SECOND
from tenants.domain import SYSTEM

HORIZON_US = 60 * SECOND
"""How far ahead holds are known: far enough that looking is rare, near enough that a quiet partition keeps few."""
LOOK_MAX = 20_000
"""Holds read in one look. When there are more, the horizon ends at the last of them."""
BATCH_MAX = 1_000
"""Expiries written in one batch, so that a flood of them does not hold up the people waiting."""


class Expiry:
    """The coming expiries of one partition."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int]] = []
        self._horizon_us = 0
        self._more = False  # there are more before the horizon than one look could read

    def must_look(self, now: int) -> bool:
        """True when the horizon is near, or, of more than one look can read, when those read have all been popped. Look only
        with no batch in flight: its holds are not in the database yet."""
        return not self._heap if self._more else now + HORIZON_US // 2 > self._horizon_us

    async def look(self, pool: Pool, memory: Memory, now: int) -> None:
        """Read the holds that end within the horizon."""
        until = now + HORIZON_US
        found = await due(pool, memory, until, LOOK_MAX)
        self._heap = found  # sorted, and a sorted list is a heap
        self._more = len(found) == LOOK_MAX
        self._horizon_us = found[-1][0] if self._more else until

    def watch(self, batch: Batch) -> None:
        """Note the holds that a batch made or gave a new end within the horizon."""
        for hold in (*batch.holds, *batch.changed.values()):
            if hold.expires_at_us <= self._horizon_us:
                heapq.heappush(self._heap, (hold.expires_at_us, hold.seq))

    def pop_due(self, now: int) -> list[Expire]:
        """The engine's commands for holds past their end, at most `BATCH_MAX`."""
        commands: list[Expire] = []
        while self._heap and self._heap[0][0] <= now and len(commands) < BATCH_MAX:
            _, seq = heapq.heappop(self._heap)
            commands.append(Expire(key="", key_hash=b"", body_hash=b"", principal=SYSTEM.principal_id, role=SYSTEM.role, reservation=seq))
        return commands

    def wait_s(self, now: int) -> float:
        """Seconds until there may be something to do."""
        look = self._horizon_us if self._more else self._horizon_us - HORIZON_US // 2
        soonest = min(self._heap[0][0] if self._heap else self._horizon_us, look)
        return min(30.0, max(0.01, (soonest - now) / SECOND))

    def forget(self) -> None:
        """Know nothing, so that the next cycle looks."""
        self._heap, self._horizon_us, self._more = [], 0, False
