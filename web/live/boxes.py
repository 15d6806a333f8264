"""What goes through a till's line by the burst: frames that have come, and frames that wait to go.

One read brings dozens of commands and one commit answers dozens; taken one by one, each would pass through every layer by itself.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, cast

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, WebsocketScope
from quart import Quart
from quart.asgi import ASGIWebsocketConnection
from quart.wrappers.websocket import Websocket

FRAMES_MAX = 64
"""Frames that have come and are not yet read. While so many wait, the connection is not read, and its sender is held."""
BURST = "onhand.burst"
"""The extension of ASGI by which a server takes and gives many frames at once (`app/servers/frames.py`)."""
_IN_SCOPE = "onhand.connection"


class Box:
    """Frames that wait. Who puts more than `most` in waits until there is room again; what is put in together stays together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._frames: deque[Any] = deque()
        self._filled = asyncio.Event()
        self._roomy = asyncio.Event()
        self._roomy.set()

    async def put(self, frames: Iterable[Any]) -> None:
        """Put frames in, when there is room for one."""
        while not self._roomy.is_set():
            await self._roomy.wait()
        self._frames.extend(frames)
        self._filled.set()
        if len(self._frames) >= self._most:
            self._roomy.clear()

    async def take(self, most: int | None = None) -> list[Any]:
        """Everything that waits, or the first `most` of it; waits for the first frame."""
        while not self._frames:
            self._filled.clear()
            await self._filled.wait()
        count = len(self._frames) if most is None else min(most, len(self._frames))
        taken = [self._frames.popleft() for _ in range(count)]
        if len(self._frames) < self._most:
            self._roomy.set()
        return taken


class Window:
    """How many commands are under way on a line."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._changed = asyncio.Event()

    async def room(self, wanted: int = 1) -> int:
        """How many more there may be, as soon as it is as many as wanted."""
        while self._most - self._taken < wanted:
            self._changed.clear()
            await self._changed.wait()
        return self._most - self._taken

    def take(self, count: int) -> None:
        """So many more are under way."""
        self._taken += count

    def give_back(self, count: int) -> None:
        """So many are done."""
        self._taken -= count
        self._changed.set()


class Connection(ASGIWebsocketConnection):
    """Quart's own takes frames without bound and one by one; this one holds a sender that is faster than its commands are done."""

    def __init__(self, app: Quart, scope: WebsocketScope) -> None:
        super().__init__(app, scope)
        self.inbox = Box(FRAMES_MAX)
        self._bursts = BURST in (scope.get("extensions") or {})
        self._send: Callable[[Any], Awaitable[None]] | None = None
        cast(dict[str, Any], scope)[_IN_SCOPE] = self

    async def handle_messages(self, receive: ASGIReceiveCallable) -> None:
        """Take in what comes until the other side leaves."""
        while True:
            event: Any = await receive()
            if event["type"] == "websocket.receive":
                await self.inbox.put(event.get("texts") or [event.get("bytes") or event["text"]])
            elif event["type"] == "websocket.disconnect":
                return

    async def handle_websocket(self, websocket: Websocket, send: ASGISendCallable) -> None:
        """Serve it."""
        self._send = send
        await super().handle_websocket(websocket, send)

    async def say(self, texts: list[str]) -> None:
        """Send frames, in one write where the server can. Raises OSError when the other side is gone."""
        assert self._send is not None
        if self._bursts:
            await self._send({"type": "websocket.send", "texts": texts})
            return
        for text in texts:
            await self._send({"type": "websocket.send", "bytes": None, "text": text})


def connection_of(websocket: Websocket) -> Connection:
    """The connection under a WebSocket that Quart serves."""
    found: Connection = cast(dict[str, Any], websocket.scope)[_IN_SCOPE]
    return found
