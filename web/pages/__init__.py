"""Pages for people. One module per capability, named like it; `install` hangs them into the app."""

from __future__ import annotations

from quart import Quart

from web.pages import (
    account,
    audit,
    counting,
    dashboard,
    door,
    exceptions,
    guide,
    health,
    invitation,
    items,
    jobs,
    keys,
    ledger,
    machines,
    offers,
    outbox,
    people,
    preferences,
    printing,
    privacy,
    replenishment,
    reservations,
    reset,
    roles,
    second_factor,
    settings,
    sign_up,
    sso,
    sso_settings,
    stock,
    styleguide,
    suppliers,
    transfers,
    views,
    warehouses,
    welcome,
)

_MODULES = (
    health,
    door,
    second_factor,
    sign_up,
    reset,
    invitation,
    outbox,
    sso,
    welcome,
    dashboard,
    stock,
    items,
    suppliers,
    offers,
    warehouses,
    reservations,
    transfers,
    counting,
    printing,
    views,
    replenishment,
    ledger,
    exceptions,
    jobs,
    audit,
    people,
    keys,
    machines,
    roles,
    sso_settings,
    settings,
    privacy,
    account,
    preferences,
    styleguide,
    guide,
)


def install(app: Quart) -> None:
    """Hang every page into the app."""
    for module in _MODULES:
        app.register_blueprint(module.pages)
