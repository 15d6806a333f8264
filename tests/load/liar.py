"""A server that does not do what it is asked: a relay in front of a real one, which asks for something else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

_CHUNK = 65_536


@asynccontextmanager
async def lying(url: str, asked: bytes, instead: bytes) -> AsyncIterator[str]:
    """The address of a relay that turns these words of a request into others."""
    place = urlsplit(url)
    ways: set[asyncio.Task[None]] = set()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection(place.hostname, place.port)
        for way in (_pass(reader, to_server, asked, instead), _pass(from_server, writer, b"\0", b"\0")):
            task = asyncio.create_task(way)
            ways.add(task)
            task.add_done_callback(ways.discard)

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in list(ways):
            task.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: bytes, instead: bytes) -> None:
    with contextlib.suppress(OSError):
        while octets := await reader.read(_CHUNK):
            writer.write(octets.replace(asked, instead))
            await writer.drain()
    writer.close()
