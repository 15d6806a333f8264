"""Proving many ledgers one after the other, against anchors that are read once: checking their signatures takes a while."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from jobs.anchors import Anchors, Partition
from jobs.passes import Pool, Verdict
from jobs.verdict import record

Pass: TypeAlias = Callable[[Pool, Partition, Anchors], Awaitable[Verdict]]


class Prover:
    """Proves by one kind of pass. `read` gives the anchors as they are now."""

    def __init__(self, pool: Pool, read: Callable[[], Awaitable[Anchors]], one_pass: Pass) -> None:
        self._pool = pool
        self._read = read
        self._pass = one_pass
        self._known: Anchors | None = None

    async def anchors(self) -> Anchors:
        """The anchors that proofs go by."""
        if self._known is None:
            self._known = await self._read()
        return self._known

    async def prove(self, partition: Partition) -> Verdict:
        """Prove a partition and record it."""
        found = await self._pass(self._pool, partition, await self.anchors())
        if found.lacks_anchors:  # the watch may have signed while rows were read
            self._known = None
            found = await self._pass(self._pool, partition, await self.anchors())
        return await record(self._pool, found)
