"""The worker as a process of its own (`onhand worker`): the watch, the tally and the jobs, which never wait in the way of an answer.

Any number of workers may run on one database, on any machines. One of them has the watch, by a lock in the database; jobs go
to whoever takes them first.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

import asyncpg
import orjson
import structlog

from app.settings import CannotStart, Settings
from db.engine import make_pool
from jobs import anchors
from jobs.anchors import Anchors
from jobs.job import Means, Pool
from jobs.registry import JOBS
from jobs.runner import Runner
from jobs.tally import TallyKeeper
from jobs.watch import LOCK_KEY, Terms, Watch

log = structlog.get_logger("app")

NICE = 10
"""Whoever sells comes first: the worker takes what the others leave."""
POOL_SIZE = 4
"""One for the watch, one for a long pass, one for the tally, one for everything short, leases among it."""


def serve(settings: Settings) -> int:
    """Work until SIGTERM or SIGINT."""
    return _working(settings, _serve)


def once(settings: Settings, seconds: float) -> int:
    """Run the jobs that are due, beginning none after so many seconds, and print what became of them as JSON."""

    async def run(settings: Settings, url: str, closing: asyncio.Event) -> None:
        pool = await make_pool(url, POOL_SIZE)
        try:
            folder = await anchors.home(pool, settings.anchors)
            read = partial(asyncio.to_thread, anchors.read, folder, settings.anchor_key)
            ran = await _runner(settings, pool, closing, read, share=1.0, with_anchors=True).once(seconds)
        finally:
            await pool.close()
        print(orjson.dumps([{"job": each.job, "run": each.run, "state": each.state} for each in ran]).decode())

    return _working(settings, run)


def _working(settings: Settings, work: Callable[[Settings, str, asyncio.Event], Awaitable[None]]) -> int:
    if settings.database_engine_url is None:
        raise CannotStart("DATABASE_ENGINE_URL must be set for the worker; `onhand run` finds it by itself.")
    os.nice(NICE)
    asyncio.run(_until_told(settings, settings.database_engine_url, work))
    return 0


async def _until_told(settings: Settings, url: str, work: Callable[[Settings, str, asyncio.Event], Awaitable[None]]) -> None:
    closing = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, closing.set)
    await work(settings, url, closing)


async def _serve(settings: Settings, url: str, closing: asyncio.Event) -> None:
    terms = Terms(settings.verify_every_s, settings.verify_percent / 100)
    pool = await make_pool(url, POOL_SIZE)
    lock = await asyncpg.connect(url)
    watch: Watch | None = None

    async def at_hand() -> Anchors:
        assert watch is not None
        return watch.anchors

    runner = _runner(settings, pool, closing, at_hand, terms.share, with_anchors=False)
    jobs = asyncio.create_task(runner.serve())
    jobs.add_done_callback(lambda _: closing.set())  # a fault of ours: end, and be started again
    try:
        folder = await anchors.home(lock, settings.anchors)
        # Without its connection the lock is anybody's. Ending is the one sure way not to be the second; the supervisor starts us again.
        lock.add_termination_listener(lambda _: closing.set())
        if await locked(lock, closing, terms.every_s):
            watch = Watch(pool, folder, settings.anchor_key, terms, closing)
            runner.with_anchors = True
            log.info("watching", anchors=str(folder))
            tallying = asyncio.create_task(TallyKeeper(pool, closing).run())
            tallying.add_done_callback(lambda _: closing.set())
            await watch.run()
            await tallying
        await jobs
    finally:
        closing.set()
        await asyncio.wait([jobs])  # what is under way ends in order, whatever ended the watch
        await lock.close()
        await pool.close()


def _runner(
    settings: Settings, pool: Pool, closing: asyncio.Event, read: Callable[[], Awaitable[Anchors]], share: float, *, with_anchors: bool
) -> Runner:
    return Runner(JOBS, Means(pool, read, timedelta(days=settings.replies_days), share), closing, with_anchors=with_anchors)


async def locked(connection: asyncpg.Connection[asyncpg.Record], closing: asyncio.Event, every_s: float) -> bool:
    """Wait until no other watch works on this database; False when told to stop before."""
    while not closing.is_set():
        if await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY):
            return True
        with suppress(TimeoutError):
            await asyncio.wait_for(closing.wait(), every_s)
    return False
