"""Hypercorn in the running loop. Its own `serve` opens sockets by itself, forgets a reader that takes nothing, and lets every
open WebSocket hold up the end until its next ping; so its parts are put together here."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from hypercorn.asyncio.lifespan import Lifespan
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData
from hypercorn.protocol import ws_stream
from hypercorn.typing import LifespanState
from hypercorn.utils import wrap_app

from app.servers import limits

REQUESTS_MAX = 1_000_000_000
"""A connection may carry as many requests as it likes; hypercorn's own limit of 1,000 cuts busy clients off."""


async def serve(app: Any, bound: socket.socket, closing: asyncio.Event) -> None:
    """Serve on the socket until `closing` is set; what is then under way has `limits.GRACE_S` to end."""
    config, loop = _config(), asyncio.get_running_loop()
    wrapped, context = wrap_app(app, config.wsgi_max_body_size, "asgi"), Context(None)
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
        await context.terminated.set()
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


ws_stream.Handshake = Handshake  # type: ignore[misc]  # there is no setting for it


class Context(WorkerContext):
    """Its sleep between two pings ends with the server, or the open WebSockets would hold that up."""

    async def sleep(self, wait: float) -> None:  # type: ignore[override]
        """So long, or until the server ends."""
        try:
            async with asyncio.timeout(wait):
                await self.terminated.wait()
        except TimeoutError:
            return


class Connection(TCPServer):
    """One connection, cut when its reader takes nothing for too long."""

    async def protocol_send(self, event: Event) -> None:
        """Send what hypercorn has to say to the client."""
        if not isinstance(event, RawData):
            await super().protocol_send(event)
            return
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


def _config() -> Config:
    config = Config()
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
