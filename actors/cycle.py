"""The life of a partition: drain, load, decide, commit, answer; again. Read this file first.

At most two batches are in flight: one committing, the next decided on top of it meanwhile and sent the moment it has
committed. Answers go out in order, after their commit. When a batch fails, it and whatever was decided
on top of it are undone by forgetting all memory, and their letters go back to the front of the mailbox.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from actors import commit, lease, loader
from actors.cell import FAILED, Batch, decide_batch
from actors.expiry import Expiry
from actors.gauges import Gauges
from actors.mailbox import Letter, Mailbox
from actors.replies import Replies
from kit.clock import Clock

Result = TypeVar("Result")

log = structlog.get_logger("actors")

BATCH_MAX = 1_000
"""Commands in one batch: past the knee of the curve of throughput over batch size, and still some 20 ms of work."""
IN_FLIGHT_MAX = 2
RESIDENT_MAX = 200_000
"""Cells, and documents of each kind, kept in memory per partition: about 200 MB at worst."""
ATTEMPTS_MAX = 8
"""How often a command may be undone by its batch's failures before it is tried alone and answered on its own merits."""

Hint = Callable[[int, int, int], None]
"""(tenant, part, seq): the ledger has grown."""


class Flight:
    """A batch on its way to the database."""

    __slots__ = ("batch", "letters", "started", "task")

    def __init__(self, batch: Batch, letters: list[Letter], task: asyncio.Future[None]) -> None:
        self.batch = batch
        self.letters = letters
        self.task = task
        self.started = time.perf_counter_ns()


