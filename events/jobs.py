"""Jobs as everybody but their runners sees them: how each stands, what its runs came to, and how to ask for one.

A schedule belongs to no company, so whoever looks sees names, times and states of it, and of what a run did only the part
that concerned their own company (`job_results`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Time,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from db.metadata import metadata, tenant_id, timestamp
from events.unit_of_work import UnitOfWork
from kit.clock import from_us, to_us
from kit.errors import refuse
from kit.paging import Page, paged, parse_cursor

LATE = timedelta(minutes=5)
"""A job that nobody began so long after it was due has no runner."""

job_schedules = Table(
    "job_schedules",
    metadata,
    Column("job", Text, primary_key=True),
    Column("every_s", Integer),
    Column("daily_at", Time),  # UTC
    Column("rest_s", Integer, nullable=False),  # a person may have it run so long after it last began, not sooner
    Column("enabled", Boolean, nullable=False, server_default="true"),
    timestamp("next_run_at"),
    timestamp("asked_at", nullable=True),
    Column("failures", SmallInteger, nullable=False, server_default="0"),  # in a row
    timestamp("given_up_at", nullable=True),
    Column("run_id", BigInteger),  # who is at it, until
    timestamp("leased_until", nullable=True),
    Column("place", JSONB(none_as_null=True)),  # where a run that was stopped goes on
    CheckConstraint("(every_s IS NULL) <> (daily_at IS NULL) AND every_s > 0", name="rhythm"),
    CheckConstraint("(run_id IS NULL) = (leased_until IS NULL)", name="leased"),
)

job_runs = Table(
    "job_runs",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("job", Text, nullable=False),
    timestamp("due_at"),
    Column("attempt", SmallInteger, nullable=False),
    Column("runner", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="running"),  # running | done | stopped | failed | lost
    timestamp("started_at"),
    timestamp("ended_at", nullable=True),
    Column("progress", JSONB, nullable=False, server_default="{}"),  # over all companies: not for pages
    Column("reason", Text, nullable=False, server_default=""),
    Column("problem", Text, nullable=False, server_default=""),  # likewise
    ForeignKeyConstraint(["job"], ["job_schedules.job"]),
    CheckConstraint("state IN ('running', 'done', 'stopped', 'failed', 'lost')", name="state"),
    Index("ix_job_runs_job_id", "job", "id"),
    Index("uq_job_runs_running", "job", unique=True, postgresql_where=text("state = 'running'")),
)

job_results = Table(
    "job_results",
    metadata,
    tenant_id(),
    Column("run_id", BigInteger, primary_key=True),
    Column("counts", JSONB, nullable=False),
    timestamp("recorded_at"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.id"]),
)


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run: `state` is running, done, stopped, failed or lost; `reason` says why in a word; `counts` what it did for the
    company that asks."""

    id: int
    attempt: int
    state: str
    reason: str
    started_at_us: int
    ended_at_us: int | None
    counts: Mapping[str, int]

    @property
    def took_us(self) -> int | None:
        """How long it ran; None while it does."""
        return None if self.ended_at_us is None else self.ended_at_us - self.started_at_us


@dataclass(frozen=True, slots=True)
class JobStatus:
    """How a job stands: `state` is off, running, asked, given_up, retrying, late or waiting. `next_run_at_us` is None when nothing
    will start it by itself."""

    job: str
    state: str
    every_s: int | None
    daily_at: time | None
    next_run_at_us: int | None
    failures: int
    last: JobRun | None


@dataclass(frozen=True, slots=True)
class JobHealth:
    """How a job stands in four words; `done_at` is the end of its last run that was done."""

    job: str
    state: str
    failures: int
    done_at: datetime | None


def state_of(row: Any, now: datetime) -> str:
    """The one word for a schedule's row."""
    if not row.enabled:
        return "off"
    if row.run_id is not None:
        return "running"
    if row.asked_at is not None:
        return "asked" if now - row.asked_at < LATE else "late"
    if row.given_up_at is not None:
        return "given_up"
    if now - row.next_run_at > LATE:
        return "late"
    return "retrying" if row.failures else "waiting"


async def all_jobs(connection: AsyncConnection, tenant: int, now_us: int) -> list[JobStatus]:
    """Every job by name, with its last run."""
    rows = (await connection.execute(select(*_SCHEDULE).order_by(job_schedules.c.job))).all()
    return [_status(row, await _last(connection, tenant, row.job), now_us) for row in rows]


