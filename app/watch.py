"""The watch as a process of its own (`onhand watch`): verifying never waits in the way of an answer."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

import asyncpg
import structlog

from app.settings import CannotStart, Settings
from db.engine import make_pool
from jobs import anchors
from jobs.watch import LOCK_KEY, Terms, Watch

log = structlog.get_logger("app")

NICE = 10
"""Whoever sells comes first: the watch takes what the others leave, and no more than its share."""


def serve(settings: Settings) -> None:
    """Watch until SIGTERM or SIGINT."""
    if settings.database_engine_url is None:
        raise CannotStart("DATABASE_ENGINE_URL must be set for the watch; `onhand run` finds it by itself.")
    os.nice(NICE)
    asyncio.run(_serve(settings, settings.database_engine_url))


async def _serve(settings: Settings, url: str) -> None:
    closing = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, closing.set)
    terms = Terms(settings.verify_every_s, settings.verify_percent / 100)
    pool = await make_pool(url, 1)
    lock = await asyncpg.connect(url)
    try:
        if await locked(lock, closing, terms.every_s):
            folder = await anchors.home(lock, settings.anchors)
            log.info("watching", anchors=str(folder))
            await Watch(pool, folder, settings.anchor_key, terms, closing).run()
    finally:
        await lock.close()
        await pool.close()


async def locked(connection: asyncpg.Connection[asyncpg.Record], closing: asyncio.Event, every_s: float) -> bool:
    """Wait until no other watch works on this database; False when told to stop before."""
    while not closing.is_set():
        if await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY):
            return True
        with suppress(TimeoutError):
            await asyncio.wait_for(closing.wait(), every_s)
    return False
