"""Jobs: what the system does by itself, how that stands, and having it done now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from quart import Blueprint, Response, url_for
from quart_babel import gettext, lazy_gettext, ngettext

from events import jobs
from events.jobs import JobStatus
from events.unit_of_work import UnitOfWork
from kit.errors import refuse
from kit.text import is_code
from web import asking, respond
from web.access import allow, ctx
from web.filters import number
from web.forms import Form, refusals_of, typed
from web.once import once

pages = Blueprint("jobs", __name__, url_prefix="/t/<tenant>/jobs")

_ = lazy_gettext
NAMES = {
    "expire_holds": (_("End holds on time"), _("sees to it that holds past their end are written down")),
    "verify_deep": (_("Prove every ledger"), _("from its first row; what is new is proven all day")),
    "clean_sign_ins": (_("Clear old sign-ins"), _("ended sessions and tokens, used tickets, keys revoked or expired 90 days ago")),
    "clean_letters": (_("Clear old letters"), _("letters of 30 days ago, links that have ended, invitations that ended 90 days ago")),
    "suggest_orders": (_("Look for what should be ordered"), _("and count it; people decide what to order")),
    "prune_replies": (_("Forget old answers"), _("kept so that sending something again does nothing twice")),
    "prune_runs": (_("Forget old runs"), _("of these jobs, after 30 days")),
}
REASONS = {
    "lost": _("The worker ended in the middle of it, or was cut off."),
    "overdue": _("Holds are past their end and the stock engine does not write it down. It must be running for every company."),
    "unread": _("A ledger could not be read to the end. The others were proven; the log says which."),
    "unreachable": _("The database could not be asked. It must be running and answer in time."),
    "fault": _("A fault of the program. The log has it; please report it."),
}
_SECOND_US = 1_000_000
_ROUNDED_US = 100_000


@pages.get("")
@allow("jobs.read")
async def show_list(tenant: str) -> Response:
    """Every job, and again what has changed."""
    context = ctx()
    async with context.reading() as connection:
        found = await jobs.all_jobs(connection, context.tenant.id, context.clock())
    values: dict[str, Any] = {"found": found, **_words(), "form": Form()}
    if respond.is_fragment():
        return await respond.fragment("jobs/_rows.html", **values)
    return await respond.page("jobs/list.html", **values)


@pages.get("/<job>")
@allow("jobs.read")
async def show(tenant: str, job: str) -> Response:
    """One job: how it stands, what to do about it, and its runs."""
    return await _page(job, Form())


@pages.post("/<job>/run")
@allow("jobs.run")
async def run(tenant: str, job: str) -> Response:
    """A worker begins it within seconds."""
    form = await typed()
    with refusals_of(form):

        async def ask(work: UnitOfWork) -> tuple[str, str]:
            await jobs.ask(work, job if is_code(job) else "")
            return url_for("jobs.show", tenant=tenant, job=job), gettext("A worker begins it within seconds.")

        return await once(form, ask)
    form.blame("")
    return await _page(job, form)


async def _page(job: str, form: Form) -> Response:
    context = ctx()
    async with context.reading() as connection:
        found = await jobs.one_job(connection, context.tenant.id, job, context.clock()) if is_code(job) else None
        if found is None:
            raise refuse("not_found")
        with asking.address_read():
            runs = await jobs.runs_of(connection, context.tenant.id, found.job, asking.PAGE_ROWS, asking.cursor())
    values: dict[str, Any] = {"job": found, "runs": runs, "form": form, **_words()}
    if respond.is_fragment():
        return await respond.fragment("jobs/_show.html", **values)
    return await respond.page("jobs/show.html", form.status, **values)


def _words() -> dict[str, Any]:
    return {"name_of": name_of, "purpose_of": purpose_of, "rhythm_of": rhythm_of, "did": did, "took": took, "reasons": REASONS}


def name_of(job: str) -> str:
    """A job in people's words. One that this program does not know yet is shown as it is called."""
    return str(NAMES[job][0]) if job in NAMES else job


def purpose_of(job: str) -> str:
    """What it is for."""
    return str(NAMES[job][1]) if job in NAMES else ""


def rhythm_of(job: JobStatus) -> str:
    """When it runs."""
    if job.daily_at is not None:
        return gettext("every day at %(time)s UTC", time=job.daily_at.strftime("%H:%M"))
    minutes = (job.every_s or 0) / 60
    if minutes < 1:
        return gettext("every %(count)s s", count=job.every_s)
    if minutes % 60:
        return gettext("every %(count)s min", count=f"{minutes:g}")
    return gettext("every %(count)s h", count=f"{minutes // 60:g}")


def took(took_us: int) -> str:
    """How long a run was, to a tenth of a second and later to the minute."""
    if took_us < 120 * _SECOND_US:
        return gettext("%(count)s s", count=number(took_us // _ROUNDED_US * _ROUNDED_US, 1))
    return gettext("%(count)s min", count=took_us // (60 * _SECOND_US))


def did(counts: Mapping[str, int]) -> str:
    """What a run did for the company, in words."""
    words = [say(counts[name]) for name, say in _DEEDS.items() if counts.get(name)]
    return ", ".join(words) or gettext("nothing to do here")


_DEEDS: dict[str, Callable[[int], str]] = {
    "faults": lambda count: ngettext("%(num)s fault found", "%(num)s faults found", count),
    "overdue": lambda count: ngettext("%(num)s hold is overdue", "%(num)s holds are overdue", count),
    "holds": lambda count: ngettext("%(num)s late hold ended", "%(num)s late holds ended", count),
    "items": lambda count: ngettext("%(num)s item to reorder", "%(num)s items to reorder", count),
    "unassigned": lambda count: ngettext("%(num)s item without a supplier", "%(num)s items without a supplier", count),
    "rows": lambda count: gettext("proven to row %(count)s", count=number(count * _SECOND_US)),
    "sessions": lambda count: ngettext("%(num)s session cleared", "%(num)s sessions cleared", count),
    "tickets": lambda count: ngettext("%(num)s ticket cleared", "%(num)s tickets cleared", count),
    "keys": lambda count: ngettext("%(num)s key cleared", "%(num)s keys cleared", count),
    "tokens": lambda count: ngettext("%(num)s token cleared", "%(num)s tokens cleared", count),
    "attempts": lambda count: ngettext("%(num)s unfinished sign-in cleared", "%(num)s unfinished sign-ins cleared", count),
    "links": lambda count: ngettext("%(num)s link cleared", "%(num)s links cleared", count),
    "invitations": lambda count: ngettext("%(num)s invitation cleared", "%(num)s invitations cleared", count),
    "letters": lambda count: ngettext("%(num)s letter cleared", "%(num)s letters cleared", count),
    "commands": lambda count: ngettext("%(num)s answer forgotten", "%(num)s answers forgotten", count),
    "requests": lambda count: ngettext("%(num)s form or request forgotten", "%(num)s forms and requests forgotten", count),
    "results": lambda count: ngettext("%(num)s old result forgotten", "%(num)s old results forgotten", count),
}
