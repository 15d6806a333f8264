"""The WebSocket of tills: commands pipelined one way, answers and the feed the other. Frames are those of api.md."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import orjson
import structlog
from hypercorn.typing import WebsocketScope
from quart import Blueprint, Quart, current_app, websocket
from quart.asgi import ASGIWebsocketConnection

from events.feed import Resync, Subscription
from inventory.answer import Answer, Asked
from inventory.context import Context, Unavailable
from inventory.stock import COMMANDS_MAX, asked_in_bulk
from kit.errors import Refusal, Refused
from web import commands, errors, strict
from web.access import allow, caller, ctx, must_be_allowed
from web.live.standing import Standing
from web.live.wanted import LIST_MAX, SEQ_MAX, wanted
from web.wiring import Parts, parts

log = structlog.get_logger("web")

WINDOW = 64
"""Commands in flight; the next frame is read when one of them has been answered."""
OUTBOX_MAX = 200
"""Frames that wait for a slow till before the feed stops filling its connection."""
FRAMES_MAX = 64
"""Frames that have come and are not yet read. While so many wait, the connection is not read, and its sender is held."""
STALL_S = 30.0
"""How long a till may take nothing of what is sent to it."""
FOLLOW_S = 60.0
NORMAL, GOING_AWAY, POLICY, TRY_AGAIN_LATER = 1000, 1001, 1008, 1013

Frame = dict[str, Any]

routes = Blueprint("live_socket", __name__)


@routes.websocket("/v1/<tenant>/live")
@allow("stock.read")
async def live(tenant: str) -> None:
    """A till's line. Ends when either side leaves, the server stops, or the key behind it is revoked."""
    standing = Standing(parts().callers, caller(), "stock.read")
    await websocket.accept()
    line = Line(ctx(), parts(), standing, current_app.extensions["closing"])
    code = await line.run()
    with contextlib.suppress(OSError):  # the other side may be gone already
        await websocket.close(code)


class Connection(ASGIWebsocketConnection):
    """Quart's own takes frames without bound; this one holds a sender that is faster than its commands are done."""

    def __init__(self, app: Quart, scope: WebsocketScope) -> None:
        super().__init__(app, scope)
        self.queue = asyncio.Queue(FRAMES_MAX)


