"""A company's stock moves to another shard while it is worked with…"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from actors import shard as shards
from actors.cluster import Cluster, ClusterEngine
from actors.desk import Desk
from actors.lease import Owner
from actors.shard import Shard
from app.move import place
from db.engine import make_pool
from inventory.ledger.messages import Outcome
from kit.clock import now_us
from tests.actors.conftest import Company, found, pids
from tests.conftest import Database


@dataclass(frozen=True)
class Pair:
    """Two shards in this process, who was fenced, and how to reach both."""

    shards: list[Shard]
    fenced: list[int]

    def desk(self) -> Desk:
        """A caller of its own, who knows nothing yet."""
        return Desk([shard.submit for shard in self.shards], lambda *_: None)

    def has(self, number: int, company: Company) -> bool:
        return (company.tenant, 0) in self.shards[number]._partitions


@pytest.fixture
async def pair(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    monkeypatch.setattr(shards, "SWEEP_S", 0.1)
    pool = await make_pool(database.engine, 8)
    fenced: list[int] = []
    made = [Shard(pool, Owner(f"test-{n}", n, 2), now_us, lambda *_: None, lambda n=n: fenced.append(n)) for n in range(2)]  # type: ignore[misc]
    yield Pair(made, fenced)
    for shard in made:
        await shard.close()
    await pool.close()


async def sell(company: Company, until: asyncio.Event) -> list[Outcome]:
    """Reserve one piece again and again, eight tills at once."""

    async def till() -> list[Outcome]:
        done = []
        while not until.is_set():
            done.append(await company.reserve(1))
        return done

    return [outcome for done in await asyncio.gather(*[till() for _ in range(8)]) for outcome in done]


async def moved(company: Company, pair: Pair, to: int) -> None:
    """Place the company there, and wait until the other shard has given it up."""
    assert await place(company.url, company.slug, to) == 1
    async with asyncio.timeout(20):
        while pair.has(1 - to, company):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.05)


async def test_under_load_without_losing_or_doubling_a_command(database: Database, pair: Pair) -> None:
    company = await found(database, pair.desk())
    await company.receive(1_000_000)
    stop = asyncio.Event()
    selling = asyncio.ensure_future(sell(company, stop))
    home = company.tenant % 2
    for to in (1 - home, home, 1 - home):
        await moved(company, pair, to)
        await asyncio.sleep(0.3)
    stop.set()
    outcomes = await selling
    assert {outcome.code for outcome in outcomes} == {""}
    assert len({outcome.seq for outcome in outcomes}) == len(outcomes) == await company.count("stock_holds")
    assert pair.fenced == []
    assert await company.faults() == []


async def test_and_callers_who_did_not_know_find_it(database: Database, pair: Pair) -> None:
    company = await found(database, pair.desk())
    await company.receive(5)
    home = company.tenant % 2
    await moved(company, pair, 1 - home)
    company.desk = pair.desk()
    assert (await company.reserve(1)).code == ""
    assert (pair.has(1 - home, company), pair.has(home, company), pair.fenced) == (True, False, [])


async def test_and_a_number_beyond_the_last_shard_is_counted_around(database: Database, pair: Pair) -> None:
    company = await found(database, pair.desk())
    await company.receive(5)
    await place(company.url, company.slug, company.tenant % 2 + 4)
    assert (await company.reserve(1)).code == ""


async def test_and_a_shard_that_finishes_takes_nothing_more(database: Database, pair: Pair) -> None:
    company = await found(database, pair.desk())
    await company.receive(5)
    leaving = pair.shards[company.tenant % 2]._partitions[company.tenant, 0]
    closing = asyncio.ensure_future(leaving.give_up(4))
    assert (await company.reserve(1)).code == ""  # sent again by the desk, to the partition that began anew
    await closing
    assert pair.fenced == []


async def test_and_nobody_moves_a_company_that_is_not_there(database: Database) -> None:
    assert await place(database.engine, "nobody", 1) == 0


@pytest.mark.ray
async def test_and_no_process_ends_of_it(cluster: Cluster, ray_database: Database) -> None:
    engine = ClusterEngine(cluster, lambda *_: None)
    company = await found(ray_database, await engine.start())
    await company.receive(1_000_000)
    before = await pids(cluster)
    stop = asyncio.Event()
    selling = asyncio.ensure_future(sell(company, stop))
    await place(company.url, company.slug, company.tenant + 1)
    await asyncio.sleep(4)
    stop.set()
    outcomes = await selling
    assert {outcome.code for outcome in outcomes} == {""}
    assert await pids(cluster) == before
    assert await company.faults() == []
    await engine.close()
