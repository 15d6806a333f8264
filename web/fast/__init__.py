"""The lean path: stock commands of programs, answered in front of Quart in the same process.

The same rules in the same order as in Quart, by the same functions (`web.access`, `web.api.incoming`, `web.commands`,
`web.refusals`); what falls away is what such a request never needs: routing, sessions, forms, hooks and response objects.
Everything else, and whoever comes with a cookie, goes on to Quart.
"""

from __future__ import annotations

from typing import cast

from quart import Quart

from web.fast.call import Asgi
from web.fast.lean import Lean


def install(app: Quart) -> None:
    """Put the lean path in front of the app. To be installed when the app's parts and metrics are there."""
    rest = cast(Asgi, app.asgi_app)
    app.asgi_app = Lean(rest, app.extensions["onhand"], app.extensions["onhand_metrics"])  # type: ignore[method-assign, assignment]
