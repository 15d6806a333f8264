"""The job that counts what should be ordered, for each company apart, and orders nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from db.engine import make_engine
from inventory.catalog import messages as catalog
from inventory.catalog import service as catalog_service
from inventory.purchasing.queries import OrderFilter, orders_counted
from inventory.replenishment import queries
from inventory.replenishment.queries import JOB, Counts
from inventory.suppliers import messages as suppliers
from inventory.suppliers import service as suppliers_service
from jobs.job import Pool
from jobs.registry import JOBS
from jobs.suggest_orders import suggest_orders
from tests.conftest import Database
from tests.jobs.runners import did, make_due, ran
from tests.people import Person, World
from tests.serving import shop


@pytest.fixture
async def engine(fresh_database: Database) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(fresh_database.app, pool_size=2)
    yield engine
    await engine.dispose()


@pytest.fixture
async def world(engine: AsyncEngine) -> World:
    """At Alice's cups of Acme are short in both warehouses and ropes in one; Carol keeps no limits."""
    world = await shop(engine)
    ctx = world.alice.context(engine)
    async with ctx.writing() as work:
        await suppliers_service.create_supplier(ctx, work, suppliers.NewSupplier("acme", "Acme"))
        await suppliers_service.add_item(ctx, work, "acme", suppliers.NewOffer(sku="CUP"))
        for sku, warehouse in (("CUP", "osh"), ("CUP", "main"), ("ROPE", "osh")):
            await catalog_service.set_limits(ctx, work, sku, catalog.NewLimits(warehouse, "5", "10"))
    return world


async def found(engine: AsyncEngine, who: Person) -> Counts | None:
    """What the dashboard reads in the morning."""
    async with who.context(engine).reading() as connection:
        return await queries.last_counted(connection, who.tenant.id)


async def test_counts_for_each_company_apart(pool: Pool, world: World) -> None:
    run = await ran(pool, suggest_orders)
    assert {name: dict(counts) for name, counts in run.news.items()} == {
        world.alice.tenant.id: {"suggestions": 3, "items": 2, "unassigned": 1},
        world.carol.tenant.id: {"suggestions": 0, "items": 0, "unassigned": 0},
    }


async def test_keeps_what_it_found_and_orders_nothing(engine: AsyncEngine, pool: Pool, world: World) -> None:
    own = next(each for each in JOBS if each.name == JOB)
    assert await found(engine, world.alice) is None
    await make_due(pool, own)
    assert [each.state for each in await did(pool, own)] == ["done"]
    assert await found(engine, world.alice) == Counts(3, 2, 1)
    assert await found(engine, world.carol) == Counts(0, 0, 0)
    ctx = world.alice.context(engine)
    async with ctx.writing() as work:
        await suppliers_service.add_item(ctx, work, "acme", suppliers.NewOffer(sku="ROPE"))
    await make_due(pool, own)
    await did(pool, own)
    assert await found(engine, world.alice) == Counts(3, 2, 0)
    async with ctx.reading() as connection:
        assert await orders_counted(connection, ctx.tenant.id, OrderFilter()) == {}
