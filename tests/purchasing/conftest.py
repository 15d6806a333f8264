"""Orders over REST, on a real database and a real engine. Alice buys from Acme; Bob is a clerk, Carol another company."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from quart import Quart
from sqlalchemy.ext.asyncio import AsyncEngine

from actors.local import LocalEngine
from inventory.catalog import messages as catalog
from inventory.catalog import service as catalog_service
from inventory.context import Stock
from inventory.suppliers import messages as suppliers
from inventory.suppliers import service as suppliers_service
from tenants.domain import Role
from tests.api.conftest import Client, MovingClock, Said, app, clock, edge
from tests.conftest import Database
from tests.people import World, hire
from tests.serving import shop

__all__ = ["app", "clock", "edge"]


@pytest.fixture
async def local(database: Database, clock: MovingClock) -> AsyncIterator[LocalEngine]:
    """The stock engine, in this process; a test may stop it and start it again."""
    engine = LocalEngine(database.engine, lambda tenant, part, seq: None, lambda: None, clock)
    await engine.start()
    yield engine
    await engine.close()


@pytest.fixture
def stock(local: LocalEngine) -> Stock:
    """The desk that the app has for good."""
    return local.desk


@pytest.fixture
async def world(engine: AsyncEngine) -> World:
    """Each company with a shop, a case of 12 cups, and Acme to buy from."""
    world = await shop(engine, Role.INVENTORY)
    for owner in (world.alice, world.carol):
        ctx = owner.context(engine)
        async with ctx.writing() as work:
            await catalog_service.set_item_unit(ctx, work, "CUP", catalog.NewItemUnit("case", 12))
            await suppliers_service.create_supplier(ctx, work, suppliers.NewSupplier("acme", "Acme", lead_time_days=5))
    return world


class Buyer(Client):
    """Somebody who orders and receives."""

    async def ordered(self, *lines: tuple[str, Any], warehouse: str = "osh", **more: Any) -> str:
        """An approved order of (sku, quantity) lines; its number."""
        number = await self.drafted(*lines, warehouse=warehouse, **more)
        for verb in ("submit", "approve"):
            said = await self.post(f"purchasing/orders/{number}/{verb}")
            assert said.status == 200, said.body
        return number

    async def drafted(self, *lines: tuple[str, Any], warehouse: str = "osh", **more: Any) -> str:
        """A draft; its number."""
        body = {"supplier": "acme", "warehouse": warehouse, "lines": [{"sku": sku, "qty": qty, **more} for sku, qty in lines]}
        said = await self.post("purchasing/orders", body)
        assert said.status == 201, said.body
        return str(said.body["number"])

    async def receives(self, number: str, *lines: tuple[int, Any], key: str | None = None, **more: Any) -> Said:
        """What came: (line, quantity)."""
        body = {"lines": [{"line": line, "qty": qty} for line, qty in lines], **more}
        return await self.post(f"purchasing/orders/{number}/receive", body, key)

    async def order(self, number: str) -> dict[str, Any]:
        """The order as it stands."""
        found: dict[str, Any] = (await self.get(f"purchasing/orders/{number}")).body
        return found

    async def level(self, sku: str = "CUP", warehouse: str = "osh") -> tuple[str, str, str]:
        """On hand, available and on order."""
        items = (await self.get(f"stock/levels?sku={sku}&warehouse={warehouse}")).body["items"]
        return tuple(items[0][name] for name in ("on_hand", "available", "on_order")) if items else ("0", "0", "0")  # type: ignore[return-value]


@pytest.fixture
def alice(app: Quart, world: World) -> Buyer:
    """The owner's program."""
    return Buyer(app, world.alice)


@pytest.fixture
def bob(app: Quart, world: World) -> Buyer:
    """A clerk's program: it sees orders and receives nothing of them."""
    return Buyer(app, world.bob)


@pytest.fixture
async def manager(app: Quart, world: World) -> Buyer:
    """The program of somebody who may buy, up to a limit."""
    return Buyer(app, await hire(world.people, world.alice, "Mary", Role.MANAGER))


@pytest.fixture
def carol(app: Quart, world: World) -> Buyer:
    """The stranger's program."""
    return Buyer(app, world.carol)
