"""A bad line: everything passes, and every now and then all connections are cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class Cutter:
    """Forwards bytes to a server and cuts the connections it carries."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._there = (parts.hostname, parts.port)
        self._carried: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.cuts = 0
        self.url = ""

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, both ways."""
        far_reader, far_writer = await asyncio.open_connection(*self._there)
        pair = {writer, far_writer}
        self._carried |= pair
        try:
            await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))
        finally:
            self._carried -= pair
            for each in pair:
                each.close()

    async def cut_again(self, every_s: float) -> None:
        """Cut everything, in the middle of whatever is on its way."""
        while True:
            await asyncio.sleep(every_s)
            self.cuts += bool(self._carried)
            for each in list(self._carried):
                each.transport.abort()


@asynccontextmanager
async def cutting(url: str, every_s: float) -> AsyncIterator[Cutter]:
    """A bad line to the server at `url`."""
    cutter = Cutter(url)
    server = await asyncio.start_server(cutter.carry, "127.0.0.1", 0)
    cutter.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    cuts = asyncio.create_task(cutter.cut_again(every_s))
    try:
        yield cutter
    finally:
        cuts.cancel()
        server.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
