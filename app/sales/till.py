"""A till: one WebSocket, many commands under way, and none ever lost.

Whatever happens to the line or to the server, a command is sent again under its key until it has an answer that is not "try
again". The record in the database makes sure that it has one effect.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException

from app.sales.rest import PATIENCE_S, PAUSE_MAX_S, Stuck, Target, detail, turned_away, unreachable

ANSWER_S = 60.0
"""A command without an answer for so long is sent again: longer than the server itself waits for its engine."""
BROKEN_MAX = 5
"""How often a command may meet an error of the server's own (500) before the replay gives up on it."""
FRAME_MAX = 4 * 2**20
_AGAIN = (429, 503)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command: the body when done (`status` below 400), else the problem. `replayed`: it was done before."""

    status: int
    body: Json
    replayed: bool

    @property
    def done(self) -> bool:
        """Whether it was done, now or before."""
        return self.status < 400


@dataclass(slots=True)
class Tally:
    """What all tills together have counted: answered commands, how long each took (seconds), and how often one was sent again."""

    answered: int = 0
    resent: int = 0
    lost_lines: int = 0
    took: list[float] = field(default_factory=list)


class Till:
    """Enter to connect. `do` may be called by many tasks at once; the caller keeps to the server's window."""

    def __init__(self, target: Target, tally: Tally, patience_s: float = PATIENCE_S) -> None:
        self._target = target
        self._tally = tally
        self._patience_s = patience_s
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[Json | None]] = {}
        self._line: ClientConnection | None = None
        self._changed = asyncio.Event()
        self._problem: Stuck | None = None

    async def __aenter__(self) -> Till:
        self._task = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def do(self, verb: str, key: str, body: Mapping[str, Any]) -> Answer:
        """Send a command until it is answered. Raises Stuck when that cannot be hoped for."""
        began, pause, broken = time.perf_counter(), 0.1, 0
        while True:
            frame = await self._ask({"op": "do", "verb": verb, "key": key, "body": body})
            status = int(frame["status"]) if frame else 0
            if 0 < status < 500 and status not in _AGAIN:
                self._tally.answered += 1
                self._tally.took.append(time.perf_counter() - began)
                assert frame is not None
                return Answer(status, frame.get("body") or frame.get("problem") or {}, bool(frame.get("replayed")))
            self._tally.resent += 1
            if status and status not in _AGAIN:
                broken += 1
                if broken == BROKEN_MAX:
                    raise Stuck(f"The server fails at {verb} {key}: {detail((frame or {}).get('problem') or {})}")
            await asyncio.sleep(pause if status else 0)
            pause = min(PAUSE_MAX_S, pause * 2)

    async def _ask(self, frame: Json) -> Json | None:
        """The answer to a frame, or None when the line was lost or silent meanwhile."""
        line = await self._connected()
        identity = str(next(self._numbers))
        answer: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        self._waiting[identity] = answer
        try:
            await line.send(orjson.dumps(frame | {"id": identity}).decode())
            return await asyncio.wait_for(answer, ANSWER_S)
        except (WebSocketException, OSError, TimeoutError):
            return None
        finally:
            self._waiting.pop(identity, None)

    async def _connected(self) -> ClientConnection:
        while True:
            if self._problem is not None:
                raise self._problem
            if self._line is not None:
                return self._line
            await self._changed.wait()

    async def _keep(self) -> None:
        """Connect, listen until the line is lost, and connect again, for as long as patience lasts."""
        lost_at, pause = time.monotonic(), 0.1
        while True:
            try:
                async with connect(self._address(), additional_headers=self._headers(), compression=None, max_size=FRAME_MAX) as line:
                    self._set(line)
                    await self._listen(line)
            except InvalidStatus as refused:
                status = refused.response.status_code
                if status in (401, 403, 404):
                    return self._give_up(Stuck(turned_away(self._target, 403 if status == 403 else 401)))
            except (InvalidHandshake, WebSocketException, OSError, TimeoutError):
                pass
            if self._line is not None:
                self._tally.lost_lines += 1
                lost_at, pause = time.monotonic(), 0.1
                self._set(None)
            if time.monotonic() - lost_at > self._patience_s:
                return self._give_up(Stuck(unreachable(self._target.url)))
            await asyncio.sleep(pause)
            pause = min(PAUSE_MAX_S, pause * 2)

    async def _listen(self, line: ClientConnection) -> None:
        async for text in line:
            frame = orjson.loads(text)
            waiting = self._waiting.get(str(frame.get("id")))
            if waiting is not None and not waiting.done():
                waiting.set_result(frame)

    def _set(self, line: ClientConnection | None) -> None:
        """The line is there, or gone: whoever waits for an answer on it asks again."""
        self._line = line
        if line is not None:
            self._changed.set()
            return
        self._changed.clear()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_result(None)

    def _give_up(self, problem: Stuck) -> None:
        self._problem = problem
        self._changed.set()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_result(None)

    def _address(self) -> str:
        """http becomes ws, https becomes wss."""
        scheme, _, place = self._target.url.partition("://")
        host = place.partition("/")[0]
        return f"{'wss' if scheme == 'https' else 'ws'}://{host}{self._target.base}/live"

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._target.key}"}
