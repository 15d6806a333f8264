"""The product in both its modes: through Ray to a shard in its own process, and with the shard in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from actors.cluster import Cluster
from actors.desk import Desk, Transport
from actors.local import LocalEngine
from app.verify import prove
from app.wiring import namespace
from db.engine import make_pool
from inventory.ledger.messages import Outcome
from loadtests.bench.ground import Company, Database, Ground
from loadtests.bench.load import Ask, Callers, Turn
from loadtests.bench.messages import Choose, reserve_one

Gauges = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Product:
    """A running engine: its desk, the way to its shard that the desk uses, and what the shard says of itself."""

    mode: str
    database: Database
    desk: Desk
    carry: Transport
    gauges: Callable[[], Awaitable[Gauges]]

    def reserving(self, company: Company, choose: Choose) -> Ask:
        """Reserve one piece of the next item."""
        desk, tenant, warehouse = self.desk, company.tenant, company.warehouse
        return lambda: desk.send(tenant, reserve_one(choose(), warehouse))

    async def turn(self, ask: Ask, callers: int, seconds: float) -> Turn:
        """Ask again and again with so many callers; with the batches that the shard made of it."""
        return await self.watched(partial(Callers(ask, was_done).run, callers, seconds))

    async def watched(self, measure: Callable[[], Awaitable[Turn]]) -> Turn:
        """The turn, with the batches that the shard made of it."""
        before = await self.gauges()
        turn = await measure()
        turn.facts |= _batches(before, await self.gauges())
        return turn


@contextmanager
def cluster(ground: Ground) -> Iterator[Cluster]:
    """Ray with one shard, in a process of its own, under the name that a web process looks for. Enter outside of an event loop."""
    ray = Cluster(namespace(ground.ray.engine))
    try:
        ray.start(ground.ray.engine, 1, no_hint)
        yield ray
    finally:
        ray.stop(drain=True)


def address() -> str:
    """Where other processes join the Ray that this one has started."""
    import ray

    return str(ray.get_runtime_context().gcs_address)


def through_ray(ground: Ground, ray: Cluster) -> Product:
    """The engine as it is run: desk here, shard in Ray's process."""

    async def gauges() -> Gauges:
        found = (await ray.tend())[0]
        return found if found is not None else await gauges()  # it is being restarted: each look waits

    return Product("ray", ground.ray, Desk(ray.transports(), _ignore), ray.transports()[0], gauges)


@asynccontextmanager
async def in_process(ground: Ground) -> AsyncIterator[Product]:
    """The same cells without Ray, sharing this process with the callers."""
    local = LocalEngine(ground.local.engine, _ignore, lambda: None)

    async def gauges() -> Gauges:
        return local.shard.stats()

    desk = await local.start()
    try:
        yield Product("local", ground.local, desk, local.shard.submit, gauges)
    finally:
        await local.close()


async def faults(database: Database, company: Company) -> list[str]:
    """What does not hold in a company's ledger, as `onhand verify` finds it. Empty is proof."""
    pool = await make_pool(database.engine, 1)
    try:
        proof = await prove(pool, company.tenant, 0)
    finally:
        await pool.close()
    return [f"{company.slug} #{fault.seq} {fault.rule}: {dict(fault.found)}" for fault in proof.faults]


def no_hint() -> Callable[[int, int, int], None]:
    """Made inside the shard's process: nobody follows the ledger here."""
    return _ignore


def was_done(outcome: Outcome) -> bool:
    """Done, not refused."""
    return not outcome.code


def calm(loop: asyncio.AbstractEventLoop) -> None:
    """Refuse a debugging loop: it would measure itself."""
    assert not loop.get_debug(), "turn PYTHONASYNCIODEBUG off: a debugging event loop measures itself"


def _ignore(tenant: int, part: int, seq: int) -> None:
    """Nobody listens."""


def _batches(before: Gauges, after: Gauges) -> dict[str, Any]:
    """What the shard counted between two looks: batches by size, the time of their commits, and how
    often some had to be decided again."""
    sizes = {int(size): count - before["batch_sizes"].get(size, 0) for size, count in after["batch_sizes"].items()}
    return {
        **{name: after[name] - before[name] for name in ("commands", "batches", "commit_us", "recoveries")},
        "sizes": {str(size): count for size, count in sorted(sizes.items()) if count},
    }
