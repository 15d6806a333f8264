"""The job that sees to it that holds past their end are written down."""

from __future__ import annotations

import asyncpg
import pytest

from actors import shard
from actors.local import LocalEngine
from jobs import expire_holds
from jobs.expire_holds import Overdue
from jobs.job import Pool
from kit.clock import SECOND, now_us
from tests.actors.conftest import Company, found
from tests.conftest import Database
from tests.jobs.runners import ran


@pytest.fixture
async def shop(fresh_database: Database) -> Company:
    """A company that nobody works with any more: two of its three holds ended an hour ago, and no shard is there."""
    engine = LocalEngine(fresh_database.engine, lambda *_: None, lambda: None)
    company = await found(fresh_database, await engine.start())
    await company.receive(10)
    for seconds in (60, 60, 7200):
        await company.reserve(1, expires_in_s=seconds)
    await engine.close()
    hand = await asyncpg.connect(fresh_database.admin)
    await hand.execute(
        "UPDATE stock_holds SET expires_at_us = $1 WHERE expires_at_us < $2", now_us() - 3600 * SECOND, now_us() + 3600 * SECOND
    )
    await hand.close()
    return company


async def test_nothing_is_overdue_in_an_ordinary_company(fresh_database: Database, pool: Pool) -> None:
    run = await ran(pool, expire_holds.expire_holds)
    assert run.total == {}


async def test_fails_while_no_shard_is_at_work(pool: Pool, shop: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expire_holds, "ROUND_S", 0.01)
    with pytest.raises(Overdue, match="2 holds of 1 companies"):
        await ran(pool, expire_holds.expire_holds)
    assert await shop.sum("open", "stock_holds") == 3_000_000  # it wrote nothing itself


async def test_is_done_when_a_shard_has_written_them_down(
    fresh_database: Database, pool: Pool, shop: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The partition was not loaded: the shard's own look wakes it."""
    monkeypatch.setattr(shard, "SWEEP_S", 0.05)
    monkeypatch.setattr(expire_holds, "ROUND_S", 0.3)
    engine = LocalEngine(fresh_database.engine, lambda *_: None, lambda: None)
    await engine.start()
    run = await ran(pool, expire_holds.expire_holds)
    await engine.close()
    assert await shop.sum("open", "stock_holds") == 1_000_000
    assert await shop.faults() == []
    assert run.total["overdue"] == 0


async def test_a_halted_ledger_is_not_waited_for(fresh_database: Database, pool: Pool, shop: Company) -> None:
    hand = await asyncpg.connect(fresh_database.admin)
    await hand.execute("UPDATE stock_partitions SET halted_rule = 'hold', halted_seq = 1")
    await hand.close()
    assert (await ran(pool, expire_holds.expire_holds)).total == {}
