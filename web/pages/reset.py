"""A forgotten password: asked for by anybody, told to the person alone."""

from __future__ import annotations

import asyncio
import time

from quart import Blueprint, Response, request, url_for
from quart_babel import gettext

from tenants.domain import normal_email
from web import respond, session, visitors
from web.access import public, require_same_site
from web.forms import Form, refusals_of, typed
from web.pages.sign_up import has_outbox
from web.wiring import parts

pages = Blueprint("reset", __name__, url_prefix="/reset")

ANSWERED_AFTER_S = 0.5
"""Whether or not there is such a person, the answer leaves so long after the question: writing a letter takes a few milliseconds."""


@pages.get("")
@public
async def show() -> Response:
    """Which company and e-mail."""
    return await _page(Form({"company": request.args.get("company", "") or session.remembered_company()}))


@pages.post("")
@public
async def ask() -> Response:
    """A letter, if there is such a person; the same answer if not."""
    await require_same_site()
    began = time.monotonic()
    form = await typed()
    with refusals_of(form):
        company, email = form.text("company", 63).lower(), form.text("email", 254)
        visitors.knock(parts().limits.letter_from_address, visitors.place())
        visitors.knock(parts().limits.letter_to_address, normal_email(email))
        await parts().resets.ask(company, email)
        await asyncio.sleep(max(0.0, began + ANSWERED_AFTER_S - time.monotonic()))
        return await respond.page("reset/sent.html", email=email, outbox=has_outbox())
    return await _page(form)


@pages.get("/<link>")
@public
async def open_link(link: str) -> Response:
    """The letter's link asks for the new password. Looking spends nothing."""
    visitors.knock(parts().limits.link_from_address, visitors.place())
    await parts().resets.look(link)
    return await _password_page(Form(), link)


@pages.post("/<link>")
@public
async def use(link: str) -> Response:
    """The new password counts; signing in is as always, second factor included."""
    await require_same_site()
    visitors.knock(parts().limits.link_from_address, visitors.place())
    form = await typed()
    with refusals_of(form):
        slug = await parts().resets.use(link, form["password"])
        response = await respond.done(url_for("door.sign_in_to", tenant=slug), gettext("Your password was changed. Sign in with it."))
        session.remember_company(response, slug)
        return response
    form.values.pop("password", None)
    return await _password_page(form, link)


async def _page(form: Form) -> Response:
    return await respond.page("reset/ask.html", form.status, form=form, title=gettext("A new password"))


async def _password_page(form: Form, link: str) -> Response:
    return await respond.page("reset/use.html", form.status, form=form, link=link, title=gettext("A new password"))
