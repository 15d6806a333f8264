"""Hypercorn in the running loop. Its own `serve` opens sockets by itself, forgets a reader that takes nothing, and lets every
open WebSocket hold up the end until its next ping; so its parts are put together here. What it does for every request and frame
and need not do is left out: two tasks to notice an idle connection, a clock for every read, a date for every answer, a walk
through all its layers for every frame."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable
from ssl import SSLError
from typing import Any

from hypercorn.asyncio.lifespan import Lifespan
from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.asyncio.tcp_server import MAX_RECV, TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData
from hypercorn.protocol import events, h11, ws_stream
from hypercorn.typing import LifespanState
from hypercorn.utils import wrap_app
from wsproto.connection import ConnectionState
from wsproto.events import Ping

from app.servers import frames, limits

REQUESTS_MAX = 1_000_000_000
"""A connection may carry as many requests as it likes; hypercorn's own limit of 1,000 cuts busy clients off."""


async def serve(app: Any, bound: socket.socket, closing: asyncio.Event) -> None:
    """Serve on the socket until `closing` is set; what is then under way has `limits.GRACE_S` to end."""
    config, loop = _config(), asyncio.get_running_loop()
    wrapped, context = wrap_app(frames.told(app), config.wsgi_max_body_size, "asgi"), Context()
    state: LifespanState = {}
    connections: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        task.add_done_callback(connections.discard)
        await Connection(wrapped, loop, config, context, state, reader, writer)

    lifespan = Lifespan(wrapped, config, loop, state)
    living = loop.create_task(lifespan.handle_lifespan())
    await lifespan.wait_for_startup()
    try:
        server = await asyncio.start_server(connected, sock=bound, backlog=config.backlog)
        await closing.wait()
        server.close()
        await asyncio.sleep(limits.SETTLE_S)
        await context.end()
        await _ended(connections)
    finally:
        await lifespan.wait_for_shutdown()
        living.cancel()
        await asyncio.wait([living])


class Handshake(ws_stream.Handshake):
    """Takes no offer to compress: an event is encoded once for all who see it, and compressing it again for each of a thousand
    costs more than the bytes, and a quarter of a megabyte for each."""

    def __init__(self, headers: list[tuple[bytes, bytes]], http_version: str) -> None:
        super().__init__(headers, http_version)
        self.extensions = None


class Socket(ws_stream.WSStream):
    """A WebSocket whose frames come and go by the burst (see `frames`). Hypercorn's own parser sees what is not plain text."""

    _held = b""
    _fragmented = False
    _lost = False

    async def handle(self, event: events.Event) -> None:
        """What the client sent, or that it is gone."""
        if isinstance(event, (events.Body, events.Data)) and self._is_open():
            self._held += event.data
            await self._take()
        else:
            await super().handle(event)

    async def app_send(self, message: Any) -> None:
        """What the app sends."""
        if message is None or "texts" not in message:
            await super().app_send(message)
        elif not self.closed and self.state == ws_stream.ASGIWebsocketState.CONNECTED:
            await self.send(events.Data(self.stream_id, frames.joined(message["texts"])))

    async def _send_pings(self) -> None:
        """Until the server ends. A line that takes longer to close would be pinged without a pause from then on, and nothing else
        in this process would ever run again."""
        while not self.closed and not self.context.terminated.is_set():
            await self._send_wsproto_event(Ping())
            await self.context.sleep(limits.PING_S)

    async def _take(self) -> None:
        while self._held and self._is_open():
            burst = frames.taken_apart(self._held, self._fragmented)
            self._held = self._held[burst.taken :]
            if burst.texts and self.app_put is not None:
                await self.app_put({"type": "websocket.receive", "texts": burst.texts})
            if burst.lost:
                await self._lose()
            elif burst.other:
                self._fragmented = frames.goes_on(burst.other, self._fragmented)
                await self._pass_on(burst.other)
            else:
                return

    def _is_open(self) -> bool:
        accepted = not self.closed and self.state == ws_stream.ASGIWebsocketState.CONNECTED
        return accepted and not self._lost and self.connection.state == ConnectionState.OPEN

    async def _lose(self) -> None:
        """From here on hypercorn reads by itself, and says what is wrong."""
        rest, self._held, self._lost = self._held, b"", True
        await self._pass_on(rest)

    async def _pass_on(self, octets: bytes) -> None:
        self.connection.receive_data(octets)
        await self._handle_events()


