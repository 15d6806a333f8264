"""What every answer carries whatever became of its request: an id, the headers of defence, and a line in the log."""

from __future__ import annotations

import re
import time

import structlog
from quart import Quart, Response, g, has_request_context, request, websocket
from quart.typing import ResponseTypes
from werkzeug.routing import Rule

from kit.ids import token
from web import limits

_log = structlog.get_logger("web")
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_CSP = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; frame-ancestors 'none'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'"
)
DEFENCE = (
    ("Content-Security-Policy", _CSP),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), payment=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
DEFENCE_TLS = (("Strict-Transport-Security", "max-age=31536000"),)
UNKEPT = ("Cache-Control", "no-store")
"""For every answer that does not say otherwise: what a company's numbers were is kept neither by browsers nor on the way."""


def install(app: Quart) -> None:
    """Watch every request of the app. To be installed before anything else that looks at requests."""
    app.before_request(_begin)
    app.after_request(_finish)
    app.before_websocket(_begin)
    app.after_websocket(_finish_line)


def request_id(sent: str) -> str:
    """The id of a request: the caller's own if it is sane, so that a chain of services shares one; else it could forge log lines."""
    return sent if _ID.fullmatch(sent) else token(12)


async def _begin() -> None:
    asked = request if has_request_context() else websocket
    g.request_id = request_id(asked.headers.get("X-Request-Id", ""))
    g.began = time.perf_counter()


async def _finish(response: Response) -> Response:
    _defend(response, request.is_secure)
    if g.get("spent") is not None:
        response.headers.update(limits.headers(g.spent))
    if not request.path.startswith("/static/"):
        _log_line(response, request.method, request.url_rule)
    return response


async def _finish_line(response: ResponseTypes | None) -> ResponseTypes | None:
    """A WebSocket that was refused gets an answer like any other; one that was taken has none."""
    if response is not None:
        _defend(response, websocket.scheme == "wss")
        _log_line(response, "WEBSOCKET", websocket.url_rule)
    return response


def _defend(response: ResponseTypes, secure: bool) -> None:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    response.headers.setdefault(*UNKEPT)
    response.headers.extend(DEFENCE)
    if secure:
        response.headers.extend(DEFENCE_TLS)


def _log_line(response: ResponseTypes, method: str, rule: Rule | None) -> None:
    """The route rather than the address, so that neither codes nor queries of a company land in logs."""
    caller = g.get("caller")
    _log.info(
        "request",
        request_id=g.get("request_id"),
        method=method,
        route=str(rule) if rule else None,
        status=response.status_code,
        ms=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
        tenant=caller.tenant.slug if caller else None,
        principal=caller.actor.principal_id if caller else None,
    )
