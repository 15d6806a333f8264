"""The door: signing in and out."""

from __future__ import annotations

from quart import Blueprint, Response, redirect, request, url_for
from quart.typing import ResponseReturnValue
from quart_babel import gettext

from kit.errors import refuse
from kit.text import is_slug
from tenants import queries
from tenants.credentials import slug_of_session
from tenants.domain import normal_email
from tenants.messages import CodeWanted, SignedIn, SignIn
from tenants.queries import Way
from web import home, respond, session, visitors
from web.access import public, require_same_site, whoever
from web.forms import Form, refusals_of, typed
from web.wiring import parts

pages = Blueprint("door", __name__)


@pages.get("/")
@public
async def front() -> ResponseReturnValue:
    """The dashboard for those who are signed in, the door for all others."""
    caller = await whoever()
    return redirect(home.home(caller.tenant.slug, caller.actor) if caller else url_for("door.sign_in"), 303)


@pages.get("/sign-in")
@public
async def sign_in() -> Response:
    """The door of the company that was entered last in this browser, else of any."""
    return await show(Form({"company": session.remembered_company()}))


@pages.get("/t/<tenant>/sign-in")
@public
async def sign_in_to(tenant: str) -> Response:
    """The door of one company. One that does not exist has a door too, and nobody gets through it."""
    return await show(Form({"company": tenant}))


@pages.post("/sign-in")
@public
async def enter() -> Response:
    """Through the door: a fresh session, and on to the page that was wanted."""
    await require_same_site()
    form = await typed()
    with refusals_of(form):
        found = await _recognise(form)
        return await through(found, form["next"]) if isinstance(found, SignedIn) else _to_second_step(found, form["next"])
    return await show(form)


@pages.post("/sign-out")
@public
async def sign_out() -> Response:
    """Out of the door: the session ends here and in the database."""
    await whoever()
    await require_same_site()
    cookie = session.session_cookie()
    via = await parts().sessions.sign_out(cookie) if cookie else None
    # To a page of ours first: a form of ours may not lead to another site (form-action), and the provider's session is theirs.
    onward = url_for("sso.signed_out", tenant=slug_of_session(cookie)) if cookie and via == "sso" else url_for("door.sign_in")
    response = await respond.done(onward)
    session.drop_session(response)
    return response


async def _recognise(form: Form) -> SignedIn | CodeWanted:
    company, email, password = form.text("company").lower(), form.text("email", 254), form["password"]
    if not password:
        raise refuse("value_missing", {"field": "password"})
    by = visitors.visitor()
    keys = (
        (parts().limits.sign_in_of_person, f"{company} {normal_email(email)}"),
        (parts().limits.sign_in_from_address, visitors.place()),
    )
    for limiter, key in keys:
        visitors.knock(limiter, key, "too_many_sign_ins")
    found = await parts().sessions.sign_in(SignIn(company, email, password, by.cookie, by.device, by.address))
    # Only failures count, so an office behind one address may all come at nine.
    for limiter, key in keys:
        visitors.succeeded(limiter, key)
    return found


def _to_second_step(wanted: CodeWanted, next_page: str) -> Response:
    """The password was right; there is no session before the code is."""
    response = respond.see_other(url_for("second_factor.ask"))
    session.keep_step(response, wanted, next_page)
    return response


async def through(signed_in: SignedIn, next_page: str = "", sentence: str = "") -> Response:
    """Inside: the browser gets its session, and goes to the page that was wanted."""
    slug = signed_in.caller.tenant.slug
    response = await respond.done(own_page(slug, next_page) or home.home(slug, signed_in.caller.actor), sentence)
    session.keep_session(response, signed_in.cookie)
    session.remember_company(response, slug)
    return response


def own_page(slug: str, path: str) -> str | None:
    """The page to come back to, if it is a page of this company: never another site."""
    return path if path.startswith(f"/t/{slug}/") and respond.is_own_path(path) else None


async def show(form: Form) -> Response:
    """The door, with whatever was wrong with coming in."""
    slug = form["company"].lower()
    form.values.setdefault("next", request.args.get("next", ""))
    form.values.pop("password", None)
    company = await _company_name(slug) if slug == session.remembered_company() else None
    way = await _way_of(slug)
    title = gettext("Sign in to %(company)s", company=company) if company else gettext("Sign in")
    return await respond.page(
        "door/sign_in.html", form.status, form=form, company=company, way=way, title=title, may_sign_up=parts().sign_ups.is_open
    )


async def _way_of(slug: str) -> Way | None:
    """The company's own way in, if it has one: whoever knows the address of its door may see that."""
    if not is_slug(slug):
        return None
    async with parts().wiring.engine.begin() as connection:
        return await queries.way_of(connection, slug)


async def _company_name(slug: str) -> str | None:
    if not slug:
        return None
    async with parts().wiring.engine.begin() as connection:
        return await queries.name_of(connection, slug)
