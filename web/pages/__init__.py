"""Pages for people. One module per capability, named like it; `install` hangs them into the app."""

from __future__ import annotations

from quart import Quart

from web.pages import (
    audit,
    dashboard,
    door,
    exceptions,
    health,
    items,
    jobs,
    ledger,
    preferences,
    privacy,
    reservations,
    settings,
    stock,
    styleguide,
    transfers,
    warehouses,
)

_MODULES = (
    health,
    door,
    dashboard,
    stock,
    items,
    warehouses,
    reservations,
    transfers,
    ledger,
    exceptions,
    jobs,
    audit,
    settings,
    privacy,
    preferences,
    styleguide,
)


def install(app: Quart) -> None:
    """Hang every page into the app."""
    for module in _MODULES:
        app.register_blueprint(module.pages)
