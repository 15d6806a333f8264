"""Uvicorn in the running loop, with httptools and the `websockets` library, and the limits that it leaves to others."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from asyncio import TimerHandle
from collections.abc import Iterator
from typing import Any

from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from app.servers import frames, limits

TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


async def serve(app: Any, bound: socket.socket, closing: asyncio.Event) -> None:
    """Serve on the socket until `closing` is set; what is then under way has `limits.GRACE_S` to end."""
    server = Quiet(_config(frames.told(app)))
    closed = asyncio.create_task(_close(server, closing))
    try:
        await server.serve(sockets=[bound])
    finally:
        closed.cancel()


class Quiet(Server):
    """Signals are the business of whoever serves."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None of them."""
        yield


class Stall:
    """Cuts a transport that has taken nothing for too long."""

    def __init__(self) -> None:
        self._timer: TimerHandle | None = None

    def begin(self, transport: asyncio.Transport) -> None:
        """The transport takes nothing more."""
        self.end()
        self._timer = asyncio.get_running_loop().call_later(limits.STALL_S, transport.abort)

    def end(self) -> None:
        """It takes something again, or is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Http(HttpToolsProtocol):
    """One connection. Uvicorn bounds neither the size of a head nor the time it may take, nor how long a reader may stall."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stall = Stall()
        self._head_bytes = 0
        self._head_timer: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stall.end()
        self._expect_no_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._head_timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > limits.HEADERS_MAX and not self.transport.is_closing():
                self.transport.write(TOO_LARGE)
                self.transport.close()

    def on_headers_complete(self) -> None:
        self._expect_no_head()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete and not self.transport.is_closing():
            self._expect_head()

    def shutdown(self) -> None:
        if self.cycle is None:
            self.loop.call_later(limits.SETTLE_S, super().shutdown)
        else:
            super().shutdown()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall.begin(self.transport)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stall.end()

    def _expect_head(self) -> None:
        self._expect_no_head()
        self._head_timer = self.loop.call_later(limits.KEEP_ALIVE_S, self.transport.close)

    def _expect_no_head(self) -> None:
        self._head_bytes = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class WebSocket(WebSocketsSansIOProtocol):
    """The same after the upgrade to a WebSocket."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stall = Stall()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stall.end()
        super().connection_lost(exc)

    async def send(self, message: Any) -> None:
        """What the app sends: by the burst, if it says so (see `frames`)."""
        if "texts" not in message:
            await super().send(message)
            return
        await self.writable.wait()
        if self.disconnected:
            raise ClientDisconnected
        if not self.close_sent:
            self.transport.write(frames.joined(message["texts"]))

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall.begin(self.transport)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stall.end()


def _config(app: Any) -> Config:
    return Config(
        app,
        http=Http,
        ws=WebSocket,
        ws_max_size=limits.MESSAGE_MAX,
        ws_ping_interval=limits.PING_S,
        ws_ping_timeout=limits.PING_S,
        ws_per_message_deflate=False,
        backlog=limits.BACKLOG,
        timeout_keep_alive=int(limits.KEEP_ALIVE_S),
        timeout_graceful_shutdown=int(limits.GRACE_S),
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        lifespan="on",
    )


async def _close(server: Server, closing: asyncio.Event) -> None:
    await closing.wait()
    server.should_exit = True
