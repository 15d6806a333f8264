"""Counts every night, company by company, what should be ordered and how much of it nobody sells.

It orders nothing: what it finds stands in its results, for whoever looks at the dashboard in the morning. The page of suggestions asks
anew whenever it is opened.
"""

from __future__ import annotations

from inventory.replenishment.positions import COUNT
from jobs.job import Run
from kit.clock import now_us

_TENANTS = "SELECT id FROM tenants WHERE id > $1 ORDER BY id"
_COUNT = COUNT.replace(":tenant_id", "$1").replace(":now_us", "$2")
_PATIENCE_S = 60.0


async def suggest_orders(run: Run) -> None:
    """One company at a time, and each in a transaction that sees no other."""
    for row in await run.pool.fetch(_TENANTS, run.place or 0):
        tenant = row["id"]
        async with run.pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(tenant))
            found = await connection.fetchrow(_COUNT, tenant, now_us(), timeout=_PATIENCE_S)
        assert found is not None
        run.did(tenant, **found)
        await run.reached(tenant)
