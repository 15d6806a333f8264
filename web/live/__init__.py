"""Live: the feed over server-sent events for browsers, and over WebSocket for tills, which also send their commands there.

Both read `events.feed`; a row is turned into bytes once (`reader.py`), however many screens show it.
"""

from __future__ import annotations

import asyncio

from quart import Quart

from web.live import boxes, socket, sse


def install(app: Quart) -> None:
    """Hang the live lines into the app. They end when its `closing` is set: whoever serves the app puts its own there."""
    app.extensions.setdefault("closing", asyncio.Event())
    app.asgi_websocket_class = boxes.Connection
    for module in (sse, socket):
        app.register_blueprint(module.routes)
