"""The same commands and the same checks against the real engine on a real PostgreSQL: rules that Hypothesis puts in a row."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import asyncpg
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from actors import commit
from actors.desk import Desk, ShardLost
from actors.local import LocalEngine
from inventory.ledger.messages import Command
from kit.clock import SECOND, now_us
from tests.actors.conftest import found
from tests.conftest import Database
from tests.simulation.checks import Books, Forgive, check, demand
from tests.simulation.clients import History, Wishes

BOUNDED = settings(
    max_examples=15, stateful_step_count=25, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck), phases=[Phase.generate], report_multiple_bugs=False,
)  # fmt: skip
"""Some fifteen seconds, the same rules each time. A failing row of rules is printed as it is: to shorten it takes minutes."""
randoms = st.randoms(use_true_random=False)


class Engines:
    """An engine that can be ended and outranked, and a desk that finds the next one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._all: list[LocalEngine] = []
        self.skew_us = 0
        self.desk = Desk([self._carry], _ignore)

    def clock(self) -> int:
        return now_us() + self.skew_us

    async def begin(self) -> None:
        """Another owner, which takes the next message. Those before it do not know."""
        engine = LocalEngine(self._database.engine, _ignore, lambda: None, self.clock)
        await engine.start()
        self._all.append(engine)

    async def restart(self) -> None:
        """The owner ends, and with it its memory; another begins."""
        await self._all.pop().close()
        await self.begin()

    def turn_back(self) -> None:
        """The oldest engine takes the next message, until it notices that it has been outranked."""
        self._all.append(self._all.pop(0))

    async def close(self) -> None:
        for engine in self._all:
            await engine.close()

    async def _carry(self, message: bytes) -> bytes:
        engine = self._all[-1]
        try:
            return await engine._carry(message)
        except ShardLost:
            if engine in self._all:
                self._all.remove(engine)
                await engine.close()
            if not self._all:
                await self.begin()
            raise


def _ignore(tenant: int, part: int, seq: int) -> None:
    """Nobody listens here."""


class Stock(RuleBasedStateMachine):
    """A company of its own, its callers, and what befalls its engine."""

    def __init__(self, database: Database, forgive: Forgive) -> None:
        super().__init__()
        self._database = database
        self._forgive = forgive
        self.runner = asyncio.Runner()
        self.history = History(lambda told: None)
        self.holds: list[int] = []
        self.asked: list[Command] = []
        self.owned: list[tuple[int, int]] = []
        self.do(self._open())

    def do(self, deed: Awaitable[Any]) -> Any:
        async def run() -> Any:
            return await deed

        return self.runner.run(run())

    @rule(random=randoms, count=st.integers(1, 6))
    def ask(self, random: Random, count: int) -> None:
        """Some wishes at once, so that they share a batch."""
        wishes = Wishes(random, self.items, self.warehouses, self.holds)
        asked = [wishes.draw(f"{len(self.asked)}.{number}") for number in range(count)]
        self.asked += asked
        self.do(self._submit(asked))

    @precondition(lambda self: self.asked)
    @rule(random=randoms, other=st.booleans())
    def repeat(self, random: Random, other: bool) -> None:
        """A key from before, with its own body or another."""
        before = random.choice(self.asked)
        wishes = Wishes(random, self.items, self.warehouses, self.holds)
        self.do(self._submit([wishes.other_body(before) if other else before, *self.asked[-2:]]))

    @rule()
    def restart(self) -> None:
        """The owner ends and forgets."""
        self.do(self.engines.restart())

    @rule(random=randoms)
    def outrank(self, random: Random) -> None:
        """Another owner acquires; then the one before goes on as if nothing had happened."""
        self.do(self._outrank(Wishes(random, self.items, self.warehouses, self.holds)))

    @rule(seconds=st.sampled_from([-3600, -5, 1, 5, 60, 3600]))
    def jump(self, seconds: int) -> None:
        """The clock jumps; forward, holds fall due."""
        self.engines.skew_us += seconds * SECOND

    @rule(random=randoms, after=st.booleans())
    def cut(self, random: Random, after: bool) -> None:
        """The connection breaks before the commit, or after it and before its answer."""
        real, commit.commit = commit.commit, _cut(commit.commit, after)
        try:
            self.ask(random, 2)
        finally:
            commit.commit = real

    @invariant()
    def holds_all_its_promises(self) -> None:
        self.do(self._check())

    def teardown(self) -> None:
        self.do(self._close())
        self.runner.close()

    async def _open(self) -> None:
        self.connection = await asyncpg.connect(self._database.admin)
        self.engines = Engines(self._database)
        await self.engines.begin()
        company = await found(self._database, self.engines.desk, 3)
        self.tenant, self.items, self.warehouses = company.tenant, tuple(company.items), tuple(company.warehouses)

    async def _submit(self, commands: list[Command]) -> None:
        for command in commands:
            self.history.send(self.tenant, command)
        outcomes = await asyncio.gather(*[self.engines.desk.submit(self.tenant, command) for command in commands])
        for command, outcome in zip(commands, outcomes, strict=True):
            self.history.hear(self.tenant, command, outcome)
            self.holds += [outcome.hold.seq] if outcome.hold else []

    async def _outrank(self, wishes: Wishes) -> None:
        name = f"{len(self.asked)}"
        self.asked += [wishes.commit(f"{name}.new"), wishes.receive(f"{name}.old")]
        await self.engines.begin()
        await self._submit(self.asked[-2:-1])
        row = await self._partition()
        self.owned.append((row["seq"], row["epoch"]))
        self.engines.turn_back()
        await self._submit(self.asked[-1:])

    async def _check(self) -> None:
        tables = {name: await self._rows(name) for name in ("ledger", "balances", "buckets", "holds", "replies")}
        partition = await self._partition()
        if partition is None:
            return
        for seq, epoch in self.owned:
            demand(all(row["epoch"] >= epoch for row in tables["ledger"] if row["seq"] > seq), "an outranked owner has written", epoch)
        check(Books(self.tenant, partition, **tables), self.history, self._forgive)

    async def _partition(self) -> Any:
        return await self.connection.fetchrow("SELECT * FROM stock_partitions WHERE tenant_id = $1", self.tenant)

    async def _rows(self, name: str) -> list[Any]:
        order = {"ledger": "seq", "holds": "seq, line"}.get(name, "1")
        return list(await self.connection.fetch(f"SELECT * FROM stock_{name} WHERE tenant_id = $1 ORDER BY {order}", self.tenant))

    async def _close(self) -> None:
        await self.engines.desk.close()
        await self.engines.close()
        await self.connection.close()


def _cut(real: Callable[..., Awaitable[None]], after: bool) -> Callable[..., Awaitable[None]]:
    """`commit.commit`, whose first call loses its connection."""
    calls: list[int] = []

    async def cut(connection: Any, values: list[Any]) -> None:
        calls.append(1)
        if after or len(calls) > 1:
            await real(connection, values)
        if len(calls) == 1:
            raise commit.Unknown("cut")

    return cut
