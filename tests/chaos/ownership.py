"""Group A of the catalogue, owners: killed, stopped, doubled. The epoch in Postgres decides who may write."""

from __future__ import annotations

import asyncio
import os
import signal
import time

from tests.chaos.case import Run, case
from tests.chaos.load import Shop, desk, progress, working
from tests.chaos.owners import Owner, ended, parent
from tests.chaos.places import cell_locked, held_up, partition_locked
from tests.chaos.proxy import BIND, ERROR, FROM_SERVER, READY, TO_SERVER, Act

COMMIT, ACQUIRE = "stock_commit", "stock_acquire"


@case("A1", "kill -9 of the shard in mid-batch: sent, not committed", limit_s=300)
async def killed_before_commit(run: Run) -> None:
    """Half of the times the batch commits after its owner's death, half of the times it never does."""
    owner = await run.owner(ray=run.size(False, True), kept=True)
    shop = await run.shop(owner)
    kills = 0
    async with working(shop, seed=run.seed):
        while kills < run.size(2, 20):
            await progress(shop)
            async with partition_locked(run.place, shop.company.tenant):
                backends = await held_up(run.place)
                if any(COMMIT in query for query in backends.values()):  # else it is still finding out about the last death
                    os.kill(await owner.pid(), signal.SIGKILL)
                    kills += 1
                if kills % 2:
                    await run.place.terminate(backends)
    run.facts["kills"] = kills


@case("A2", "kill -9 of the shard after its commit, before its answer", limit_s=300)
async def killed_after_commit(run: Run) -> None:
    """The proxy swallows Postgres' word that it is done."""
    proxy = await run.proxy()
    owner = await run.owner(ray=run.size(False, True), kept=True, url=proxy.url(run.place.database.engine))
    shop = await run.shop(owner)
    kills = run.size(2, 20)
    async with working(shop, seed=run.seed):
        for _ in range(kills):
            await progress(shop)
            trap = proxy.trap(FROM_SERVER, READY, COMMIT, Act.SWALLOW)
            await trap.caught.wait()
            os.kill(await owner.pid(), signal.SIGKILL)
    run.facts["kills"] = kills


@case("A3", "SIGSTOP of the owner with a batch on its way, another takes over, SIGCONT", limit_s=150)
async def stopped_and_continued(run: Run) -> None:
    """The split brain: the old owner wakes up, its batch arrives, and nothing of it is written."""
    proxy = await run.proxy()
    old = await run.owner(ray=run.size(False, True), url=proxy.url(run.place.database.engine))
    new = await run.owner(kept=True)  # Ray's next process of the old one will outrank it for the old desk's sake
    shop = await run.shop(old)
    pid = await old.pid()
    async with working(shop, seed=run.seed):
        await progress(shop)
        on_its_way = proxy.trap(TO_SERVER, BIND, COMMIT, Act.HOLD)
        refused = proxy.trap(FROM_SERVER, ERROR, COMMIT, Act.PASS)
        await on_its_way.caught.wait()
        epoch = await _epoch(run, shop)
        os.kill(pid, signal.SIGSTOP)
        shop.desk = desk([new.transport()])
        await progress(shop)
        written = await _written(run, shop, epoch)
        await asyncio.sleep(run.size(0.5, 30))
        on_its_way.release()
        await refused.caught.wait()
        os.kill(pid, signal.SIGCONT)
        await ended(pid)
        await progress(shop)
    assert written == await _written(run, shop, epoch), "the old owner wrote"


@case("A4", "two owners of one shard at once, both under load", limit_s=120)
async def two_owners(run: Run) -> None:
    """Each is fenced by the other, ends, and is started again; the ledger stays one."""
    one, two = await run.owner(kept=True), await run.owner(kept=True)
    shop = await _flip_flop(run, one, two)
    run.facts |= {"epochs": await _epoch(run, shop), "lives": one.lives + two.lives}
    assert one.lives + two.lives > 2, "nobody was fenced"


@case("A5", "owner stopped between the fence and its commit", limit_s=60)
async def stopped_behind_the_fence(run: Run) -> None:
    """The next owner waits for that batch, then outranks it; the batch counts."""
    old, new = await run.owner(), await run.owner()
    shop = await run.shop(old)
    async with cell_locked(run.place, shop.company.tenant, shop.company.items[0]):
        batch = asyncio.create_task(shop.reserve(1))
        await held_up(run.place, COMMIT)
        old.signal(signal.SIGSTOP)
        shop.desk, shop.patience_s = desk([new.transport()]), 0.5
        late = asyncio.create_task(shop.reserve(2))
        await held_up(run.place, ACQUIRE)
    first, second = await batch, await late
    assert first.replayed and first.seq < second.seq, "the batch behind the fence was lost"
    old.signal(signal.SIGCONT)
    shop.desk = desk([old.transport()])
    last = asyncio.create_task(shop.reserve(1))
    await old.gone()  # fenced by its next batch
    shop.desk = desk([new.transport()])
    await last


@case("A8", "a second Ray cluster on the same database, both under load", limit_s=240, quick=False)
async def two_clusters(run: Run) -> None:
    """Ray believes twice that it has the only shard."""
    shop = await _flip_flop(run, await run.owner(ray=True), await run.owner(ray=True))
    run.facts["epochs"] = await _epoch(run, shop)


@case("A9", "the machine goes that carries the shards: its raylet and all of its workers", limit_s=300, quick=False)
async def machine_gone(run: Run) -> None:
    """Ray finds out, and starts them on another."""
    owner = await run.owner(ray=True, nodes=2)
    shop = await run.shop(owner)
    async with working(shop, seed=run.seed):
        await progress(shop)
        shard = await owner.pid()
        began = time.monotonic()
        for pid in (parent(shard), shard):
            os.kill(pid, signal.SIGKILL)
        await progress(shop)
        run.facts["answered again after s"] = round(time.monotonic() - began, 1)
    run.facts["epoch"] = await _epoch(run, shop)


async def _flip_flop(run: Run, one: Owner, two: Owner) -> Shop:
    shop = await run.shop(one)
    rival = Shop(shop.company, desk([two.transport()]), shop.history)
    async with working(shop, rival, seed=run.seed, count=8):
        await asyncio.sleep(run.size(2, 40))
        # Peace, so that everybody gets an answer.
        rival.desk = shop.desk
    return shop


async def _epoch(run: Run, shop: Shop) -> int:
    async with run.place.admin() as admin:
        return int(await admin.fetchval("SELECT epoch FROM stock_partitions WHERE tenant_id = $1", shop.company.tenant))


async def _written(run: Run, shop: Shop, epoch: int) -> int:
    """Rows written under an epoch."""
    async with run.place.admin() as admin:
        query = "SELECT count(*) FROM stock_ledger WHERE tenant_id = $1 AND epoch = $2"
        return int(await admin.fetchval(query, shop.company.tenant, epoch))
