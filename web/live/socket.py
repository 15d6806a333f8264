"""The WebSocket of tills: commands pipelined one way, answers and the feed the other. Frames are those of api.md."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

import orjson
from quart import Blueprint, current_app, websocket

from events.feed import Resync, Subscription
from inventory import stock
from inventory.answer import Answer, Asked
from inventory.context import Context, Unavailable
from inventory.stock import asked_in_bulk
from kit.errors import Refusal, Refused
from kit.ids import token
from web import commands, errors, refusals, strict
from web.access import allow, caller, ctx, must_be_allowed
from web.limits import Spent
from web.live.boxes import Box, Connection, Window, connection_of
from web.live.standing import Standing
from web.live.wanted import LIST_MAX, SEQ_MAX, wanted
from web.results import result
from web.wiring import Parts, parts

WINDOW = 64
"""Commands in flight; the next frame is read when one of them has been answered."""
OUTBOX_MAX = 200
"""Frames that wait for a slow till before the feed stops filling its connection."""
WRITE_MAX = 100
"""Frames of one write: about as many bytes as may lie in a connection's buffer."""
STALL_S = 30.0
"""How long a till may take nothing of what is sent to it."""
FOLLOW_S = 60.0
NORMAL, GOING_AWAY, POLICY, TRY_AGAIN_LATER = 1000, 1001, 1008, 1013

Frame = dict[str, Any]
Fitting = tuple[Any, Asked]
"""The id that a till gave a command, and the command."""

routes = Blueprint("live_socket", __name__)


@routes.websocket("/v1/<tenant>/live")
@allow("stock.read")
async def live(tenant: str) -> None:
    """A till's line. Ends when either side leaves, the server stops, or the key behind it is revoked."""
    standing = Standing(parts().callers, caller(), "stock.read")
    await websocket.accept()
    line = Line(connection_of(websocket), ctx(), parts(), standing, current_app.extensions["closing"])
    code = await line.run()
    with contextlib.suppress(OSError):  # the other side may be gone already
        await websocket.close(code)


Act = Callable[["Line", Frame], Awaitable[None]]


