"""A caller in a process of its own, to be killed: sends commands all at once, having written each down first."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

import msgspec

from app.processes import end_with_parent
from tests.actors.conftest import Company
from tests.chaos.history import History
from tests.chaos.load import Shop, desk
from tests.chaos.owners import carrier


class Orders(msgspec.Struct):
    """Where to send, where to write down, for whom, and how many."""

    port: int
    notes: str
    tenant: int
    items: list[int]
    warehouses: list[int]
    count: int


async def _send(orders: Orders) -> None:
    through = desk([carrier(orders.port)])
    company = Company(through, orders.tenant, orders.items, orders.warehouses, url="", slug="")
    shop = Shop(company, through, History(Path(orders.notes)))
    await asyncio.gather(*[shop.reserve(1, random.randrange(len(orders.items))) for _ in range(orders.count)])


if __name__ == "__main__":
    end_with_parent()
    asyncio.run(_send(msgspec.json.decode(sys.argv[1], type=Orders)))
