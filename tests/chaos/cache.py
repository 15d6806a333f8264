"""A Redis-compatible server of a case's own, to be killed and stopped; and a carrier between two of them that is careless."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis as Client

from app.embedded import Redis
from app.server import remove


class Cache:
    """The server process."""

    def __init__(self, var: Path) -> None:
        self._server = Redis(var)
        self.url = self._server.start()

    def kill(self) -> None:
        """kill -9; `start` brings it back, empty."""
        self.signal(signal.SIGKILL)
        child = self._server._child
        assert child is not None
        child.wait()

    def start(self) -> None:
        """Start it again where it was."""
        assert self._server.start() == self.url

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        assert self._server._child is not None
        os.kill(self._server._child.pid, number)

    async def say(self, *words: str) -> None:
        """Give it a command."""
        client = Client.from_url(self.url)
        await client.execute_command(*words)
        await client.aclose()

    def stop(self) -> None:
        """End it."""
        with contextlib.suppress(ProcessLookupError):
            self.signal(signal.SIGCONT)
        self._server.stop(lambda: True)


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="onhand-cache-"))
    folder.chmod(0o711)  # the server of a root start runs as another user
    return folder


@asynccontextmanager
async def cache() -> AsyncIterator[Cache]:
    """One in a folder of its own."""
    folder = _folder()
    made = Cache(folder)
    try:
        yield made
    finally:
        made.stop()
        remove(folder)


@asynccontextmanager
async def carelessly(source: Cache, target: Cache, seed: int) -> AsyncIterator[dict[str, int]]:
    """Carry messages from one to the other: one in ten is lost, one in five comes twice, all come late and in any order."""
    rng, told = random.Random(seed), {"carried": 0, "lost": 0, "doubled": 0}
    there, here = Client.from_url(source.url, decode_responses=True), Client.from_url(target.url)
    late: set[asyncio.Task[None]] = set()

    async def deliver(channel: str, message: str) -> None:
        await asyncio.sleep(rng.random() / 2)
        await here.publish(channel, message)

    async def carry() -> None:
        async with there.pubsub(ignore_subscribe_messages=True) as channels:
            await channels.psubscribe("*")
            async for message in channels.listen():
                fate = rng.random()
                times = 0 if fate < 0.1 else 2 if fate < 0.3 else 1
                told["carried"] += times > 0
                told["lost"] += times == 0
                told["doubled"] += times == 2
                for _ in range(times):
                    late.add(asyncio.create_task(deliver(message["channel"], message["data"])))

    carrying = asyncio.create_task(carry())
    try:
        yield told
    finally:
        carrying.cancel()
        await asyncio.gather(carrying, *late, return_exceptions=True)
        await there.aclose()
        await here.aclose()
