"""Answers: a page, a fragment of one, JSON, CSV, or a way on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import orjson
from quart import Quart, Response, flash, g, redirect, render_template, request, url_for
from quart.json.provider import JSONProvider

from kit import csvs
from web import columns, session

FOR_PROGRAMS = ("/v1/", "/healthz", "/readyz", "/metrics")
"""What addresses for programs begin with: no person reads what they answer."""
KEY_LENGTH_MAX = 255


class Undo(NamedTuple):
    """What takes a deed back: the form that does, under a key of its own, so that pressing twice has one effect."""

    at: str
    key: str
    fields: Mapping[str, str]


def undo(at: str, key: str, **fields: str) -> Undo:
    """What takes back the deed that was done under `key`."""
    return Undo(at, f"undo {key}"[:KEY_LENGTH_MAX], fields)


class OrjsonProvider(JSONProvider):
    """One JSON codec for the whole edge: strict on the way in (no NaN), fast on the way out."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """JSON text. Translated sentences that were not read yet are read now."""
        return orjson.dumps(obj, default=str).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """The value of a JSON text. Raises ValueError."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """A JSON response."""
        return json(self._prepare_response_obj(args, kwargs))


def install(app: Quart) -> None:
    """Make the app speak through this module."""
    app.json = OrjsonProvider(app)


def json(body: Any, status: int = 200, headers: Mapping[str, str] | None = None, media_type: str = "application/json") -> Response:
    """A JSON answer."""
    return Response(orjson.dumps(body, default=str), status, dict(headers or {}), content_type=media_type)


async def page(template: str, status: int = 200, **values: Any) -> Response:
    """A whole page. It is personal, so nobody on the way may keep it."""
    response = Response(await render_template(template, **values), status, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    session.keep_visit(response)
    return response


async def fragment(template: str, status: int = 200, **values: Any) -> Response:
    """A part of a page for htmx: the same template that the whole page includes."""
    return await page(template, status, **values)


def csv(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A list as a CSV file. Whoever takes it away leaves a fact: see `web.exports`."""
    g.exported = name
    return file(name, header, rows)


def file(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A CSV file to be saved as `<name>.csv`, with a byte order mark so that spreadsheets read it as UTF-8. Words of `web.columns` at
    its head are in the reader's language, names of fields as they are."""
    response = Response("\ufeff" + csvs.write(columns.heads(header), rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}.csv"
    response.headers["Cache-Control"] = "no-store"
    return response


async def done(url: str, sentence: str = "", undo: Undo | None = None) -> Response:
    """What a successful form answers: go there, and say this on arrival, with what takes it back."""
    if sentence:
        await flash({"says": sentence, "undo": undo and undo._asdict()}, "done")  # type: ignore[arg-type]
    return see_other(url)


def see_other(url: str) -> Response:
    """Go there with GET. htmx follows redirects inside its request, so it is told to move the whole page."""
    if is_fragment():
        return Response(b"", 204, {"HX-Redirect": url})
    response = redirect(url, 303)
    assert isinstance(response, Response)
    return response


def to_sign_in() -> Response:
    """The sign-in page of the company in the address, which then comes back here."""
    slug = (request.view_args or {}).get("tenant")
    back = request.full_path.rstrip("?") if request.method == "GET" and not is_fragment() else None
    query = "?" + urlencode({"next": back}) if back and back != "/" else ""
    return see_other((url_for("door.sign_in_to", tenant=slug) if slug else url_for("door.sign_in")) + query)


def is_own_path(path: str) -> bool:
    """Whether an address to go on to is a page of ours: never another site, however it is spelled."""
    return path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()


def is_fragment() -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def wants_problem() -> bool:
    """Whether refusals of this request are problem documents rather than pages."""
    return request.path.startswith(FOR_PROGRAMS)


def request_id() -> str:
    """The id of this request, in its answer and in every log line about it."""
    return str(g.get("request_id", ""))
