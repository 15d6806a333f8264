"""Readers of the feed, as browsers (SSE) and tills (WebSocket) are: each follows a company's ledger, notes how long after it was
recorded a row arrives, and whether one is missing or comes twice. They come back by themselves when the line breaks."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from loadtests.bench.edge.frames import Socket

SLOW_BUFFER = 4_096
"""Bytes that the kernel keeps for a slow reader: a far phone's, not a server's."""
_AGAIN_S = 0.2
_EVENT = re.compile(rb'"seq":(\d+)')
_SSE = re.compile(rb"^id: (\d+)$", re.MULTILINE)
_AS_OF = re.compile(rb'"as_of_seq":(\d+)')
_RECORDED = re.compile(rb'"recorded_at":"([^"]+)"')


@dataclass(slots=True)
class Ear:
    """What all readers heard since it was last emptied: delays from recorded to here in µs, and when the last came."""

    delays_us: list[int] = field(default_factory=list)
    last_at: float = 0.0
    heard: int = 0


class Reader:
    """One reader of one company. `first` is where it began, `last` the last sequence it has; `gaps`, `doubles` and `resyncs` count."""

    def __init__(self, kind: str, slug: str, key: str, ear: Ear, slow: bool) -> None:
        self.kind, self.slug, self.slow = kind, slug, slow
        self.first = self.last = -1
        self.heard = self.gaps = self.doubles = self.resyncs = self.times_opened = 0
        self._key = key
        self._ear = ear
        self._leaving = False
        self._line: Sse | Socket | None = None

    async def open(self, host: str, port: int) -> None:
        """Connect and wait for the greeting. Later breaks are mended by themselves."""
        self._place = (host, port)
        self._greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await self._connect()
        await self._greeted

    def pause(self) -> None:
        """Take nothing from the line any more."""
        if self._line is not None and self._line.transport is not None:
            self._line.transport.pause_reading()

    def go_on(self) -> None:
        """Take again."""
        if self._line is not None and self._line.transport is not None:
            with contextlib.suppress(RuntimeError):  # the line has ended meanwhile, and the new one was never paused
                self._line.transport.resume_reading()

    def leave(self) -> None:
        """Hang up for good."""
        self._leaving = True
        if self._line is not None:
            self._line.close()

    async def _connect(self) -> None:
        self.times_opened += 1
        sock = _small_buffered() if self.slow else None
        after = self.last if self.last >= 0 else None
        if self.kind == "sse":
            self._line = Sse(self._event, self._ended)
            await self._line.open(*self._place, f"/v1/{self.slug}/events", self._key, after, sock)
        else:
            self._line = Socket(self._frame, self._ended)
            await self._line.open(*self._place, f"/v1/{self.slug}/live", self._key, sock)
            self._line.say(b'{"op":"hello"}' if after is None else b'{"op":"hello","after":%d}' % after)

    def _ended(self) -> None:
        if not self._leaving:
            asyncio.get_running_loop().call_later(_AGAIN_S, lambda: asyncio.ensure_future(self._again()))

    async def _again(self) -> None:
        try:
            await self._connect()
        except OSError:
            # A line that was up has said so itself when it went down.
            if self._line is None or self._line.transport is None:
                self._ended()

    def _event(self, event: bytes) -> None:
        """A server-sent event."""
        number = _SSE.search(event)
        if b"event: hello" in event:
            self._hello(event)
        elif b"event: resync" in event:
            self._resynced(event)
        elif number is not None:
            self._row(int(number[1]), event)

    def _frame(self, text: bytes) -> None:
        """A frame of a till's line."""
        if text.startswith(b'{"op":"event"'):
            number = _EVENT.search(text)
            assert number is not None
            self._row(int(number[1]), text)
        elif text.startswith(b'{"op":"hello"'):
            self._hello(text)
        elif text.startswith(b'{"op":"resync"'):
            self._resynced(text)

    def _hello(self, text: bytes) -> None:
        if self.first < 0:
            found = _AS_OF.search(text)
            assert found is not None
            self.first = self.last = int(found[1])
            self._greeted.set_result(None)

    def _resynced(self, text: bytes) -> None:
        found = _AS_OF.search(text)
        assert found is not None
        self.resyncs += 1
        self.last = int(found[1])

    def _row(self, seq: int, text: bytes) -> None:
        now = time.time()
        self.heard += 1
        self.gaps += seq > self.last + 1
        self.doubles += seq <= self.last
        self.last = max(seq, self.last)
        recorded = _RECORDED.search(text)
        assert recorded is not None
        if not self.slow:
            self._ear.heard += 1
            self._ear.last_at = now
            self._ear.delays_us.append(int((now - datetime.fromisoformat(recorded[1].decode()).timestamp()) * 1e6))


class Sse(asyncio.Protocol):
    """A server-sent event stream in chunks over HTTP/1.1. `heard` gets each event."""

    def __init__(self, heard: Any, ended: Any) -> None:
        self._heard, self._ended = heard, ended
        self._raw, self._events = bytearray(), bytearray()
        self._begun = False
        self.transport: Any = None

    async def open(self, host: str, port: int, path: str, bearer: str, after: int | None, sock: socket.socket | None) -> None:
        """Connect and ask. Raises OSError when nobody listens."""
        loop = asyncio.get_running_loop()
        if sock is not None:
            await loop.sock_connect(sock, (host, port))
            await loop.create_connection(lambda: self, sock=sock)
        else:
            await loop.create_connection(lambda: self, host, port)
        since = "" if after is None else f"Last-Event-ID: {after}\r\n"
        self.transport.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {bearer}\r\n{since}\r\n".encode())

    def close(self) -> None:
        """Hang up."""
        if self.transport is not None:
            self.transport.close()

    def connection_made(self, transport: Any) -> None:
        """Keep the way out."""
        self.transport = transport

    def connection_lost(self, problem: Exception | None) -> None:
        """It is over."""
        self._ended()

    def data_received(self, data: bytes) -> None:
        """Hand over whole events."""
        self._raw += data
        if not self._begun:
            end = self._raw.find(b"\r\n\r\n")
            if end < 0:
                return
            if self._raw[9:12] != b"200":
                self.transport.close()  # it is asked again after a while
                return
            del self._raw[: end + 4]
            self._begun = True
        for chunk in chunks(self._raw):
            self._events += chunk
        while (end := self._events.find(b"\n\n")) >= 0:
            self._heard(bytes(self._events[:end]))
            del self._events[: end + 2]


def chunks(raw: bytearray) -> Iterator[bytes]:
    """The whole chunks at the beginning, taken out."""
    while (head := raw.find(b"\r\n")) >= 0:
        size = int(raw[:head], 16)
        end = head + 2 + size
        if len(raw) < end + 2:
            return
        yield bytes(raw[head + 2 : end])
        del raw[: end + 2]


def _small_buffered() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BUFFER)
    return made
