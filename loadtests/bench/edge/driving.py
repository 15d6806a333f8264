"""The clients' process as the bench sees it: jobs go in, what was seen comes out."""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path
from typing import Any

import orjson

from loadtests.bench.edge.asking import Json, Seen
from loadtests.bench.load import Turn
from loadtests.bench.schedule import Arrival, Flow

_LINE_MAX = 2**28
_STOP_S = 10.0


class Driving:
    """A running driver. `close` ends it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Json]] = {}
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def started(cls, log: Path) -> Driving:
        """Start the process; it ends with its input."""
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "loadtests.bench.edge.driver",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=output,
                cwd=Path(__file__).parents[3],
                limit=_LINE_MAX,
                start_new_session=True,
            )
        return cls(process)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    async def ask(self, job: str, **params: Any) -> Json:
        """Do a job of the driver. Raises RuntimeError with what it says when it could not."""
        number = next(self._numbers)
        assert self._process.stdin is not None
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self._process.stdin.write(orjson.dumps({"id": number, "job": job, **params}) + b"\n")
        await self._process.stdin.drain()
        return await future

    async def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._listening

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said = orjson.loads(line)
            future = self._waiting.pop(said["id"])
            if "problem" in said:
                future.set_exception(RuntimeError(said["problem"]))
            else:
                future.set_result(said["told"])
        for future in self._waiting.values():
            future.set_exception(RuntimeError("the clients' process has ended"))


def seen(told: Json) -> Seen:
    """What a loop saw."""
    return Seen(**told)


def turn_of(found: Seen, seconds: float) -> Turn:
    """A closed loop's as a turn; the acknowledged sequences stand in its facts."""
    took = [answered - due for due, answered in zip(found.due, found.answered, strict=True)]
    return Turn(found.done, found.warm, sum(found.refused.values()), seconds, took, {"seqs": found.seqs, "refused": found.refused})


def flow_of(found: Seen, seconds: float) -> Flow:
    """An open loop's as a flow. Turned away is who was told to slow down, and who found no way in before it was over."""
    arrivals = [Arrival(due, answered, True) for due, answered in zip(found.due, found.answered, strict=True)]
    return Flow(seconds, arrivals, sum(found.refused.values()) + found.unsent)
