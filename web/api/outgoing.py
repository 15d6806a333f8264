"""What the API answers: one thing, a list of them (JSON or CSV), or what became of a change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

import orjson
from quart import Response, request

from events.replies import Act, Key, Reply, once
from inventory.answer import Answer, canonical
from kit.errors import Refusal
from kit.ids import digest16
from kit.paging import Page
from web import errors, refusals, respond
from web.access import ctx
from web.api.incoming import idempotency_key, json_body
from web.results import said

_Row = TypeVar("_Row")
Json = dict[str, Any]
REPLAYED = "Idempotent-Replayed"


def thing(body: Json, status: int = 200) -> Response:
    """One thing. What has a version carries it as its ETag, to be sent back in `If-Match`."""
    response = respond.json(body, status)
    if isinstance(body.get("version"), int):
        response.headers["ETag"] = f'"{body["version"]}"'
    return response


def listing(name: str, page: Page[_Row], shape: Callable[[_Row], Json], columns: Sequence[str]) -> Response:
    """A page of a list: JSON, or for `Accept: text/csv` the same rows as a file with these columns."""
    shown = [shape(row) for row in page.items]
    if request.accept_mimetypes.best_match(["application/json", "text/csv"], default="application/json") == "text/csv":
        response = respond.csv(name, columns, ([_cell(row.get(column)) for column in columns] for row in shown))
        if page.next:
            response.headers["Link"] = f'<{request.path}?{_query(cursor=page.next)}>; rel="next"'
        return response
    return respond.json({"items": shown, "next": page.next, "as_of_seq": page.as_of_seq})


async def outcome(answer: Answer) -> Response:
    """What became of a stock command."""
    status, body = said(answer)
    response = respond.json(body, status) if answer.refusal is None else await refusals.answer(answer.refusal)
    if answer.replayed:
        response.headers[REPLAYED] = "true"
    return response


async def changed(act: Act, told_once: Mapping[str, Any] | None = None) -> Response:
    """Do a change once per key, and answer the same each time the key comes back.

    `told_once`, filled while it is done, is in the first answer only: a secret is not kept with the answers.
    """
    key, body = idempotency_key(), await json_body(required=False)
    context = ctx()
    what = f"{request.method} {request.path} {request.headers.get('If-Match', '')}"
    hashes = Key(digest16(b"thing", str(context.actor.principal_id).encode(), key.encode()), digest16(what.encode(), canonical(body)))
    return await _replied(await once(context.writing(), hashes, act, is_outcome), told_once or {})


def is_outcome(refusal: Refusal) -> bool:
    """A business refusal is an answer and is kept; what was malformed, not allowed or not there leaves the key free."""
    return errors.status_of(refusal.code) in (409, 410)


async def _replied(reply: Reply, told_once: Mapping[str, Any]) -> Response:
    if reply.refusal is not None:
        response = await refusals.answer(reply.refusal)
    else:
        response = thing({**orjson.loads(reply.body), **({} if reply.replayed else told_once)}, reply.status)
    if reply.replayed:
        response.headers[REPLAYED] = "true"
    return response


def _cell(value: Any) -> object:
    """Nested values as JSON, truth as a word."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return orjson.dumps(value).decode() if isinstance(value, (dict, list)) else value


def _query(**changes: str) -> str:
    asked: Mapping[str, str] = {**request.args.to_dict(), **changes}
    return urlencode(asked)
