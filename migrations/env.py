"""Runs migrations as the owner role: one at a time (advisory lock), short lock waits, one transaction each."""

from __future__ import annotations

import asyncio
import functools

import asyncpg
from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.tables import metadata
from db.engine import DRIVER

LOCK_KEY = 7_105_112
"""Any fixed number: two migrators on one database take turns."""


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


async def run_online() -> None:
    url = context.config.get_main_option("sqlalchemy.url") or ""
    engine = create_async_engine(DRIVER, async_creator=functools.partial(asyncpg.connect, url), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
        await connection.execute(text("SET lock_timeout = '5s'"))
        await connection.commit()
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


asyncio.run(run_online())
