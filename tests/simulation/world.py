"""One simulated world: two companies, their callers, owners that die and rival, a database, a network; all from one seed."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any
from unittest.mock import patch

import structlog

from actors import cycle, desk, expiry, mailbox, replies
from actors.desk import Desk
from kit.clock import SECOND
from tests.simulation.checks import Books, Forgive, check, demand
from tests.simulation.clients import Caller, History, Told, Wishes
from tests.simulation.database import Guards, Tables
from tests.simulation.loop import Process, SimulatedLoop
from tests.simulation.network import Network, Owner
from tests.simulation.server import CALM, Faults, Server

TENANTS = (1, 2)
ITEMS, WAREHOUSES = (1, 2, 3), (1, 2)
CALLERS, DESKS = 4, 2
OWNERS_MAX = 3
SETTLING_STEPS = 50_000
"""Steps within which everything must have been answered once nothing goes wrong any more."""


class World:
    """Everything, from a seed. `run` lets it live for so many steps, lets it calm down, and checks it."""

    def __init__(
        self, seed: int, faults: Faults | None = None, guards: Guards | None = None, forgive: Forgive = lambda told: False
    ) -> None:
        self.random = Random(seed)
        self.loop = SimulatedLoop(self.random)
        self.tables = Tables(guards or Guards(), frozenset(ITEMS))
        self.server = Server(self.loop, self.random, self.tables, replace(faults or Faults()))
        self.network = Network(self)
        self.callers = Process("callers")
        self.history = History(self._hear)
        self._forgive = forgive
        self.owners: list[Owner] = []
        self.strikes = Counter[str]()
        self._dead: list[Owner] = []
        self._born = 0
        self._people: list[Caller] = []
        self._living: list[asyncio.Task[None]] = []
        self._over = False
        self._outside = copy_context()  # of no process: whatever is started in it outlives them all

    def run(self, steps: int) -> None:
        """Live, calm down, check. Raises checks.Violation."""
        with _small_sizes(), self._listening():
            try:
                self.loop.call_soon(self._open)
                self.loop.run(1)
                while self.loop.steps < steps:
                    if self.happens(self.server.faults.strike):
                        self.loop.call_soon(self.strike)
                    self.loop.run(1)
                self._calm()
                self._check_nothing_is_overdue()
                self.check()
            finally:
                self._close()

    def check(self) -> None:
        """Everything that must hold, of every company."""
        demand(not self.loop.problems, "a fault of ours", *self.loop.problems[:1])
        for commit in self.server.commits:
            demand(commit.epoch == commit.owned_by, "an outranked owner has written", commit)
        for tenant in TENANTS:
            if (tenant, 0) in self.tables.partitions:
                check(self._books(tenant), self.history, self._forgive)

    def happens(self, chance: float) -> bool:
        return self.random.random() < chance

    def delay(self) -> float:
        """One way through the network."""
        return self.random.random() * (3.0 if self.happens(self.server.faults.slow) else 0.002)

    def strike(self) -> None:
        """Something happens to an owner, in the middle of whatever it is doing."""
        if not self.owners:
            return
        owner = self.random.choice(self.owners)
        what = self.random.choice(["die", "hang", "rival", "clock", "clock"])
        self.strikes[what] += 1
        match what:
            case "die":
                self.die(owner)
            case "hang":
                owner.process.hang()
                self._begin()
                self.loop.call_later(self.random.random() * 20, self._resume, owner)
            case "rival":
                self._begin()
            case "clock":
                owner.skew_us += self.random.choice([-3600, -5, -1, 1, 5, 60, 3600]) * SECOND

    def die(self, owner: Owner) -> None:
        """The process ends at once, and another begins."""
        owner.process.hang()
        if owner in self.owners and not self._over:
            self.owners.remove(owner)
            self._dead.append(owner)
            self.network.lose(owner)
            self.loop.call_soon(self._replace, owner, context=self._outside)

    def _replace(self, owner: Owner) -> None:
        """Another owner for those who still believe in this one: who is there already, or a new one."""
        if not any(not other.process.hangs for other in self.owners):
            self._begin()
        for number, route in enumerate(self.network.routes):
            if route is owner:
                self.loop.call_later(self.random.random() * 0.1, self._route, number, self.owners[-1])

    def _begin(self) -> None:
        """A new owner; some desks hear of it later, and the oldest ends when there are too many."""
        if self._over:
            return
        self._born += 1
        owner = Owner(self, self._born)
        self.owners.append(owner)
        for number, route in enumerate(self.network.routes):
            late = self.random.random() * (5 if route in self.owners else 0.1)
            self.loop.call_later(late, self._route, number, owner)
        if len(self.owners) > OWNERS_MAX:
            self.die(self.owners[0])

    def _route(self, number: int, owner: Owner) -> None:
        """The desk of this number believes in the owner from now on."""
        if owner in self.owners:
            self.network.routes[number] = owner

    def _resume(self, owner: Owner) -> None:
        if owner in self.owners:
            owner.process.resume(self.loop)

    def _open(self) -> None:
        self._born = 1
        self.owners = [Owner(self, 1)]
        self.network.routes = [self.owners[0]] * DESKS
        self._living = [self._start(person.live()) for person in self._hire()]

    def _hire(self) -> list[Caller]:
        desks = [Desk([partial(self.network.carry, number)], lambda *_: None) for number in range(DESKS)]
        for tenant in TENANTS:
            holds: list[int] = []
            for number in range(CALLERS):
                wishes = Wishes(self.random, ITEMS, WAREHOUSES, holds, partials=not self.server.faults.stale)
                self._people.append(Caller(f"{tenant}-{number}", self.random, tenant, desks, wishes, self.history, holds))
        return self._people

    def _calm(self) -> None:
        """No more faults; everyone gets an answer to everything that was ever left open."""
        self.server.faults = CALM
        for owner in self.owners:
            if owner.process.hangs:
                self.loop.call_soon(self._resume, owner)
        for person in self._people:
            person.closing = True
        self._until(self._living)
        asked = {(tenant, command.key, command.body_hash): (tenant, command) for tenant, command in self.history.unknown}
        people = {person.tenant: person for person in self._people}
        self._until([self._start(people[tenant].ask(command, patient=True)) for tenant, command in asked.values()])

    def _check_nothing_is_overdue(self) -> None:
        """Within two quiet minutes somebody has written down every hold that has ended by everybody's clock."""
        end = self.loop.time() + 120
        while self.loop.time() < end:
            self.loop.run(20)
        ended = min(owner.clock() for owner in self.owners) - 120 * SECOND
        overdue = [row for row in self.tables.holds.values() if row["open"] and row["expires_at_us"] < ended]
        demand(not overdue, "a hold that ended is still open", *overdue[:1])

    def _start(self, life: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task in the callers' process."""
        return self.loop.create_task(life, context=self.callers.context.copy())

    def _until(self, tasks: list[asyncio.Task[None]]) -> None:
        end = self.loop.steps + SETTLING_STEPS
        while not all(task.done() for task in tasks):
            demand(self.loop.steps < end, "somebody waits for ever", self.loop.time())
            self.loop.run(20)
        for task in tasks:
            task.result()

    def _hear(self, told: Told) -> None:
        """At the moment of an answer its row must be there."""
        if not told.outcome.code:
            row = self.tables.ledger.get((told.tenant, 0, told.outcome.seq))
            demand(row is not None and row["key"] == told.command.key, "acknowledged before it was committed", told, row)

    def _books(self, tenant: int) -> Books:
        tables = {name: self.tables.of(tenant, name) for name in ("ledger", "balances", "buckets", "holds", "replies")}
        return Books(tenant, self.tables.partitions[tenant, 0], **tables)

    def _close(self) -> None:
        self._over = True
        for owner in self.owners + self._dead:
            owner.process.resume(self.loop)
        self.loop.close()

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Hear what the engine logs: a fault of ours that it survives is still a fault."""

        def hear(logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
            if event["event"] in ("partition_failed", "message_failed"):
                self.loop.problems.append({"event": event["event"], "trace": "".join(traceback.format_exception(*sys.exc_info()))})
            raise structlog.DropEvent

        before = structlog.get_config()
        structlog.configure(processors=[hear], wrapper_class=structlog.BoundLogger)
        try:
            yield
        finally:
            structlog.configure(**before)


_SIZES = (
    (cycle, {"BATCH_MAX": 8, "RESIDENT_MAX": 4, "ATTEMPTS_MAX": 3}),
    (desk, {"MESSAGE_MAX": 10, "SHARE_MIN": 1}),
    (expiry, {"BATCH_MAX": 2, "LOOK_MAX": 3}),
    (mailbox, {"MAILBOX_MAX": 12}),
    (replies, {"KNOWN_MAX": 20}),
)


@contextmanager
def _small_sizes() -> Iterator[None]:
    """Sizes so small that a short life meets every limit: cells are evicted, keys forgotten, letters split, mailboxes full."""
    with ExitStack() as stack:
        for module, sizes in _SIZES:
            stack.enter_context(patch.multiple(module, **sizes))
        yield
