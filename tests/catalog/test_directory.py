"""Names to ids: asked once, remembered, forgotten when they change."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from inventory.catalog import directory as module
from inventory.catalog import messages as m
from inventory.catalog import service
from inventory.catalog.directory import LOOK_S, TRUSTED_S, Directory, ItemName, directory_of
from inventory.context import Context
from tests.people import World
from tests.serving import shop


@pytest.fixture
async def world(engine: AsyncEngine) -> World:
    """Alice's shop and Carol's, with the same codes."""
    return await shop(engine)


def running() -> list[asyncio.Task[None]]:
    """Loads and looks that are under way."""
    return list(module._running)


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


class Hand:
    """A clock whose hand the test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


async def renamed(ctx: Context, sku: str, base: int) -> None:
    """The item comes in cases of so many."""
    async with ctx.writing() as work:
        await service.set_item_unit(ctx, work, sku, m.NewItemUnit("case", base))


async def cases(directory: Directory, tenant: int, sku: str) -> tuple[int, int] | None:
    """How many are in a case of the item, as the directory has it."""
    found = (await directory.look(tenant, {("sku", sku)}))["sku", sku]
    assert isinstance(found, ItemName)
    return found.factors.get("case")


async def test_what_another_process_wrote_is_felt_within_two_seconds(engine: AsyncEngine, world: World) -> None:
    """A directory of its own stands for the other process: nobody tells it anything."""
    hand, ctx = Hand(), world.alice.context(engine)
    tenant, other = ctx.tenant.id, Directory(engine, hand)
    await cases(other, tenant, "CUP")
    await renamed(ctx, "CUP", 12)
    async with ctx.writing() as work:
        await service.archive_item(ctx, work, "ROPE")
    hand.now += TRUSTED_S
    assert await cases(other, tenant, "CUP") == (12, 1)
    by_id = {("item", (await other.look(tenant, {("sku", "ROPE")}))["sku", "ROPE"].id)}  # type: ignore[union-attr]
    assert all(isinstance(item, ItemName) and item.archived for item in (await other.look(tenant, by_id)).values())


async def test_what_did_not_change_stays(engine: AsyncEngine, world: World) -> None:
    hand, ctx = Hand(), world.alice.context(engine)
    tenant, other, counter = ctx.tenant.id, Directory(engine, hand), Counter(engine)
    await other.look(tenant, {("sku", "CUP"), ("sku", "ROPE"), ("warehouse", "osh")})
    for _ in range(5):
        hand.now += TRUSTED_S
        await other.look(tenant, {("sku", "CUP"), ("sku", "ROPE"), ("warehouse", "osh")})
    assert counter.count == 1, "a look at the facts says that nothing has changed"
    await renamed(ctx, "CUP", 6)
    hand.now += TRUSTED_S
    before = counter.count
    await other.look(tenant, {("sku", "ROPE"), ("warehouse", "osh")})
    assert counter.count == before, "and what did change is not these"
    await other.look(tenant, {("sku", "CUP")})
    assert counter.count == before + 1


async def test_looks_again_beside_what_goes_on(engine: AsyncEngine, world: World) -> None:
    hand, ctx = Hand(), world.alice.context(engine)
    tenant, other = ctx.tenant.id, Directory(engine, hand)
    await cases(other, tenant, "CUP")
    await renamed(ctx, "CUP", 24)
    hand.now += LOOK_S
    found, missing = other.known(tenant, {("sku", "CUP")})
    assert found and not missing, "nobody waits for this look"
    await asyncio.gather(*running())
    assert other.known(tenant, {("sku", "CUP")})[1], "what it found is to be read anew"


async def test_a_read_that_began_before_a_change_is_not_kept(engine: AsyncEngine, world: World) -> None:
    hand, ctx = Hand(), world.alice.context(engine)
    tenant, other = ctx.tenant.id, Directory(engine, hand)
    await cases(other, tenant, "ROPE")
    old = other._tenant(tenant)
    await renamed(ctx, "CUP", 48)
    hand.now += TRUSTED_S
    await cases(other, tenant, "ROPE")
    assert other._tenant(tenant) is not old, "a load that still runs for the old memory lands there"


async def test_remembers_no_more_than_it_may_and_forgets_who_was_not_asked_for_longest(
    engine: AsyncEngine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ENTRIES_MAX", 5)
    monkeypatch.setattr(module, "TIDY_FROM", 1)
    hand = Hand()
    directory, counter = Directory(engine, hand), Counter(engine)
    alice, carol = world.alice.tenant.id, world.carol.tenant.id
    await directory.look(alice, {("sku", "CUP"), ("sku", "ROPE")})
    hand.now += LOOK_S / 2
    await directory.look(carol, {("sku", "CUP"), ("sku", "ROPE")})
    assert set(directory._tenants) == {carol}
    await directory.look(carol, {("sku", "CUP")})
    assert counter.count == 2


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
