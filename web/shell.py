"""What every page has around it: who is here, what they may do, in which words and colours."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from quart import Quart, g, request

from inventory.context import Context
from inventory.exceptions import queries as exceptions
from tenants import views
from tenants.messages import Caller
from tenants.views import SavedView
from web import asking, first_steps, home, locale, session
from web.assets import asset
from web.wiring import parts

LANGUAGES = (("en", "English"), ("ru", "Русский"), ("ky", "Кыргызча"))
THEMES = ("auto", "light", "dark")


def install(app: Quart) -> None:
    """Give every template its surroundings."""
    app.context_processor(_surroundings)
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def theme() -> str:
    """The colours the person chose in this browser; `auto` follows the device."""
    chosen = request.cookies.get(session.THEME, "")
    return chosen if chosen in THEMES else THEMES[0]


async def _surroundings() -> dict[str, Any]:
    caller: Caller | None = g.get("caller")
    return {
        "tenant": caller.tenant if caller else None,
        "actor": caller.actor if caller else None,
        "may": caller.actor.may if caller else _nobody_may,
        "opens": partial(home.opens, caller.actor) if caller else _nobody_may,
        "home": home.home(caller.tenant.slug, caller.actor) if caller else "",
        "csrf": session.csrf_token,
        "language": locale.language(),
        "languages": LANGUAGES,
        "theme": theme(),
        "here_with": asking.here_with,
        "now_us": parts().wiring.clock(),
        "open_exceptions": _open_exceptions,
        "saved_views": _saved_views,
        "this_view": asking.this_view,
        "first_steps": first_steps.to_show,
    }


async def _open_exceptions() -> int:
    """How many exceptions wait for somebody: asked once, and only by pages that show the way there."""
    context: Context | None = g.get("ctx")
    if context is None:  # the page that says no to somebody who was not let in
        return 0
    if "open_exceptions" not in g:
        async with context.reading() as connection:
            g.open_exceptions = await exceptions.open_count(connection, context.tenant.id)
    found: int = g.open_exceptions
    return found


async def _saved_views(of_list: str) -> Sequence[SavedView]:
    """What the person has saved of a list."""
    context: Context | None = g.get("ctx")
    if context is None:
        return ()
    async with context.reading() as connection:
        return await views.of_person(connection, context.tenant.id, context.actor.principal_id, of_list)


def _nobody_may(permission: str) -> bool:
    return False