ws_stream.Handshake = Handshake  # type: ignore[misc]  # there are no settings for them
h11.WSStream = Socket  # type: ignore[attr-defined]


class Context(WorkerContext):
    """Its sleep between two pings ends with the server, or the open WebSockets would hold that up; and so do idle connections."""

    def __init__(self) -> None:
        super().__init__(None)
        self.idle: set[Idle] = set()

    async def end(self) -> None:
        """Nothing new is begun."""
        await self.terminated.set()
        for each in list(self.idle):
            each.over()

    async def sleep(self, wait: float) -> None:  # type: ignore[override]
        """So long, or until the server ends."""
        try:
            async with asyncio.timeout(wait):
                await self.terminated.wait()
        except TimeoutError:
            return


class Idle:
    """Closes a connection that is between two requests for too long, in the shape that hypercorn asks of such a task."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._timer: asyncio.TimerHandle | None = None
        self._over: Callable[[], None] = lambda: None

    async def restart(self, task_group: TaskGroup, action: Callable[[], Any]) -> None:
        """Idle from now on."""
        await self.stop()
        if self._context.terminated.is_set():
            task_group.spawn(action)
            return
        self._over = lambda: task_group.spawn(action)
        self._timer = asyncio.get_running_loop().call_later(limits.KEEP_ALIVE_S, self.over)
        self._context.idle.add(self)

    async def stop(self) -> None:
        """Not idle any more, or gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._context.idle.discard(self)

    def over(self) -> None:
        """Its time is up, or the server ends."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._context.idle.discard(self)
            with contextlib.suppress(RuntimeError):  # the connection has just ended by itself
                self._over()


class Connection(TCPServer):
    """One connection, cut when its reader takes nothing for too long."""

    def __init__(self, app: Any, loop: Any, config: Config, context: Context, *rest: Any) -> None:
        super().__init__(app, loop, config, context, *rest)
        self.idle_task = Idle(context)  # type: ignore[assignment]

    async def _read_data(self) -> None:
        """As hypercorn does, without a clock for each read: there is no `read_timeout`."""
        while not self.reader.at_eof():
            try:
                data = await self.reader.read(MAX_RECV)
            except (OSError, SSLError):
                break
            await self.protocol.handle(RawData(data))
        await self.protocol.handle(Closed())

    async def _idle_timeout(self) -> None:
        """Called when the time is up, not to wait for it."""
        await asyncio.shield(self._initiate_server_close())

    async def protocol_send(self, event: Event) -> None:
        """Send what hypercorn has to say to the client."""
        if not isinstance(event, RawData):
            await super().protocol_send(event)
            return
        if not event.data:
            return  # the end of an answer whose length was told has no bytes
        transport = self.writer.transport
        if not self.send_lock.locked() and not transport.is_closing() and transport.get_write_buffer_size() <= limits.UNSENT_MAX:
            # Little waits in front of it, so nothing has to be waited for: of a thousand readers all but a few are here.
            self.writer.write(event.data)
            return
        try:
            async with asyncio.timeout(limits.STALL_S):
                await super().protocol_send(event)
        except TimeoutError:
            transport.abort()
            await self.protocol.handle(Closed())


async def _ended(connections: set[asyncio.Task[None]]) -> None:
    """Wait for the connections to end by themselves; those that do not are ended."""
    if connections:
        await asyncio.wait(connections, timeout=limits.GRACE_S)
    left = list(connections)
    for connection in left:
        connection.cancel()
    await asyncio.gather(*left, return_exceptions=True)


class Dated(Config):
    """Dates its answers. The date changes once a second, and so is it written."""

    _dated = 0, [(b"date", b"")]

    def response_headers(self, protocol: str) -> list[tuple[bytes, bytes]]:
        """The headers of every answer."""
        second = int(time.time())
        if second != self._dated[0]:
            self._dated = second, super().response_headers(protocol)
        return self._dated[1]


def _config() -> Config:
    config = Dated()
    config.backlog = limits.BACKLOG
    config.keep_alive_timeout = limits.KEEP_ALIVE_S
    config.keep_alive_max_requests = REQUESTS_MAX
    # None: a browser that follows the feed says nothing for hours. Heads are bounded by the time above, bodies by Quart.
    config.read_timeout = None
    config.h11_max_incomplete_size = limits.HEADERS_MAX
    config.websocket_max_message_size = limits.MESSAGE_MAX
    config.websocket_ping_interval = limits.PING_S
    config.include_server_header = False
    config.accesslog = None
    config.errorlog = "-"
    return config
