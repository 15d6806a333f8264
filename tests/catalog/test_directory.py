"""Names to ids: asked once, remembered shortly, forgotten when they change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from db.engine import make_engine
from inventory.catalog import messages as m
from inventory.catalog import service
from inventory.catalog.directory import Directory, ItemName, directory_of
from tests.conftest import Database
from tests.people import World
from tests.serving import shop


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    """The app role's engine."""
    engine = make_engine(database.app, pool_size=4)
    yield engine
    await engine.dispose()


@pytest.fixture
async def world(engine: AsyncEngine) -> World:
    """Alice's shop and Carol's, with the same codes."""
    return await shop(engine)


class Counter:
    """Counts the statements that read names."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.count = 0
        event.listen(engine.sync_engine, "before_cursor_execute", self._see)

    def _see(self, connection: object, cursor: object, statement: str, *rest: object) -> None:
        self.count += "jsonb_build_array" in statement


async def test_many_commands_share_one_statement(engine: AsyncEngine, world: World) -> None:
    directory, counter = Directory(engine), Counter(engine)
    tenant = world.alice.tenant.id
    asked = [{("sku", sku), ("warehouse", place)} for sku in ("CUP", "ROPE", "NOPE") for place in ("osh", "main")]
    found = await asyncio.gather(*(directory.look(tenant, keys) for keys in asked))
    assert counter.count == 1, "what is missing from memory is asked for together"
    assert [len(names) for names in found] == [2, 2, 2, 2, 1, 1]
    await directory.look(tenant, {("sku", "CUP"), ("warehouse", "osh")})
    assert counter.count == 1, "and then remembered"
    await directory.look(tenant, {("sku", "NOPE")})
    assert counter.count == 2, "what does not exist may be made at any moment"


async def test_companies_do_not_share_names(engine: AsyncEngine, world: World) -> None:
    directory = Directory(engine)
    alices, carols = [(await directory.look(who.tenant.id, {("sku", "CUP")}))["sku", "CUP"] for who in (world.alice, world.carol)]
    assert isinstance(alices, ItemName)
    assert isinstance(carols, ItemName)
    assert alices.id != carols.id
    assert await directory.look(world.carol.tenant.id, {("item", alices.id)}) == {}, "another company's number is nobody's"


async def test_a_write_is_felt_at_once(engine: AsyncEngine, world: World) -> None:
    ctx, directory = world.alice.context(engine), directory_of(engine)
    before = (await directory.look(ctx.tenant.id, {("sku", "CUP")}))["sku", "CUP"]
    async with ctx.writing() as work:
        await service.set_item_unit(ctx, work, "CUP", m.NewItemUnit("case", 12))
        during = (await directory.look(ctx.tenant.id, {("sku", "CUP")}))["sku", "CUP"]
    after = (await directory.look(ctx.tenant.id, {("sku", "CUP")}))["sku", "CUP"]
    assert isinstance(after, ItemName)
    assert during == before, "nobody sees what is not committed"
    assert after.factors == {"case": (12, 1)}


async def test_a_caller_that_leaves_takes_nobodys_answer_along(engine: AsyncEngine, world: World) -> None:
    directory, tenant = Directory(engine), world.alice.tenant.id
    leaving = asyncio.create_task(directory.look(tenant, {("sku", "CUP")}))
    staying = asyncio.create_task(directory.look(tenant, {("sku", "CUP"), ("sku", "ROPE")}))
    await asyncio.sleep(0)
    leaving.cancel()
    assert len(await staying) == 2


async def test_a_failed_read_fails_those_who_wait_and_nobody_after(engine: AsyncEngine, world: World) -> None:
    directory, tenant = Directory(engine), world.alice.tenant.id
    with pytest.raises(Exception, match=r"invalid byte sequence|0x00"):
        await directory.look(tenant, {("sku", "\0")})
    assert len(await directory.look(tenant, {("sku", "CUP")})) == 1
