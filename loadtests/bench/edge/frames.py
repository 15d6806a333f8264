"""WebSocket over a raw socket: the handshake, text frames, pongs. Client frames carry a mask of zeros: as valid as any, and nothing to
compute for whoever sends them."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import struct
from collections.abc import Callable
from typing import Any

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
Heard = Callable[[bytes], None]


class Socket(asyncio.Protocol):
    """One connection. `heard` gets each text frame; `ended` is called when it is over."""

    def __init__(self, heard: Heard, ended: Callable[[], None]) -> None:
        self._heard = heard
        self._ended = ended
        self._buffer = bytearray()
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: Any = None

    async def open(self, host: str, port: int, path: str, bearer: str, sock: socket.socket | None = None) -> None:
        """Connect and shake hands. Raises OSError when it does not come to that."""
        loop = asyncio.get_running_loop()
        if sock is not None:
            await loop.sock_connect(sock, (host, port))
            await loop.create_connection(lambda: self, sock=sock)
        else:
            await loop.create_connection(lambda: self, host, port)
        key = base64.b64encode(os.urandom(16)).decode()
        self.transport.write(
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {bearer}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        await self._opened

    def say(self, text: bytes) -> None:
        """Send a text frame."""
        self.transport.write(frame(TEXT, text))

    def close(self) -> None:
        """Hang up."""
        if self.transport is not None:
            self.transport.close()

    def connection_made(self, transport: Any) -> None:
        """Keep the way out."""
        self.transport = transport

    def connection_lost(self, problem: Exception | None) -> None:
        """It is over."""
        if not self._opened.done():
            self._opened.set_exception(ConnectionError("no handshake"))
        self._ended()

    def data_received(self, data: bytes) -> None:
        """Hand over whole frames."""
        self._buffer += data
        if not self._opened.done() and not self._shaken():
            return
        while (taken := take(self._buffer)) is not None:
            kind, payload = taken
            if kind == TEXT:
                self._heard(payload)
            elif kind == PING:
                self.transport.write(frame(PONG, payload))
            elif kind == CLOSE:
                self.transport.close()

    def _shaken(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        status = bytes(self._buffer[9:12])
        del self._buffer[: end + 4]
        if status != b"101":
            self._opened.set_exception(ConnectionError(f"status {status.decode()} instead of a handshake"))
            self.transport.close()
            return False
        self._opened.set_result(None)
        return True


def frame(kind: int, payload: bytes) -> bytes:
    """A whole masked frame of a client."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BBI", 0x80 | kind, 0x80 | size, 0) + payload
    if size < 2**16:
        return struct.pack("!BBHI", 0x80 | kind, 0x80 | 126, size, 0) + payload
    return struct.pack("!BBQI", 0x80 | kind, 0x80 | 127, size, 0) + payload


def take(buffer: bytearray) -> tuple[int, bytes] | None:
    """The first whole frame of a server (unmasked, in one piece), taken out; None while it is not all here."""
    if len(buffer) < 2:
        return None
    size, start = buffer[1], 2
    if size == 126:
        start = 4
        size = int.from_bytes(buffer[2:4], "big")
    elif size == 127:
        start = 10
        size = int.from_bytes(buffer[2:10], "big")
    if len(buffer) < start + size:
        return None
    kind, payload = buffer[0] & 0x0F, bytes(buffer[start : start + size])
    del buffer[: start + size]
    return kind, payload
