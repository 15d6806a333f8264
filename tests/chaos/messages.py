"""Group A of the catalogue, messages: answers lost, batches doubled and shuffled, callers and rules that fail."""

from __future__ import annotations

import asyncio
import random
import signal

from actors.desk import Transport
from tests.chaos.caller import Orders
from tests.chaos.case import Run, case
from tests.chaos.history import FAILED, History
from tests.chaos.host import POISON, SLOW
from tests.chaos.load import Shop, desk, progress, working
from tests.chaos.owners import Owner, carrier, start
from tests.chaos.places import held_up, partition_locked
from tests.chaos.waiting import until_async


@case("A10", "the answer is lost though the batch was done: every third connection is cut at its first byte back")
async def answers_lost(run: Run) -> None:
    """The desk sends again, the record knows."""
    owner = await run.owner()
    proxy = await run.proxy_before(owner)
    proxy.allowance = lambda number: 0 if number % 3 == 0 else None
    shop = await run.shop(at=desk([carrier(proxy.port)]))
    async with working(shop, seed=run.seed):
        while proxy.cuts < run.size(10, 200):
            await progress(shop)
    run.facts["answers lost"] = proxy.cuts


@case("A11", "every message is delivered twice at once")
async def delivered_twice(run: Run) -> None:
    """As a careless `max_task_retries` would."""
    owner = await run.owner()
    shop = await run.shop(at=desk([_twice(owner.transport())]))
    async with working(shop, seed=run.seed):
        await progress(shop, run.size(200, 5_000))


@case("A12", "messages of one desk arrive in any order")
async def shuffled(run: Run) -> None:
    """What was answered before another was asked stays before it; nothing more is promised."""
    owner = await run.owner()
    shop = await run.shop(at=desk([_late(owner.transport(), random.Random(run.seed))]))
    async with working(shop, seed=run.seed, count=32):
        await progress(shop, run.size(200, 5_000))


@case("A13", "kill -9 of the caller's process with 500 commands on their way")
async def caller_killed(run: Run) -> None:
    """All of them take effect; whoever asks again with the same keys gets those answers."""
    owner = await run.owner()
    shop = await run.shop(owner, qty=2_000)
    notes = run.place.var / f"history-{run.mark}.jsonl"
    async with partition_locked(run.place, shop.company.tenant):
        orders = Orders(owner.port, str(notes), shop.company.tenant, shop.company.items, shop.company.warehouses, 500)
        child = start("caller", orders, run.mark, run.place.var / "log" / "caller.log")
        await held_up(run.place, "stock_commit")
        child.send_signal(signal.SIGKILL)
        child.wait()
    theirs = History.read(notes)
    await until_async(lambda: _written(shop, len(theirs.ops)))
    shop.history.ops |= theirs.ops
    again = await asyncio.gather(*[shop.perform(op.command, op.effect) for op in theirs.ops.values()])
    assert all(outcome.replayed for outcome in again), "a command of the killed caller had not been done"


@case("A16", "2 shards become 3 under load, with both sets at work, and back half-way", limit_s=180)
async def shards_changed(run: Run) -> None:
    """The fence decides who of the old and the new set writes for a company; those who lose it end and come back."""
    old = await _shards(run, 2)
    shops = [await run.shop(at=desk(_reach(old))) for _ in range(4)]
    async with working(*shops, seed=run.seed, count=4):
        await progress(shops[0], 20)
        new = await _shards(run, 3)
        for shop in shops[:2]:
            shop.desk = desk(_reach(new))
        await asyncio.sleep(run.size(1, 20))
        shops[0].desk = desk(_reach(old))  # somebody changes his mind
        await progress(shops[0], 20)
        for shop in shops:
            shop.desk = desk(_reach(new))
        await asyncio.gather(*[progress(shop, 20) for shop in shops])
    run.facts["lives"] = sum(owner.lives for owner in (*old, *new))


@case("A17", "a command that raises inside its rule, among others")
async def poisoned(run: Run) -> None:
    """It fails alone, nothing is stored under its key, its neighbours commit."""
    owner = await run.owner(gate=str(run.place.var / "never"))
    shop = await run.shop(owner)
    async with working(shop, seed=run.seed):
        for _ in range(run.size(10, 100)):
            outcome = await shop.reserve(1, reference=POISON)
            assert outcome.code == FAILED
    assert shop.history.count("failed") == run.size(10, 100), "a neighbour failed too"


@case("A18", "a rule that does not come to an end")
async def slow_rule(run: Run) -> None:
    """Other shards do not wait for it."""
    gate = run.place.var / f"gate-{run.mark}"
    owners = [await run.owner(number, shards=2, gate=str(gate)) for number in range(2)]
    shops = [await run.shop(*owners) for _ in range(2)]  # tenants follow each other: one on each shard
    stuck = asyncio.create_task(shops[0].reserve(1, reference=SLOW))
    async with working(shops[1], seed=run.seed):
        await progress(shops[1], run.size(200, 2_000))
    assert not stuck.done()
    gate.touch()
    await stuck


@case("A19", "more cells touched once than memory may hold", limit_s=400)
async def cells_touched_once(run: Run) -> None:
    """A million in full size, of which 200,000 may stay."""
    limit = run.size(200, 0)
    owner = await run.owner(resident_max=limit)
    shop = await run.shop(owner, items=run.size(2_000, 1_000_000), qty=0)
    for first in range(0, len(shop.company.items), 500):
        await shop.receive_each(range(first, first + 500))
    gauges = (await owner.gauges())[0]
    assert gauges is not None
    run.facts |= {"cells": len(shop.company.items), "resident": gauges["cells"]}
    # Half is dropped when it is full; a message of 500 more may be in it.
    assert 0 < gauges["cells"] <= (limit or 200_000) + 500


async def _written(shop: Shop, count: int) -> bool:
    return len((await shop.record())[1]) >= count


async def _shards(run: Run, count: int) -> list[Owner]:
    return list(await asyncio.gather(*[run.owner(number, count, kept=True) for number in range(count)]))


def _reach(owners: list[Owner]) -> list[Transport]:
    return [owner.transport() for owner in owners]


def _twice(carry: Transport) -> Transport:
    async def carry_twice(message: bytes) -> bytes:
        return (await asyncio.gather(carry(message), carry(message)))[1]

    return carry_twice


def _late(carry: Transport, rng: random.Random) -> Transport:
    async def carry_late(message: bytes) -> bytes:
        await asyncio.sleep(rng.random() / 10)
        return await carry(message)

    return carry_late
