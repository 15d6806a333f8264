"""The simulated server, and the pool through which an owner reaches it: waiting, row locks, and what goes wrong on the way.

A request lives in the server's own process: when the owner that sent it dies or loses its connection, it goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import asyncpg

from tests.simulation.batch import stock_commit
from tests.simulation.database import READS, Record, Tables, Writes, error, fenced, stock_acquire, stock_cells, stock_confirm
from tests.simulation.loop import Process, SimulatedLoop


@dataclass
class Faults:
    """How often what goes wrong: chances per request or message, and per step of the whole world."""

    cut_before: float = 0.02  # the connection breaks and the server never heard
    cut_after: float = 0.02  # … and it was done all the same
    stray: float = 0.01  # … and it is done some time later, when nobody thinks of it any more
    serialization: float = 0.01
    full: float = 0.005  # disk full, too many connections
    slow: float = 0.03  # a request or a message takes seconds
    lost: float = 0.02  # a message or its answer is lost, and somebody says so
    twice: float = 0.02  # a message is delivered again
    strike: float = 0.001  # per step: an owner dies, hangs, gets a rival, or a clock jumps
    stale: float = 0.0  # planted, never on by itself: cells are read as they were before the last commit


CALM = Faults(**dict.fromkeys(Faults.__dataclass_fields__, 0.0))
"""Nothing goes wrong."""


@dataclass(frozen=True)
class Committed:
    """What the server saw at a commit, whatever its guards were told to overlook."""

    tenant: int
    epoch: int
    owned_by: int  # the epoch that owned the partition at that moment
    rows: int


class Server:
    """Executes requests one by one as locks allow, and decides by the seed what becomes of each."""

    def __init__(self, loop: SimulatedLoop, random: Random, tables: Tables, faults: Faults) -> None:
        self.loop = loop
        self.random = random
        self.tables = tables
        self.faults = faults
        self.process = Process("postgres")
        self.commits: list[Committed] = []
        self._locks: dict[tuple[int, int], asyncio.Lock] = {}

    def ask(self, query: str, values: tuple[Any, ...]) -> asyncio.Future[Any]:
        """Send a request; the future is its answer, if the way back holds."""
        answer = self.loop.create_future()
        self.loop.call_soon(lambda: self.loop.create_task(self._serve(query, values, answer)), context=self.process.context)
        return answer

    async def pause(self) -> None:
        """What one leg of the way, or a write to disk, takes."""
        slow = self.random.random() < self.faults.slow
        await asyncio.sleep(self.random.random() * (12.0 if slow else 0.002))

    def happens(self, chance: float) -> bool:
        """True so often."""
        return self.random.random() < chance

    async def _serve(self, query: str, values: tuple[Any, ...], answer: asyncio.Future[Any]) -> None:
        await self.pause()
        if self.happens(self.faults.cut_before):
            return self._break(answer)
        if self.happens(self.faults.stray):
            self._break(answer)
            await asyncio.sleep(self.random.random() * 5)
        try:
            found = await self._execute(query, values)
        except asyncpg.PostgresError as problem:
            return None if answer.done() else answer.set_exception(problem)
        await self.pause()
        if self.happens(self.faults.cut_after):
            return self._break(answer)
        return None if answer.done() else answer.set_result(found)

    def _break(self, answer: asyncio.Future[Any]) -> None:
        """What the client sees of a broken connection: asyncpg has many words for it."""
        kinds = (ConnectionResetError, TimeoutError, asyncpg.ConnectionDoesNotExistError, asyncpg.InternalClientError)
        if not answer.done():
            answer.set_exception(self.random.choice(kinds)("simulated"))

    async def _execute(self, query: str, values: tuple[Any, ...]) -> Any:
        if self.happens(self.faults.full):
            raise error(self.random.choice(["53100", "53300", "57P01"]))
        if "stock_commit(" in query:
            return await self._commit(values)
        for word, own in _OWN.items():
            if word in query:
                return await self._own(own, values)
        read = next(read for word, read in READS.items() if word in query)
        stale = {"stale": True} if read is stock_cells and self.happens(self.faults.stale) else {}
        return read(self.tables, *values, **stale)

    async def _commit(self, values: tuple[Any, ...]) -> None:
        tenant, part, epoch = values[:3]
        if fenced(self.tables, tenant, part, epoch):  # the statement's snapshot: it does not even wait
            raise error("OH001")
        async with self._lock(tenant, part):
            writes = stock_commit(self.tables, *values)
            await self.pause()
            if self.happens(self.faults.serialization):
                raise error(self.random.choice(["40001", "40P01"]))
            self.tables.apply(writes)
            owned_by = self.tables.partitions[tenant, part]["epoch"]
            self.commits.append(Committed(tenant, epoch, owned_by, len(values[6])))

    async def _own(self, own: Callable[..., tuple[Writes, list[Record]]], values: tuple[Any, ...]) -> list[Record]:
        async with self._lock(*values[:2]):
            writes, found = own(self.tables, *values)
            await self.pause()
            self.tables.apply(writes)
            return found

    def _lock(self, tenant: int, part: int) -> asyncio.Lock:
        """The row lock of a partition, which its transaction holds to its end."""
        return self._locks.setdefault((tenant, part), asyncio.Lock())


_OWN = {"stock_acquire(": stock_acquire, "stock_confirm(": stock_confirm}


class Pool:
    """Stands where the engine expects its asyncpg pool."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Pool]:
        """A connection: here the pool itself, for each request fares on its own."""
        yield self

    async def fetch(self, query: str, *values: Any) -> list[Record]:
        found: list[Record] = await self._server.ask(query, values)
        return found

    async def fetchrow(self, query: str, *values: Any) -> Record | None:
        found = await self.fetch(query, *values)
        return found[0] if found else None

    async def fetchval(self, query: str, *values: Any) -> Any:
        found = await self._server.ask(query, values)
        return found[0][0] if found else None
