"""The naive route as a peer: its tables, its server with a pool of the size that is tried, and what must hold in its books."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import create_async_engine

from kit.quantity import ONE
from loadtests.bench.edge.naive import SCHEMA, Base
from loadtests.bench.edge.running import Edge, beside
from loadtests.bench.edge.shop import Shop
from loadtests.bench.edge.site import Site
from loadtests.bench.ground import PLENTY
from loadtests.bench.load import Turn
from loadtests.bench.messages import Spread


class Naive:
    """Quart, SQLAlchemy, FOR UPDATE. A size is the number of connections in its pool; clients are as many as the product has."""

    name = "naive"
    title = "Quart, ORM, FOR UPDATE"
    unit = "connections"

    def __init__(self, edge: Edge, shop: Shop) -> None:
        self._edge = edge
        self._shop = shop
        self._url = edge.stage.ground.ray.admin
        self._opened = AsyncExitStack()
        self._sites: dict[int, Site] = {}
        self.sizes: Sequence[int] = edge.stage.size.edge.pools

    async def __aenter__(self) -> Naive:
        """A server for each size: those that have no turn do nothing."""
        await self.prepare()
        ground, more = self._edge.stage.ground, {"NAIVE_DATABASE_URL": self._url}
        self._sites = {pool: Site(ground, "loadtests.bench.edge.naive", [str(pool)], more) for pool in self.sizes}
        await self._opened.enter_async_context(beside(self._edge.stage, *self._sites.values()))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._opened.aclose()

    async def prepare(self) -> None:
        """Its tables, the shop's keys and plenty of every item."""
        engine = create_async_engine(self._url.replace("postgresql://", "postgresql+asyncpg://", 1))
        async with engine.begin() as made:
            await made.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
            await made.run_sync(Base.metadata.create_all)
        await engine.dispose()
        slug, items = self._shop.company.slug, len(self._shop.company.items)
        connection = await asyncpg.connect(self._url)
        try:
            hashes = [hashlib.sha256(key.encode()).hexdigest() for key in self._shop.keys]
            await connection.execute(f"INSERT INTO {SCHEMA}.api_keys SELECT unnest($1::text[]), $2", hashes, slug)
            await connection.execute(
                f"INSERT INTO {SCHEMA}.balances (tenant, sku, warehouse, on_hand, reserved) "
                "SELECT $1, 'S' || n, 'main', $2, 0 FROM generate_series(1, $3) n",
                slug,
                PLENTY // ONE,
                items,
            )
            await connection.execute(f"VACUUM ANALYZE {SCHEMA}.balances")
        finally:
            await connection.close()

    def turner(self, spread: Spread) -> Callable[[int, float], Awaitable[Turn]]:
        """Reserve one piece, again and again."""

        async def turn(pool: int, seconds: float) -> Turn:
            turner = self._edge.turner(self._shop, spread, site=self._sites[pool])
            return await turner(self._edge.stage.size.edge.connections[0], seconds)

        return turn

    async def faults(self) -> list[str]:
        """Where balance and ledger disagree."""
        return await drift(self._url)


async def drift(url: str) -> list[str]:
    """Items whose balance is not what the ledger adds up to."""
    connection = await asyncpg.connect(url)
    try:
        rows: list[Any] = await connection.fetch(_DRIFT)
    finally:
        await connection.close()
    return [f"{Naive.name} {row['sku']}: {row['reserved']} reserved by {row['rows']}" for row in rows]


_DRIFT = f"""
SELECT b.sku, b.reserved, coalesce(l.rows, 0) AS rows FROM {SCHEMA}.balances b
LEFT JOIN (SELECT balance_id, sum(delta_reserved) AS rows FROM {SCHEMA}.ledger GROUP BY 1) l ON l.balance_id = b.id
WHERE b.reserved <> coalesce(l.rows, 0) LIMIT 20
"""
