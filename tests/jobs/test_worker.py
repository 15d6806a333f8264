"""`onhand worker` as a process: it watches, does jobs, and ends in order."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.registry import JOBS
from jobs.watch import LOCK_KEY
from tests.conftest import Database
from tests.jobs.board import ALL_ASKED, ALL_DUE
from tests.jobs.conftest import Books, write_books

HOUSE = Path(__file__).parents[2]
LOOKS = 300
WATCHES = f"""
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = {LOCK_KEY}
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.fixture
async def books(fresh_database: Database, tmp_path: Path) -> Books:
    """A ledger whose last rows are neither proven nor anchored."""
    return await write_books(fresh_database, tmp_path, proven=4, anchored=4)


def worker(books: Books, *words: str) -> subprocess.Popen[str]:
    environ = {
        "PATH": os.environ["PATH"],
        "ONHAND_VAR": str(books.folder),
        "DATABASE_ENGINE_URL": books.database.engine,
        "ONHAND_VERIFY_EVERY": "1",
    }
    argv = [sys.executable, "-m", "app", "worker", *words]
    return subprocess.Popen(argv, cwd=HOUSE, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def until(books: Books, question: str) -> None:
    for _ in range(LOOKS):
        if await books.ask(question):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(question)


async def test_watches_and_does_jobs_and_leaves_nothing_unsigned(books: Books) -> None:
    process = worker(books)
    try:
        await until(books, f"SELECT count(*) = {len(JOBS)} FROM job_schedules")
        await books.ask(ALL_ASKED)
        await until(books, f"SELECT count(DISTINCT job) = {len(JOBS)} FROM job_runs WHERE state = 'done'")
        await until(books, "SELECT seq = 8 FROM stock_proofs WHERE tenant_id = $tenant")
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert await books.ask("SELECT anchored_seq FROM stock_proofs WHERE tenant_id = $tenant") == 8
    assert await books.ask("SELECT count(*) FROM job_schedules WHERE run_id IS NOT NULL") == 0


async def test_two_workers_share_the_jobs_and_one_of_them_watches(books: Books) -> None:
    processes = [worker(books) for _ in range(2)]
    try:
        await until(books, "SELECT count(*) >= 4 FROM pg_stat_activity WHERE usename LIKE '%engine%' AND datname = current_database()")
        await until(books, f"SELECT count(*) = {len(JOBS)} FROM job_schedules")
        for round_ in range(1, 4):
            await books.ask(ALL_ASKED)
            await until(books, f"SELECT count(*) = {len(JOBS) * round_} FROM job_runs WHERE state = 'done'")
        assert await books.ask(WATCHES) == 1
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        said = [process.communicate(timeout=30)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert await books.ask("SELECT count(*) FROM job_runs") == 3 * len(JOBS)


async def test_once_runs_what_is_due_and_tells_of_it(books: Books) -> None:
    def once() -> list[dict[str, object]]:
        said, problem = worker(books, "--once", "20").communicate(timeout=60)
        assert said, problem
        found: list[dict[str, object]] = json.loads(said)
        return found

    assert once() == []
    await books.ask(ALL_DUE)
    assert sorted((str(each["job"]), each["state"]) for each in once()) == sorted((job.name, "done") for job in JOBS)
    assert once() == []
