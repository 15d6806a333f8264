"""Ownership of a partition: an epoch that only grows, proven by every batch inside its own transaction."""

from __future__ import annotations

from typing import NamedTuple

import asyncpg

from actors.cell import Memory
from actors.commit import Fenced
from actors.loader import Pool


class Owner(NamedTuple):
    """Who wants to own partitions: a name for people, and which of how many shards it is."""

    name: str
    shard: int
    shards: int


class Halted(Exception):
    """The partition's ledger did not prove: nobody may own it until it is resumed (`onhand verify --resume`)."""


class Elsewhere(Exception):
    """The partition lives on another shard: `shard`."""

    def __init__(self, shard: int) -> None:
        super().__init__(f"lives on shard {shard}")
        self.shard = shard


class Moving(Exception):
    """The partition was placed here, and its owner has not given it up yet."""


async def acquire(pool: Pool, tenant: int, part: int, owner: Owner) -> Memory:
    """Become the owner: outrank whoever was, after the batch it had in flight. Returns empty memory at the ledger's head
    and at its time: the owner before may have had a faster clock.

    Raises Halted, Elsewhere, Moving.
    """
    try:
        row = await pool.fetchrow("SELECT * FROM stock_acquire($1, $2, $3, $4, $5)", tenant, part, *owner)
    except asyncpg.PostgresError as problem:
        if problem.sqlstate == "OH005":
            raise Halted(str(problem)) from problem
        if problem.sqlstate == "OH006":
            raise Elsewhere(int(problem.as_dict()["detail"])) from problem
        if problem.sqlstate == "OH007":
            raise Moving(str(problem)) from problem
        raise
    assert row is not None
    memory = Memory(tenant, part, row["epoch"], row["seq"], row["head_hash"])
    memory.clock_us = row["recorded_at_us"]
    return memory


async def confirm(pool: Pool, memory: Memory, owner: Owner) -> Memory:
    """Fresh memory at the ledger's head, still as the same owner but under a new epoch: what the old one still has on its
    way anywhere will never be written. Waits for a batch that the database is at.

    Raises Fenced if another owner has the partition by now.
    """
    row = await pool.fetchrow("SELECT * FROM stock_confirm($1, $2, $3, $4)", memory.tenant, memory.part, memory.epoch, owner.name)
    if row is None:
        raise Fenced
    fresh = Memory(memory.tenant, memory.part, row["epoch"], row["seq"], row["head_hash"])
    fresh.clock_us = memory.clock_us
    fresh.batch = memory.batch
    return fresh


async def vacate(pool: Pool, tenant: int, part: int, owner: Owner) -> None:
    """Give the partition up, so that its next owner need not wait."""
    await pool.execute("SELECT stock_vacate($1, $2, $3)", tenant, part, owner.name)


async def vacant(pool: Pool, tenant: int, part: int) -> bool:
    """Whether nobody has taken the partition since a halt took it away. Then whoever was fenced has no rival."""
    owner = await pool.fetchval("SELECT owner FROM stock_partitions WHERE tenant_id = $1 AND part = $2", tenant, part)
    return bool(owner == "")
