"""The web application: parts are made, guards are put up, pages, API and live feeds are hung in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from quart import Quart

from tenants.credentials import Passwords
from web import (
    access,
    api,
    bodies,
    exports,
    fast,
    filters,
    kiosk,
    letters,
    live,
    locale,
    packing,
    pages,
    refusals,
    respond,
    shell,
    static,
    trace,
)
from web.wiring import BODY_MAX, Wiring, make_parts, parts


def create_app(wiring: Wiring, passwords: Passwords | None = None, lean: bool = True) -> Quart:
    """The app on top of the wiring. Fails when a route does not say who may call it.

    `lean=False` leaves stock commands to Quart as well: tests hold the two against each other.
    """
    app = Quart("web", static_folder=None)
    app.secret_key = wiring.secret
    app.config.update(
        MAX_CONTENT_LENGTH=BODY_MAX,
        SESSION_COOKIE_NAME="onhand_flash",  # carries one sentence to the next page, nothing else
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=wiring.environment == "production",
        EXPLAIN_TEMPLATE_LOADING=False,
        TEMPLATES_AUTO_RELOAD=wiring.environment == "development",
    )
    app.extensions["onhand"] = make_parts(wiring, passwords)
    for part in (bodies, trace, packing, exports, access, respond, locale, shell, filters, refusals, static, pages, api, live, kiosk):
        part.install(app)
    access.check(app)
    if lean:
        fast.install(app)
    app.while_serving(_limits_shared)
    app.while_serving(_letters_sent)
    app.after_serving(app.extensions["onhand"].sessions.settled)
    app.after_serving(app.extensions["onhand"].passwords.close)
    return app


async def _limits_shared() -> AsyncGenerator[None, None]:
    """While the app serves, its limits are those of all processes, where these can tell each other."""
    found = parts()
    shared = found.wiring.shared_limits
    sharing = None if shared is None else asyncio.create_task(found.limits.share(shared))
    yield
    if sharing is not None:
        sharing.cancel()


async def _letters_sent() -> AsyncGenerator[None, None]:
    """While the app serves, letters go out: at once after their cause, and what did not go through is tried again."""
    carrying = asyncio.create_task(letters.carry(parts().post))
    yield
    carrying.cancel()
