"""What follows from a verdict: it is recorded for everybody to see, and a broken ledger is not written to any more."""

from __future__ import annotations

from dataclasses import replace

import structlog

from inventory.ledger.proof import Fault
from jobs.anchors import Partition
from jobs.facts import FACTS
from jobs.passes import Pool, Verdict
from kit.clock import now_us
from tenants.domain import SYSTEM

log = structlog.get_logger("jobs")


async def record(pool: Pool, verdict: Verdict) -> Verdict:
    """Note how far the ledger is proven, or that it does not prove; then halt the partition. Returns the verdict with that."""
    broken = verdict.broken
    if broken is None:
        await _note(pool, _PROVEN, verdict, verdict.seq, verdict.head, now_us())
        return verdict
    await _note(pool, _FAILED, verdict, now_us())
    if verdict.partition[1] == FACTS:
        return verdict  # stock does not follow from facts: it goes on, and everybody can see that these do not prove
    await _halt(pool, verdict.partition, broken)
    return replace(verdict, halted=verdict.halted or (broken.rule, broken.seq))


async def resume(pool: Pool, verdict: Verdict, anchored_seq: int, by: str) -> bool:
    """Let a halted partition be written again, after a deep pass without fault; False if it was not halted. Leaves a fact.

    What counts from now on is what is there now: these rows, and anchors to `anchored_seq`.
    """
    assert verdict.broken is None
    await _note(pool, _PROVEN_ANEW, verdict, verdict.seq, verdict.head, now_us(), anchored_seq)
    resumed: bool = await pool.fetchval(
        "SELECT stock_resume($1, $2, $3, $4, $5)", *verdict.partition, by, SYSTEM.principal_id, int(SYSTEM.role)
    )
    return resumed


async def _halt(pool: Pool, partition: Partition, broken: Fault) -> None:
    """Take the partition away from its owner, after the batch in flight, and let nobody own it."""
    arguments = (broken.rule, broken.seq, now_us(), SYSTEM.principal_id, int(SYSTEM.role))
    if await pool.fetchval("SELECT stock_halt($1, $2, $3, $4, $5, $6, $7)", *partition, *arguments):
        log.error("ledger_halted", tenant=partition[0], part=partition[1], rule=broken.rule, seq=broken.seq, found=dict(broken.found))


async def _note(pool: Pool, statement: str, verdict: Verdict, *values: object) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(verdict.partition[0]))
        await connection.execute(statement, *verdict.partition, *values)


# Of two passes at once, the one that came further counts.
_PROVEN = """
INSERT INTO stock_proofs AS v (tenant_id, part, seq, hash, checked_at_us, ok) VALUES ($1, $2, $3, $4, $5, true)
ON CONFLICT (tenant_id, part) DO UPDATE SET seq = $3, hash = $4, checked_at_us = $5, ok = true WHERE v.seq <= $3 OR NOT v.ok
"""
_PROVEN_ANEW = """
INSERT INTO stock_proofs (tenant_id, part, seq, hash, checked_at_us, ok, anchored_seq) VALUES ($1, $2, $3, $4, $5, true, $6)
ON CONFLICT (tenant_id, part) DO UPDATE SET seq = $3, hash = $4, checked_at_us = $5, ok = true, anchored_seq = $6
"""
_FAILED = """
INSERT INTO stock_proofs (tenant_id, part, seq, hash, checked_at_us, ok) VALUES ($1, $2, 0, '', $3, false)
ON CONFLICT (tenant_id, part) DO UPDATE SET checked_at_us = $3, ok = false
"""
