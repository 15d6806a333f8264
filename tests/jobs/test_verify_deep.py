"""The nightly proof of every ledger from its first row."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from actors.local import LocalEngine
from jobs import passes, verify_deep
from jobs.anchors import Anchors, read
from jobs.job import Pool
from jobs.verify_deep import Unproven
from tests.actors.conftest import found
from tests.conftest import Database
from tests.jobs.conftest import Books, write_books
from tests.jobs.runners import did, job, make_due, ran, runs

OLD_FLIP = "UPDATE stock_ledger SET delta_on_hand = delta_on_hand + 1 WHERE tenant_id = $tenant AND seq = 2"


@pytest.fixture
async def books(fresh_database: Database, tmp_path: Path) -> Books:
    """A company's ledger, proven and anchored to its end."""
    return await write_books(fresh_database, tmp_path, proven=8)


async def _another(database: Database) -> int:
    engine = LocalEngine(database.engine, lambda *_: None, lambda: None)
    company = await found(database, await engine.start())
    await company.receive(1)
    await engine.close()
    return company.tenant


async def test_proves_every_company(fresh_database: Database, pool: Pool, books: Books) -> None:
    other = await _another(fresh_database)

    async def at_hand() -> Anchors:
        return read(books.anchors, books.folder / "anchor.key")

    run = await ran(pool, verify_deep.verify_deep, anchors=at_hand)
    assert {tenant: (counts["rows"], counts["faults"]) for tenant, counts in run.news.items()} == {books.tenant: (8, 0), other: (1, 0)}
    assert await books.ask("SELECT count(*) FROM stock_proofs WHERE ok") == 2


async def test_halts_a_company_for_an_old_row_that_the_watch_does_not_look_at(fresh_database: Database, pool: Pool, books: Books) -> None:
    other = await _another(fresh_database)
    await books.ask(OLD_FLIP)
    nightly = job(verify_deep.verify_deep)
    await make_due(pool, nightly)
    with capture_logs() as logs:
        assert [each.state for each in await did(pool, nightly)] == ["done"]  # looking is what it is for
    assert await books.ask("SELECT halted_seq FROM stock_partitions WHERE tenant_id = $tenant") == 2
    assert await books.ask(f"SELECT halted_seq FROM stock_partitions WHERE tenant_id = {other}") is None
    assert {entry["event"] for entry in logs if entry["log_level"] == "error"} == {"ledger_fault", "ledger_halted"}
    assert await books.ask("SELECT (counts -> 'faults')::int > 0 FROM job_results WHERE tenant_id = $tenant")
    assert not await books.ask(f"SELECT (counts -> 'faults')::int > 0 FROM job_results WHERE tenant_id = {other}")


async def test_one_companys_trouble_does_not_keep_the_others_from_being_proven(
    fresh_database: Database, pool: Pool, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await _another(fresh_database)
    deep = passes.deep

    async def torn(pool: Pool, partition: tuple[int, int], *more: object) -> object:
        if partition[0] == books.tenant:
            raise asyncpg.DataCorruptedError("invalid page in block 7")
        return await deep(pool, partition, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(verify_deep, "deep", torn)
    nightly = job(verify_deep.verify_deep)
    await make_due(pool, nightly)
    with capture_logs():
        assert [each.state for each in await did(pool, nightly)] == ["failed"]
    assert [row["reason"] for row in await runs(pool)] == [Unproven.reason]
    assert await books.ask(f"SELECT ok FROM stock_proofs WHERE tenant_id = {other}")


async def test_goes_on_after_the_company_where_it_was_stopped(fresh_database: Database, pool: Pool, books: Books) -> None:
    other = await _another(fresh_database)
    nightly = job(verify_deep.verify_deep)
    await make_due(pool, nightly)
    await pool.execute("UPDATE job_schedules SET place = $1", f"[{books.tenant}, 0]")
    with capture_logs():
        await did(pool, nightly)
    assert [row["tenant_id"] for row in await _all_results(fresh_database)] == [other]


async def test_waits_for_the_first_row_of_what_is_sorted_before_it_is_given(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten million answers take longer to sort than any other statement of that connection may take."""
    monkeypatch.setattr(passes, "_REPLIES", passes._REPLIES.replace("WHERE ", "WHERE (SELECT true FROM pg_sleep(4)) AND "))
    async with asyncpg.create_pool(books.database.engine, min_size=1, max_size=1, command_timeout=3) as impatient:
        verdict = await passes.deep(impatient, (books.tenant, 0), books.anchorer().anchors)
    assert (verdict.seq, verdict.faults) == (8, [])


async def _all_results(database: Database) -> list[asyncpg.Record]:
    hand = await asyncpg.connect(database.admin)
    try:
        return await hand.fetch("SELECT tenant_id FROM job_results ORDER BY 1")
    finally:
        await hand.close()
