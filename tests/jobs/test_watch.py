"""The watch proves ledgers as they grow…"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from app.worker import locked
from db.engine import make_pool
from jobs import watch
from jobs.anchors import read
from jobs.watch import Terms, Watch
from tests.conftest import Database
from tests.jobs.conftest import Books, write_books

FLIP = "UPDATE stock_ledger SET delta_on_hand = delta_on_hand + 1 WHERE tenant_id = $tenant AND seq = 7"
SLOW = Terms(every_s=600, share=1)


class Desk:
    """A watch on a database of its own, and its company."""

    def __init__(self, books: Books, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self.books = books
        self.pool = pool
        self.closing = asyncio.Event()
        self.watch = Watch(pool, books.anchors, books.folder / "anchor.key", SLOW, self.closing)

    async def proven(self) -> tuple[int, bool]:
        seq = await self.books.ask("SELECT seq FROM stock_proofs WHERE tenant_id = $tenant")
        return seq, await self.books.ask("SELECT ok FROM stock_proofs WHERE tenant_id = $tenant")

    def anchored(self) -> int:
        """The last row that the file on the disk vouches for."""
        return read(self.books.anchors, self.books.folder / "anchor.key").last((self.books.tenant, 0))


@pytest.fixture
async def desk(fresh_database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    books = await write_books(fresh_database, tmp_path, proven=4, anchored=4)
    pool = await make_pool(fresh_database.engine, 1)
    yield Desk(books, pool)
    await pool.close()


async def test_goes_on_from_the_last_proof_to_the_head(desk: Desk) -> None:
    assert await desk.proven() == (4, True)
    await desk.watch.round()
    assert await desk.proven() == (8, True)


async def test_takes_a_long_way_in_pieces(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "ROWS_MAX", 3)
    await desk.watch.round()
    assert await desk.proven() == (7, True)
    await desk.watch.round()
    assert await desk.proven() == (8, True)


async def test_lets_alone_what_has_not_grown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.watch.round()
    looked: list[object] = []
    monkeypatch.setattr(watch, "fast", lambda *args: looked.append(args))
    await desk.watch.round()
    assert looked == []


async def test_sees_that_the_tail_of_a_resting_ledger_is_gone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.watch.round()
    await desk.books.ask("DELETE FROM stock_ledger WHERE tenant_id = $tenant AND seq = 8")
    with capture_logs():
        await desk.watch.round()
        assert await desk.proven() == (8, True)  # nothing has grown
        monkeypatch.setattr(watch, "AGAIN_S", 0)
        await desk.watch.round()
    assert await desk.proven() == (8, False)
    assert await desk.books.ask("SELECT halted_seq FROM stock_partitions WHERE tenant_id = $tenant") == 8


async def test_halts_what_does_not_prove_and_says_so_once(desk: Desk) -> None:
    await desk.books.ask(FLIP)
    with capture_logs() as logs:
        await desk.watch.round()
        await desk.watch.round()
    assert [(entry["event"], entry["log_level"], entry["seq"]) for entry in logs if entry["event"] == "ledger_halted"] == [
        ("ledger_halted", "error", 7)
    ]
    assert await desk.proven() == (4, False)
    assert await desk.books.ask("SELECT halted_seq FROM stock_partitions WHERE tenant_id = $tenant") == 7


async def test_signs_what_it_has_proven_when_told_to_stop(desk: Desk) -> None:
    assert desk.anchored() == 4
    desk.closing.set()
    await desk.watch.run()
    assert desk.anchored() == 8
    assert await desk.books.ask("SELECT anchored_seq FROM stock_proofs WHERE tenant_id = $tenant") == 8


async def test_signs_nothing_that_does_not_prove(desk: Desk) -> None:
    await desk.books.ask(FLIP)
    desk.closing.set()
    with capture_logs():
        await desk.watch.run()
    assert desk.anchored() == 4


async def test_signs_a_head_once(desk: Desk) -> None:
    await desk.watch.round()
    await desk.watch.anchor()
    await desk.watch.anchor()
    assert read(desk.books.anchors, desk.books.folder / "anchor.key").lines == 2


async def test_outlives_a_database_that_is_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away() -> None:
        desk.closing.set()
        raise ConnectionRefusedError

    monkeypatch.setattr(desk.watch, "round", away)
    with capture_logs() as logs:
        await desk.watch.run()
    assert {entry["event"] for entry in logs} == {"watch_skipped"}


async def test_rests_nine_times_as_long_as_it_works_for_a_tenth(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = itertools.count()  # every look at the clock finds it a second later, so a pass takes one
    monkeypatch.setattr(watch, "monotonic", lambda: float(next(seconds)))
    rested: list[float] = []

    async def rest(wanted: float) -> None:
        rested.append(wanted)

    modest = Watch(desk.pool, desk.books.anchors, desk.books.folder / "anchor.key", Terms(1, 0.1), desk.closing)
    monkeypatch.setattr(modest, "_rest", rest)
    await modest.round()
    assert rested == [pytest.approx(9)]


async def test_waits_while_another_watch_works_on_the_database(database: Database) -> None:
    closing = asyncio.Event()
    first, second = await asyncpg.connect(database.engine), await asyncpg.connect(database.engine)
    assert await locked(first, closing, 600)
    waiting = asyncio.create_task(locked(second, closing, 0.05))
    done, _ = await asyncio.wait([waiting], timeout=0.2)
    assert not done
    await first.close()
    assert await waiting
    closing.set()
    assert not await locked(second, closing, 600)
    await second.close()
