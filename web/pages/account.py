"""One's own account: name and language, password, and the sessions that are open."""

from __future__ import annotations

from quart import Blueprint, Response, url_for
from quart_babel import force_locale, gettext

from events.unit_of_work import UnitOfWork
from tenants.domain import LANGUAGES
from tenants.sessions import has_second_factor
from web import locale, respond, session, visitors
from web.access import ANYONE_HERE, allow, caller, ctx
from web.forms import Form, refusals_of, typed
from web.once import once
from web.wiring import parts

pages = Blueprint("account", __name__, url_prefix="/t/<tenant>/account")


@pages.get("")
@allow(ANYONE_HERE)
async def show(tenant: str) -> Response:
    """Everything about oneself."""
    return await _page({})


@pages.post("")
@allow(ANYONE_HERE)
async def describe(tenant: str) -> Response:
    """Another name or language."""
    form = await typed()
    with refusals_of(form):
        name, language = form.text("name"), form.choice("language", LANGUAGES)

        async def save(work: UnitOfWork) -> tuple[str, str]:
            await parts().accounts.describe(work, caller(), name, language)
            with force_locale(language):
                return _url(), gettext("Saved.")

        response = await once(form, save)
        session.remember(response, session.LANGUAGE, language)
        return response
    return await _page({"self": form})


@pages.post("/password")
@allow(ANYONE_HERE)
async def change_password(tenant: str) -> Response:
    """A new password; every other session ends, and this one becomes a new one."""
    form = await typed()
    with refusals_of(form):
        limiter, key = parts().limits.sign_in_of_person, f"{tenant} {caller().actor.principal_id}"
        visitors.knock(limiter, key)
        signed_in = await parts().accounts.change_password(caller(), form["old"], form["password"], visitors.visitor())
        visitors.succeeded(limiter, key)
        response = await respond.done(_url(), gettext("Your password was changed. All other sessions were ended."))
        session.keep_session(response, signed_in.cookie)
        return response
    form.values = {}
    return await _page({"password": form})


@pages.post("/sessions/end")
@allow(ANYONE_HERE)
async def end_session(tenant: str) -> Response:
    """One of one's sessions ends, at once and everywhere."""
    form = await typed()
    number = form.whole("session")

    async def end(work: UnitOfWork) -> tuple[str, str]:
        await parts().accounts.end_session(work, caller(), number)
        return _url(), gettext("The session was ended.")

    return await once(form, end)


@pages.post("/sessions/end-others")
@allow(ANYONE_HERE)
async def end_others(tenant: str) -> Response:
    """All sessions end but this one."""

    async def end(work: UnitOfWork) -> tuple[str, str]:
        await parts().accounts.end_others(work, caller())
        return _url(), gettext("All other sessions were ended.")

    return await once(await typed(), end)


def _url() -> str:
    return url_for("account.show", tenant=ctx().tenant.slug)


async def _page(refused: dict[str, Form]) -> Response:
    context = ctx()
    async with context.reading() as connection:
        sessions = await parts().accounts.open_sessions(connection, caller())
        secured = await has_second_factor(connection, context.tenant.id, context.actor.principal_id)
    known = Form({"name": context.actor.label, "language": locale.language()})
    forms = {"self": refused.get("self") or known, "password": refused.get("password") or Form()}
    status = next((form.status for form in refused.values()), 200)
    return await respond.page("account/page.html", status, forms=forms, sessions=sessions, secured=secured, end=Form())
