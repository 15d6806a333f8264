"""The kiosk's page, its manifest and its service worker.

The page knows the company and its words, but no person and no stock: so a browser may keep it and open it without a connection.
Who is signed in, what they may do and what there is to sell comes from `data` and from what the till has kept.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from quart import Blueprint, Response, url_for
from quart_babel import gettext

from kit.money import minor_digits
from web import respond
from web.access import allow, ctx
from web.assets import MANIFEST, PREFIX, asset, manifest
from web.kiosk.words import words

pages = Blueprint("kiosk", __name__, url_prefix="/t/<tenant>/kiosk")

_FILES = ("app.css", "icons.svg", "img/mark.svg", "js/main.js", "js/theme.js", "js/language.js", "js/mark.js", "js/scan.js", "js/toast.js")
_FOLDERS = ("fonts/", "js/kiosk/")
_VENDOR = ("js/vendor/htmx.js", "js/vendor/idb.js", "js/vendor/zxing.js")
_WORKER = "js/kiosk/worker.js"
EDITION = "X-Kiosk-Edition"
"""The header by which a worker knows the page that belongs to its files."""


@pages.get("")
@allow("stock.issue")
async def show(tenant: str) -> Response:
    """The till. The same bytes for everybody of the company who reads the same language."""
    response = await respond.page("kiosk/page.html", words=words(), company=ctx().tenant, minor=minor_digits(ctx().tenant.currency))
    response.headers[EDITION] = _edition()
    return response


@pages.get("/manifest.webmanifest")
@allow("stock.issue")
async def show_manifest(tenant: str) -> Response:
    """What an installed till is called and looks like."""
    at = url_for("kiosk.show", tenant=tenant)
    said = {
        "id": at,
        "name": gettext("Till of %(company)s", company=ctx().tenant.name),
        "short_name": gettext("Till"),
        "start_url": at,
        "scope": at,
        "display": "standalone",
        "background_color": "#f3f5f4",
        "theme_color": "#0a5f6b",
        "icons": [{"src": asset("img/till.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any maskable"}],
    }
    return respond.json(said, media_type="application/manifest+json", headers={"Cache-Control": "no-store"})


@pages.get("/worker.js")
@allow("stock.issue")
async def show_worker(tenant: str) -> Response:
    """The service worker with the list of its files, so that it is another worker whenever one of them changes."""
    told = json.dumps({"company": tenant, "edition": _edition(), "page": url_for("kiosk.show", tenant=tenant), "files": _files()})
    source = (MANIFEST.parent / manifest()[_WORKER]).read_text()
    response = Response(f"self.till = {told};\n{source}", content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Service-Worker-Allowed"] = url_for("kiosk.show", tenant=tenant)
    return response


def _files() -> list[str]:
    """Addresses of everything that the page needs when there is no connection."""
    names = [name for name in manifest() if name in _FILES + _VENDOR or name.startswith(_FOLDERS)]
    return [PREFIX + manifest()[name] for name in names if name != _WORKER]


def _edition() -> str:
    names = "\n".join([*_files(), Path(manifest()[_WORKER]).name])
    return hashlib.sha256(names.encode()).hexdigest()[:12]
