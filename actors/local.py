"""The engine without Ray: one shard in this process. Same cells, same commits, same answers."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from actors.cycle import Hint
from actors.desk import Desk, ShardLost
from actors.lease import Owner
from actors.shard import Shard
from db.engine import make_pool
from kit.clock import Clock, now_us

POOL_SIZE = 6
"""Connections of a shard: one for the batch that a busy partition commits, the rest for loading and other partitions."""


def owner_name(kind: str) -> str:
    """Who owns a partition, for people reading the table: never compared, the epoch is."""
    return f"{kind}:{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"


class LocalEngine:
    """Shard and desk of this process. `fenced` is called when another owner has taken a partition."""

    def __init__(self, database_url: str, hint: Hint, fenced: Callable[[], None], clock: Clock = now_us) -> None:
        self._url = database_url
        self._hint = hint
        self._fenced = fenced
        self._clock = clock

    @property
    def gauges(self) -> list[dict[str, Any] | None]:
        """Gauges of the one shard, in the shape that the cluster has."""
        return [self.shard.stats()]

    async def start(self) -> Desk:
        """Connect, and return the desk that reaches the shard."""
        self._pool = await make_pool(self._url, POOL_SIZE)
        self.shard = Shard(self._pool, Owner(owner_name("local"), 0, 1), self._clock, self._hint, self._on_fenced)
        self._alive = True
        self.desk = Desk([self._carry], self._hint)
        return self.desk

    async def close(self) -> None:
        """Finish what has arrived, then let go."""
        await self.shard.close()
        await self.desk.close()
        await self._pool.close()

    async def _carry(self, message: bytes) -> bytes:
        if not self._alive:
            raise ShardLost("fenced")
        return await self.shard.submit(message)

    def _on_fenced(self) -> None:
        self._alive = False
        self._fenced()
