"""Group B of the catalogue, Postgres and the way to it: stopped, cut, swallowed, refused, slow."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.chaos.case import Run, case
from tests.chaos.load import progress, working
from tests.chaos.owners import Owner
from tests.chaos.places import Place, cell_locked, held_up, partition_locked
from tests.chaos.proxy import BIND, ERROR, FROM_SERVER, READY, TO_SERVER, Act, Trap

COMMIT = "stock_commit"


@case("B21", "immediate stop and kill -9 of the postmaster, at any moment", limit_s=900)
async def server_stopped(run: Run) -> None:
    """What was acknowledged is there after every one of them."""
    owner = await run.owner()
    shop = await run.shop(owner)
    rng, stops = random.Random(run.seed), run.size(3, 100)
    async with working(shop, seed=run.seed):
        for number in range(stops):
            await progress(shop)
            await asyncio.sleep(rng.random() / 5)
            await run.place.crash(signal.SIGKILL if number % 4 == 3 else signal.SIGQUIT)
    run.facts["stops"] = stops


@case("B22", "kill -9 of one backend: the server restarts all of them", limit_s=120)
async def backend_killed(run: Run) -> None:
    """Connections are made anew, memory is read anew."""
    owner = await run.owner()
    shop = await run.shop(owner)
    async with working(shop, seed=run.seed):
        for _ in range(run.size(1, 20)):
            await progress(shop)
            async with run.place.admin() as admin:
                backend = await admin.fetchval("SELECT pid FROM pg_stat_activity WHERE application_name = 'onhand-engine' LIMIT 1")
            os.kill(backend, signal.SIGKILL)
            await run.place.recovered()


@case("B23", "connection cut after the commit, before its reply, and before the commit itself")
async def reply_cut(run: Run) -> None:
    """The owner looks up whether the batch is there before it says anything."""
    proxy = await run.proxy()
    owner = await run.owner(url=proxy.url(run.place.database.engine))
    shop = await run.shop(owner)
    async with working(shop, seed=run.seed):
        for _ in range(run.size(5, 100)):
            for direction, kind in ((FROM_SERVER, READY), (TO_SERVER, BIND)):
                trap = proxy.trap(direction, kind, COMMIT, Act.CUT)
                await trap.caught.wait()
                await progress(shop, 5)
    run.facts["cuts"] = proxy.cuts


@case("B24", "black hole: nothing arrives and nobody is told", limit_s=240, quick=False)
async def black_hole(run: Run) -> None:
    """The owner gives up what is silent by itself, and goes on by new connections when there are some."""
    proxy = await run.proxy()
    owner = await run.owner(url=proxy.url(run.place.database.engine))
    shop = await run.shop(owner)
    async with working(shop, seed=run.seed):
        for hole_s in (1, 15):  # shorter and longer than the owner's patience with a statement
            await progress(shop)
            proxy.black_hole()
            await asyncio.sleep(hole_s)
            proxy.heal()
            await progress(shop)


@case("B26a", "deadlocks with another session")
async def deadlocked(run: Run) -> None:
    """Postgres ends the batch, the owner sends it again as it was."""
    deadlocks = run.size(2, 20)
    owner, refused = await _watched(run)
    shop = await run.shop(owner)
    async with working(shop, seed=run.seed):
        for _ in range(deadlocks):
            await progress(shop, 5)
            await _deadlock(run.place, shop.company.tenant, shop.company.items[0])
    run.facts["batches refused"] = refused.seen
    assert refused.seen >= deadlocks


@case("B26b", "serialization failures: the engine's role set to REPEATABLE READ")
async def serialization_failures(run: Run) -> None:
    """A batch that waited for another session's change is refused for it, and sent again as it was."""
    conflicts = run.size(3, 30)
    async with _engine_set(run.place, "default_transaction_isolation", "repeatable read"):
        owner, refused = await _watched(run)
        shop = await run.shop(owner)
        async with working(shop, seed=run.seed):
            for _ in range(conflicts):
                await progress(shop)
                async with run.place.admin() as admin, admin.transaction():
                    await admin.execute("UPDATE stock_partitions SET owner = owner WHERE tenant_id = $1", shop.company.tenant)
                    await held_up(run.place)
    run.facts["batches refused"] = refused.seen
    assert refused.seen >= conflicts


