"""The settings of the company: grouped, each with what it means, and a way back to the default."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, Response, url_for
from quart_babel import gettext

from events.unit_of_work import UnitOfWork
from kit.clock import SECOND
from tenants import company
from tenants.company import Chosen
from tenants.settings import BY_NAME, SETTINGS, Setting, Value
from web import filters, respond
from web.access import allow, ctx
from web.choosing import change_settings
from web.explanations import CHOICES, GROUPS, UNITS
from web.explanations import SETTINGS as WORDS
from web.forms import Form, refusals_of, typed
from web.once import once

pages = Blueprint("settings", __name__, url_prefix="/t/<tenant>/settings")


@pages.get("")
@allow("settings.read")
async def show(tenant: str) -> Response:
    """Everything that is chosen now."""
    return await _page(None)


@pages.post("")
@allow("settings.write")
async def save(tenant: str) -> Response:
    """Choose what the form names; what it does not name stays."""
    form = await typed()
    with refusals_of(form):
        version = form.whole("version")
        wanted: dict[str, Value | None] = {each.name: _read(form, each) for each in SETTINGS if each.name in form.values and not each.fixed}

        async def change(work: UnitOfWork) -> tuple[str, str]:
            await change_settings(work, wanted, version)
            return url_for("settings.show", tenant=tenant), gettext("Saved.")

        return await once(form, change)
    return await _page(form)


@pages.post("/reset")
@allow("settings.write")
async def reset(tenant: str) -> Response:
    """One setting goes back to its default."""
    form = await typed()
    with refusals_of(form):
        name, version = form.choice("name", tuple(BY_NAME)), form.whole("version")

        async def change(work: UnitOfWork) -> tuple[str, str]:
            await change_settings(work, {name: None}, version)
            return url_for("settings.show", tenant=tenant), gettext("Saved.")

        return await once(form, change)
    return await _page(form)


def _read(form: Form, setting: Setting) -> Value:
    text = form[setting.name].strip()
    if setting.kind == "whole" and text.isascii() and text.isdigit() and len(text) <= 9:
        return int(text)
    return text


async def _page(form: Form | None) -> Response:
    context = ctx()
    async with context.reading() as connection:
        chosen = await company.chosen(connection, context.tenant.id)
    values = {name: str(value) for name, value in chosen.values.items()}
    form = form or Form()
    form.values = {**values, **form.values, "version": form.values.get("version", str(chosen.version))}
    groups: list[tuple[str, list[dict[str, Any]]]] = [
        (str(words), [_shown(each, chosen) for each in SETTINGS if each.group == group]) for group, words in GROUPS.items()
    ]
    return await respond.page("settings/page.html", form.status, form=form, groups=groups, writes=context.actor.may("settings.write"))


def _shown(setting: Setting, chosen: Chosen) -> dict[str, Any]:
    options = CHOICES.get(setting.name, {})
    return {
        "setting": setting,
        "words": WORDS[setting.name],
        "choices": [(each, options.get(each, each)) for each in setting.allowed],
        "reads": filters.left(int(chosen.values[setting.name]) * SECOND, 0) if setting.unit == "s" else "",
        "unit": UNITS.get(setting.unit, ""),
        "changed": setting.default is not None and chosen.values[setting.name] != setting.default,
        "default": options.get(str(setting.default), setting.default),
        "value": options.get(str(chosen.values[setting.name]), chosen.values[setting.name]),
    }
