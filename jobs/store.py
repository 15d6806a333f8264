"""Rows of schedules and runs, as runners write them. The database's clock is the only one: runners' own may differ.

A runner takes a job by locking its schedule's row, passing over rows that another holds at that moment, and writes its run's
number and the end of its lease there. Whatever a run reports later counts only while that number stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import orjson

from jobs.job import Job, Lost, Pool
from jobs.schedule import Daily, Every, Rhythm, next_run, retry_delay

Connection: TypeAlias = Any
Record: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this runner may do now, as this run of it."""

    job: str
    run: int
    attempt: int
    place: Any


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a failure led to: so many in a row, and when it is tried again; None: given up."""

    job: str
    failures: int
    retry_at: datetime | None


async def ensure(pool: Pool, jobs: Iterable[Job]) -> None:
    """Give every job its schedule. What is there already stays: it may have been changed on purpose."""
    for job in jobs:
        every = job.rhythm.interval if isinstance(job.rhythm, Every) else None
        at = job.rhythm.at if isinstance(job.rhythm, Daily) else None
        now = await pool.fetchval("SELECT now()")
        values = (every and int(every.total_seconds()), at, int(job.rest.total_seconds()), next_run(job.rhythm, now))
        await pool.execute(_ENSURE, job.name, *values)


async def claim(pool: Pool, names: list[str], runner: str, lease: timedelta) -> Claim | None:
    """Take one of these jobs that is due, asked for first; None when none is. No other runner can have it meanwhile."""
    async with pool.acquire() as connection, connection.transaction():
        due = await connection.fetchrow(_DUE, names)
        if due is None:
            return None
        failures = 0 if due["asked_at"] else due["failures"]
        due_at = due["asked_at"] or due["next_run_at"]
        run = await connection.fetchval(_BEGIN, due["job"], due_at, failures + 1, runner)
        await connection.execute(_TAKE, due["job"], run, lease, failures)
        return Claim(due["job"], run, failures + 1, due["place"] and orjson.loads(due["place"]))


async def extend(pool: Pool, claim: Claim, lease: timedelta) -> None:
    """Say that the run goes on. Raises Lost when it no longer counts."""
    if not await pool.fetchval(_EXTEND, claim.job, claim.run, lease):
        raise Lost


async def report(pool: Pool, claim: Claim, lease: timedelta, place: Any, total: Counter[str], news: Mapping[int, Counter[str]]) -> None:
    """Write down how far the run is and what it did for each company since the last report. Raises Lost."""
    async with pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval(_EXTEND, claim.job, claim.run, lease):
            raise Lost
        await connection.execute("UPDATE job_schedules SET place = $2 WHERE job = $1", claim.job, _json(place))
        await connection.execute("UPDATE job_runs SET progress = $2 WHERE id = $1", claim.run, _json(total))
        for tenant, counts in news.items():
            await _add_result(connection, claim.run, tenant, counts)


async def done(pool: Pool, claim: Claim) -> None:
    """The run has done all there was. Raises Lost."""
    async with _ending(pool, claim, "done") as (connection, schedule, now):
        await connection.execute(_DONE, claim.job, next_run(_rhythm(schedule), now))


async def stopped(pool: Pool, claim: Claim) -> None:
    """The run was stopped on the way: the job is due at once, and goes on from its place. Raises Lost."""
    async with _ending(pool, claim, "stopped") as (connection, _, _now):
        await connection.execute(_STOPPED, claim.job)


async def failed(pool: Pool, claim: Claim, reason: str, problem: str) -> Consequence:
    """The run could not do it. Returns what follows. Raises Lost."""
    async with _ending(pool, claim, "failed", reason, problem) as (connection, schedule, now):
        return await _fail(connection, schedule, now, None)


async def notice_lost(pool: Pool, names: list[str]) -> list[Consequence]:
    """End the runs of these jobs whose lease ran out: their runner was killed, or cut off. They count as failures, and the next
    attempt goes on from their place."""
    async with pool.acquire() as connection, connection.transaction():
        consequences = []
        for schedule in await connection.fetch(_GONE, names):
            await connection.execute(_END, schedule["run_id"], "lost", "lost", "")
            consequences.append(await _fail(connection, schedule, schedule["now"], schedule["place"]))
        return consequences


@asynccontextmanager
async def _ending(
    pool: Pool, claim: Claim, state: str, reason: str = "", problem: str = ""
) -> AsyncIterator[tuple[Connection, Record, datetime]]:
    async with pool.acquire() as connection, connection.transaction():
        schedule = await connection.fetchrow(_MINE, claim.job, claim.run)
        if schedule is None:
            raise Lost
        await connection.execute(_END, claim.run, state, reason, problem)
        yield connection, schedule, schedule["now"]


async def _fail(connection: Connection, schedule: Record, now: datetime, place: str | None) -> Consequence:
    failures = schedule["failures"] + 1
    delay = retry_delay(failures)
    retry_at = None if delay is None else now + delay
    await connection.execute(_FAILED, schedule["job"], failures, retry_at or next_run(_rhythm(schedule), now), retry_at is None, place)
    return Consequence(schedule["job"], failures, retry_at)


async def _add_result(connection: Connection, run: int, tenant: int, counts: Counter[str]) -> None:
    await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(tenant))
    before = await connection.fetchval("SELECT counts FROM job_results WHERE tenant_id = $1 AND run_id = $2", tenant, run)
    summed = Counter(orjson.loads(before) if before else {}) + counts
    await connection.execute(_RESULT, tenant, run, _json(summed))


def _rhythm(schedule: Record) -> Rhythm:
    return Every(timedelta(seconds=schedule["every_s"])) if schedule["every_s"] else Daily(schedule["daily_at"])


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


_ENSURE = """
INSERT INTO job_schedules (job, every_s, daily_at, rest_s, next_run_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""
_DUE = """
SELECT job, next_run_at, asked_at, failures, place FROM job_schedules
WHERE job = ANY($1) AND enabled AND run_id IS NULL AND (asked_at IS NOT NULL OR given_up_at IS NULL AND next_run_at <= now())
ORDER BY asked_at NULLS LAST, next_run_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_BEGIN = "INSERT INTO job_runs (job, due_at, attempt, runner) VALUES ($1, $2, $3, $4) RETURNING id"
_TAKE = """
UPDATE job_schedules SET run_id = $2, leased_until = now() + $3::interval, failures = $4, asked_at = NULL, given_up_at = NULL WHERE job = $1
"""
_EXTEND = "UPDATE job_schedules SET leased_until = now() + $3::interval WHERE job = $1 AND run_id = $2 RETURNING true"
_MINE = "SELECT *, now() AS now FROM job_schedules WHERE job = $1 AND run_id = $2 FOR UPDATE"
_GONE = """
SELECT *, now() AS now FROM job_schedules WHERE job = ANY($1) AND leased_until < now() FOR UPDATE SKIP LOCKED
"""
_END = "UPDATE job_runs SET state = $2, ended_at = now(), reason = $3, problem = $4 WHERE id = $1 AND state = 'running'"
_DONE = """
UPDATE job_schedules SET run_id = NULL, leased_until = NULL, failures = 0, place = NULL, next_run_at = $2 WHERE job = $1
"""
_STOPPED = "UPDATE job_schedules SET run_id = NULL, leased_until = NULL, next_run_at = now() WHERE job = $1"
_FAILED = """
UPDATE job_schedules SET run_id = NULL, leased_until = NULL, failures = $2, next_run_at = $3,
  given_up_at = CASE WHEN $4 THEN now() END, place = $5 WHERE job = $1
"""
_RESULT = """
INSERT INTO job_results (tenant_id, run_id, counts) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, run_id) DO UPDATE SET counts = EXCLUDED.counts
"""