@case("B26c", "lock timeouts: the engine's role set to 100 ms, locks held longer")
async def lock_timeouts(run: Run) -> None:
    """The owner tries again for as long as it takes; nobody hears of it."""
    async with _engine_set(run.place, "lock_timeout", "100ms"):
        owner, refused = await _watched(run)
        shop = await run.shop(owner)
        hot = shop.company.items[0]
        async with working(shop, seed=run.seed):
            for _ in range(run.size(1, 20)):
                await progress(shop)
                for locked in (partition_locked(run.place, shop.company.tenant), cell_locked(run.place, shop.company.tenant, hot)):
                    async with locked:
                        await asyncio.sleep(run.size(0.5, 1))
    run.facts["batches refused"] = refused.seen
    assert refused.seen
    assert shop.history.count("failed") == 0, "clients were told of an internal error"


@case("B27", "the app's connections all taken by slow reports")
async def reports(run: Run) -> None:
    """Stock has connections of its own."""
    owner = await run.owner()
    shop = await run.shop(owner)
    slow = [await asyncpg.connect(run.place.database.app) for _ in range(50)]
    sleeping = [asyncio.create_task(connection.execute("SELECT pg_sleep(600)")) for connection in slow]
    async with working(shop, seed=run.seed):
        await progress(shop, run.size(500, 5_000))
    assert not any(task.done() for task in sleeping)
    for task in sleeping:
        task.cancel()
    await asyncio.gather(*sleeping, return_exceptions=True)
    for connection in slow:
        connection.terminate()


@case("B38", "fsync takes a second: every commit's reply comes that much later", limit_s=120)
async def slow_fsync(run: Run) -> None:
    """Everybody waits a little longer, nobody gives up, and it passes."""
    proxy = await run.proxy()
    owner = await run.owner(url=proxy.url(run.place.database.engine))
    shop = await run.shop(owner)
    shop.patience_s = 12.0  # longer than the engine's own, so that only the engine may give up
    async with working(shop, seed=run.seed, count=64):
        await progress(shop)
        commands, batches = await _batches(owner)
        slow = proxy.trap(FROM_SERVER, READY, COMMIT, Act.DELAY, times=1_000, delay_s=1)
        await asyncio.sleep(run.size(2, 30))
        more_commands, more_batches = await _batches(owner)
        slow.release()
        await progress(shop)
    size_before, size_during = commands / batches, (more_commands - commands) / (more_batches - batches)
    run.facts |= {"commands a batch": f"{size_before:.1f} before and {size_during:.1f} meanwhile"}
    run.facts["recoveries"] = await _recoveries(owner)
    assert not sum(op.unknown for op in shop.history.ops.values()), "somebody gave up waiting"


async def _deadlock(where: Place, tenant: int, item: int) -> None:
    """Take a cell, wait until a batch waits for it, and ask for the partition that the batch holds. The engine's backend looks
    for deadlocks first, so it is the one that is ended."""
    async with where.admin() as admin, admin.transaction():
        await admin.execute("SET LOCAL deadlock_timeout = '60s'")
        await admin.execute("SELECT 1 FROM stock_balances WHERE tenant_id = $1 AND item_id = $2 FOR UPDATE", tenant, item)
        await held_up(where, COMMIT)
        await admin.execute("SELECT 1 FROM stock_partitions WHERE tenant_id = $1 FOR UPDATE", tenant)


@asynccontextmanager
async def _engine_set(where: Place, name: str, value: str) -> AsyncIterator[None]:
    """New connections of the engine begin with that setting."""
    async with where.admin() as admin:
        role = await admin.fetchval("SELECT rolname FROM pg_roles WHERE rolname LIKE '%engine_login'")
        await admin.execute(f"ALTER ROLE {role} SET {name} = '{value}'")
        try:
            yield
        finally:
            await admin.execute(f"ALTER ROLE {role} RESET {name}")


async def _watched(run: Run) -> tuple[Owner, Trap]:
    """An owner, and a count of what Postgres refused it."""
    proxy = await run.proxy()
    refused = proxy.trap(FROM_SERVER, ERROR, "stock_", Act.PASS, times=1_000_000)
    return await run.owner(url=proxy.url(run.place.database.engine)), refused


async def _recoveries(owner: Owner) -> int:
    gauges = (await owner.gauges())[0]
    assert gauges is not None
    return int(gauges["recoveries"])


async def _batches(owner: Owner) -> tuple[int, int]:
    """Commands and batches so far."""
    gauges = (await owner.gauges())[0]
    assert gauges is not None
    return gauges["commands"], gauges["batches"]
