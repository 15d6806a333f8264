"""Ownership of a partition: an epoch that only grows, proven by every batch inside its own transaction."""

from __future__ import annotations

from actors.cell import Memory
from actors.commit import Fenced
from actors.loader import Pool


async def acquire(pool: Pool, tenant: int, part: int, owner: str) -> Memory:
    """Become the owner: outrank whoever was, after the batch it had in flight. Returns empty memory at the ledger's head."""
    row = await pool.fetchrow("SELECT * FROM stock_acquire($1, $2, $3)", tenant, part, owner)
    assert row is not None
    return Memory(tenant, part, row["epoch"], row["seq"], row["head_hash"])


async def confirm(pool: Pool, memory: Memory) -> Memory:
    """Fresh memory at the ledger's head, still as the same owner. Waits for a batch whose fate is unknown to end.

    Raises Fenced if another owner has the partition by now.
    """
    row = await pool.fetchrow("SELECT * FROM stock_head($1, $2, $3)", memory.tenant, memory.part, memory.epoch)
    if row is None:
        raise Fenced
    fresh = Memory(memory.tenant, memory.part, memory.epoch, row["seq"], row["head_hash"])
    fresh.clock_us = memory.clock_us
    fresh.batch = memory.batch
    return fresh
