"""The OpenAPI 3.1 document of this very app, and the page that people read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import msgspec
from quart import Blueprint, Quart, Response, current_app, render_template
from werkzeug.routing import Rule

from web import respond
from web.access import permission_of, public
from web.api.operation import Operation, operation, operation_of
from web.api.schemas import SCHEMAS

Json = dict[str, Any]
VERSION = "1"
_CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")
_REF = "#/components/schemas/{name}"

routes = Blueprint("api_docs", __name__)


@routes.get("/v1/openapi.json")
@public
@operation("This API as an OpenAPI 3.1 document", answer="Document", public=True)
async def openapi() -> Response:
    """Made of the routes themselves."""
    return respond.json(document(current_app))


@routes.get("/v1/docs")
@public
@operation("This API as a page", answer="", media="text/html", public=True)
async def docs() -> Response:
    """The same document, for reading."""
    found = document(current_app)
    response = Response(
        await render_template("api/docs.html", document=found, operations=_by_tag(found)), content_type="text/html; charset=utf-8"
    )
    response.headers["Cache-Control"] = "no-cache"
    return response


def document(app: Quart) -> Json:
    """All operations of the app."""
    paths: Json = {}
    bodies: set[type] = set()
    for path, method, view_rule, said in operations(app):
        if said.body is not None:
            bodies.add(said.body)
        paths.setdefault(path, {})[method] = _operation(app, view_rule, said)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Onhand", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"key": []}, {"session": []}],
        "paths": paths,
        "components": {
            "securitySchemes": _SECURITY,
            "schemas": {**SCHEMAS, **_body_schemas(bodies)},
        },
    }


def operations(app: Quart) -> Iterator[tuple[str, str, Rule, Operation]]:
    """(path, method, rule, what it says) of every route that says something of itself."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        said = operation_of(app.view_functions[rule.endpoint])
        if said is not None:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield _CONVERTER.sub(r"{\1}", rule.rule), method.lower(), rule, said


def undocumented(app: Quart) -> list[str]:
    """Routes for programs that say nothing of themselves: there are none."""
    silent = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(respond.FOR_PROGRAMS) and not rule.websocket and operation_of(app.view_functions[rule.endpoint]) is None:
            silent.append(rule.rule)
    return sorted(silent)


def _operation(app: Quart, rule: Rule, said: Operation) -> Json:
    permission = permission_of(app, rule.endpoint)
    shown: Json = {
        "operationId": rule.endpoint.replace(".", "_"),
        "summary": said.summary,
        "description": (app.view_functions[rule.endpoint].__doc__ or "").strip(),
        "tags": [_tag(rule)],
        "parameters": [*_path_parameters(rule), *_headers(said), *_questions(said)],
        "responses": {str(status): _response(said, status) for status in said.statuses()},
    }
    if said.body is not None:
        schema = {"$ref": _REF.format(name=said.body.__name__)}
        shown["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if said.public:
        shown["security"] = []
    elif permission:
        shown["x-permission"] = permission
    return shown


def _path_parameters(rule: Rule) -> list[Json]:
    names = _CONVERTER.findall(rule.rule)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _headers(said: Operation) -> list[Json]:
    headers = []
    if said.keyed:
        schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"}
        headers.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": schema})
    if said.versioned:
        about = "The ETag of the thing as it was read."
        headers.append({"name": "If-Match", "in": "header", "required": True, "description": about, "schema": {"type": "string"}})
    return headers


def _questions(said: Operation) -> list[Json]:
    return [{"name": each.name, "in": "query", "description": each.says, "schema": each.schema} for each in said.query]


def _response(said: Operation, status: int) -> Json:
    if status != said.status:
        content = {"application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}}}
        return {"description": HTTPStatus(status).phrase, "content": content}
    schema: Json = {"$ref": _REF.format(name=said.answer)} if said.answer else {"type": "string"}
    shown: Json = {
        "description": HTTPStatus(status).phrase,
        "content": {said.media: {"schema": _page_of(schema) if said.listed else schema}},
    }
    if said.listed:
        shown["content"]["text/csv"] = {"schema": {"type": "string"}}
    if said.keyed:
        shown["headers"] = {
            "Idempotent-Replayed": {"description": "`true` when the key was answered before.", "schema": {"type": "string"}}
        }
    return shown


def _page_of(schema: Json) -> Json:
    properties = {"items": {"type": "array", "items": schema}, "next": {"type": ["string", "null"]}, "as_of_seq": {"type": "integer"}}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _body_schemas(bodies: set[type]) -> Json:
    """Schemas of the messages, from the very types that bodies are checked against."""
    ordered = sorted(bodies, key=lambda body: body.__name__)
    _, components = msgspec.json.schema_components(ordered, ref_template=_REF)
    return dict(components)


def _tag(rule: Rule) -> str:
    words = rule.rule.removeprefix("/v1/<tenant>/").strip("/").split("/")
    return {"inventory": words[1] if len(words) > 1 else "inventory", "v1": "about"}.get(words[0], words[0])


def _by_tag(found: Json) -> dict[str, list[Json]]:
    tagged: dict[str, list[Json]] = {}
    for path, methods in found["paths"].items():
        for method, said in methods.items():
            tagged.setdefault(said["tags"][0], []).append({**said, "path": path, "method": method.upper()})
    return dict(sorted(tagged.items()))


_SECURITY = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key, or a token (JWT) of an issuer that the company trusts."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "onhand_session",
        "description": "A browser's session. Unsafe methods also need the CSRF token.",
    },
}
_ABOUT = """Quantities are decimal strings in the unit's own precision; plain integers are accepted, floats are not. Times are RFC 3339.

Every change needs an `Idempotency-Key`: sent again with the same body it is answered the same and done once. Refusals are problem
documents (RFC 9457) with a stable `code`. Lists take `limit` (1 to 500) and `cursor`, and come as CSV with `Accept: text/csv`.
A request is at most 1 MiB, a command 500 lines, a bulk 500 commands. Live: `GET /v1/{tenant}/events` (server-sent events) and
the WebSocket `/v1/{tenant}/live`.""".replace("\n", " ").replace("  ", "\n\n")
