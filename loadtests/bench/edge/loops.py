"""The clients' loops: closed over HTTP, closed over sockets with commands pipelined, and open by the clock over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from loadtests.bench.edge.asking import Json, Question, Seen, Till, questions, tills, understand_reserved
from loadtests.bench.edge.frames import Socket
from loadtests.bench.edge.rest import Connection
from loadtests.bench.messages import Spread

_TICK_S = 0.001
WARM_S = 0.5
"""Longer than the engine's: a hundred connections come to the web at once, and their first answers take a while."""
_AFTER_S = 5.0
"""How long answers are waited for when a schedule is over; what comes later than that is lost on whoever asked."""


class Closed:
    """So many connections, each asking again when it has its answer."""

    def __init__(self, seconds: float) -> None:
        self.seen = Seen()
        self._begin = time.perf_counter()
        self._from = self._begin + WARM_S
        self._until = self._from + seconds
        self._left = 0
        self._over = asyncio.Event()

    async def run(self, lines: Sequence[tuple[Connection, Iterator[Question]]]) -> Seen:
        """Until time is up and nothing is under way."""
        self._left = len(lines)
        for connection, asked in lines:
            self._next(connection, asked)
        await self._over.wait()
        return self.seen

    def _next(self, connection: Connection, asked: Iterator[Question]) -> None:
        question, began = next(asked), time.perf_counter()

        def answered(status: int, body: bytes) -> None:
            now = time.perf_counter()
            self.seen.understand(question, status, body, began - self._begin, now - self._begin, self._from <= now < self._until)
            if now < self._until:
                # From the loop: a server that hangs up at once must not make the stack grow.
                asyncio.get_running_loop().call_soon(self._next, connection, asked)
                return
            self._left -= 1
            if not self._left:
                self._over.set()

        connection.ask(question.request, answered)


class Piped:
    """One socket with so many commands under way."""

    def __init__(self, seen: Seen, begin: float, seconds: float) -> None:
        self.seen = seen
        self._begin = begin
        self._from = begin + WARM_S
        self._until = self._from + seconds
        self._asked: dict[str, tuple[str, float]] = {}
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, host: str, port: int, shop: Json, till: Till, in_flight: int, number: int) -> None:
        """Until time is up and everything asked was answered."""
        self._till = till
        self._socket = Socket(self._heard, self._ended)
        await self._socket.open(host, port, f"/v1/{shop['slug']}/live", shop["keys"][number % len(shop["keys"])])
        for _ in range(in_flight):
            self._ask()
        await self._over
        self._socket.close()

    def _ask(self) -> None:
        identity, sku, frame = self._till.frame()
        self._asked[identity] = (sku, time.perf_counter())
        self._socket.say(frame)

    def _heard(self, text: bytes) -> None:
        said, now = orjson.loads(text), time.perf_counter()
        found = self._asked.pop(said.get("id"), None)
        if found is None:
            return
        sku, began = found
        body = orjson.dumps(said["body"]) if said["op"] == "done" else b""
        question = Question(b"", lambda status, answer: understand_reserved(status, answer, sku))
        counts = self._from <= now < self._until
        self.seen.understand(question, said["status"], body, began - self._begin, now - self._begin, counts)
        if now < self._until:
            self._ask()
        elif not self._asked and not self._over.done():
            self._over.set_result(None)

    def _ended(self) -> None:
        for _ in self._asked:
            self.seen.refuse(0)
        if not self._over.done():
            self._over.set_result(None)


class Open:
    """Requests leave when they are due, over whatever connection is free; those that find none wait, and their time counts."""

    def __init__(self, connections: Sequence[Connection], asked: Sequence[Iterator[Question]], per_second: float, seconds: float) -> None:
        self.seen = Seen()
        self._free = deque(zip(connections, asked, strict=True))
        self._all = len(connections)
        self._waiting: deque[float] = deque()
        self._per_second = per_second
        self._seconds = seconds
        self._begin = time.perf_counter()

    async def run(self) -> Seen:
        """Send by the clock, then wait for what is under way. Whoever was not even sent by then has given up."""
        total, due = int(self._per_second * self._seconds), 0
        while due < total:
            by_now = min(total, int((time.perf_counter() - self._begin) * self._per_second) + 1)
            self._waiting.extend(number / self._per_second for number in range(due, by_now))
            due = by_now
            self._send()
            await asyncio.sleep(_TICK_S)
        await asyncio.sleep(max(0.0, self._begin + self._seconds - time.perf_counter()))
        self.seen.unsent = len(self._waiting)
        self._waiting.clear()
        deadline = time.perf_counter() + _AFTER_S
        while len(self._free) < self._all and time.perf_counter() < deadline:  # noqa: ASYNC110 - the ticks are the schedule's
            await asyncio.sleep(_TICK_S)
        return self.seen

    def _send(self) -> None:
        while self._waiting and self._free:
            connection, asked = self._free.popleft()
            self._ask(connection, asked, self._waiting.popleft())

    def _ask(self, connection: Connection, asked: Iterator[Question], due: float) -> None:
        question = next(asked)

        def answered(status: int, body: bytes) -> None:
            self.seen.understand(question, status, body, due, time.perf_counter() - self._begin, True)
            self._free.append((connection, asked))

        connection.ask(question.request, answered)


async def closed(host: str, port: int, connections: int, seconds: float, **what: Any) -> Seen:
    """HTTP, closed loop."""
    lines = await _lines(host, port, connections, **what)
    try:
        return await Closed(seconds).run(lines)
    finally:
        _hang_up(lines)


async def by_clock(host: str, port: int, connections: int, seconds: float, per_second: float, **what: Any) -> Seen:
    """HTTP, open loop."""
    lines = await _lines(host, port, connections, **what)
    try:
        return await Open([line for line, _ in lines], [asked for _, asked in lines], per_second, seconds).run()
    finally:
        _hang_up(lines)


async def piped(host: str, port: int, sockets: int, seconds: float, in_flight: int, shops: list[Json], spread: Spread) -> Seen:
    """WebSocket, closed loop with so many commands under way on each socket."""
    seen, begin = Seen(), time.perf_counter()
    each = tills(host, shops, spread, sockets)
    await asyncio.gather(
        *[
            Piped(seen, begin, seconds).run(host, port, shops[number % len(shops)], till, in_flight, number)
            for number, till in enumerate(each)
        ]
    )
    return seen


async def _lines(
    host: str, port: int, connections: int, shops: list[Json], spread: Spread, kind: str = "reserve", each: int = 1
) -> list[tuple[Connection, Iterator[Question]]]:
    made = [Connection(host, port) for _ in range(connections)]
    await asyncio.gather(*[connection.open() for connection in made])
    return [
        (connection, questions(till, kind, each)) for connection, till in zip(made, tills(host, shops, spread, connections), strict=True)
    ]


def _hang_up(lines: Sequence[tuple[Connection, Any]]) -> None:
    for connection, _ in lines:
        connection.close()
