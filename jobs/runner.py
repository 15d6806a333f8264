"""A runner: takes jobs that are due, does them, and writes down what came of it. As many as one likes may work on one database.

A run is leased: its runner says again and again that it is alive. One that is killed says nothing, and whoever looks after
the lease has run out ends the run and tries the job again. One that was merely cut off gives up by itself before that.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

import structlog

from jobs import store
from jobs.job import UNREACHABLE, Failed, Job, Lost, Means, Run, Stopped
from jobs.store import Claim, Consequence

log = structlog.get_logger("jobs")

LEASE = timedelta(seconds=60)
"""After a runner is killed its job begins anew so much later, and a minute of retry delay on top."""
LOOK_S = 2.0
DRAIN_S = 4.0
"""How long a batch may go on once the runner is told to stop; the supervisor kills after eight seconds."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of one run: its job, and done, stopped, failed or lost."""

    job: str
    run: int
    state: str


class Runner:
    """Does `jobs` with `means` until `closing` is set. `with_anchors` may be changed while it works: jobs that need the anchors are
    taken only then."""

    def __init__(self, jobs: Sequence[Job], means: Means, closing: asyncio.Event, *, with_anchors: bool, lease: timedelta = LEASE) -> None:
        self.with_anchors = with_anchors
        self._jobs = {job.name: job for job in jobs}
        self._means = means
        self._closing = closing
        self._lease = lease
        self._name = f"{socket.gethostname()}:{os.getpid()}"

    async def serve(self) -> None:
        """Look for due jobs again and again; several may be under way at once. Returns when what was begun has ended."""
        await self._begin()
        under_way: set[asyncio.Task[Ran]] = set()
        while not self._closing.is_set():
            claim = await self._claim()
            if claim is None:
                await self._rest()
                continue
            task = asyncio.create_task(self._perform(claim))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)

    async def once(self, seconds: float) -> list[Ran]:
        """Do what is due, one job after the other, beginning nothing more after so many seconds. What is under way then ends
        after its batch and is due again. Raises what `UNREACHABLE` names."""
        await store.ensure(self._means.pool, self._jobs.values())
        asyncio.get_running_loop().call_later(seconds, self._closing.set)
        ran: list[Ran] = []
        while not self._closing.is_set() and (claim := await self._next()):
            ran.append(await self._perform(claim))
        return ran

    async def _begin(self) -> None:
        """Every job has its schedule, however long the database cannot be reached."""
        while not self._closing.is_set():
            try:
                await store.ensure(self._means.pool, self._jobs.values())
            except UNREACHABLE as problem:
                log.warning("jobs_skipped", problem=repr(problem))
                await self._rest()
            else:
                return

    async def _claim(self) -> Claim | None:
        """What the database cannot answer now, the next look asks again."""
        try:
            return await self._next()
        except UNREACHABLE as problem:
            log.warning("jobs_skipped", problem=repr(problem))
            return None

    async def _next(self) -> Claim | None:
        names = [job.name for job in self._jobs.values() if self.with_anchors or not job.needs_anchors]
        for consequence in await store.notice_lost(self._means.pool, list(self._jobs)):
            log.warning("job_lost", job=consequence.job)
            _tell(consequence)
        return await store.claim(self._means.pool, names, self._name, self._lease)

    async def _perform(self, claim: Claim) -> Ran:
        """Do a job and record what came of it. A run that was lost is somebody else's to record."""

        async def report(run: Run) -> None:
            news, run.news = run.news, {}
            await store.report(self._means.pool, claim, self._lease, run.place, run.total, news)

        run = Run(self._means, claim.place, self._closing, report)
        work = asyncio.create_task(self._work(claim, run))
        beat = asyncio.create_task(self._keep_lease(claim, work))
        began = monotonic()
        try:
            await self._until_ended(work)
            state = await self._record(claim, work)
        except Lost:
            state = "lost"
        except UNREACHABLE as problem:  # the lease runs out, and the next runner says so
            log.warning("job_unrecorded", job=claim.job, problem=repr(problem))
            state = "lost"
        finally:
            beat.cancel()
        log.info("job_ended", job=claim.job, run=claim.run, state=state, seconds=round(monotonic() - began, 3), **run.total)
        return Ran(claim.job, claim.run, state)

    async def _work(self, claim: Claim, run: Run) -> None:
        await self._jobs[claim.job].work(run)
        if run.news:
            with suppress(Stopped):  # it has ended by itself
                await run.reached(None)

    async def _until_ended(self, work: asyncio.Task[None]) -> None:
        """Until the work has ended; once told to stop, for so long as a batch may take."""
        closing = asyncio.create_task(self._closing.wait())
        await asyncio.wait([work, closing], return_when=asyncio.FIRST_COMPLETED)
        closing.cancel()
        if not work.done():
            await asyncio.wait([work], timeout=DRAIN_S)
            work.cancel()
            await asyncio.wait([work])

    async def _record(self, claim: Claim, work: asyncio.Task[None]) -> str:
        problem: BaseException | None = Stopped() if work.cancelled() else work.exception()
        if problem is None:
            await store.done(self._means.pool, claim)
            return "done"
        if isinstance(problem, Lost):
            raise problem
        if isinstance(problem, Stopped):
            await store.stopped(self._means.pool, claim)
            return "stopped"
        reason = reason_of(problem)
        log.warning("job_failed", job=claim.job, reason=reason, problem=repr(problem), exc_info=problem if reason == "fault" else None)
        _tell(await store.failed(self._means.pool, claim, reason, repr(problem)))
        return "failed"

    async def _keep_lease(self, claim: Claim, work: asyncio.Task[None]) -> None:
        """Extend the lease until the work has ended. When that cannot be done in time, end the work before somebody else begins it."""
        step = self._lease.total_seconds() / 4
        kept = monotonic()
        while not work.done():
            await asyncio.sleep(step)
            try:
                await store.extend(self._means.pool, claim, self._lease)
                kept = monotonic()
            except Lost:
                work.cancel()
                return
            except UNREACHABLE:
                if monotonic() - kept > 2 * step:
                    work.cancel()
                    return

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), LOOK_S)


def reason_of(problem: BaseException) -> str:
    """The word for a page: nothing in it tells of anybody's data."""
    if isinstance(problem, Failed):
        return problem.reason
    return "unreachable" if isinstance(problem, UNREACHABLE) else "fault"


def _tell(consequence: Consequence) -> None:
    if consequence.retry_at is None:
        log.warning("job_given_up", job=consequence.job, failures=consequence.failures)
