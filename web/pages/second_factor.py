"""The second factor: the step after the password, and the page where one adds it or takes it off."""

from __future__ import annotations

import segno
from quart import Blueprint, Response, g, redirect, url_for
from quart.typing import ResponseReturnValue
from quart_babel import gettext

from tenants.domain import owes_second_factor
from tenants.sessions import has_second_factor
from web import respond, session, visitors
from web.access import ANYONE_HERE, ENROLLING, allow, caller, ctx, public, require_same_site
from web.forms import Form, refusals_of, typed
from web.pages import door
from web.wiring import parts

pages = Blueprint("second_factor", __name__)

_AT = "/t/<tenant>/account/second-factor"


@pages.get("/sign-in/code")
@public
async def ask() -> ResponseReturnValue:
    """The code, after the password."""
    if session.step() is None:
        return redirect(url_for("door.sign_in"), 303)
    return await _ask_page(Form())


@pages.post("/sign-in/code")
@public
async def enter() -> ResponseReturnValue:
    """Through the second door."""
    await require_same_site()
    owed = session.step()
    if owed is None:
        return redirect(url_for("door.sign_in"), 303)
    wanted, next_page = owed
    form = await typed()
    with refusals_of(form):
        limiter, key = parts().limits.code_of_person, f"{wanted.slug} {wanted.principal_id}"
        visitors.knock(limiter, key)
        signed_in = await parts().second_factors.step_through(wanted, form.text("code", 64), visitors.visitor())
        visitors.succeeded(limiter, key)
        response = await door.through(signed_in, next_page)
        session.drop_step(response)
        return response
    return await _ask_page(form)


@pages.get(_AT)
@allow(ENROLLING)
async def show(tenant: str) -> Response:
    """Whether there is one; a seed that was offered is shown until a code of it confirms it."""
    return await _page({})


@pages.post(f"{_AT}/offer")
@allow(ENROLLING)
async def offer(tenant: str) -> Response:
    """A seed for the app, for who knows the password."""
    form = await typed()
    with refusals_of(form):
        limiter, key = parts().limits.sign_in_of_person, _key()
        visitors.knock(limiter, key)
        await parts().second_factors.offer(caller(), form["password"])
        visitors.succeeded(limiter, key)
        return await respond.done(url_for("second_factor.show", tenant=tenant))
    form.values.pop("password", None)
    return await _page({"offer": form})


@pages.post(f"{_AT}/confirm")
@allow(ENROLLING)
async def confirm(tenant: str) -> Response:
    """The first code: from now on one is asked for. The recovery codes are on this page and nowhere else."""
    form = await typed()
    with refusals_of(form):
        limiter = parts().limits.code_of_person
        visitors.knock(limiter, _key())
        codes, signed_in = await parts().second_factors.confirm(caller(), form.text("code", 16), visitors.visitor())
        visitors.succeeded(limiter, _key())
        # The page's own forms belong to the new session already.
        g.caller = signed_in.caller
        response = await _codes_page(codes)
        session.keep_session(response, signed_in.cookie)
        return response
    return await _page({"confirm": form})


@pages.post(f"{_AT}/drop")
@allow(ANYONE_HERE)
async def drop(tenant: str) -> Response:
    """The password alone again, against a fresh code."""
    form = await typed()
    with refusals_of(form):
        limiter = parts().limits.code_of_person
        visitors.knock(limiter, _key())
        await parts().second_factors.drop(caller(), form.text("code", 16))
        visitors.succeeded(limiter, _key())
        return await respond.done(url_for("account.show", tenant=tenant), gettext("The second factor was taken off."))
    return await _page({"drop": form})


@pages.post(f"{_AT}/codes")
@allow(ANYONE_HERE)
async def renew(tenant: str) -> Response:
    """Other recovery codes, against a fresh code."""
    form = await typed()
    with refusals_of(form):
        limiter = parts().limits.code_of_person
        visitors.knock(limiter, _key())
        codes = await parts().second_factors.renew_codes(caller(), form.text("code", 16))
        visitors.succeeded(limiter, _key())
        return await _codes_page(codes)
    return await _page({"renew": form})


def _key() -> str:
    return f"{caller().tenant.slug} {caller().actor.principal_id}"


async def _ask_page(form: Form) -> Response:
    return await respond.page("door/code.html", form.status, form=form)


async def _codes_page(codes: list[str]) -> Response:
    return await respond.page("account/codes.html", codes=codes)


async def _page(refused: dict[str, Form]) -> Response:
    context = ctx()
    async with context.reading() as connection:
        is_on = await has_second_factor(connection, context.tenant.id, context.actor.principal_id)
    offered = None if is_on else await parts().second_factors.offered(caller())
    owed = owes_second_factor(context.tenant, context.actor)
    picture = segno.make(offered.address, error="m").svg_data_uri(scale=4, border=4, dark="#000", light="#fff") if offered else ""
    forms = {name: refused.get(name) or Form() for name in ("offer", "confirm", "drop", "renew")}
    status = next((form.status for form in refused.values()), 200)
    return await respond.page("account/second_factor.html", status, forms=forms, is_on=is_on, offered=offered, picture=picture, owed=owed)
