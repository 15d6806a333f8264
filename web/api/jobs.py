"""Jobs over REST: how they stand, what their runs came to, asking for one; and the way in for a cron that runs those due."""

from __future__ import annotations

import hmac
from typing import Any

from quart import Blueprint, Response, request

from events import jobs
from events.jobs import JobStatus
from events.unit_of_work import UnitOfWork
from kit.errors import refuse
from kit.paging import Page
from web import asking, respond
from web.access import allow, bearer, ctx, public
from web.api import shapes
from web.api.incoming import code_of, cursor_arg, limit_arg
from web.api.operation import PAGED, operation
from web.api.outgoing import changed, listing, thing
from web.wiring import parts

routes = Blueprint("api_jobs", __name__)


@routes.get("/v1/<tenant>/jobs")
@allow("jobs.read")
@operation("How the jobs of this system stand", answer="Job", listed=True)
async def list_jobs(tenant: str) -> Response:
    """By name. They work for all companies; what a run did is told for this one only."""
    context = ctx()
    async with context.reading() as connection:
        found = await jobs.all_jobs(connection, context.tenant.id, context.clock())
    return listing("jobs", Page(found, None, 0), shapes.job, shapes.JOB_COLUMNS)


@routes.get("/v1/<tenant>/jobs/<job>")
@allow("jobs.read")
@operation("One job", answer="Job")
async def one(tenant: str, job: str) -> Response:
    """How it stands, and its last run."""
    return thing(shapes.job(await _found(job)))


@routes.get("/v1/<tenant>/jobs/<job>/runs")
@allow("jobs.read")
@operation("The runs of a job", answer="JobRun", listed=True, query=PAGED)
async def list_runs(tenant: str, job: str) -> Response:
    """Newest first, of the last thirty days."""
    context, name = ctx(), (await _found(job)).job
    async with context.reading() as connection:
        with asking.address_read():
            page = await jobs.runs_of(connection, context.tenant.id, name, limit_arg(), cursor_arg())
    return listing(f"runs-{name}", page, shapes.job_run, shapes.JOB_RUN_COLUMNS)


@routes.post("/v1/<tenant>/jobs/<job>/run")
@allow("jobs.run")
@operation("Have a job run now", answer="Job", status=202, keyed=True, refuses=(409,))
async def run(tenant: str, job: str) -> Response:
    """A worker begins it within seconds, also one that was given up. It is refused while it runs, and just after."""
    context, name = ctx(), code_of(job)

    async def act(work: UnitOfWork) -> tuple[int, Any]:
        await jobs.ask(work, name)
        found = await jobs.one_job(work.connection, context.tenant.id, name, context.clock())
        assert found is not None
        return 202, shapes.job(found)

    return await changed(act)


@routes.post("/v1/-/jobs/run")
@public
@operation("Run the jobs that are due", answer="JobsRan", public=True, refuses=(401, 404))
async def run_due() -> Response:
    """For installations without a worker: a cron calls it every minute with `ONHAND_JOBS_TOKEN` as its bearer. It begins jobs for
    twenty seconds and tells what became of them. Without that setting there is nothing at this address."""
    wiring = parts().wiring
    if wiring.jobs_token is None:
        raise refuse("not_found")
    if not hmac.compare_digest((bearer(request.headers.get("Authorization")) or "").encode(), wiring.jobs_token.encode()):
        raise refuse("not_signed_in")
    try:
        return respond.json({"ran": list(await wiring.run_jobs())})
    except OSError as problem:
        raise refuse("unavailable") from problem


async def _found(job: str) -> JobStatus:
    context = ctx()
    async with context.reading() as connection:
        found = await jobs.one_job(connection, context.tenant.id, code_of(job), context.clock())
    if found is None:
        raise refuse("not_found")
    return found
