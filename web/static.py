"""Our own files for the browser: styles, scripts, fonts, pictures. Compressed beforehand, kept by the browser for a year.

A file whose name carries a hash of its content never changes, so it is immutable; any other is asked for again each time.
"""

from __future__ import annotations

import mimetypes
import re
from pathlib import Path

from quart import Quart, Response, request, send_file
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

from web.access import public

FOLDER = Path(__file__).parent.parent / "static" / "dist"
_HASHED = re.compile(r"[.-][0-9a-f]{8,}\.")
_IMMUTABLE = "public, max-age=31536000, immutable"
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".woff2": "font/woff2", ".webmanifest": "application/manifest+json"}


def install(app: Quart) -> None:
    """Serve the files under `/static/`."""
    app.add_url_rule("/static/<path:name>", "static", _serve)


@public
async def _serve(name: str) -> Response:
    encoding, chosen = _best(_find(name))
    response = await send_file(chosen, mimetype=_type(name), conditional=True)
    response.headers["Cache-Control"] = _IMMUTABLE if _HASHED.search(name) else "no-cache"
    response.headers["Vary"] = "Accept-Encoding"
    if encoding:
        response.headers["Content-Encoding"] = encoding
        # Each encoding is a representation of its own, and so is its tag.
        etag, _ = response.get_etag()
        response.set_etag(f"{etag}-{encoding}")
        await response.make_conditional(request)
    return response


def _find(name: str) -> Path:
    path = safe_join(str(FOLDER), name)
    if path is None or path.endswith((".br", ".gz")) or not Path(path).is_file():
        raise NotFound
    return Path(path)


def _best(path: Path) -> tuple[str, Path]:
    """The smallest form of the file that the browser takes."""
    for encoding, suffix in _ENCODINGS:
        packed = path.with_name(path.name + suffix)
        if request.accept_encodings[encoding] > 0 and packed.is_file():
            return encoding, packed
    return "", path


def _type(name: str) -> str:
    suffix = Path(name).suffix
    return _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