class Cycle:
    """One owned partition at work. `run` ends when closed, or raises Fenced when outranked."""

    def __init__(self, pool: loader.Pool, mailbox: Mailbox, clock: Clock, hint: Hint, gauges: Gauges) -> None:
        self._pool = pool
        self._mailbox = mailbox
        self._clock = clock
        self._hint = hint
        self._gauges = gauges
        self._replies = Replies()
        self._expiry = Expiry()
        self._flights: deque[Flight] = deque()
        self._landed = asyncio.Event()
        self._alone = 0  # so many commands are still to be tried one by one
        self._closing = False

    async def run(self, tenant: int, part: int, owner: lease.Owner) -> None:
        """Own the partition until closed. Raises Fenced when somebody else owns it, and what `lease.acquire` raises."""
        self._owner = owner
        self._memory = await patiently(lambda: lease.acquire(self._pool, tenant, part, owner))
        while not (self._closing and not len(self._mailbox) and not self._flights):
            if self._failed():
                await self._recover()
            elif len(self._flights) >= IN_FLIGHT_MAX:
                await self._landing()
            elif self._expiry.must_look(self._clock()):
                await self._look_ahead()
            elif letters := self._letters():
                await self._turn(letters)
            else:
                await self._sleep()

    def close(self) -> None:
        """Finish what has arrived, then end."""
        self._closing = True
        self._mailbox.arrived.set()

    async def _turn(self, letters: list[Letter]) -> None:
        """Load, decide, send."""
        commands = [command for letter in letters for command in letter.commands]
        await patiently(lambda: loader.load(self._pool, self._memory, commands, self._all_landed))
        if self._failed():  # the ground moved while loading
            self._mailbox.put_back(letters)
            return
        try:
            batch = decide_batch(self._memory, commands, self._replies.known, self._clock())
        except Exception as problem:
            self._fail(letters, problem)
            return
        for failure in batch.failures:
            self._report(failure)
        if batch.rows or batch.replies or batch.orders:
            self._replies.remember(batch)
            self._expiry.watch(batch)
            self._send(batch, letters)
        else:  # nothing to write: repeats of known keys, expiries that were not due after all
            self._answer_behind(batch, letters)
        self._memory.shed(RESIDENT_MAX, self._flights[0].batch.number - 1 if self._flights else batch.number)

    def _fail(self, letters: list[Letter], problem: Exception) -> None:
        """A fault of ours in the middle of applying a decision has left memory half changed. As a flight that failed before it
        left, it is undone and tried again one by one like any other."""
        never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        never.set_exception(problem)
        self._flights.append(Flight(Batch(self._memory, self._clock()), letters, never))
        never.add_done_callback(self._land)

    def _send(self, batch: Batch, letters: list[Letter]) -> None:
        values = commit.arguments(self._memory, batch)
        before = self._flights[-1].task if self._flights else None
        task = asyncio.create_task(self._commit(values, before))
        self._flights.append(Flight(batch, letters, task))
        task.add_done_callback(self._land)

    def _answer_behind(self, batch: Batch, letters: list[Letter]) -> None:
        """Answer from memory, but not before the batches in flight: the answers may be theirs."""
        if not self._flights:
            _answer(letters, batch.outcomes)
            return
        before = self._flights[-1].task
        task = asyncio.create_task(_after(before))
        self._flights.append(Flight(batch, letters, task))
        task.add_done_callback(self._land)

    async def _commit(self, values: list[object], before: asyncio.Future[None] | None) -> None:
        """Raises OutOfOrder when the batch before it failed: nothing is written on top of what is not there."""
        if before is not None:
            await _after(before)
        try:
            async with self._pool.acquire() as connection:
                await commit.commit(connection, values)  # type: ignore[arg-type]
        except commit.UNREACHABLE as problem:  # could not even get a connection
            raise commit.Unknown(repr(problem)) from problem

    def _land(self, _: asyncio.Future[None]) -> None:
        """Answer every batch that has committed, in order, up to the first that has not."""
        while self._flights and self._flights[0].task.done() and not self._failed():
            flight = self._flights.popleft()
            self._settle(flight)
        self._landed.set()
        self._mailbox.arrived.set()

    def _settle(self, flight: Flight) -> None:
        batch = flight.batch
        _answer(flight.letters, batch.outcomes)
        self._gauges.count(len(batch.outcomes), len(batch.rows), (time.perf_counter_ns() - flight.started) // 1_000)
        if batch.rows:
            self._hint(self._memory.tenant, self._memory.part, batch.seq)

    def _failed(self) -> bool:
        return bool(self._flights) and self._flights[0].task.done() and self._flights[0].task.exception() is not None

    async def _recover(self) -> None:
        """Find out from the record what became of the failed batches, forget the rest, and try it again."""
        await asyncio.wait([flight.task for flight in self._flights])
        flights, self._flights = list(self._flights), deque()
        problem = flights[0].task.exception()
        self._gauges.recoveries += 1
        log.info("batch_failed", tenant=self._memory.tenant, problem=repr(problem), flights=len(flights))
        if isinstance(problem, commit.Fenced):
            raise problem
        self._memory = await patiently(lambda: lease.confirm(self._pool, self._memory, self._owner))
        self._expiry.forget()
        undone = self._settle_committed(flights)
        for flight in undone:
            self._replies.forget(flight.batch)
        if isinstance(problem, commit.KeysKnown):
            keys = [reply[0] for flight in undone for reply in flight.batch.replies]
            await patiently(lambda: self._recall(keys))
        elif undone and not isinstance(problem, (commit.OutOfOrder, commit.Unknown)):
            self._doubt(undone, problem)
        self._put_back(undone)

    def _settle_committed(self, flights: list[Flight]) -> list[Flight]:
        """Answer the flights that are in the ledger after all; return the others. Only we write under our epoch, and each
        sequence once, for `confirm` ends the epoch: a batch with rows is there exactly if the head has reached it."""
        undone = []
        for flight in flights:
            if flight.batch.rows and flight.batch.seq <= self._memory.seq:
                self._settle(flight)
            else:
                undone.append(flight)
        return undone

    def _doubt(self, undone: list[Flight], problem: BaseException | None) -> None:
        """A value or a constraint was at fault: try the batch's commands one by one, so that only the guilty one fails."""
        letters = undone[0].letters
        commands = sum(map(len, letters))
        if commands == 1:
            self._report(problem)
            letters.pop().answer([FAILED])
        else:
            self._alone = commands

    def _report(self, problem: BaseException | None) -> None:
        """A command failed alone: a fault of ours, and nobody else will tell of it."""
        log.error("command_failed", tenant=self._memory.tenant, problem=repr(problem), exc_info=problem)
        self._gauges.failed += 1

    def _put_back(self, undone: list[Flight]) -> None:
        letters = [letter for flight in undone for letter in flight.letters]
        for letter in letters:
            letter.attempts += 1
            if letter.attempts == ATTEMPTS_MAX:
                self._alone = max(self._alone, sum(map(len, letters)))
        self._mailbox.put_back(letters)

    async def _recall(self, keys: list[bytes]) -> None:
        async with self._pool.acquire() as connection:
            await self._replies.recall(connection, self._memory.tenant, self._memory.part, keys)  # type: ignore[arg-type]

    def _letters(self) -> list[Letter]:
        """The next batch: expiries that are due, then what waits."""
        if self._alone and len(self._mailbox):
            self._alone -= 1
            return self._mailbox.take(1)
        due = self._expiry.pop_due(self._clock())
        self._gauges.expired += len(due)
        return ([Letter(due, None)] if due else []) + self._mailbox.take(BATCH_MAX)

    async def _look_ahead(self) -> None:
        await self._all_landed()
        if not self._failed():
            await patiently(lambda: self._expiry.look(self._pool, self._memory, self._clock()))

    async def _all_landed(self) -> None:
        """Until nothing is in flight, or something failed."""
        while self._flights and not self._failed():
            await self._landing()

    async def _landing(self) -> None:
        self._landed.clear()
        await self._landed.wait()

    async def _sleep(self) -> None:
        """Until something arrives or falls due."""
        if not self._closing:
            self._mailbox.arrived.clear()
        try:
            async with asyncio.timeout(self._expiry.wait_s(self._clock())):
                await (self._landing() if self._closing else self._mailbox.arrived.wait())
        except TimeoutError:
            pass


def _answer(letters: list[Letter], outcomes: list[bytes]) -> None:
    start = 0
    for letter in letters:
        letter.answer(outcomes[start : start + len(letter)])
        start += len(letter)


async def _after(task: asyncio.Future[None]) -> None:
    await asyncio.wait([task])
    if task.exception() is not None:
        raise commit.OutOfOrder


async def patiently(attempt: Callable[[], Awaitable[Result]]) -> Result:
    """The attempt's result, however long the database cannot be reached. Whoever waits has a deadline of its own."""
    pause = 0.05
    while True:
        try:
            return await attempt()
        except commit.UNREACHABLE as problem:
            log.warning("database_unreachable", problem=repr(problem), pause_s=pause)
            await asyncio.sleep(pause)
            pause = min(1.0, pause * 2)
