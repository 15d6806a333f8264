"""A TCP proxy that fails on demand: between an owner and Postgres it knows the messages, anywhere else it counts bytes.

A trap waits for one Postgres message, by direction, type and the statement it belongs to, and then passes, delays, holds,
cuts or swallows. A black hole swallows everything of every connection, without closing any.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from urllib.parse import urlsplit, urlunsplit

TO_SERVER, FROM_SERVER = "to server", "from server"
BIND, READY, ERROR = b"B", b"Z", b"E"
"""Types of Postgres messages: the arguments of a statement; it has ended, and outside of a transaction what it wrote is durable; it
was refused. (CommandComplete would say less: it does not come when only the first row is asked for.)"""
_PARSE, _QUERY = b"P", b"Q"
_CHUNK = 65_536


class Act(Enum):
    """What a trap does with the message it waited for."""

    PASS = auto()
    DELAY = auto()
    HOLD = auto()  # until the trap is released
    CUT = auto()  # the connection, both ways, the message undelivered
    SWALLOW = auto()  # it, and all that follows in its direction


@dataclass(slots=True)
class Trap:
    """Waits for a message. `times` counts down to nothing, `seen` up; `caught` is set from the first time on."""

    direction: str
    kind: bytes
    statement: str
    act: Act
    times: int = 1
    delay_s: float = 0.0
    seen: int = 0
    caught: asyncio.Event = field(default_factory=asyncio.Event)
    _freed: asyncio.Event = field(default_factory=asyncio.Event)

    def wants(self, direction: str, kind: bytes, statement: str) -> bool:
        """Whether this is the message."""
        return self.times > 0 and (direction, kind) == (self.direction, self.kind) and self.statement in statement

    def release(self) -> None:
        """Let what is held go on, and catch nothing more."""
        self.times = 0
        self._freed.set()

    async def catch(self) -> None:
        """Take note of a message and keep it as long as told."""
        self.times -= 1
        self.seen += 1
        self.caught.set()
        if self.act is Act.DELAY:
            await asyncio.sleep(self.delay_s)
        elif self.act is Act.HOLD:
            await self._freed.wait()


class Messages:
    """Cuts one direction of a Postgres connection into messages. Pure. A client's first message has no type byte."""

    def __init__(self, typed: bool) -> None:
        self._typed = typed
        self._buffer = b""

    def feed(self, octets: bytes) -> list[tuple[bytes, bytes]]:
        """(type, whole message) of each message that is complete by now."""
        self._buffer += octets
        complete = []
        while (size := self._size()) is not None and len(self._buffer) >= size:
            message, self._buffer = self._buffer[:size], self._buffer[size:]
            complete.append((message[:1] if self._typed else b"", message))
            self._typed = True
        return complete

    def _size(self) -> int | None:
        start = 1 if self._typed else 0
        if len(self._buffer) < start + 4:
            return None
        return start + int.from_bytes(self._buffer[start : start + 4], "big")


class Link:
    """One connection through the proxy."""

    def __init__(self, number: int, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.number = number
        self.ends = {TO_SERVER: server, FROM_SERVER: client}
        self.swallows: set[str] = set()
        self.statement = ""
        self._statements: dict[bytes, str] = {}

    def note(self, kind: bytes, message: bytes) -> None:
        """Remember statements by name, and which one runs."""
        if kind == _PARSE:
            name, query = message[5:].split(b"\0")[:2]
            self._statements[name] = query.decode()
        elif kind == BIND:
            name = message[5:].split(b"\0", 2)[1]
            self.statement = self._statements.get(name, "")
        elif kind == _QUERY:
            self.statement = message[5:-1].decode()

    def cut(self) -> None:
        """Reset both ends."""
        for end in self.ends.values():
            end.transport.abort()


class Proxy:
    """Listens on a port of its own. `allowance` says how many bytes of an answer the n-th connection may carry: one more and it
    is cut."""

    def __init__(self, host: str, port: int, postgres: bool = True) -> None:
        self._target = (host, port)
        self._postgres = postgres
        self._links: set[Link] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._traps: list[Trap] = []
        self._black = False
        self._opened = 0
        self.allowance: Callable[[int], int | None] = lambda _: None
        self.cuts = 0

    async def start(self) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self.port

    async def close(self) -> None:
        """Cut everything."""
        self._server.close()
        for trap in self._traps:
            trap.release()
        self.cut()
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def url(self, url: str) -> str:
        """The same address by way of the proxy, unencrypted so that the messages can be read."""
        parts = urlsplit(url)
        login = parts.netloc.rpartition("@")[0]
        return urlunsplit((parts.scheme, f"{login}@127.0.0.1:{self.port}", parts.path, "sslmode=disable", ""))

    def trap(self, direction: str, kind: bytes, statement: str, act: Act, times: int = 1, delay_s: float = 0.0) -> Trap:
        """Set a trap for the next `times` such messages."""
        made = Trap(direction, kind, statement, act, times, delay_s)
        self._traps.append(made)
        return made

    def cut(self) -> None:
        """Reset every connection."""
        for link in list(self._links):
            link.cut()

    def black_hole(self) -> None:
        """From now on nothing arrives anywhere, and nobody is told; connections can still be opened."""
        self._black = True
        for link in self._links:
            link.swallows = {TO_SERVER, FROM_SERVER}

    def heal(self) -> None:
        """New connections work again. Those from before and during the black hole stay dead and open, as after a switch fell over."""
        self._black = False

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._opened += 1
        link = Link(self._opened, writer, server_writer)
        link.swallows = {TO_SERVER, FROM_SERVER} if self._black else set()
        self._links.add(link)
        for direction, source in ((TO_SERVER, reader), (FROM_SERVER, server_reader)):
            pump = asyncio.create_task(self._pump(link, direction, source))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, link: Link, direction: str, source: asyncio.StreamReader) -> None:
        messages = Messages(typed=direction == FROM_SERVER)
        left = self.allowance(link.number) if direction == FROM_SERVER else None
        with contextlib.suppress(OSError):
            while octets := await source.read(_CHUNK):
                if left is not None and len(octets) > left:
                    self.cuts += 1
                    link.cut()
                    break
                left = None if left is None else left - len(octets)
                parts = messages.feed(octets) if self._postgres else [(b"", octets)]
                for kind, message in parts:
                    await self._deliver(link, direction, kind, message)
        if direction not in link.swallows:
            link.ends[direction].close()

    async def _deliver(self, link: Link, direction: str, kind: bytes, message: bytes) -> None:
        if direction == TO_SERVER:
            link.note(kind, message)
        trap = next((trap for trap in self._traps if trap.wants(direction, kind, link.statement)), None)
        if trap is not None:
            if trap.act is Act.SWALLOW:
                link.swallows.add(direction)
            await trap.catch()
            if trap.act is Act.CUT:
                self.cuts += 1
                link.cut()
        if direction not in link.swallows:
            link.ends[direction].write(message)
            await link.ends[direction].drain()
