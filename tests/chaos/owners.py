"""Owners of partitions as processes of their own that a case may stop, continue and kill; and who is left at the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from actors.desk import ShardLost, Transport
from app.processes import free_port, spawn_ours
from tests.chaos.host import ANSWERED, SUBMIT, TEND, Options
from tests.chaos.waiting import until, until_async

MARK = "ONHAND_CHAOS"
"""Environment variable by which a process and all that it starts are known."""
STARTED_S = 90.0
STOPPED_S = 20.0
BACK_OFF_S = 0.3


def start(module: str, orders: msgspec.Struct, mark: str, log: Path) -> subprocess.Popen[bytes]:
    """Start one of the processes of these cases; it ends with us."""
    return spawn_ours([msgspec.json.encode(orders).decode()], {**os.environ, MARK: mark}, log, f"tests.chaos.{module}")


class Owner:
    """One host process. With `kept` it is started again when it ends, after a pause, as Ray and the supervisor do."""

    def __init__(self, options: Options, mark: str, log: Path, kept: bool = False) -> None:
        self._options = options
        self._mark = mark
        self._log = log
        self._kept = kept
        self._stopping = False
        self.lives = 0

    @classmethod
    def at(cls, url: str, mark: str, log: Path, kept: bool = False, **options: Any) -> Owner:
        """An owner of the database at that address, on a free port."""
        return cls(Options(url=url, port=free_port(), **options), mark, log, kept)

    @property
    def port(self) -> int:
        """Where it answers."""
        return self._options.port

    async def start(self) -> Owner:
        """Start the process; return when it answers."""
        self._launch()
        async with asyncio.timeout(STARTED_S):
            while not await self.answers():
                assert self.alive() or self._kept, f"the host ended: {self._log.read_text()[-2_000:]}"
                await asyncio.sleep(0.05)
        self._keeper = asyncio.create_task(self._keep())
        return self

    def alive(self) -> bool:
        """Whether the host process runs."""
        return self._child.poll() is None

    async def gone(self) -> None:
        """Wait until the host process has ended."""
        await until(lambda: not self.alive())

    def signal(self, number: signal.Signals) -> None:
        """Send the host process a signal."""
        self._child.send_signal(number)

    async def stop(self) -> None:
        """End it in order; by force if it will not."""
        self._stopping = True
        self._keeper.cancel()
        if self.alive():
            self._child.send_signal(signal.SIGCONT)
            self._child.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.gone(), STOPPED_S)
        if self.alive():
            self._child.kill()
        self._child.wait()

    def transport(self, number: int = 0) -> Transport:
        """How a desk reaches one of its shards."""
        return carrier(self.port, number)

    async def gauges(self) -> list[dict[str, Any] | None]:
        """What each shard counts, and its pid."""
        gauges: list[dict[str, Any] | None] = msgspec.msgpack.decode(await call(self.port, TEND, 0, b""))
        return gauges

    async def pid(self, number: int = 0) -> int:
        """The process of a shard, once it has one."""
        gauges = await until_async(lambda: self._of(number))
        assert gauges is not None
        return int(gauges["pid"])

    async def answers(self) -> bool:
        """Whether its socket is open."""
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    async def _of(self, number: int) -> dict[str, Any] | None:
        return (await self.gauges())[number]

    def _launch(self) -> None:
        self.lives += 1
        self._child = start("host", self._options, self._mark, self._log)

    async def _keep(self) -> None:
        while self._kept and not self._stopping:
            await self.gone()
            await asyncio.sleep(BACK_OFF_S)
            self._launch()


def carrier(port: int, number: int = 0) -> Transport:
    """How a desk reaches a shard of the host at that port."""

    async def carry(message: bytes) -> bytes:
        try:
            return await call(port, SUBMIT, number, message)
        except (OSError, asyncio.IncompleteReadError) as problem:
            raise ShardLost(repr(problem)) from problem

    return carry


async def call(port: int, what: bytes, number: int, message: bytes) -> bytes:
    """One call of a host. Raises ShardLost, OSError or IncompleteReadError."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(what + bytes([number]) + len(message).to_bytes(4, "big") + message)
        await writer.drain()
        head = await reader.readexactly(5)
        answer = await reader.readexactly(int.from_bytes(head[1:], "big"))
    finally:
        writer.close()
    if head[:1] != ANSWERED:
        raise ShardLost(answer.decode())
    return answer


def running(pid: int) -> bool:
    """Whether there is such a process, and not only its remains."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def parent(pid: int) -> int:
    """The process that started it: of a worker of Ray, its node's raylet."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


async def ended(pid: int) -> None:
    """Wait until a process has ended."""
    await until(lambda: not running(pid))


async def survivors(mark: str, patience_s: float = 10.0) -> Sequence[int]:
    """Processes of a case that have not ended by themselves within that time. They are killed."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(until(lambda: not _marked(mark)), patience_s)
    left = _marked(mark)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return left


def _marked(mark: str) -> list[int]:
    wanted = f"{MARK}={mark}".encode()
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if running(pid) and wanted in _environ(pid)]


def _environ(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
