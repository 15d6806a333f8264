"""Engines and pools: SQLAlchemy for things and screens, bare asyncpg where every microsecond counts."""

from __future__ import annotations

import functools

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from db.arrays import use_flat_arrays

DRIVER = "postgresql+asyncpg://"
"""All that SQLAlchemy is told of the address: it would pass on what follows the question mark as asyncpg does not spell it."""
STATEMENT_TIMEOUT_MS = 15_000
"""Longest a screen's query may run. Stock commits have their own pool and limit, so a slow report cannot starve them."""


def make_engine(url: str, pool_size: int = 8) -> AsyncEngine:
    """The app role's engine. `url` is a plain `postgresql://` address, and may say `sslmode` and the like as libpq has them.

    At most `pool_size` connections, opened when they are needed and kept: one that is opened for a moment costs more than what is
    asked of it, and whoever waits for another's turn waits less. The last that was used comes first: it knows the statements.
    """
    connect = functools.partial(
        asyncpg.connect,
        url,
        command_timeout=STATEMENT_TIMEOUT_MS / 1000,
        server_settings={
            "application_name": "onhand-app",
            "statement_timeout": str(STATEMENT_TIMEOUT_MS),
            "idle_in_transaction_session_timeout": "10000",
            "jit": "off",
        },
    )
    return create_async_engine(DRIVER, async_creator=connect, pool_size=pool_size, max_overflow=0, pool_use_lifo=True, pool_timeout=5)


async def make_pool(url: str, size: int) -> asyncpg.Pool[asyncpg.Record]:
    """The engine role's pool: a few connections with long-lived prepared statements and generic plans."""
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        command_timeout=10,
        max_inactive_connection_lifetime=0,
        init=use_flat_arrays,
        reset=_keep,
        server_settings={"application_name": "onhand-engine", "jit": "off", "plan_cache_mode": "force_generic_plan"},
    )


async def _keep(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Nothing to reset: the engine's statements set nothing that outlives their transaction, and a round trip of resets
    would stand between every commit and its answers."""
