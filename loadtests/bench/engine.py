"""The product in both its modes: through Ray to a shard in its own process, and with the shard in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from os import getpid
from typing import Any

from actors.cluster import Cluster
from actors.desk import Desk
from actors.local import LocalEngine
from app.verify import prove
from db.engine import make_pool
from inventory.ledger.messages import Outcome
from loadtests.bench.ground import Company, Ground, found, stock_up
from loadtests.bench.load import Callers, Turn
from loadtests.bench.messages import chooser, reserve_one

Gauges = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Product:
    """A running engine with a company of its own, because a partition has one owner. `pid` is the shard's process."""

    mode: str
    desk: Desk
    company: Company
    pid: int
    gauges: Callable[[], Any]  # awaitable

    async def turn(self, spread: bool, callers: int, seconds: float) -> Turn:
        """Reserve one piece, again and again, by so many callers; with the batches that the shard made of it."""
        desk, tenant, warehouse = self.desk, self.company.tenant, self.company.warehouse
        choose = chooser(self.company.items, spread)
        loop = Callers(lambda: desk.send(tenant, reserve_one(choose(), warehouse)), _was_done)
        before = await self.gauges()
        turn = await loop.run(callers, seconds)
        turn.facts = _batches(before, await self.gauges())
        return turn


@contextmanager
def cluster(ground: Ground) -> Iterator[Cluster]:
    """Ray with one shard, in a process of its own. Enter outside of an event loop."""
    ray = Cluster(f"bench-{getpid()}")
    try:
        ray.start(ground.urls.engine, 1, no_hint)
        yield ray
    finally:
        ray.stop(drain=True)


async def through_ray(ground: Ground, ray: Cluster, items: int) -> Product:
    """The engine as it is run: desk here, shard in Ray's process."""
    desk = Desk(ray.transports(), _ignore)
    company = await found(ground, "bench-ray", items)
    await stock_up(desk, company)

    async def gauges() -> Gauges:
        return (await ray.tend())[0] or {}

    return Product("ray", desk, company, (await gauges())["pid"], gauges)


@asynccontextmanager
async def in_process(ground: Ground, items: int) -> AsyncIterator[Product]:
    """The same cells without Ray, sharing this process with the callers."""
    local = LocalEngine(ground.urls.engine, _ignore, lambda: None)
    desk = await local.start()
    try:
        company = await found(ground, "bench-local", items)
        await stock_up(desk, company)

        async def gauges() -> Gauges:
            return local.shard.stats()

        yield Product("local", desk, company, getpid(), gauges)
    finally:
        await local.close()


async def faults(ground: Ground, company: Company) -> list[str]:
    """What does not hold in a company's ledger, as `onhand verify` finds it. Empty is proof."""
    pool = await make_pool(ground.urls.engine, 1)
    try:
        proof = await prove(pool, company.tenant, 0)
    finally:
        await pool.close()
    return [f"#{fault.seq} {fault.rule}: {dict(fault.found)}" for fault in proof.faults]


def no_hint() -> Callable[[int, int, int], None]:
    """Made inside the shard's process: nobody follows the ledger here."""
    return _ignore


def _ignore(tenant: int, part: int, seq: int) -> None:
    """Nobody listens."""


def _was_done(outcome: Outcome) -> bool:
    return not outcome.code


def _batches(before: Gauges, after: Gauges) -> dict[str, Any]:
    """What the shard counted between two looks: batches by size, their mean, and the mean time of a commit."""
    batches = after["batches"] - before["batches"]
    sizes = {int(size): count - before["batch_sizes"].get(size, 0) for size, count in after["batch_sizes"].items()}
    return {
        "commands": after["commands"] - before["commands"],
        "batches": batches,
        "commit_us": after["commit_us"] - before["commit_us"],
        "sizes": {str(size): count for size, count in sorted(sizes.items()) if count},
    }


def calm(loop: asyncio.AbstractEventLoop) -> None:
    """Refuse a debugging loop: it would measure itself."""
    assert not loop.get_debug(), "turn PYTHONASYNCIODEBUG off: a debugging event loop measures itself"
