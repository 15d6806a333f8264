"""Server-sent events: the feed for browsers. `id` is the ledger sequence, so a browser resumes by itself.

Readers who filter nothing, which is what pages do, are also told of documents that have changed (`order.changed`).
"""

from __future__ import annotations

import asyncio
import functools
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection

import orjson
from quart import Blueprint, Response, current_app, request

from events.feed import Resync, Subscription
from kit.errors import refuse
from web.access import allow, caller, ctx
from web.api.operation import operation, text, words
from web.changes import Inbox
from web.live.standing import Standing
from web.live.wanted import LIST_MAX, parse_seq, wanted
from web.wiring import parts

HEARTBEAT_S = 15.0
RETRY_MS = (500, 2_000)
"""When a browser that lost its line comes back: somewhere between, so that those of a fallen server do not come all at once."""

routes = Blueprint("live_sse", __name__)


@routes.get("/v1/<tenant>/events")
@allow("stock.read")
@operation(
    "The feed, as server-sent events",
    answer="Event",
    media="text/event-stream",
    refuses=(400,),
    query=(
        text("after", "The last sequence seen; browsers send it as `Last-Event-ID`."),
        words("warehouse", "Only these, separated by commas."),
        words("sku", "Only these, separated by commas."),
        words("kinds", "Only these, separated by commas."),
    ),
)
async def events(tenant: str) -> Response:
    """The feed of a company from now, or from after `Last-Event-ID` (or `?after=`)."""
    said = request.headers.get("Last-Event-ID") or request.args.get("after")
    after = None
    if said is not None:
        after = parse_seq(said)
        if after is None:
            raise refuse("malformed_request", {"field": "Last-Event-ID"})
    named = [_listed(name) for name in ("warehouse", "sku", "kinds")]
    fits = await wanted(ctx(), *named)
    subscribing = functools.partial(parts().wiring.feed.subscribe, ctx().tenant.id, after, fits)
    standing = Standing(parts().callers, caller(), "stock.read")
    opening = functools.partial(parts().changes.open, ctx().tenant.id, lambda: standing.caller.actor, wanted=named == [None] * 3)
    stream = _stream(subscribing, opening, standing, current_app.extensions["closing"])
    response = Response(stream, content_type="text/event-stream; charset=utf-8")
    response.timeout = None
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Accel-Buffering"] = "no"
    return response


async def _stream(
    subscribing: Callable[[], Awaitable[Subscription]],
    opening: Callable[[Callable[[], None]], Inbox],
    standing: Standing,
    closing: asyncio.Event,
) -> AsyncIterator[bytes]:
    # Subscribed in here: a stream that nobody begins to read would otherwise never let go of its place.
    subscription = await subscribing()
    changes = opening(subscription.nudge)
    standing.watch(subscription.nudge)
    said_at = time.monotonic()
    try:
        yield b"retry: %d\nevent: hello\ndata: %s\n\n" % (random.randint(*RETRY_MS), _as_of(subscription.as_of_seq))
        while not closing.is_set() and await standing.holds():
            silent_s = time.monotonic() - said_at
            found = await subscription.next(min(HEARTBEAT_S - silent_s, standing.due_s))
            changed = changes.taken()
            if isinstance(found, Resync):
                yield b"".join([b"id: %d\nevent: resync\ndata: %s\n\n" % (found.as_of_seq, _as_of(found.as_of_seq)), *changed])
            elif found or changed:
                yield b"".join([*(event.sse for event in found), *changed])
            elif time.monotonic() - said_at >= HEARTBEAT_S:
                yield b": %d\n\n" % subscription.cursor
            else:
                continue
            said_at = time.monotonic()
    finally:
        standing.close()
        changes.close()
        subscription.close()


def _as_of(seq: int) -> bytes:
    return orjson.dumps({"as_of_seq": seq})


def _listed(name: str) -> Collection[str] | None:
    """Values of a parameter, given several times or with commas; None when it is absent."""
    values = [part for value in request.args.getlist(name) for part in value.split(",") if part]
    if len(values) > LIST_MAX:
        raise refuse("invalid_body", {"field": name, "max": LIST_MAX})
    return frozenset(values) or None
