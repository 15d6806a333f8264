"""The engine, in both modes and on a real database, when stock moves between warehouses…"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import asyncpg
import pytest

from actors.local import LocalEngine
from inventory.ledger.messages import Arrive, Line, Outcome, PartLine, Receive, Reserve, Ship, WriteOff
from kit.clock import SECOND
from tests.actors.conftest import ONE, Company, found
from tests.conftest import Database


async def test_ships_receives_and_writes_off(company: Company) -> None:
    """Worked example E17 in whole numbers, proven from the rows."""
    await company.receive(20)
    sent = await company.ship(8)
    assert sent.transfer is not None
    number = sent.transfer.seq
    assert [(level.on_hand, level.in_transit) for level in sent.levels] == [(12 * ONE, 0), (0, 8 * ONE)]
    assert await company.faults() == []
    assert (await company.arrive(number, 5)).levels[0].on_hand == 5 * ONE
    assert (await company.arrive(number, 4)).code == "over_receipt"
    assert (await company.arrive(number, 2)).levels[0].in_transit == ONE
    lost = await company.write_off(number)
    assert lost.transfer is not None
    line = lost.transfer.lines[0]
    assert (line.qty, line.open, line.received, line.written_off) == (8 * ONE, 0, 7 * ONE, ONE)
    assert (await company.arrive(number)).code == "transfer_closed"
    assert (await company.arrive(999)).code == "transfer_not_found"
    assert await company.faults() == []


async def test_receives_each_unit_once_however_many_ask(company: Company) -> None:
    await company.receive(20)
    sent = await company.ship(8)
    assert sent.transfer is not None
    outcomes = await asyncio.gather(*[company.arrive(sent.transfer.seq, 1) for _ in range(30)])
    assert Counter(outcome.code for outcome in outcomes) == {"": 8, "transfer_closed": 22}
    assert await company.faults() == []


async def test_answers_a_transfer_the_same_when_its_key_comes_back(company: Company) -> None:
    await company.receive(5)
    first, again = await company.ship(3, key="same"), await company.ship(3, key="same")
    assert (first.replayed, again.replayed) == (False, True)
    assert (again.transfer, again.levels) == (first.transfer, first.levels)
    assert (await company.ship(4, key="same")).code == "idempotency_key_reused"
    assert await company.count("stock_transfers") == 1


async def test_goes_on_with_a_transfer_that_another_owner_began(database: Database) -> None:
    """Also when its key comes back: the record alone knows the answer."""
    first = LocalEngine(database.engine, lambda *_: None, lambda: None)
    company = await found(database, await first.start())
    await company.receive(9)
    sent = await company.ship(6, key="sent")
    assert sent.transfer is not None
    await company.arrive(sent.transfer.seq, 2)
    await first.close()
    second = LocalEngine(database.engine, lambda *_: None, lambda: None)
    company.desk = await second.start()
    again = await company.ship(6, key="sent")
    assert (again.transfer, again.replayed) == (sent.transfer, True)
    rest = await company.arrive(sent.transfer.seq)
    assert (rest.levels[0].on_hand, rest.levels[0].in_transit) == (6 * ONE, 0)
    assert await company.faults() == []
    await second.close()


@pytest.mark.parametrize(
    ("deed", "rule"),
    [
        ("UPDATE stock_transfers SET open = open + 1, qty = qty + 1 WHERE tenant_id = $1", "transfer"),
        ("DELETE FROM stock_transfers WHERE tenant_id = $1", "transfer"),
        ("UPDATE stock_balances SET in_transit = in_transit + 1 WHERE tenant_id = $1 AND in_transit > 0", "in_transit"),
    ],
)
async def test_proves_what_is_under_way_from_the_rows(database: Database, deed: str, rule: str) -> None:
    engine = LocalEngine(database.engine, lambda *_: None, lambda: None)
    company = await found(database, await engine.start())
    await company.receive(9)
    await company.ship(6)
    await engine.close()
    await tamper(database, deed, company.tenant)
    assert rule in {fault.rule for fault in await company.faults()}  # type: ignore[attr-defined]


async def test_counts_what_others_have_open_before_it_began(database: Database) -> None:
    first = LocalEngine(database.engine, lambda *_: None, lambda: None)
    company = await found(database, await first.start())
    await company.receive(50)
    held = [await reserve(company, 4) for _ in range(4)]
    assert (await reserve(company, 4)).code == "too_many_holds"
    await first.close()
    second = LocalEngine(database.engine, lambda *_: None, lambda: None)
    company.desk = await second.start()
    assert (await reserve(company, 4)).errors == ({"limit": 4, "open": 4},)
    await company.release(held[0].hold.seq)
    outcomes = await asyncio.gather(*[reserve(company, 4) for _ in range(5)])
    assert Counter(outcome.code for outcome in outcomes) == {"": 1, "too_many_holds": 4}
    assert (await reserve(company, 0)).code == "", "nought is without limit"
    await second.close()


async def test_counts_open_reservations_only_when_nothing_is_in_flight(database: Database) -> None:
    """The first limited command comes while an unlimited one is on its way, and the database does not have it yet."""
    engine = LocalEngine(database.engine, lambda *_: None, lambda: None)
    company = await found(database, await engine.start())
    await company.receive(5)
    connection = await asyncpg.connect(database.admin)
    blocked = connection.transaction()
    await blocked.start()
    await connection.execute("SELECT FROM stock_partitions WHERE tenant_id = $1 FOR UPDATE", company.tenant)
    early = asyncio.create_task(reserve(company, 0))
    await asyncio.sleep(0.3)
    late = asyncio.create_task(reserve(company, 1))
    await asyncio.sleep(0.3)  # room for a wrong count; a right one waits for the lock
    await blocked.rollback()
    assert [(await early).code, (await late).code] == ["", "too_many_holds"]
    await connection.close()
    await engine.close()


async def reserve(company: Company, holds_max: int) -> Any:
    head = company.head("", "reserve", holds_max)
    command = Reserve(**head, lines=(company.line(1),), hard=False, expires_in_us=900 * SECOND, holds_max=holds_max)
    return await company.submit(command)


async def tamper(database: Database, deed: str, tenant: int) -> None:
    """What no role of ours may do."""
    connection = await asyncpg.connect(database.admin)
    try:
        await connection.execute("SET session_replication_role = replica")  # past the triggers too
        await connection.execute(deed, tenant)
    finally:
        await connection.close()


@pytest.mark.parametrize("seed", range(3))
async def test_owns_the_same_whatever_way_goods_take(database: Database, seed: int) -> None:
    """Invariant I4: lots and conditions there and back at once, by many hands. Only what is written off is gone."""
    chance = random.Random(seed)
    engine = LocalEngine(database.engine, lambda *_: None, lambda: None)
    company = await found(database, await engine.start())
    for lot in range(4):
        for warehouse in company.warehouses:
            line = Line(company.items[0], warehouse, 50 * ONE, 0, lot, 0, chance.choice((0, 0, 2)))
            await company.submit(Receive(**company.head(""), lines=(line,)))
    sent: list[int] = []
    outcomes: list[Outcome] = []
    for _ in range(30):
        outcomes += await asyncio.gather(*[company.submit(_some_way(company, chance, sent)) for _ in range(10)])
        sent = [outcome.transfer.seq for outcome in outcomes if outcome.transfer and not outcome.code]
    assert {"", "over_receipt", "transfer_closed", "insufficient_stock"} <= {outcome.code for outcome in outcomes}
    lost = await company.sum("written_off", "stock_transfers")
    assert lost > 0
    assert await company.sum("on_hand + in_transit", "stock_balances") == 400 * ONE - lost
    assert await company.faults() == []
    await engine.close()


def _some_way(company: Company, chance: random.Random, sent: list[int]) -> Ship | Arrive | WriteOff:
    here, there = chance.sample(company.warehouses, 2)
    qty, item = chance.randint(1, 9) * ONE, company.items[0]
    if not sent or chance.random() < 0.4:
        lot, condition = chance.choice(((0, 0), (1, 0), (2, 2), (3, 0)))
        return Ship(**company.head(""), lines=(Line(item, here, qty, 0, lot, 0, condition),), to=there)
    parts = chance.choice((None, (PartLine(item, there, qty),)))
    kind = Arrive if chance.random() < 0.8 else WriteOff
    return kind(**company.head(""), transfer=chance.choice(sent), lines=parts)
