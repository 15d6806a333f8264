"""Ownership of a partition: an epoch that only grows, proven by every batch inside its own transaction."""

from __future__ import annotations

import asyncpg

from actors.cell import Memory
from actors.commit import Fenced
from actors.loader import Pool


class Halted(Exception):
    """The partition's ledger did not prove: nobody may own it until it is resumed (`onhand verify --resume`)."""


async def acquire(pool: Pool, tenant: int, part: int, owner: str) -> Memory:
    """Become the owner: outrank whoever was, after the batch it had in flight. Returns empty memory at the ledger's head.

    Raises Halted.
    """
    try:
        row = await pool.fetchrow("SELECT * FROM stock_acquire($1, $2, $3)", tenant, part, owner)
    except asyncpg.PostgresError as problem:
        if problem.sqlstate == "OH005":
            raise Halted(str(problem)) from problem
        raise
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


async def vacant(pool: Pool, tenant: int, part: int) -> bool:
    """Whether nobody has taken the partition since a halt took it away. Then whoever was fenced has no rival."""
    owner = await pool.fetchval("SELECT owner FROM stock_partitions WHERE tenant_id = $1 AND part = $2", tenant, part)
    return bool(owner == "")
