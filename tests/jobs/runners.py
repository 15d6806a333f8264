"""Runners for tests: on a real database, with jobs that tests can look into, in this process or in one of their own.

As a program (`python -m tests.jobs.runners URL`) it is a runner with a lease of two seconds and one job, `slow`, which says where it is
and never comes to an end by itself.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg

from db.engine import make_pool
from jobs import store
from jobs.anchors import Anchors
from jobs.job import Job, Means, Pool, Run
from jobs.runner import Ran, Runner
from jobs.schedule import Every

SHORT = timedelta(seconds=2)
HOUSE = Path(__file__).parents[2]


def job(work: Callable[[Run], Awaitable[None]], name: str = "job", **more: Any) -> Job:
    """A job that does this once a year: never by itself while a test runs."""
    return Job(name, Every(timedelta(days=365)), timedelta(minutes=1), work, **more)


def means(pool: Pool, **more: Any) -> Means:
    """What jobs get; no anchors, unless said otherwise."""
    return Means(**{"pool": pool, "anchors": no_anchors, "replies_kept": timedelta(days=7), "share": 1.0, **more})


async def no_anchors() -> Anchors:
    """As in an installation that has signed nothing yet."""
    return Anchors()


def runner(pool: Pool, jobs: Sequence[Job], closing: asyncio.Event | None = None, **more: Any) -> Runner:
    """A runner of these jobs."""
    return Runner(jobs, means(pool), closing or asyncio.Event(), **{"with_anchors": True, "lease": SHORT, **more})


async def ran(pool: Pool, work: Callable[[Run], Awaitable[None]], **given: Any) -> Run:
    """One run of a job's work that nobody records, to the end; returns it."""

    async def report(run: Run) -> None:
        pass

    run = Run(means(pool, **given), None, asyncio.Event(), report)
    await work(run)
    return run


async def did(pool: Pool, *jobs: Job) -> list[Ran]:
    """What became of the jobs that are due."""
    return await runner(pool, jobs).once(60)


async def make_due(pool: Pool, *jobs: Job) -> None:
    """Let these jobs be due now, whatever happened before."""
    await store.ensure(pool, jobs)
    await pool.execute("UPDATE job_schedules SET next_run_at = now() WHERE job = ANY($1)", [job.name for job in jobs])


async def schedule(pool: Pool, name: str = "job") -> asyncpg.Record:
    """The row of a job's schedule."""
    row = await pool.fetchrow("SELECT *, now() AS now FROM job_schedules WHERE job = $1", name)
    assert row is not None
    return row


async def runs(pool: Pool, name: str = "job") -> list[asyncpg.Record]:
    """The runs of a job, oldest first."""
    return await pool.fetch("SELECT * FROM job_runs WHERE job = $1 ORDER BY id", name)


def slow_process(url: str) -> subprocess.Popen[str]:
    """A runner of `slow` as a process of its own; its first line tells that it is in the middle of it."""
    argv = [sys.executable, "-m", "tests.jobs.runners", url]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=HOUSE)


async def slow(run: Run) -> None:
    """One batch a tenth of a second."""
    step = run.place or 0
    while True:
        step += 1
        run.total["steps"] += 1
        await run.reached(step)
        print(step, flush=True)
        await asyncio.sleep(0.1)


async def _serve(url: str) -> None:
    pool = await make_pool(url, 3)
    await runner(pool, [job(slow, "slow")]).serve()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
