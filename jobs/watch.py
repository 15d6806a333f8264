"""The watch: proves ledgers as they grow, and anchors what it has proven, within a share of one core.

One watch works at a time; another waits for the lock that the first holds in the database.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import structlog

from jobs.anchors import Anchorer, Anchors, Head, Partition
from jobs.job import UNREACHABLE
from jobs.passes import Pool, fast
from jobs.verdict import record
from kit.clock import SECOND, now_us

log = structlog.get_logger("jobs")

ROWS_MAX = 20_000
"""Rows of one pass, about half a second of work: the snapshot stays short and every company gets its turn."""
ANCHOR_S = 60.0
AGAIN_S = 600
"""A ledger that rests is looked at this seldom: whether its last row and its anchors are still there, two milliseconds."""
LOCK_KEY = 7_105_113
"""Any fixed number of ours: two watches on one database take turns."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How often the watch looks for grown ledgers, and the share of its time that it may spend on them."""

    every_s: float
    share: float


class Watch:
    """Runs until `closing` is set; then proves and anchors what is left, so that a stop leaves nothing unsigned."""

    def __init__(self, pool: Pool, folder: Path, key_path: Path, terms: Terms, closing: asyncio.Event) -> None:
        self._pool = pool
        self._anchorer = Anchorer(folder, key_path)
        self._terms = terms
        self._closing = closing
        self._anchored_at = monotonic()

    @property
    def anchors(self) -> Anchors:
        """All anchors there are, to the last one signed."""
        return self._anchorer.anchors

    async def run(self) -> None:
        for problem in self._anchorer.anchors.problems:
            log.error("anchors_doubtful", problem=problem)
        while not self._closing.is_set():
            await self._safely()
            await self._rest(self._terms.every_s)
        await self._safely()

    async def _safely(self) -> None:
        """One round. What the database cannot answer now, the next one asks again."""
        try:
            await self.round()
        except UNREACHABLE as problem:
            log.warning("watch_skipped", problem=repr(problem))

    async def round(self) -> None:
        """Prove what has grown; anchor once a minute and at the end."""
        for row in await self._pool.fetch(_GROWN, now_us() - AGAIN_S * SECOND):
            began = monotonic()
            await self.prove((row["tenant_id"], row["part"]))
            await self._rest((monotonic() - began) * (1 / self._terms.share - 1))
        if self._closing.is_set() or monotonic() - self._anchored_at >= ANCHOR_S:
            self._anchored_at = monotonic()
            await self.anchor()

    async def prove(self, partition: Partition) -> None:
        """Prove the next rows of a partition."""
        verdict = await fast(self._pool, partition, self._anchorer.anchors, ROWS_MAX)
        for fault in verdict.faults:
            log.error("ledger_fault", tenant=partition[0], part=partition[1], rule=fault.rule, seq=fault.seq)
        await record(self._pool, verdict)

    async def anchor(self) -> None:
        """Sign the proven heads that have moved since they were signed last."""
        heads = [Head(*row) for row in await self._pool.fetch(_UNANCHORED)]
        if not heads:
            return
        self._anchorer.append(heads, now_us())
        for head in heads:
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(head.tenant))
                await connection.execute(_ANCHORED, head.tenant, head.part, head.seq)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)


_GROWN = """
SELECT p.tenant_id, p.part, v.checked_at_us FROM stock_partitions p LEFT JOIN stock_proofs v USING (tenant_id, part)
WHERE p.halted_rule IS NULL AND p.seq > 0
  AND (v.seq IS NULL OR (v.seq, v.hash, v.ok) <> (p.seq, p.head_hash, true) OR v.checked_at_us < $1)
UNION ALL
SELECT h.tenant_id, -1, v.checked_at_us FROM fact_heads h LEFT JOIN stock_proofs v ON v.tenant_id = h.tenant_id AND v.part = -1
WHERE v.seq IS NULL OR v.ok AND (v.seq, v.hash) <> (h.seq, h.head_hash) OR v.checked_at_us < $1
ORDER BY checked_at_us NULLS FIRST
"""
# Facts that do not prove are looked at seldom: nothing halts them, so every round would find the same again.
_UNANCHORED = """
SELECT v.tenant_id, v.part, v.seq, v.hash, v.anchored_seq FROM stock_proofs v LEFT JOIN stock_partitions p USING (tenant_id, part)
WHERE v.ok AND (v.part = -1 OR p.seq IS NOT NULL AND p.halted_rule IS NULL) AND v.seq > v.anchored_seq ORDER BY 1, 2
"""
_ANCHORED = "UPDATE stock_proofs SET anchored_seq = $3 WHERE tenant_id = $1 AND part = $2"
