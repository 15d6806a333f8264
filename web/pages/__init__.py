"""Pages for people. One module per capability, named like it; `install` hangs them into the app."""

from __future__ import annotations

from quart import Quart

from web.pages import (
    account,
    dashboard,
    door,
    health,
    invitation,
    items,
    ledger,
    outbox,
    people,
    preferences,
    reservations,
    reset,
    second_factor,
    sign_up,
    stock,
    styleguide,
    transfers,
    warehouses,
    welcome,
)

_MODULES = (
    health, door, second_factor, sign_up, reset, invitation, outbox, welcome, dashboard, stock, items, warehouses, reservations, transfers,
    ledger, people, account, preferences, styleguide,
)  # fmt: skip


def install(app: Quart) -> None:
    """Hang every page into the app."""
    for module in _MODULES:
        app.register_blueprint(module.pages)
