"""Alice buys for her company, Bob may only look, Carol is from another one."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from events.unit_of_work import UnitOfWork
from inventory.catalog import messages as catalog
from inventory.catalog import service as catalog_service
from inventory.context import Context
from inventory.suppliers import messages as m
from inventory.suppliers import service
from tests.people import World, populate


@pytest.fixture
async def world(engine: AsyncEngine) -> World:
    """Alice, Bob (an operator) and Carol."""
    return await populate(engine, prepare=catalog_service.found_units)


@pytest.fixture
async def ctx(engine: AsyncEngine, world: World) -> Context:
    """Alice's hands; there are cups, flour, and two suppliers."""
    ctx = world.alice.context(engine)
    async with ctx.writing() as work:
        await furnish(ctx, work)
    return ctx


async def furnish(ctx: Context, work: UnitOfWork) -> None:
    """Cups by the piece or the case of 12, flour by the kilogram or the sack of 50, and suppliers A and B."""
    await catalog_service.create_item(ctx, work, catalog.NewItem("CUP", "Cup"))
    await catalog_service.set_item_unit(ctx, work, "CUP", catalog.NewItemUnit("case", 12))
    await catalog_service.create_item(ctx, work, catalog.NewItem("FLOUR", "Flour", base_unit="kg"))
    await catalog_service.set_item_unit(ctx, work, "FLOUR", catalog.NewItemUnit("sack", 50))
    await service.create_supplier(ctx, work, m.NewSupplier("A", "Alpha", lead_time_days=7))
    await service.create_supplier(ctx, work, m.NewSupplier("B", "Beta", currency="USD"))
