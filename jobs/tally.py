"""Keeps the tally: adds to the sums that dashboards read what has happened since, a second behind the ledger.

Beside the watch in the worker, and like it one at a time per database; two would take turns at the row of each company. Without
it, or while it is behind, dashboards sum up what is missing themselves: right, and slower.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from time import monotonic

import asyncpg
import structlog

from inventory.ledger import tallying
from inventory.ledger.proof import Record
from jobs.anchors import Connection
from jobs.job import UNREACHABLE, Pool
from kit.clock import now_us

log = structlog.get_logger("jobs")

EVERY_S = 1.0
AGAIN_S = 15.0
"""A company that rests is looked at this seldom: whether another quantity is on order."""
SHARE = 0.25
"""Of one core that the tally may take: at 10,000 rows a second it needs about as much."""
ROWS_MAX = 10_000
"""Rows of one transaction, about 0.2 s: no page waits for it, but what is stale stays so meanwhile."""
STALE_MAX = 5_000
_PATIENCE_S = 60.0


class TallyKeeper:
    """Runs until `closing` is set."""

    def __init__(self, pool: Pool, closing: asyncio.Event) -> None:
        self._pool = pool
        self._closing = closing
        self._looked_at = 0.0

    async def run(self) -> None:
        while not self._closing.is_set():
            try:
                await self.round()
            except UNREACHABLE as problem:
                log.warning("tally_skipped", problem=repr(problem))
            await self._rest(EVERY_S)

    async def round(self) -> None:
        """Add what has happened, for every company where something has; each gets a piece at a time until all are level."""
        pending = {row["tenant_id"] for row in await self._pool.fetch(tallying.GROWN)} | await self._due()
        while pending and not self._closing.is_set():
            for tenant in sorted(pending):
                began = monotonic()
                if not await self._safely(tenant):
                    pending.discard(tenant)
                await self._rest((monotonic() - began) * (1 / SHARE - 1))

    async def _safely(self, tenant: int) -> bool:
        """What cannot be added up of one company (no sum fits into 64 bits) is not the others' trouble: its pages sum for themselves."""
        try:
            return await tally(self._pool, tenant)
        except asyncpg.DataError as problem:
            log.error("tally_failed", tenant=tenant, problem=repr(problem))
            return False

    async def _due(self) -> set[int]:
        if monotonic() - self._looked_at < AGAIN_S:
            return set()
        self._looked_at = monotonic()
        return {row["tenant_id"] for row in await self._pool.fetch(tallying.ALL)}

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)


async def tally(pool: Pool, tenant: int) -> bool:
    """Add the next rows of a company to its tally, and find the states of their items anew. Whether there may be more to do."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(tenant))
        if await connection.fetchval(tallying.BEGIN, tenant, now_us()) is not None:
            await connection.execute(tallying.EVERY_ITEM, tenant, timeout=_PATIENCE_S)
        await connection.execute(tallying.TURN, tenant)
        span = await connection.fetchrow(tallying.SPAN, tenant, ROWS_MAX)
        assert span is not None
        since, upto = span["since"], span["upto"]
        if upto > since:
            await connection.execute(tallying.SUMS, tenant, since, upto, timeout=_PATIENCE_S)
        stale = await connection.fetch(tallying.STALE, tenant, STALE_MAX, timeout=_PATIENCE_S)
        cells = await connection.fetch(tallying.TOUCHED, tenant, since, upto, timeout=_PATIENCE_S)
        cells += await connection.fetch(tallying.ORDERED, tenant, timeout=_PATIENCE_S)
        await _write_states(connection, tenant, cells, {row["item_id"] for row in stale})
        await connection.execute(tallying.REACHED, tenant, upto, now_us())
    return upto - since == ROWS_MAX or len(stale) == STALE_MAX


async def _write_states(connection: Connection, tenant: int, cells: Sequence[Record], items: Collection[int]) -> None:
    if cells or items:
        touched = [row["item_id"] for row in cells], [row["warehouse_id"] for row in cells]
        await connection.execute(tallying.STATES, tenant, *touched, sorted(items), timeout=_PATIENCE_S)
