"""The web application: parts are made, guards are put up, pages, API and live feeds are hung in."""

from __future__ import annotations

from quart import Quart

from tenants.credentials import Passwords
from web import access, api, filters, kiosk, live, locale, pages, refusals, respond, shell, static, trace
from web.wiring import Wiring, make_parts

BODY_MAX = 2**20
"""Bytes a request may have. A bulk of 500 commands has about 100 kB."""


def create_app(wiring: Wiring, passwords: Passwords | None = None) -> Quart:
    """The app on top of the wiring. Fails when a route does not say who may call it."""
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
    for part in (trace, access, respond, locale, shell, filters, refusals, static, pages, api, live, kiosk):
        part.install(app)
    access.check(app)
    app.after_serving(app.extensions["onhand"].passwords.close)
    return app
