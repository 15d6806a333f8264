"""Pages for people. One module per capability, named like it; `install` hangs them into the app."""

from __future__ import annotations

from quart import Quart

from web.pages import dashboard, door, health

_BLUEPRINTS = (health.pages, door.pages, dashboard.pages)


def install(app: Quart) -> None:
    """Hang every page into the app."""
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
