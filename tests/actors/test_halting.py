"""A ledger that does not prove is not written to any more, and the neighbours do not notice…"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from actors import commit, shard
from actors.cluster import Cluster, ClusterEngine
from actors.local import LocalEngine
from app.verify import resume, verify
from inventory.context import Halted
from jobs.anchors import Anchors
from jobs.facts import FACTS
from tests.actors.conftest import Company, found, pids
from tests.conftest import Database
from tests.jobs.conftest import Books

FLIP = "UPDATE stock_ledger SET delta_on_hand = delta_on_hand + 1 WHERE tenant_id = $tenant AND seq = 1"
HALT = "SELECT stock_halt($1, 0::smallint, 'head', 1, 0, 0, 0::smallint)"
ARGUMENTS = re.findall(r"\$\d+", commit.STATEMENT)
MEND = "UPDATE stock_ledger SET delta_on_hand = delta_on_hand - 1 WHERE tenant_id = $tenant AND seq = 1"


@dataclass
class Shop:
    """Two companies on one shard; `fenced` counts how often its process would have ended."""

    mine: Company
    other: Company
    books: Books
    fenced: list[None]

    async def broken(self) -> None:
        """Change a row of mine and verify."""
        await self.books.ask(FLIP)
        with capture_logs() as logs:
            report = await verify(self.mine.url, Anchors, self.mine.slug, deep=True)
        assert not report.ok
        assert [(entry["event"], entry["log_level"], entry["rule"], entry["seq"]) for entry in logs] == [
            ("ledger_halted", "error", "hash_chain", 1)
        ]


@pytest.fixture
async def shop(database: Database, tmp_path: Path) -> AsyncIterator[Shop]:
    fenced: list[None] = []
    engine = LocalEngine(database.engine, lambda *_: None, lambda: fenced.append(None))
    desk = await engine.start()
    mine, other = await found(database, desk), await found(database, desk)
    for company in (mine, other):
        await company.receive(10)
    yield Shop(mine, other, Books(database, tmp_path, tmp_path, mine.tenant, mine.slug), fenced)
    await engine.close()


async def test_refuses_what_comes_after_and_ends_nothing_else(shop: Shop) -> None:
    """The owner is in the middle of its work: its memory is fresh, its next batch would be written."""
    await shop.broken()
    for _ in range(3):
        with pytest.raises(Halted):
            await shop.mine.reserve(1)
        assert (await shop.other.reserve(1)).code == ""
    assert shop.fenced == []
    assert await shop.mine.count("stock_ledger") == 1


async def test_refuses_all_who_wait_together(shop: Shop) -> None:
    await shop.broken()
    outcomes = await asyncio.gather(*[shop.mine.reserve(1) for _ in range(50)], return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Halted}
    assert await shop.mine.count("stock_replies") == 1  # refused without a trace: the keys stay valid


async def test_waits_for_the_batch_in_flight_which_is_the_last_one(shop: Shop) -> None:
    """Two connections, as for the fence itself: halting stands in the queue behind a batch that has not committed yet."""
    batch, halting = await asyncpg.connect(shop.mine.url), await asyncpg.connect(shop.mine.url)
    values = [shop.mine.tenant, 0, 1, 1, bytes(32), 0, *[()] * (len(ARGUMENTS) - 6)]
    async with batch.transaction():
        await batch.execute(commit.STATEMENT, *values)
        halt = asyncio.create_task(halting.fetchval(HALT, shop.mine.tenant))
        done, _ = await asyncio.wait([halt], timeout=0.2)
        assert not done
    assert await halt
    with pytest.raises(asyncpg.PostgresError) as fenced:
        await batch.execute(commit.STATEMENT, *values)
    assert fenced.value.sqlstate == "OH001"
    await batch.close()
    await halting.close()


async def test_bars_a_new_owner_too(shop: Shop, database: Database) -> None:
    await shop.broken()
    second = LocalEngine(database.engine, lambda *_: None, lambda: None)
    shop.mine.desk = await second.start()
    with pytest.raises(Halted):
        await shop.mine.reserve(1)
    await second.close()


async def test_resumes_when_all_of_it_holds_again(shop: Shop) -> None:
    await shop.broken()
    assert not (await resume(shop.mine.url, Anchors(), shop.mine.slug)).ok  # not mended yet
    with pytest.raises(Halted):
        await shop.mine.reserve(1)
    await shop.books.ask(MEND)
    assert not (await verify(shop.mine.url, Anchors, shop.mine.slug, deep=True)).ok  # nobody has said so yet
    assert (await resume(shop.mine.url, Anchors(), shop.mine.slug)).ok
    assert (await shop.mine.reserve(1)).code == ""
    assert shop.fenced == []
    assert await shop.mine.faults() == []


async def test_resumed_without_a_command_meanwhile_the_owner_lives_on(shop: Shop) -> None:
    """The owner heard nothing of either; its next batch is fenced, but by nobody."""
    await shop.broken()
    await shop.books.ask(MEND)
    await resume(shop.mine.url, Anchors(), shop.mine.slug)
    assert (await shop.mine.reserve(1)).code == ""
    assert shop.fenced == []


async def test_leaves_a_fact_of_both(shop: Shop) -> None:
    await shop.broken()
    await shop.books.ask(MEND)
    await resume(shop.mine.url, Anchors(), shop.mine.slug)
    told = await facts(shop)
    assert [name for name, _ in told] == ["ledger_halted", "ledger_resumed"]
    assert told[0][1] == {"rule": "hash_chain", "seq": 1}
    assert {name: value for name, value in told[1][1].items() if name != "by"} == {"rule": "hash_chain", "seq": 1, "proven_to": 1}
    assert told[1][1]["by"]


async def test_is_said_by_verify_until_resumed(shop: Shop) -> None:
    await shop.broken()
    await shop.books.ask(MEND)
    report = await verify(shop.mine.url, Anchors, shop.mine.slug)
    told = {found.partition[1]: (found.faults, found.halted) for _, found in report.verdicts}
    assert told == {0: ([], ("hash_chain", 1)), FACTS: ([], None)}, "the fact about the halt proves as well"
    assert not report.ok


async def test_counts_what_is_halted_and_what_is_not_proven_yet(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard, "SWEEP_S", 0.05)
    engine = LocalEngine(shop.books.database.engine, lambda *_: None, lambda: None)
    await engine.start()
    halted = await _counted(engine, lambda: engine.shard.gauges.unproven_rows > 0)
    await shop.broken()
    assert await _counted(engine, lambda: engine.shard.gauges.halted > halted) == halted + 1
    await engine.close()


async def _counted(engine: LocalEngine, enough: Callable[[], bool]) -> int:
    async with asyncio.timeout(10):
        while not enough():  # noqa: ASYNC110 - the sweeper sets no event
            await asyncio.sleep(0.05)
    return engine.shard.gauges.halted


@pytest.mark.ray
async def test_goes_on_with_the_others_on_ray_without_a_restart(ray_database: Database, cluster: Cluster, tmp_path: Path) -> None:
    engine = ClusterEngine(cluster, lambda *_: None)
    desk = await engine.start()
    mine, other = await found(ray_database, desk), await found(ray_database, desk)
    while other.tenant % 2 != mine.tenant % 2:  # on the same shard
        other = await found(ray_database, desk)
    await mine.receive(10)
    await other.receive(10)
    before = await pids(cluster)
    shop = Shop(mine, other, Books(ray_database, tmp_path, tmp_path, mine.tenant, mine.slug), [])
    await shop.broken()
    for _ in range(3):
        with pytest.raises(Halted):
            await mine.reserve(1)
        assert (await other.reserve(1)).code == ""
    assert await pids(cluster) == before
    await engine.close()


async def facts(shop: Shop) -> list[tuple[str, Any]]:
    connection = await asyncpg.connect(shop.books.database.admin)
    try:
        rows = await connection.fetch("SELECT name, body FROM facts WHERE tenant_id = $1 ORDER BY id", shop.mine.tenant)
    finally:
        await connection.close()
    return [(row["name"], json.loads(row["body"])) for row in rows]
