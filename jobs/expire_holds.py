"""Sees to it that holds past their end are written down, also of companies that nobody is working with.

Shards do that themselves: each looks through all of its partitions every two seconds, loaded or not, and opening one is enough.
A message to them would say what they ask for anyway, and writing the rows from here would be a second hand in the ledger. So
this job finds the holds that nobody closed, gives the shards a few of their rounds, and fails when they did not: then no shard
is at work on them.
"""

from __future__ import annotations

from jobs.job import Failed, Run

GRACE_S = 60
"""Past its end a hold counts no more; its row follows within seconds. After so long somebody must look."""
ROUNDS = 5
ROUND_S = 2.0
"""The shards' own `SWEEP_S`."""


class Overdue(Failed):
    """Holds are past their end and no shard writes it down."""

    reason = "overdue"


async def expire_holds(run: Run) -> None:
    """Until nothing is overdue. Raises Overdue."""
    before = await _overdue(run)
    now = before
    for _ in range(ROUNDS):
        if not now:
            break
        await run.rest(ROUND_S)
        await run.reached(None)
        now = await _overdue(run)
    for tenant, holds in before.items():
        run.did(tenant, holds=max(0, holds - now.get(tenant, 0)))
        if now.get(tenant):
            run.did(tenant, overdue=now[tenant])
    await run.reached(None)
    if now:
        raise Overdue(f"{sum(now.values())} holds of {len(now)} companies are past their end, and no shard writes it down")


async def _overdue(run: Run) -> dict[int, int]:
    """Reservations past their end for longer than the grace, by company. A halted ledger is not written to, so its are not meant."""
    return {row["tenant_id"]: row["holds"] for row in await run.pool.fetch(_OVERDUE, GRACE_S)}


_OVERDUE = """
SELECT p.tenant_id, sum(h.holds)::int AS holds FROM stock_partitions p CROSS JOIN LATERAL (
  SELECT count(DISTINCT seq) AS holds FROM stock_holds
  WHERE tenant_id = p.tenant_id AND part = p.part AND open > 0
    AND expires_at_us <= (extract(epoch FROM now()) - $1::int)::bigint * 1000000
) h WHERE p.halted_rule IS NULL AND h.holds > 0 GROUP BY 1
"""
