"""Suggestions over REST, on a real database and a real engine. Alice decides, Bob is a clerk, Carol another company."""

from __future__ import annotations

from typing import Any

import pytest
from quart import Quart
from sqlalchemy.ext.asyncio import AsyncEngine

from inventory.catalog import messages as catalog
from inventory.catalog import service as catalog_service
from inventory.locations import messages as places
from inventory.locations import service as places_service
from inventory.suppliers import messages as suppliers
from inventory.suppliers import service as suppliers_service
from tenants.domain import Role
from tests.api.conftest import Said, app, clock, edge
from tests.people import World, hire
from tests.purchasing.conftest import Buyer, local, stock
from tests.serving import shop

__all__ = ["app", "clock", "edge", "local", "stock"]


@pytest.fixture
async def world(engine: AsyncEngine) -> World:
    """Each company with a third shop in London, cups in cases of 12 from Acme, plates from Best, and ropes that nobody sells."""
    world = await shop(engine, Role.INVENTORY)
    for owner in (world.alice, world.carol):
        ctx = owner.context(engine)
        async with ctx.writing() as work:
            await places_service.create_warehouse(ctx, work, places.NewWarehouse("london", "London", "Europe/London"))
            await catalog_service.create_item(ctx, work, catalog.NewItem("PLATE", "Plate"))
            await catalog_service.set_item_unit(ctx, work, "CUP", catalog.NewItemUnit("case", 12))
            for code, days in (("acme", 5), ("best", None)):
                await suppliers_service.create_supplier(ctx, work, suppliers.NewSupplier(code, code.title(), lead_time_days=days))
            await suppliers_service.add_item(ctx, work, "acme", offer("CUP", unit="case", price="10.50"))
            await suppliers_service.add_item(ctx, work, "best", offer("PLATE"))
    return world


def offer(sku: str, price: str | None = None, **terms: Any) -> suppliers.NewOffer:
    """An offer in soms."""
    return suppliers.NewOffer(sku=sku, price=None if price is None else catalog.Money(price, "KGS"), **terms)


class Planner(Buyer):
    """Somebody who looks at what is short, and orders it."""

    async def limits(self, sku: str = "CUP", low: str = "20", high: str = "60", warehouse: str = "osh") -> None:
        """Let an item be kept between these."""
        async with self.who.context(self.app.extensions["onhand"].wiring.engine).writing() as work:
            ctx = self.who.context(self.app.extensions["onhand"].wiring.engine)
            await catalog_service.set_limits(ctx, work, sku, catalog.NewLimits(warehouse, low, high))

    async def suggestions(self, query: str = "") -> list[dict[str, Any]]:
        """What is suggested now."""
        said = await self.get(f"replenishment/suggestions{query}")
        assert said.status == 200, said.body
        found: list[dict[str, Any]] = said.body["items"]
        return found

    async def projected(self, sku: str = "CUP") -> tuple[str, str, str] | None:
        """Projection, need and quantity of the one suggestion for an item; None when there is none."""
        found = [each for each in await self.suggestions() if each["sku"] == sku]
        assert len(found) < 2
        return tuple(found[0][name] for name in ("projected", "need", "qty")) if found else None  # type: ignore[return-value]

    async def drafts(self, *lines: dict[str, Any], key: str | None = None, **body: Any) -> Said:
        """Have drafts made: of lines, or as the body says."""
        return await self.post("replenishment/drafts", {**({"lines": lines} if lines else {}), **body}, key)


@pytest.fixture
def alice(app: Quart, world: World) -> Planner:
    """The owner's program."""
    return Planner(app, world.alice)


@pytest.fixture
def bob(app: Quart, world: World) -> Planner:
    """A clerk's program: it sees what is short and orders nothing."""
    return Planner(app, world.bob)


@pytest.fixture
def carol(app: Quart, world: World) -> Planner:
    """The stranger's program."""
    return Planner(app, world.carol)


@pytest.fixture
async def mary(app: Quart, world: World) -> Planner:
    """A manager's program."""
    return Planner(app, await hire(world.people, world.alice, "Mary", Role.MANAGER))


@pytest.fixture
async def vic(app: Quart, world: World) -> Planner:
    """A till's program: it has no business with orders."""
    return Planner(app, await hire(world.people, world.alice, "Vic", Role.OPERATOR))
