"""Pages compressed on their way out: a fifth of the bytes, or less. What may be compressed and what not: docs/decisions/0015."""

from __future__ import annotations

import gzip
import io
import secrets

from quart import Quart, Response, request

LEAST = 1_000
"""Bytes: what is shorter goes in one packet either way."""
LEVEL = 5
"""A page of 100 kB takes half a millisecond; 9 takes twice that for a hundredth less."""
PADDING_MAX = 100
"""Bytes by which the length of a page differs from one time to the next, as Django does it."""


def install(app: Quart) -> None:
    """Compress the pages of the app. Streams and files are none, and go as they are."""
    app.after_request(_pack)


async def _pack(response: Response) -> Response:
    if response.mimetype != "text/html" or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    page = await response.get_data(as_text=False)
    if len(page) >= LEAST and _may_be_packed():
        response.set_data(packed(page))
        response.headers["Content-Encoding"] = "gzip"
    return response


def packed(page: bytes) -> bytes:
    """The page as gzip, of a length that nobody can foretell: its header has a name of some letters, which browsers skip."""
    out = io.BytesIO()
    name = "a" * secrets.randbelow(PADDING_MAX + 1)
    with gzip.GzipFile(filename=name, mode="wb", compresslevel=LEVEL, fileobj=out, mtime=0) as packing:
        packing.write(page)
    return out.getvalue()


def _may_be_packed() -> bool:
    """Whether the browser takes it, and no other site had it ask: that one could choose what is reflected, and measure lengths."""
    return request.accept_encodings["gzip"] > 0 and request.headers.get("Sec-Fetch-Site") not in ("cross-site", "same-site")
