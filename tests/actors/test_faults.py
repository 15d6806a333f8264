"""The engine, when something goes wrong…"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from actors import cell, commit, loader
from actors.cluster import Cluster, ClusterEngine
from actors.local import LocalEngine
from inventory.context import Unavailable
from inventory.ledger import messages
from inventory.registry import HANDLERS
from kit.clock import now_us
from tests.actors.conftest import ONE, found
from tests.conftest import Database


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = now_us()

    def __call__(self) -> int:
        return self.now


def local(database: Database, clock: Any = now_us) -> LocalEngine:
    return LocalEngine(database.engine, lambda *_: None, lambda: None, clock)


async def test_answers_a_repeated_key_after_losing_its_memory(database: Database) -> None:
    first = local(database)
    company = await found(database, await first.start())
    await company.receive(5)
    before = await company.reserve(2, key="k")
    await first.close()
    second = local(database)
    company.desk = await second.start()
    again = await company.reserve(2, key="k")
    assert (again.seq, again.hold, again.levels, again.replayed) == (before.seq, before.hold, before.levels, True)
    # The repeat stood in a batch with others: they were decided again and none was lost.
    outcomes = await asyncio.gather(company.reserve(2, key="k"), *[company.reserve(1) for _ in range(3)])
    assert [outcome.code for outcome in outcomes] == ["", "", "", ""]
    assert await company.faults() == []
    await second.close()


async def test_lets_only_the_latest_owner_write(database: Database) -> None:
    old, new = local(database), local(database)
    company = await found(database, await old.start())
    await company.receive(5)
    old_desk, company.desk = company.desk, await new.start()
    assert (await company.reserve(1)).code == ""  # outranks the old owner
    company.desk = old_desk
    waiting = asyncio.ensure_future(company.reserve(1, key="fenced"))
    await asyncio.sleep(0.5)
    assert not waiting.done() or isinstance(waiting.exception(), Unavailable)
    waiting.cancel()
    company.desk = new.desk
    assert (await company.reserve(1, key="fenced")).replayed is False  # the fenced attempt left nothing
    assert await company.count("stock_holds") == 2
    assert await company.faults() == []
    await new.close()


async def test_fence_makes_the_next_batch_wait_for_the_one_before_it(fence: Fence) -> None:
    """The statement itself, on two connections, as reliability.md 2.3 asks to prove first."""
    async with fence.one.transaction():
        await fence.batch(fence.one)
        behind = asyncio.create_task(fence.batch(fence.two))
        await _waits(fence.one, fence.two)
    await behind


async def test_fence_makes_a_new_owner_wait_for_the_batch_in_flight_and_then_bars_the_old_one(fence: Fence) -> None:
    async with fence.one.transaction():
        await fence.batch(fence.one)
        acquiring = asyncio.create_task(fence.two.fetchrow(ACQUIRE, fence.tenant))
        await _waits(fence.one, fence.two)
    assert (await acquiring)["epoch"] == fence.epoch + 1
    with pytest.raises(asyncpg.PostgresError) as fenced:
        await fence.batch(fence.one)
    assert fenced.value.sqlstate == "OH001"


async def test_fence_refuses_a_batch_whose_predecessor_is_missing(fence: Fence) -> None:
    with pytest.raises(asyncpg.PostgresError) as refused:
        await fence.batch(fence.one, after=7)
    assert refused.value.sqlstate == "OH002"


async def test_decides_a_batch_while_the_one_before_it_commits_and_sends_it_afterwards(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = local(database)
    company = await found(database, await engine.start())
    await company.receive(5)
    sent, go_on, real = asyncio.Event(), asyncio.Event(), commit.commit
    rows: list[int] = []

    async def hold_up(connection: Any, values: list[Any]) -> None:
        rows.append(values[3])
        sent.set()
        await go_on.wait()
        await real(connection, values)

    monkeypatch.setattr(commit, "commit", hold_up)
    first = asyncio.ensure_future(company.reserve(2))
    await sent.wait()
    second = asyncio.ensure_future(company.reserve(9))  # decided on top of the first: refused, of the 3 that it left
    await asyncio.sleep(0.1)
    assert rows == [1]
    go_on.set()
    outcomes = await asyncio.gather(first, second)
    assert ([outcome.code for outcome in outcomes], rows) == (["", "insufficient_stock"], [1, 2])
    assert outcomes[1].errors[0]["available"] == 3 * ONE
    assert await company.faults() == []
    await engine.close()


@dataclass(frozen=True)
class Fence:
    """Two connections of an owner, and its epoch."""

    one: Any
    two: Any
    tenant: int
    epoch: int
    seq: int

    async def batch(self, connection: Any, after: int = 0) -> None:
        """An empty batch that follows the sequence known at the beginning, plus `after`."""
        empty: list[Any] = [()] * (commit.LEDGER_COLUMNS + 10 + 8 + 12 + 8 + 4)
        await connection.execute(commit.STATEMENT, self.tenant, 0, self.epoch, self.seq + after, bytes(32), 0, *empty)

    async def confirm(self, owner: str) -> int | None:
        """The epoch under which the owner goes on, if it still is one."""
        epoch: int | None = await self.two.fetchval(
            "SELECT epoch FROM stock_confirm($1, 0::smallint, $2, $3)", self.tenant, self.epoch, owner
        )
        return epoch


@pytest.fixture
async def fence(database: Database) -> AsyncIterator[Fence]:
    """A partition just acquired."""
    engine = local(database)
    company = await found(database, await engine.start())
    one, two = [await asyncpg.connect(database.engine) for _ in range(2)]
    owned = await one.fetchrow(ACQUIRE, company.tenant)
    assert owned is not None
    yield Fence(one, two, company.tenant, owned["epoch"], owned["seq"])
    await one.close()
    await two.close()
    await engine.close()


ACQUIRE = "SELECT * FROM stock_acquire($1, 0::smallint, 'a test')"


async def _waits(observer: Any, connection: Any) -> None:
    """Until the connection stands in the queue for a lock."""
    query = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1"
    while not await observer.fetchval(query, connection.get_server_pid()):  # noqa: ASYNC110 - PostgreSQL sets no event
        await asyncio.sleep(0.02)


async def test_finds_out_what_became_of_a_batch_whose_reply_was_lost(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = local(database)
    company = await found(database, await engine.start())
    await company.receive(100)
    real, lost = commit.commit, Counter[str]()

    async def lossy(connection: Any, values: list[Any]) -> None:
        lost["calls"] += 1
        if lost["calls"] % 3 == 1:
            raise commit.Unknown("cut before it was sent")
        await real(connection, values)
        if lost["calls"] % 3 == 2:
            raise commit.Unknown("cut after it was committed")

    monkeypatch.setattr(commit, "commit", lossy)
    outcomes = [await asyncio.gather(*[company.reserve(1) for _ in range(5)]) for _ in range(12)]
    assert {outcome.code for batch in outcomes for outcome in batch} == {""}
    assert await company.count("stock_holds") == 60
    assert lost["calls"] > 12
    monkeypatch.undo()
    assert await company.faults() == []
    await engine.close()


async def test_survives_its_connections_being_killed(database: Database) -> None:
    engine = local(database)
    company = await found(database, await engine.start())
    await company.receive(1_000)
    admin = await asyncpg.connect(database.admin)

    async def kill() -> None:
        for _ in range(5):
            await asyncio.sleep(0.1)
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'onhand-engine' AND datname = $1",
                database.name,
            )

    async def till(number: int) -> list[str]:
        return [(await company.reserve(1, key=f"{number}-{n}")).code for n in range(20)]

    codes, *_ = await asyncio.gather(asyncio.gather(*[till(n) for n in range(30)]), kill())
    assert Counter(code for till_codes in codes for code in till_codes) == {"": 600}
    assert await company.count("stock_holds") == 600
    assert await company.faults() == []
    await admin.close()
    await engine.close()


async def test_fails_a_poisoned_command_alone(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = local(database)
    company = await found(database, await engine.start())
    await company.receive(10)
    handler = HANDLERS[messages.Reserve]

    def decide(state: Any, command: Any, now: int) -> Any:
        if command.key == "poison":
            raise ZeroDivisionError
        return handler.decide(state, command, now)

    monkeypatch.setitem(HANDLERS, messages.Reserve, handler._replace(decide=decide))
    outcomes = await asyncio.gather(company.reserve(1), company.reserve(1, key="poison"), company.reserve(1))
    assert [outcome.code for outcome in outcomes] == ["", "internal_error", ""]
    assert engine.shard.gauges.failed == 1
    monkeypatch.undo()
    assert (await company.reserve(1, key="poison")).code == ""  # nothing was stored under its key
    await engine.close()


async def test_fails_alone_what_the_database_refuses(database: Database) -> None:
    """A value that only the database can object to: here an item of nobody, which the foreign key refuses."""
    engine = local(database)
    company = await found(database, await engine.start())
    company.items.append(2_000_000_000)
    outcomes = await asyncio.gather(company.receive(1), company.receive(1, item=5), company.receive(1, item=1))
    assert [outcome.code for outcome in outcomes] == ["", "internal_error", ""]
    assert await company.faults() == []
    await engine.close()


async def test_writes_down_expiries_and_frees_the_stock(database: Database) -> None:
    clock = Clock()
    engine = local(database, clock)
    company = await found(database, await engine.start())
    await company.receive(10)
    held = await company.reserve(4, expires_in_s=900)
    assert held.hold is not None
    clock.now += 900 * 1_000_000
    assert (await company.reserve(10)).code == ""
    assert (await company.commit(held.hold.seq)).code == "reservation_expired"
    assert await company.faults() == []
    await engine.close()


async def test_sweeps_partitions_without_traffic(database: Database) -> None:
    clock = Clock()
    first = local(database, clock)
    company = await found(database, await first.start())
    await company.receive(10)
    await company.reserve(4, expires_in_s=60)
    await first.close()
    clock.now += 61 * 1_000_000
    second = local(database, clock)
    await second.start()
    async with asyncio.timeout(10):
        while await company.count("stock_ledger") < 3:  # noqa: ASYNC110 - it happens in a database, nobody sets an event
            await asyncio.sleep(0.1)
    assert await company.faults() == []
    await second.close()


async def test_fails_only_the_command_whose_decision_cannot_be_applied(database: Database) -> None:
    engine = local(database)
    company = await found(database, await engine.start())
    await company.receive(5)
    never_hashed = messages.Line(company.items[0], company.warehouses[0], ONE, unit_cost=2**63)
    poison = messages.Receive(**company.head("poison", "receive"), lines=(never_hashed,))
    outcomes = await asyncio.gather(company.reserve(1), company.submit(poison), company.reserve(1))
    assert [outcome.code for outcome in outcomes] == ["", "internal_error", ""]
    assert await company.faults() == []
    await engine.close()


@pytest.mark.ray
async def test_goes_on_when_a_shard_is_killed(ray_database: Database, cluster: Cluster) -> None:
    engine = ClusterEngine(cluster, lambda *_: None)
    company = await found(ray_database, await engine.start())
    await company.receive(2_000)

    async def till(number: int) -> list[str]:
        return [(await company.reserve(1, key=f"{number}-{n}")).code for n in range(20)]

    async def kill() -> None:
        await asyncio.sleep(0.2)
        shard = (await cluster.tend())[company.tenant % 2]
        assert shard is not None
        os.kill(shard["pid"], signal.SIGKILL)

    codes, _ = await asyncio.gather(asyncio.gather(*[till(n) for n in range(40)]), kill())
    assert Counter(code for till_codes in codes for code in till_codes) == {"": 800}
    assert await company.count("stock_holds") == 800
    assert await company.faults() == []
    await engine.close()


def test_hashes_every_row_into_the_next() -> None:
    memory = cell.Memory(1, 0, 1, 0, bytes(32))
    memory.cells[1, 1] = cell.Cell(1, 1)
    head: dict[str, Any] = {"key_hash": b"", "body_hash": b"", "principal": 1, "role": 1}
    first = cell.decide_batch(memory, [messages.Receive(key="a", **head, lines=(messages.Line(1, 1, ONE),))], {}, 5)
    second = cell.decide_batch(memory, [messages.Receive(key="b", **head, lines=(messages.Line(1, 1, ONE),))], {}, 4)
    assert first.head != second.head
    assert second.recorded_at_us == 5  # time never runs backwards within a partition


async def test_begins_a_partition_anew_after_a_fault_of_ours_and_loses_no_command(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = local(database)
    company = await found(database, await engine.start())
    await company.receive(10)
    real, falls = loader.load, [True, False]

    async def falling(*args: Any) -> None:
        if falls.pop(0) if falls else False:
            raise ZeroDivisionError
        await real(*args)

    monkeypatch.setattr(loader, "load", falling)
    outcomes = await asyncio.gather(*[company.reserve(1) for _ in range(5)])
    assert [outcome.code for outcome in outcomes] == [""] * 5
    assert await company.count("stock_holds") == 5
    await engine.close()
