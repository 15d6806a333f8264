"""Preferences: the language, clock and formats a person reads in, and the colours of this browser."""

from __future__ import annotations

from dataclasses import asdict

from quart import Blueprint, Response, request, url_for
from quart_babel import force_locale, gettext

from kit.errors import refuse
from tenants.domain import LANGUAGES
from tenants.settings import Choices
from web import locale, respond, session, shell
from web.access import ANYONE_HERE, allow, caller, public
from web.explanations import CHOICES
from web.forms import Form, refusals_of, typed
from web.wiring import parts

pages = Blueprint("preferences", __name__)


@pages.get("/t/<tenant>/preferences")
@allow(ANYONE_HERE)
async def show(tenant: str) -> Response:
    """What is chosen now."""
    mine = {name: value or "" for name, value in asdict(caller().actor.choices).items()}
    return await _page(Form({"language": locale.language(), "theme": shell.theme(), **mine}))


@pages.post("/t/<tenant>/preferences")
@allow(ANYONE_HERE)
async def save(tenant: str) -> Response:
    """Choose: the language for this person everywhere, the colours for this browser."""
    form = await typed()
    with refusals_of(form):
        language, theme = form.choice("language", LANGUAGES), form.choice("theme", shell.THEMES)
        mine = Choices(form["time_zone"].strip() or None, form["date_format"] or None, form["number_format"] or None)
        await parts().company.prefer(caller().tenant, caller().actor, mine)
        await parts().people.choose_language(caller().tenant, caller().actor, language)
        with force_locale(language):
            sentence = gettext("Saved.")
        response = await respond.done(url_for("preferences.show", tenant=tenant), sentence)
        session.remember(response, session.THEME, theme)
        session.remember(response, session.LANGUAGE, language)
        return response
    return await _page(form)


@pages.get("/language/<language>")
@public
async def speak(language: str) -> Response:
    """The language of this browser, for those who are not signed in. Changes nothing but a cookie."""
    if language not in LANGUAGES:
        raise refuse("not_found")
    back = request.args.get("next", "")
    response = respond.see_other(back if respond.is_own_path(back) else url_for("door.front"))
    session.remember(response, session.LANGUAGE, language)
    return response


async def _page(form: Form) -> Response:
    formats = {name: CHOICES[name].items() for name in ("date_format", "number_format")}
    return await respond.page("preferences/page.html", form.status, form=form, themes=shell.THEMES, formats=formats)