class Line:
    """One connection: a reader of frames, a writer of frames, and the feed between them once the till said hello."""

    def __init__(self, connection: Connection, context: Context, parts: Parts, standing: Standing, closing: asyncio.Event) -> None:
        self._connection = connection
        self._context = context
        self._parts = parts
        self._feed = parts.wiring.feed
        self._standing = standing
        self._closing = closing
        self._outbox = Box(OUTBOX_MAX)
        self._window = Window(WINDOW)
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
            # Not more than may be done now: what waits has cost no more than its bytes.
            room = await self._window.room()
            await self._take(await self._connection.inbox.take(room))

    async def _write(self) -> int:
        try:
            while True:
                frames = await self._outbox.take(WRITE_MAX)
                self._sending_since = time.monotonic()
                await self._connection.say(frames)
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

    async def _take(self, texts: Sequence[str | bytes]) -> None:
        """Act on frames in their order; commands that follow each other are asked for together."""
        asked: list[Frame] = []
        for text in texts:
            act, frame = await self._understood(text)
            if act is Line._one:
                asked.append(frame)
                continue
            await self._do(asked)
            asked = []
            if act is not None:
                await act(self, frame)
        await self._do(asked)

    async def _understood(self, text: str | bytes) -> tuple[Act | None, Frame]:
        """What a frame asks for. One that makes no sense is refused and changes nothing."""
        try:
            frame = strict.loads(text)
        except Refused as refused:
            await self._refuse(None, refused.refusal)
            return None, {}
        if not isinstance(frame, dict):
            frame = {}
        act = _ACTS.get(frame["op"]) if isinstance(frame.get("op"), str) else None
        if act is None:
            await self._refuse(frame.get("id"), Refusal("unknown_operation", ({"field": "op"},)))
        return act, frame

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
                await self._outbox.put([event.frame for event in found])

    async def _ping(self, frame: Frame) -> None:
        seq = self._subscription.cursor if self._subscription else await self._feed.head(self._context.tenant.id)
        await self._say({"op": "pong", "as_of_seq": seq})

    async def _one(self, frame: Frame) -> None:
        await self._do([frame])

    async def _do(self, frames: list[Frame]) -> None:
        """Ask for commands, as many at a time as the window has room for."""
        while frames:
            room = await self._window.room()
            now, frames = frames[:room], frames[room:]
            self._start(self._perform(now), len(now))

    async def _perform(self, frames: list[Frame]) -> None:
        """What one commit answers is said together. What is no command of the engine's goes its own way: it may take longer."""
        fitting: list[Fitting] = []
        for frame in frames:
            asked = _asked(frame)
            if isinstance(asked, Refusal):
                await self._refuse(frame.get("id"), asked)
            else:
                fitting.append((frame.get("id"), asked))
        ours = [each for each in fitting if each[1].verb in stock.VERBS]
        ways = [ours] if ours else []
        ways += [[each] for each in fitting if each[1].verb not in stock.VERBS]
        if len(ways) == 1:
            await self._perform_together(ways[0])
        else:
            await asyncio.gather(*map(self._perform_together, ways))

    async def _perform_together(self, fitting: list[Fitting]) -> None:
        allowed, spent = self._count(len(fitting))
        await self._outbox.put(await self._answers(fitting[:allowed]))
        if allowed < len(fitting):
            # The pause before the refusal holds the window too.
            refusal = await _refused(must_be_allowed(spent))
            await self._outbox.put([_refusing(identity, refusal) for identity, _ in fitting[allowed:]])

    async def _answers(self, fitting: list[Fitting]) -> list[str]:
        """A frame for each."""
        try:
            asked = [each for _, each in fitting]
            answers = await commands.perform_each(self._parts.turnstile, self._now(), asked)
        except Exception as problem:
            refusal = _refusal_of(problem)
            return [_refusing(identity, refusal) for identity, _ in fitting]
        return [_answering(identity, answer) for (identity, _), answer in zip(fitting, answers, strict=True)]

    async def _batch(self, frame: Frame) -> None:
        """A batch takes as much of the window as it has commands, at most all of it."""
        listed = frame.get("commands")
        weight = max(1, min(WINDOW, len(listed))) if isinstance(listed, list) else 1
        await self._window.room(weight)
        self._start(self._perform_batch(frame), weight)

    async def _perform_batch(self, frame: Frame) -> None:
        listed = frame.get("commands")
        if not isinstance(listed, list) or not 1 <= len(listed) <= stock.COMMANDS_MAX:
            fact = {"field": "commands", "max": stock.COMMANDS_MAX}
            await self._refuse(frame.get("id"), Refusal("invalid_body", (fact,)))
            return
        try:
            asked = asked_in_frames(listed)
            await must_be_allowed(self._count(1)[1])
            answers = await commands.perform_each(self._parts.turnstile, self._now(), asked)
        except Exception as problem:
            await self._refuse(frame.get("id"), _refusal_of(problem))
        else:
            results = [result(each, answer) for each, answer in zip(asked, answers, strict=True)]
            await self._say({"op": "done", "id": frame.get("id"), "results": results})

    def _count(self, count: int) -> tuple[int, Spent]:
        """Count so many against the limits of mutations, as requests of their own would: how many are allowed, and how it stands."""
        who = self._standing.caller
        for number in range(count):
            spent = self._parts.limits.mutation(who.tenant.id, who.actor.principal_id)
            if not spent.allowed:
                return number, spent
        return count, spent

    async def _refuse(self, identity: Any, refusal: Refusal) -> None:
        await self._outbox.put([_refusing(identity, refusal)])

    async def _say(self, frame: Frame) -> None:
        await self._outbox.put([_text(frame)])

    def _now(self) -> Context:
        """The context with the role as it was last looked at."""
        actor = self._standing.caller.actor
        old = self._context
        return old if actor is old.actor else Context(old.tenant, actor, old.stock, old.engine, old.clock)

    def _start(self, work: Awaitable[None], weight: int = 0) -> None:
        """Work beside the reading of frames; it gives back its part of the window when it ends."""
        self._window.take(weight)

        def ended(task: asyncio.Future[None]) -> None:
            self._tasks.discard(task)
            self._window.give_back(weight)

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


def _asked(frame: Frame) -> Asked | Refusal:
    """The command of a `do` frame."""
    verb, key, body = frame.get("verb"), frame.get("key"), frame.get("body")
    if not (isinstance(verb, str) and isinstance(body, dict)) or (key is not None and not isinstance(key, str)):
        return Refusal("invalid_body", ({"field": "verb, key, body"},))
    return Refusal("idempotency_key_missing", ({"field": "key"},)) if key is None else Asked(verb, key, body)


def _answering(identity: Any, answer: Answer) -> str:
    if answer.refusal is not None:
        return _refusing(identity, answer.refusal, answer.replayed)
    said = {"op": "done", "id": identity, "status": answer.status, "body": answer.body}
    return _text(said | {"replayed": True} if answer.replayed else said)


def _refusing(identity: Any, refusal: Refusal, replayed: bool = False) -> str:
    problem = errors.problem(refusal)
    said = {"op": "refused", "id": identity, "status": problem["status"], "problem": problem}
    return _text(said | {"replayed": True} if replayed else said)


def _text(frame: Frame) -> str:
    return orjson.dumps(frame, default=str).decode()


async def _refused(act: Awaitable[None]) -> Refusal:
    """Why an act was refused that is known to be."""
    try:
        await act
    except Refused as refused:
        return refused.refusal
    raise AssertionError("it was refused")


def _refusal_of(problem: Exception) -> Refusal:
    if isinstance(problem, (Refused, Unavailable)):
        return problem.refusal
    return refusals.of_failure(problem, token(12))


def _is_seq(value: Any) -> bool:
    return value is None or (type(value) is int and 0 <= value <= SEQ_MAX)


def _is_list(value: Any) -> bool:
    shaped: Collection[Any] = value if isinstance(value, list) else ()
    return value is None or (isinstance(value, list) and len(shaped) <= LIST_MAX and all(isinstance(each, str) for each in shaped))


_ACTS: dict[str, Act] = {"hello": Line._hello, "do": Line._one, "batch": Line._batch, "ping": Line._ping}
