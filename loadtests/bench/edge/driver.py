"""The clients' process: `python -m loadtests.bench.edge.driver`. Takes jobs as lines of JSON, answers each with a line.

It ends when its input does, so it never outlives who started it. Jobs may run side by side; `id` tells which answer is whose.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

import orjson
import uvloop

from loadtests.bench.edge import loops
from loadtests.bench.edge.asking import Json, Seen
from loadtests.bench.edge.frames import Socket
from loadtests.bench.edge.readers import Ear, Reader

_OPENING = 50
"""Lines opened at once: a server's queue of new connections is not what is measured."""
_STEP_S = 0.005


class Driver:
    """The readers there are, and the jobs."""

    def __init__(self) -> None:
        self._readers: list[Reader] = []
        self._ear = Ear()
        self._jobs: dict[str, Callable[..., Awaitable[Json]]] = {
            "follow": self._follow,
            "heard": self._heard,
            "slow": self._slow,
            "caught_up": self._caught_up,
            "leave": self._leave,
            "say": _say,
            "closed": _seen(loops.closed),
            "by_clock": _seen(loops.by_clock),
            "piped": _seen(loops.piped),
        }

    async def run(self, job: str, **params: Any) -> Json:
        """Do one job."""
        return await self._jobs[job](**params)

    async def _follow(self, host: str, port: int, shops: list[Json], sse: int, ws: int, slow: int = 0) -> Json:
        """So many readers of each kind, spread over the shops in turn; every so-many-th can be told to be slow."""
        kinds = ["sse"] * sse + ["ws"] * ws
        self._ear = Ear()
        self._readers = [
            Reader(kind, shop["slug"], shop["keys"][0], self._ear, slow > 0 and number % slow == slow // 2)
            for number, kind in enumerate(kinds)
            for shop in [shops[number % len(shops)]]
        ]
        for start in range(0, len(self._readers), _OPENING):
            await asyncio.gather(*[reader.open(host, port) for reader in self._readers[start : start + _OPENING]])
        return {"readers": len(self._readers), "slow": sum(reader.slow for reader in self._readers)}

    async def _heard(self, until: int = 0, wait_s: float = 0.0) -> Json:
        """What was heard since the last look, after `until` events or so many seconds have come."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_s
        while self._ear.heard < until and loop.time() < deadline:  # noqa: ASYNC110 - a thousand readers hear; nobody is told each time
            await asyncio.sleep(_STEP_S)
        told = asdict(self._ear)
        self._ear.delays_us = []  # taken, not cleared: the old list is on its way out
        self._ear.heard = 0
        return told

    async def _slow(self, paused: bool) -> Json:
        """Slow readers stop to take anything, or take again."""
        for reader in self._readers:
            if reader.slow:
                reader.pause() if paused else reader.go_on()
        return {}

    async def _caught_up(self, heads: dict[str, int], wait_s: float) -> Json:
        """Wait until everyone has come to the heads of the ledgers. How long the last took, and how many did not come."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while (behind := self._behind(heads)) and loop.time() < began + wait_s:  # noqa: ASYNC110 - as above
            await asyncio.sleep(_STEP_S)
        return {"took_s": round(loop.time() - began, 3), "behind": behind}

    def _behind(self, heads: dict[str, int]) -> int:
        return sum(reader.last < heads[reader.slug] for reader in self._readers)

    async def _leave(self) -> Json:
        """Everyone hangs up; what each has."""
        names = ("kind", "slug", "slow", "first", "last", "heard", "gaps", "doubles", "resyncs", "times_opened")
        told = [{name: getattr(reader, name) for name in names} for reader in self._readers]
        for reader in self._readers:
            reader.leave()
        self._readers = []
        return {"readers": told}


def _seen(loop: Callable[..., Awaitable[Seen]]) -> Callable[..., Awaitable[Json]]:
    async def job(**params: Any) -> Json:
        return asdict(await loop(**params))

    return job


async def _say(host: str, port: int, path: str, frame: Json) -> Json:
    """Say one thing on a socket of its own."""
    socket = Socket(lambda text: None, lambda: None)
    await socket.open(host, port, path, "nobody")
    socket.say(orjson.dumps(frame))
    await asyncio.sleep(_STEP_S)
    socket.close()
    return {}


async def _serve() -> None:
    loop, driver = asyncio.get_running_loop(), Driver()
    incoming = asyncio.StreamReader(limit=2**24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(incoming), sys.stdin)
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    running: set[asyncio.Task[None]] = set()
    while line := await incoming.readline():
        task = asyncio.create_task(_answer(driver, orjson.loads(line)))
        running.add(task)
        task.add_done_callback(running.discard)


async def _answer(driver: Driver, asked: Json) -> None:
    number = asked.pop("id")
    try:
        told: Json = {"told": await driver.run(**asked)}
    except Exception as problem:  # whoever asked is to hear of it, and the readers stay
        told = {"problem": repr(problem)}
    sys.stdout.buffer.write(orjson.dumps({"id": number, **told}) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    uvloop.run(_serve())
