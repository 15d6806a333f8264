"""Pages for people. One module per capability, named like it; `install` hangs them into the app."""

from __future__ import annotations

from quart import Quart

from web.pages import (
    dashboard,
    door,
    health,
    items,
    keys,
    ledger,
    machines,
    preferences,
    reservations,
    roles,
    sso,
    sso_settings,
    stock,
    styleguide,
    transfers,
    warehouses,
)

_MODULES = (
    *(health, door, dashboard, stock, items, warehouses, reservations, transfers, ledger, preferences),
    *(keys, machines, roles, sso, sso_settings, styleguide),
)


def install(app: Quart) -> None:
    """Hang every page into the app."""
    for module in _MODULES:
        app.register_blueprint(module.pages)
