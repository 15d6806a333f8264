"""The kiosk: a till in a browser, for counters and phones. It goes on selling when the connection is gone (`docs/kiosk.md`).

`page` serves the shell, which knows no person and can be kept by the browser, its manifest and its service worker; `data` serves
what the till keeps: who is signed in, and the catalogue. Everything else goes through the WebSocket like any other till's.
"""

from __future__ import annotations

from quart import Quart

from web.kiosk import data, page


def install(app: Quart) -> None:
    """Hang the kiosk into the app."""
    app.register_blueprint(page.pages)
    app.register_blueprint(data.routes)
