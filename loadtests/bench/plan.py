"""The order of a run: which turns there are, there and back, and what each of them measured."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

import asyncpg

from actors.cluster import Cluster
from loadtests.bench import engine, meters, peers, raw
from loadtests.bench.ground import Ground
from loadtests.bench.load import Turn


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: seconds a turn, callers of the engine, clients of P1, items of the spread workload."""

    seconds: float = 1.5
    callers: tuple[int, ...] = (64, 512, 2048)
    clients: tuple[int, ...] = peers.CLIENTS
    items: int = 10_000
    rounds: int = 2


QUICK = Size(seconds=0.2, callers=(64,), clients=(1, 4), items=200, rounds=1)
"""Enough to see that everything works, too little to believe a number."""
LOCAL_CALLERS = 512
HEADLINE_CALLERS = 512
"""What ratios are taken at: as many as a busy web process has waiting."""

Key = tuple[str, str, int]
"""(workload, what, how many): ("W3", "ray", 512), ("W1", "P1", 8), ("W1", "P4", 2)."""
Measure = Callable[[float], Awaitable[Turn]]
WORKLOADS = {"W3": False, "W1": True}
"""Id -> whether spread over all items. W3's hot SKU without its sell-out: the stock never ends here."""


@dataclass(frozen=True, slots=True)
class Results:
    """Every turn of a run, and what was found wrong in the ledgers afterwards."""

    turns: dict[Key, list[Turn]]
    faults: list[str]
    hot_percent: float | None


async def measure(ground: Ground, ray: Cluster, size: Size, say: Callable[[str], None]) -> Results:
    """Run all turns of both workloads, alternating, then prove every ledger."""
    engine.calm(asyncio.get_running_loop())
    async with AsyncExitStack() as started:
        product = await engine.through_ray(ground, ray, size.items)
        local = await started.enter_async_context(engine.in_process(ground, size.items))
        await peers.prepare(ground, product.company)
        await raw.prepare(ground)
        connection = await asyncpg.connect(ground.admin)
        started.push_async_callback(connection.close)
        await connection.execute("CHECKPOINT")
        turns: dict[Key, list[Turn]] = {}
        for workload, spread in WORKLOADS.items():
            measures = _measures(ground, product, local, workload, spread, size)
            for number in range(size.rounds):
                # There and back again: whoever was first is last the next time.
                for key in measures if number % 2 == 0 else reversed(measures):
                    shard = product.pid if key[1] == "ray" else 0
                    turn = await _metered(connection, shard, partial(measures[key], size.seconds))
                    turns.setdefault(key, []).append(turn)
                    say(f"{workload} {key[1]:<5} {key[2]:>5}  {turn.ops_s:>10,.0f}/s")
        hot = await meters.hot_percent(connection)
        say("Proving every ledger row by row…")
        found = await asyncio.gather(engine.faults(ground, product.company), engine.faults(ground, local.company), peers.faults(ground))
    return Results(turns, [fault for faults in found for fault in faults], hot)


def _measures(
    ground: Ground, product: engine.Product, local: engine.Product, workload: str, spread: bool, size: Size
) -> dict[Key, Measure]:
    """What is measured of a workload, by key, in the order there."""
    company = product.company
    measures: dict[Key, Measure] = {}
    for callers in size.callers:
        measures[workload, "ray", callers] = partial(product.turn, spread, callers)
    local_callers = min(LOCAL_CALLERS, max(size.callers))
    measures[workload, "local", local_callers] = partial(local.turn, spread, local_callers)
    for clients in size.clients:
        measures[workload, "P1", clients] = partial(peers.turn, ground, company, spread, clients)
    for connections in raw.CONNECTIONS:
        measures[workload, "P4", connections] = partial(raw.turn, ground, company, spread, connections)
    return measures


async def _metered(connection: asyncpg.Connection[asyncpg.Record], shard: int, measure: Callable[[], Awaitable[Turn]]) -> Turn:
    """The turn, with processor time and log bytes per operation. Those include its warm-up, so they are shares of all it did."""
    cpu, wal = meters.cpu(shard), await meters.wal_bytes(connection)
    turn = await measure()
    done = turn.done + turn.warm
    turn.facts["cpu_us_per_op"] = meters.cpu(shard).per_op_us(cpu, done)
    turn.facts["wal_bytes_per_op"] = round((await meters.wal_bytes(connection) - wal) / done) if done else 0
    return turn
