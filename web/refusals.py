"""Turning whatever went wrong in a request into an answer that says so, and leaks nothing."""

from __future__ import annotations

import structlog
from asyncpg import PostgresConnectionError
from quart import Quart, Response, has_request_context, request
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from inventory.context import Unavailable
from kit.errors import Refusal, Refused
from web import errors, respond

_log = structlog.get_logger("web")
_UNREACHABLE = (PoolTimeout, InterfaceError, OperationalError, PostgresConnectionError, ConnectionError, TimeoutError)
PROBLEM = "application/problem+json"
_OF_STATUS = {
    400: Refusal("malformed_request"),
    404: Refusal("not_found"),
    405: Refusal("method_not_allowed"),
    406: Refusal("not_acceptable"),
    413: Refusal("too_large"),
    415: Refusal("wrong_content_type", facts={"expected": "application/json"}),
    422: Refusal("invalid_body"),
}


def install(app: Quart) -> None:
    """Answer refusals and failures of every route."""
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(Unavailable, _unavailable)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(UnicodeDecodeError, _not_utf8)
    app.register_error_handler(Exception, _failed)


async def answer(refusal: Refusal) -> Response:
    """The answer to a refused request: a problem for programs, a page for people."""
    said = errors.say(refusal)
    if has_request_context() and not respond.wants_problem():
        response = await _page(refusal, said)
    else:
        response = respond.json(errors.problem(refusal), said.status, media_type=PROBLEM)
    response.headers.update(headers(refusal, said.status))
    return response


def of_failure(cause: BaseException, request_id: str) -> Refusal:
    """The last resort. The reason goes to the log under the request's id; the caller gets only the id."""
    if isinstance(cause, _UNREACHABLE) or _was_cancelled(cause):
        _log.warning("unavailable", request_id=request_id, reason=type(cause).__name__)
        return Refusal("unavailable", facts={"retry_after_s": 1})
    _log.error("failed", request_id=request_id, exc_info=cause)
    return Refusal("internal_error", facts={"request_id": request_id})


def headers(refusal: Refusal, status: int) -> dict[str, str]:
    """What a refusal says beside its body: how to sign in, when to come again."""
    if status == 401:
        return {"WWW-Authenticate": 'Bearer realm="onhand"'}
    if status in (429, 503):
        return {"Retry-After": str(refusal.facts.get("retry_after_s", 1))}
    return {}


async def _page(refusal: Refusal, said: errors.Said) -> Response:
    try:
        return await respond.page("error.html", said.status, said=said, code=refusal.code, request_id=respond.request_id())
    except Exception:
        # A page about a failure must not fail: the words alone are enough.
        _log.exception("error page failed", request_id=respond.request_id())
        return Response(f"{said.title}. {said.detail}", said.status, content_type="text/plain; charset=utf-8")


async def _refused(error: Refused) -> Response:
    return await answer(error.refusal)


async def _unavailable(error: Unavailable) -> Response:
    return await answer(error.refusal)


async def _http(error: HTTPException) -> Response:
    if error.code in (None, 500):
        return await _failed(error)
    if error.code is not None and 300 <= error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    response = await answer(_of_http(error))
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(error.valid_methods or ())
    return response


async def _not_utf8(error: UnicodeDecodeError) -> Response:
    """Only bodies are decoded while a request is served; all else was checked when it was stored."""
    return await answer(Refusal("malformed_request", facts={"why": "not UTF-8"}))


async def _failed(error: Exception) -> Response:
    return await answer(of_failure(getattr(error, "original_exception", None) or error, respond.request_id()))


def _of_http(error: HTTPException) -> Refusal:
    refusal = _OF_STATUS.get(error.code or 500)
    if refusal is None:
        return Refusal("malformed_request", facts={"why": error.name})
    if refusal.code == "malformed_request":
        return Refusal(refusal.code, facts={"why": error.name.lower()})
    if refusal.code == "method_not_allowed":
        return Refusal(refusal.code, facts={"method": request.method})
    return refusal


def _was_cancelled(error: BaseException) -> bool:
    """A statement that ran into its time limit."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in ("57014", "57P01", "57P02", "57P03", "53300")
