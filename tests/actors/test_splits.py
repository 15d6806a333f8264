"""The engine, when several warehouses may keep a promise…"""

from __future__ import annotations

import asyncio

from msgspec import structs

from actors.local import LocalEngine
from tests.actors.conftest import ONE, Company, found
from tests.conftest import Database


async def test_splits_and_tells_what_is_missing(company: Company) -> None:
    await company.receive(10)
    await company.receive(2, warehouse=1)
    made = await company.split(13, partial=True)
    assert made.hold
    assert [(line.warehouse, line.qty) for line in made.hold.lines] == [(company.warehouses[0], 10 * ONE), (company.warehouses[1], 2 * ONE)]
    assert [(each.item, each.qty) for each in made.backordered or ()] == [(company.items[0], ONE)]
    assert (await company.split(1)).code == "insufficient_stock"
    done = await company.commit(made.hold.seq)
    assert [level.on_hand for level in done.levels] == [0, 0]
    assert await company.faults() == []


async def test_never_oversells_however_many_split_at_once(company: Company) -> None:
    """Worked example E14, over two warehouses."""
    await company.receive(30)
    await company.receive(21, warehouse=1)
    outcomes = await asyncio.gather(*[company.split(2) for _ in range(60)])
    assert sorted({outcome.code for outcome in outcomes}) == ["", "insufficient_stock"]
    assert sum(not outcome.code for outcome in outcomes) == 25
    assert await company.sum("reserved", "stock_balances") == 50 * ONE
    assert await company.faults() == []


async def test_answers_from_the_record_as_it_answered_then(database: Database) -> None:
    first = LocalEngine(database.engine, lambda *_: None, lambda: None)
    company = await found(database, await first.start())
    await company.receive(3)
    before = [await company.split(2, True, "enough"), await company.split(2, True, "short"), await company.split(2, True, "nothing")]
    await first.close()
    second = LocalEngine(database.engine, lambda *_: None, lambda: None)
    company.desk = await second.start()
    again = [await company.split(2, True, key) for key in ("enough", "short", "nothing")]
    assert [each.replayed for each in again] == [True] * 3
    assert [structs.replace(each, replayed=False) for each in again] == before
    assert [each.backordered is None for each in again] == [False, False, True]
    await second.close()
