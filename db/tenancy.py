"""Row security: a transaction says whose rows it may see, and forgets it when it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

NO_WAREHOUSE = "0"
"""The id of none: an empty setting would mean all of them."""
_SET_TENANT = text("SELECT set_config('app.tenant_id', :tenant_id, true)")
_SET_WAREHOUSES = text("SELECT set_config('app.warehouses', :warehouses, true)")
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, :tenant_id))")
_SET_SLUG = text("SELECT set_config('app.tenant_slug', :slug, true)")


@asynccontextmanager
async def reading(engine: AsyncEngine, tenant_id: int, warehouses: Collection[int] | None = None) -> AsyncIterator[AsyncConnection]:
    """A read-only, repeatable snapshot of one tenant: what queries run in, so a page and its `as_of_seq` agree.

    `warehouses`: the only ones whose rows are there to be seen; None for all.
    """
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        async with connection.begin():
            await set_tenant(connection, tenant_id)
            await set_warehouses(connection, warehouses)
            yield connection


async def set_tenant(connection: AsyncConnection, tenant_id: int) -> None:
    """Bind the open transaction to a tenant. Local to the transaction, so a pooled connection keeps nothing."""
    await connection.execute(_SET_TENANT, {"tenant_id": str(tenant_id)})


async def set_warehouses(connection: AsyncConnection, warehouses: Collection[int] | None) -> None:
    """Let the open transaction see rows of these warehouses only; None leaves it all of them."""
    if warehouses is not None:
        await connection.execute(_SET_WAREHOUSES, {"warehouses": ",".join(map(str, sorted(warehouses))) or NO_WAREHOUSE})


async def set_slug(connection: AsyncConnection, slug: str) -> None:
    """Let the open transaction see the one tenant row with this slug: the only row readable before sign-in."""
    await connection.execute(_SET_SLUG, {"slug": slug})


async def alone_at(connection: AsyncConnection, tenant_id: int, what: str) -> None:
    """Wait until nobody else of the tenant is at it, and keep others waiting until this transaction has ended: for what is decided by
    counting or by looking at many rows, where no single row could be locked."""
    await connection.execute(_ALONE, {"what": what, "tenant_id": tenant_id})