class Line:
    """One connection: a reader of frames, a writer of frames, and the feed between them once the till said hello."""

    def __init__(self, context: Context, parts: Parts, standing: Standing, closing: asyncio.Event) -> None:
        self._context = context
        self._parts = parts
        self._feed = parts.wiring.feed
        self._standing = standing
        self._closing = closing
        self._outbox: asyncio.Queue[str] = asyncio.Queue(OUTBOX_MAX)
        self._window = asyncio.Semaphore(WINDOW)
        self._subscription: Subscription | None = None
        self._doubted = asyncio.Event()
        self._sending_since: float | None = None
        self._tasks: set[asyncio.Future[Any]] = set()

    async def run(self) -> int:
        """Serve until the first of the parts ends; returns the code to close with."""
        self._standing.watch(self._doubted.set)
        ways = [asyncio.create_task(way) for way in (self._read(), self._write(), self._watch(), self._close())]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result() or NORMAL
        finally:
            self._standing.close()
            if self._subscription is not None:
                self._subscription.close()
            # Commands already asked for go on: their effect is the desk's, only the answer has nobody left.
            for task in (*ways, *self._tasks):
                task.cancel()
            await asyncio.gather(*ways, *self._tasks, return_exceptions=True)

    async def _read(self) -> int:
        while True:
            text = await websocket.receive()
            await self._take(text)

    async def _write(self) -> int:
        try:
            while True:
                frame = await self._outbox.get()
                self._sending_since = time.monotonic()
                await websocket.send(frame)
                self._sending_since = None
        except OSError:  # the other side is gone
            return NORMAL

    async def _watch(self) -> int:
        """Looks now and then, instead of setting an alarm for every frame."""
        while await self._standing.holds():
            if self._sending_since is not None and time.monotonic() - self._sending_since >= STALL_S:
                return TRY_AGAIN_LATER
            self._doubted.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._doubted.wait(), min(self._standing.due_s, STALL_S / 2))
        return POLICY

    async def _close(self) -> int:
        await self._closing.wait()
        return GOING_AWAY

    async def _take(self, text: str | bytes) -> None:
        """Act on one frame. A frame that makes no sense is refused and changes nothing."""
        try:
            frame = strict.loads(text)
        except Refused as refused:
            await self._refuse(None, refused.refusal)
            return
        if not isinstance(frame, dict):
            frame = {}
        act = _ACTS.get(frame["op"]) if isinstance(frame.get("op"), str) else None
        if act is None:
            await self._refuse(frame.get("id"), Refusal("unknown_operation", ({"field": "op"},)))
        else:
            await act(self, frame)

    async def _hello(self, frame: Frame) -> None:
        """Begin, or begin again, to follow the feed."""
        after = frame.get("after")
        lists = [frame.get("warehouses"), frame.get("skus"), frame.get("kinds")]
        if not _is_seq(after) or not all(_is_list(each) for each in lists):
            await self._refuse(frame.get("id"), Refusal("invalid_body", ({"field": "after, warehouses, skus, kinds"},)))
            return
        if self._subscription is not None:
            self._subscription.close()
            self._subscription.nudge()  # whoever follows it notices that it was replaced
        fits = await wanted(self._now(), *[None if each is None else frozenset(each) for each in lists])
        self._subscription = await self._feed.subscribe(self._context.tenant.id, after, fits)
        await self._say({"op": "hello", "as_of_seq": self._subscription.as_of_seq})
        self._start(self._follow(self._subscription))

    async def _follow(self, subscription: Subscription) -> None:
        while subscription is self._subscription:
            found = await subscription.next(FOLLOW_S)
            if subscription is not self._subscription:
                return
            if isinstance(found, Resync):
                await self._say({"op": "resync", "as_of_seq": found.as_of_seq})
            else:
                for event in found:
                    await self._outbox.put(event.frame)

    async def _ping(self, frame: Frame) -> None:
        seq = self._subscription.cursor if self._subscription else await self._feed.head(self._context.tenant.id)
        await self._say({"op": "pong", "as_of_seq": seq})

    async def _do(self, frame: Frame) -> None:
        await self._window.acquire()
        self._start(self._perform(frame), 1)

    async def _perform(self, frame: Frame) -> None:
        identity = frame.get("id")
        verb, key, body = frame.get("verb"), frame.get("key"), frame.get("body")
        if not (isinstance(verb, str) and isinstance(body, dict)) or (key is not None and not isinstance(key, str)):
            await self._refuse(identity, Refusal("invalid_body", ({"field": "verb, key, body"},)))
            return
        if key is None:
            await self._refuse(identity, Refusal("idempotency_key_missing", ({"field": "key"},)))
            return
        try:
            await self._count()
            await self._answer(identity, await commands.perform(self._parts.turnstile, self._now(), verb, key, body))
        except Refused as refused:
            await self._refuse(identity, refused.refusal)
        except Unavailable as problem:
            await self._refuse(identity, problem.refusal)
        except Exception:
            log.exception("command_failed", verb=verb[:32])
            await self._refuse(identity, Refusal("internal_error"))

    async def _batch(self, frame: Frame) -> None:
        """A batch takes as much of the window as it has commands, at most all of it."""
        listed = frame.get("commands")
        weight = max(1, min(WINDOW, len(listed))) if isinstance(listed, list) else 1
        for _ in range(weight):
            await self._window.acquire()
        self._start(self._perform_batch(frame), weight)

    async def _perform_batch(self, frame: Frame) -> None:
        listed = frame.get("commands")
        if not isinstance(listed, list) or not 1 <= len(listed) <= COMMANDS_MAX:
            await self._refuse(frame.get("id"), Refusal("invalid_body", ({"field": "commands", "max": COMMANDS_MAX},)))
            return
        try:
            asked = asked_in_frames(listed)
            await self._count()
            results = await commands.perform_each(self._parts.turnstile, self._now(), asked)
        except Refused as refused:
            await self._refuse(frame.get("id"), refused.refusal)
        else:
            await self._say({"op": "done", "id": frame.get("id"), "results": results})

    async def _count(self) -> None:
        """Against the limits of mutations, as a request of its own would; a pause before the refusal holds the window too."""
        who = self._standing.caller
        await must_be_allowed(self._parts.limits.mutation(who.tenant.id, who.actor.principal_id))

    async def _answer(self, identity: Any, answer: Answer) -> None:
        if answer.refusal is not None:
            await self._refuse(identity, answer.refusal, answer.replayed)
            return
        said = {"op": "done", "id": identity, "status": answer.status, "body": answer.body}
        await self._say(said | ({"replayed": True} if answer.replayed else {}))

    async def _refuse(self, identity: Any, refusal: Refusal, replayed: bool = False) -> None:
        problem = errors.problem(refusal)
        said = {"op": "refused", "id": identity, "status": problem["status"], "problem": problem}
        await self._say(said | ({"replayed": True} if replayed else {}))

    async def _say(self, frame: Frame) -> None:
        await self._outbox.put(orjson.dumps(frame, default=str).decode())

    def _now(self) -> Context:
        """The context with the role as it was last looked at."""
        actor = self._standing.caller.actor
        old = self._context
        return old if actor is old.actor else Context(old.tenant, actor, old.stock, old.engine, old.clock)

    def _start(self, work: Awaitable[None], weight: int = 0) -> None:
        """Work beside the reading of frames; it gives back its part of the window when it ends."""

        def ended(task: asyncio.Future[None]) -> None:
            self._tasks.discard(task)
            for _ in range(weight):
                self._window.release()

        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(ended)


def asked_in_frames(commands: list[Any]) -> list[Asked]:
    """The commands of a `batch` frame: each has its body under `body`, unlike those of a bulk request."""
    flat = []
    for command in commands:
        inner = command.get("body") if isinstance(command, dict) else None
        flat.append({**inner, "verb": command.get("verb"), "key": command.get("key")} if isinstance(inner, dict) else command)
    return asked_in_bulk(flat)


def _is_seq(value: Any) -> bool:
    return value is None or (type(value) is int and 0 <= value <= SEQ_MAX)


def _is_list(value: Any) -> bool:
    shaped: Collection[Any] = value if isinstance(value, list) else ()
    return value is None or (isinstance(value, list) and len(shaped) <= LIST_MAX and all(isinstance(each, str) for each in shaped))


_ACTS: dict[str, Callable[[Line, Frame], Awaitable[None]]] = {
    "hello": Line._hello,
    "do": Line._do,
    "batch": Line._batch,
    "ping": Line._ping,
}
