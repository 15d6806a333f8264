"""Readers of feeds by the thousand, each a bare connection; some that do not read; and somebody who changes the stock meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.chaos.waiting import until
from tests.people import Person
from tests.webs import Web

LATE_S = 5.0
"""What a fault of Redis may cost: latency, up to this much, and nothing else."""


class Reader:
    """Follows a feed and comes back behind the last row it has seen."""

    def __init__(self, web: Web, who: Person, after: int | None = None) -> None:
        self.seqs: list[int] = []
        self.came_at: dict[int, float] = {}
        self.resyncs = 0
        self.opened = 0
        self._web = web
        self._who = who
        self._after = after
        self._task = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Hang up."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._web.port)
                try:
                    writer.write(asking(self._who, self._after))
                    await self._read(reader)
                finally:
                    writer.close()
            await asyncio.sleep(0.1)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        seq = 0
        while line := await reader.readline():
            if line.startswith(b"event: hello"):
                self.opened += 1
            elif line.startswith(b"id: "):
                seq = int(line[4:])
            elif line.startswith(b"event: resync"):
                self._after, self.resyncs = seq, self.resyncs + 1
            elif line.startswith(b"event: stock"):
                self._after = seq
                self.seqs.append(seq)
                self.came_at[seq] = time.monotonic()


def asking(who: Person, after: int | None) -> bytes:
    """The request for a feed."""
    resume = "" if after is None else f"Last-Event-ID: {after}\r\n"
    return f"GET /v1/{who.tenant.slug}/events HTTP/1.1\r\nHost: a\r\n{resume}Authorization: {who.bearer['Authorization']}\r\n\r\n".encode()


def stuck(web: Web, who: Person) -> socket.socket:
    """Somebody who asks for a feed and then takes a byte now and then at most."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    line.connect(("127.0.0.1", web.port))
    line.sendall(asking(who, None))
    return line


async def level(readers: list[Reader], seq: int) -> None:
    """Wait until all of them have come that far."""
    await until(lambda: all(reader.seqs and reader.seqs[-1] >= seq for reader in readers))


class Work:
    """Cups received one after the other, each until it is answered."""

    def __init__(self, web: Web, who: Person, pause_s: float = 0.02, cups: int = 1) -> None:
        self.answered: dict[int, float] = {}
        self._web = web
        self._who = who
        self._pause_s = pause_s
        self._cups = cups
        self._over = False

    @property
    def last(self) -> int:
        """The last sequence that was answered."""
        return max(self.answered, default=0)

    async def done(self, count: int) -> None:
        """Wait until so many more have been answered."""
        enough = len(self.answered) + count
        await until(lambda: len(self.answered) >= enough)

    async def go_on(self) -> None:
        """Until told to end."""
        body = {"lines": [{"sku": "CUP", "warehouse": "osh", "qty": "1"}] * self._cups}
        name, number = secrets.token_hex(4), 0
        while not self._over:
            number += 1
            said = await self._web.insist(self._who, "stock/receive", body, f"{name}-{number}")
            assert said.status_code == 200, said.text
            self.answered[int(said.json()["seq"])] = time.monotonic()
            await asyncio.sleep(self._pause_s)

    def end(self) -> None:
        """No new ones."""
        self._over = True

    def late(self, reader: Reader) -> float:
        """The longest time from an answer to the row's coming, in seconds."""
        return max(reader.came_at[seq] - at for seq, at in self.answered.items() if seq in reader.came_at)


@asynccontextmanager
async def working(web: Web, who: Person, pause_s: float = 0.02, cups: int = 1) -> AsyncIterator[Work]:
    """Changes while the block runs."""
    work = Work(web, who, pause_s, cups)
    task = asyncio.create_task(work.go_on())
    try:
        yield work
        work.end()
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
