"""The catalogue's verbs, called the way pages and imports call them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from inventory.catalog import messages as m
from inventory.catalog import queries, service
from inventory.context import Context
from inventory.locations import messages as places
from inventory.locations import service as places_service
from kit.errors import Refused
from tests.people import World


@pytest.fixture
def ctx(engine: AsyncEngine, world: World) -> Context:
    """Alice's hands."""
    return world.alice.context(engine)


async def test_a_company_begins_with_units(ctx: Context) -> None:
    async with ctx.reading() as connection:
        found = {unit.code: unit.decimals for unit in await queries.units_of(connection, ctx.tenant.id)}
    assert found.items() >= {"pcs": 0, "kg": 3, "m": 1, "l": 3}.items()
    async with ctx.writing() as work:
        await service.found_units(work)


async def test_an_import_makes_what_is_new_and_leaves_the_rest(ctx: Context) -> None:
    async with ctx.writing() as work:
        first = await service.create_items(ctx, work, [m.NewItem(f"S{number}", f"Thing {number}") for number in range(1_500)])
    async with ctx.writing() as work:
        second = await service.create_items(ctx, work, [m.NewItem("S1", "Another name"), m.NewItem("NEW", "New")])
    assert (len(first), second) == (1_500, ["NEW"])
    async with ctx.reading() as connection:
        kept = await queries.item(connection, ctx.tenant.id, "S1")
        counted = await queries.items_counted(connection, ctx.tenant.id, queries.ItemFilter())
    assert kept is not None
    assert (kept.name, counted) == ("Thing 1", 1_501)


async def test_an_import_names_the_line_that_does_not_fit(ctx: Context) -> None:
    async with ctx.writing() as work:
        with pytest.raises(Refused) as caught:
            await service.create_items(ctx, work, [m.NewItem("A", "A"), m.NewItem("B", "B", base_unit="barrel")])
    assert caught.value.refusal.errors[0]["line"] == 1


async def test_every_change_leaves_a_fact(ctx: Context) -> None:
    async with ctx.writing() as work:
        await service.create_item(ctx, work, m.NewItem("CUP", "Cup"))
        await service.change_item(ctx, work, "CUP", m.ItemChange(name="Tea cup"), 1)
        await service.add_barcode(ctx, work, "CUP", m.NewBarcode("4006381333931"))
        await service.archive_item(ctx, work, "CUP")
    async with ctx.reading() as connection:
        rows = await connection.execute(text("SELECT name, subject, principal_id FROM facts WHERE subject = 'CUP' ORDER BY id"))
        facts = [tuple(row) for row in rows]
    assert [name for name, _, _ in facts] == [m.ITEM_CREATED, m.ITEM_CHANGED, m.BARCODE_ADDED, m.ITEM_ARCHIVED]
    assert {principal for _, _, principal in facts} == {ctx.actor.principal_id}


async def test_what_fails_leaves_nothing(ctx: Context) -> None:
    with pytest.raises(Refused, match="sku_taken"):
        await _made_twice(ctx)
    async with ctx.reading() as connection:
        assert await queries.item(connection, ctx.tenant.id, "CUP") is None


async def _made_twice(ctx: Context) -> None:
    async with ctx.writing() as work:
        for name in ("Cup", "Cup again"):
            await service.create_item(ctx, work, m.NewItem("CUP", name))


async def test_an_operator_changes_no_catalogue(engine: AsyncEngine, world: World) -> None:
    ctx = world.bob.context(engine)
    async with ctx.writing() as work:
        with pytest.raises(Refused, match="not_allowed"):
            await service.create_item(ctx, work, m.NewItem("CUP", "Cup"))


async def test_warehouses_that_are_made_at_the_same_moment_do_not_get_past_the_plan(engine: AsyncEngine, world: World) -> None:
    alice = world.alice.context(engine)
    small = replace(alice, tenant=replace(alice.tenant, plan="starter"))

    async def make(code: str) -> str:
        try:
            async with small.writing() as work:
                return (await places_service.create_warehouse(small, work, places.NewWarehouse(code, code))).code
        except Refused as refused:
            return refused.refusal.code

    made = await asyncio.gather(*[make(f"w{number}") for number in range(6)])
    assert made.count("plan_limit_reached") == 4


async def test_a_plan_has_so_many_warehouses(engine: AsyncEngine, world: World) -> None:
    alice = world.alice.context(engine)
    small = replace(alice, tenant=replace(alice.tenant, plan="starter"))
    async with small.writing() as work:
        for code in ("one", "two"):
            await places_service.create_warehouse(small, work, places.NewWarehouse(code, code))
        with pytest.raises(Refused) as caught:
            await places_service.create_warehouse(small, work, places.NewWarehouse("three", "three"))
    assert caught.value.refusal.code == "plan_limit_reached"
