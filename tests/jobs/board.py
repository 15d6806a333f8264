"""Schedules as pages find them: the real ones, put into whatever state a test is about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg

from db.engine import make_pool
from jobs import store
from jobs.registry import JOBS
from tests.conftest import Database

ALL_DUE = "UPDATE job_schedules SET next_run_at = now(), every_s = 31536000, daily_at = NULL"
"""Every job now, and not again while a test runs."""
ALL_ASKED = "UPDATE job_schedules SET asked_at = now(), every_s = 31536000, daily_at = NULL"
"""Likewise, though its time has not come."""


class Board:
    """The schedules of a database, each waiting for its time. `hand` may do everything."""

    def __init__(self, hand: asyncpg.Connection) -> None:
        self.hand = hand

    async def put(self, job: str, **columns: object) -> None:
        """Set columns of a job's schedule."""
        for name, value in columns.items():
            await self.hand.execute(f"UPDATE job_schedules SET {name} = $2 WHERE job = $1", job, value)

    async def ran(self, job: str, state: str = "done", ago: timedelta = timedelta(minutes=2), reason: str = "", attempt: int = 1) -> int:
        """A run that took a second and a half; its number."""
        return int(
            await self.hand.fetchval(
                "INSERT INTO job_runs (job, due_at, attempt, runner, state, started_at, ended_at, progress, reason, problem) "
                "VALUES ($1, now(), $2, 'host-of-ours:17', $3, now() - $4::interval, now() - $4::interval + interval '1.5 s', "
                """'{"rows": 987654}', $5, 'the secret of Carol') RETURNING id""",
                job,
                attempt,
                state,
                ago,
                reason,
            )
        )

    async def result(self, tenant: int, run: int, counts: str) -> None:
        """What a run did for a company."""
        await self.hand.execute("INSERT INTO job_results (tenant_id, run_id, counts) VALUES ($1, $2, $3)", tenant, run, counts)

    async def asked(self, job: str) -> bool:
        """Whether somebody wants it to run now."""
        return bool(await self.hand.fetchval("SELECT asked_at IS NOT NULL FROM job_schedules WHERE job = $1", job))


@asynccontextmanager
async def set_up(database: Database) -> AsyncIterator[Board]:
    """Schedules as after the first start, without any run; none when it is left."""
    hand = await asyncpg.connect(database.admin)
    pool = await make_pool(database.engine, 1)
    await store.ensure(pool, JOBS)
    await pool.close()
    yield Board(hand)
    await hand.execute("TRUNCATE job_results, job_runs, job_schedules")
    await hand.close()
