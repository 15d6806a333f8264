"""The lean path itself: who is it, may they, what do they ask, what became of it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson
import structlog

from inventory import stock
from inventory.context import Context, Unavailable
from kit.errors import Refusal, Refused, refuse
from tenants.messages import Caller
from web import access, commands, errors, limits, locale, refusals, trace
from web.api.incoming import JSON, checked_key, parsed
from web.api.metrics import Metrics
from web.fast.call import BULK, Asgi, Call, Gone, Receive, Scope, Send, body_of, call_of
from web.limits import Spent
from web.results import said
from web.wiring import BODY_MAX, Parts

_log = structlog.get_logger("web")
_RECORDED = frozenset({200, 201, 409, 410})
"""Statuses of what a command came to: they are kept under its key, and a line in the log would cost more than the command."""
_ROUTES = {verb: f"/v1/<tenant>/stock/{verb}" for verb in (*stock.VERBS, BULK)}
_PERMISSIONS = {verb: spoken.permission for verb, spoken in stock.VERBS.items()} | {BULK: "stock.read"}


class _Said(NamedTuple):
    """An answer: status, JSON value, its media type, and the headers of its own."""

    status: int
    body: Any
    media_type: str = JSON
    headers: Mapping[str, str] = MappingProxyType({})


class _Known:
    """What is known of a call so far, whatever becomes of it: who calls, and what it counted against their limit."""

    __slots__ = ("caller", "spent")

    def __init__(self) -> None:
        self.caller: Caller | None = None
        self.spent: Spent | None = None


class Lean:
    """An ASGI app in front of another, to which it leaves everything but stock commands with a key."""

    def __init__(self, rest: Asgi, parts: Parts, metrics: Metrics) -> None:
        self._rest = rest
        self._parts = parts
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a stock command, or pass the request on."""
        call = call_of(scope)
        if call is None:
            await self._rest(scope, receive, send)
            return
        began, known = time.perf_counter(), _Known()
        try:
            answer = await self._answer(call, known, receive)
        except Gone:
            return
        seconds = time.perf_counter() - began
        self._metrics.count("POST", _ROUTES[call.verb], answer.status, seconds)
        _log_line(call, known, answer, seconds)
        await _send(call, known, answer, send)

    async def _answer(self, call: Call, known: _Known, receive: Receive) -> _Said:
        try:
            return await self._performed(call, known, receive)
        except Gone:
            raise
        except Refused as refused:
            return _refused(call, known, refused.refusal)
        except Unavailable as problem:
            return _refused(call, known, problem.refusal)
        except Exception as problem:
            return _refused(call, known, refusals.of_failure(problem, call.id))

    async def _performed(self, call: Call, known: _Known, receive: Receive) -> _Said:
        ctx = await self._entered(call, known)
        key = "" if call.verb == BULK else checked_key(call.header(b"idempotency-key"))
        body = parsed(await body_of(call, receive, BODY_MAX), call.mimetype)
        if call.verb == BULK:
            with locale.speaking(known.caller, call.header(b"accept-language") or ""):
                return _Said(200, await commands.perform_bulk(self._parts.turnstile, ctx, body))
        answer = await commands.perform(self._parts.turnstile, ctx, call.verb, key, body)
        replayed = {"Idempotent-Replayed": "true"} if answer.replayed else {}
        if answer.refusal is not None:
            refused = _refused(call, known, answer.refusal)
            return refused._replace(headers={**refused.headers, **replayed})
        return _Said(*said(answer), headers=replayed)

    async def _entered(self, call: Call, known: _Known) -> Context:
        """The checks of `web.access`, in their order."""
        known.caller = await self._parts.callers.of_bearer(access.bearer(call.header(b"authorization")) or "", call.slug)
        if known.caller is None:
            raise refuse("not_signed_in")
        ctx = access.entered(self._parts, known.caller, call.slug, _PERMISSIONS[call.verb], call.address)
        known.spent = self._parts.limits.mutation(ctx.tenant.id, ctx.actor.principal_id)
        await access.must_be_allowed(known.spent)
        return ctx


def _refused(call: Call, known: _Known, refusal: Refusal) -> _Said:
    with locale.speaking(known.caller, call.header(b"accept-language") or ""):
        problem = errors.problem(refusal)
    return _Said(problem["status"], problem, refusals.PROBLEM, refusals.headers(refusal, problem["status"]))


async def _send(call: Call, known: _Known, answer: _Said, send: Send) -> None:
    body = orjson.dumps(answer.body, default=str)
    sent = [
        (b"content-type", answer.media_type.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"x-request-id", call.id.encode()),
        *(_DEFENCE_TLS if call.secure else _DEFENCE),
    ]
    if known.spent is not None:
        sent += _encoded(limits.headers(known.spent).items())
    if answer.headers:
        sent = [*_without(sent, answer.headers), *_encoded(answer.headers.items())]
    await send({"type": "http.response.start", "status": answer.status, "headers": sent})
    await send({"type": "http.response.body", "body": body})


def _without(sent: list[tuple[bytes, bytes]], others: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """What an answer says of its own counts, and is said once."""
    names = {name.lower().encode() for name in others}
    return [each for each in sent if each[0] not in names]


def _log_line(call: Call, known: _Known, answer: _Said, seconds: float) -> None:
    if answer.status in _RECORDED:
        return
    _log.info(
        "request",
        request_id=call.id,
        method="POST",
        route=_ROUTES[call.verb],
        status=answer.status,
        ms=round(seconds * 1000, 1),
        tenant=known.caller.tenant.slug if known.caller else None,
        principal=known.caller.actor.principal_id if known.caller else None,
    )


def _encoded(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]


_DEFENCE = _encoded((trace.UNKEPT, *trace.DEFENCE))
_DEFENCE_TLS = _encoded((trace.UNKEPT, *trace.DEFENCE, *trace.DEFENCE_TLS))