async def one_job(connection: AsyncConnection, tenant: int, job: str, now_us: int) -> JobStatus | None:
    """One job, with its last run."""
    row = (await connection.execute(select(*_SCHEDULE).where(job_schedules.c.job == job))).one_or_none()
    return _status(row, await _last(connection, tenant, job), now_us) if row else None


async def runs_of(connection: AsyncConnection, tenant: int, job: str, limit: int, cursor: str | None) -> Page[JobRun]:
    """The runs of a job, newest first. Raises ValueError `bad_cursor`."""
    query = _runs(tenant).where(job_runs.c.job == job)
    if cursor is not None:
        query = query.where(job_runs.c.id < parse_cursor(cursor, int)[0])
    rows = [_run(row) for row in await connection.execute(query.order_by(job_runs.c.id.desc()).limit(limit + 1))]
    return paged(rows, limit, 0, lambda run: (run.id,))


async def health(connection: AsyncConnection, now_us: int) -> list[JobHealth]:
    """How every job stands, for machines that watch."""
    done = select(job_runs.c.ended_at).where(job_runs.c.job == job_schedules.c.job, job_runs.c.state == "done")
    newest = done.order_by(job_runs.c.id.desc()).limit(1).scalar_subquery().label("done_at")
    rows = await connection.execute(select(*_SCHEDULE, newest).order_by(job_schedules.c.job))
    return [JobHealth(row.job, state_of(row, from_us(now_us)), row.failures, row.done_at) for row in rows]


async def ask(work: UnitOfWork, job: str) -> None:
    """Have a job run now, whatever became of it before. Refuses with `not_found`, `job_off`, `job_running`, or `job_rests` when
    it began too short a while ago: a job works for all companies, and one must not keep it busy."""
    rests = select(job_runs.c.id).where(
        job_runs.c.job == job,
        job_runs.c.state == "done",
        job_runs.c.started_at > func.now() - job_schedules.c.rest_s * text("interval '1 second'"),
    )
    asked = (
        update(job_schedules)
        .where(job_schedules.c.job == job, job_schedules.c.enabled, job_schedules.c.run_id.is_(None), ~rests.exists())
        .values(asked_at=func.coalesce(job_schedules.c.asked_at, func.now()))
    )
    if not (await work.connection.execute(asked)).rowcount:
        raise await _why_not(work.connection, job)
    await work.record("job_asked", job)


async def _why_not(connection: AsyncConnection, job: str) -> Exception:
    row = (await connection.execute(select(*_SCHEDULE).where(job_schedules.c.job == job))).one_or_none()
    if row is None:
        return refuse("not_found")
    if not row.enabled:
        return refuse("job_off")
    return refuse("job_running") if row.run_id is not None else refuse("job_rests", rest_min=max(1, row.rest_s // 60))


async def _last(connection: AsyncConnection, tenant: int, job: str) -> JobRun | None:
    row = (await connection.execute(_runs(tenant).where(job_runs.c.job == job).order_by(job_runs.c.id.desc()).limit(1))).one_or_none()
    return _run(row) if row else None


def _runs(tenant: int) -> Any:
    here = (job_results.c.run_id == job_runs.c.id) & (job_results.c.tenant_id == tenant)
    return select(*_RUN, job_results.c.counts).outerjoin_from(job_runs, job_results, here)


def _status(row: Any, last: JobRun | None, now_us: int) -> JobStatus:
    state = state_of(row, from_us(now_us))
    next_run_at_us = None if state in ("off", "given_up") else to_us(row.next_run_at)
    return JobStatus(row.job, state, row.every_s, row.daily_at, next_run_at_us, row.failures, last)


def _run(row: Any) -> JobRun:
    ended_at_us = None if row.ended_at is None else to_us(row.ended_at)
    return JobRun(row.id, row.attempt, row.state, row.reason, to_us(row.started_at), ended_at_us, row.counts or {})


_of_schedule = job_schedules.c
_SCHEDULE = (
    _of_schedule.job, _of_schedule.every_s, _of_schedule.daily_at, _of_schedule.rest_s, _of_schedule.enabled, _of_schedule.next_run_at,
    _of_schedule.asked_at, _of_schedule.failures, _of_schedule.given_up_at, _of_schedule.run_id,
)  # fmt: skip
_of_run = job_runs.c
_RUN = (_of_run.id, _of_run.job, _of_run.attempt, _of_run.state, _of_run.reason, _of_run.started_at, _of_run.ended_at)
