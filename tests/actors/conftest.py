"""A company with stock, and the engine in both its modes."""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest

from actors.cluster import Cluster, ClusterEngine
from actors.desk import Desk
from actors.local import LocalEngine
from app.verify import prove
from db.engine import make_pool
from inventory.ledger.messages import (
    Adjust,
    AdjustLine,
    Arrive,
    Commit,
    Issue,
    Line,
    Outcome,
    PartLine,
    Receive,
    Release,
    Reserve,
    ReserveSplit,
    Ship,
    SplitLine,
    WriteOff,
)
from kit.clock import SECOND
from kit.ids import digest16
from tests.conftest import Database

ONE = 1_000_000


@dataclass
class Company:
    """A tenant of its own with some items and two warehouses, and its commands. Quantities here are whole units."""

    desk: Desk
    tenant: int
    items: list[int]
    warehouses: list[int]
    url: str
    slug: str
    principal: int = 1
    _keys: Iterator[int] = field(default_factory=itertools.count)

    async def receive(self, qty: int, item: int = 0, warehouse: int = 0, key: str = "") -> Outcome:
        return await self.submit(Receive(**self.head(key, "receive", qty), lines=(self.line(qty, item, warehouse),)))

    async def issue(self, qty: int, item: int = 0, key: str = "") -> Outcome:
        return await self.submit(Issue(**self.head(key, "issue", qty), lines=(self.line(qty, item),)))

    async def adjust(self, delta: int, item: int = 0, key: str = "") -> Outcome:
        at = AdjustLine(self.items[item], self.warehouses[0], delta * ONE)
        return await self.submit(Adjust(**self.head(key, "adjust", delta), lines=(at,)))

    async def reserve(self, qty: int, item: int = 0, key: str = "", expires_in_s: int = 900) -> Outcome:
        head = self.head(key, "reserve", qty)
        return await self.submit(Reserve(**head, lines=(self.line(qty, item),), hard=False, expires_in_us=expires_in_s * SECOND))

    async def split(self, qty: int, partial: bool = False, key: str = "") -> Outcome:
        """From the first warehouse, else the second."""
        head = self.head(key, "split", qty, partial)
        lines = (SplitLine(self.items[0], tuple(self.warehouses), qty * ONE),)
        return await self.submit(ReserveSplit(**head, lines=lines, hard=False, expires_in_us=900 * SECOND, partial=partial))

    async def commit(self, reservation: int, qty: int | None = None, key: str = "") -> Outcome:
        parts = None if qty is None else (PartLine(self.items[0], self.warehouses[0], qty * ONE),)
        return await self.submit(Commit(**self.head(key, "commit", qty), reservation=reservation, lines=parts))

    async def release(self, reservation: int, key: str = "") -> Outcome:
        return await self.submit(Release(**self.head(key, "release", reservation), reservation=reservation))

    async def ship(self, qty: int, item: int = 0, key: str = "") -> Outcome:
        """From the first warehouse to the second."""
        head = self.head(key, "ship", qty)
        return await self.submit(Ship(**head, lines=(self.line(qty, item),), to=self.warehouses[1]))

    async def arrive(self, transfer: int, qty: int | None = None, key: str = "") -> Outcome:
        return await self.submit(Arrive(**self.head(key, "arrive", transfer, qty), transfer=transfer, lines=self._arriving(qty)))

    async def write_off(self, transfer: int, qty: int | None = None) -> Outcome:
        return await self.submit(WriteOff(**self.head("", "write off", qty), transfer=transfer, lines=self._arriving(qty)))

    def _arriving(self, qty: int | None) -> tuple[PartLine, ...] | None:
        return None if qty is None else (PartLine(self.items[0], self.warehouses[1], qty * ONE),)

    async def submit(self, command: object) -> Outcome:
        return await self.desk.submit(self.tenant, command)  # type: ignore[arg-type]

    def head(self, key: str, *body: object) -> dict[str, Any]:
        key = key or f"k{next(self._keys)}"
        return {"key": key, "key_hash": digest16(b"1", key.encode()), "body_hash": digest16(repr(body).encode()), "principal": 1, "role": 1}

    def line(self, qty: int, item: int = 0, warehouse: int = 0) -> Line:
        return Line(self.items[item], self.warehouses[warehouse], qty * ONE)

    async def faults(self) -> list[object]:
        """What does not hold in this company's ledger. Empty is proof."""
        pool = await make_pool(self.url, 1)
        try:
            return list((await prove(pool, self.tenant, 0)).faults)
        finally:
            await pool.close()

    async def references(self) -> list[str]:
        """The references of all ledger rows, in order."""
        return [row["reference"] for row in await self._rows("SELECT reference FROM stock_ledger WHERE tenant_id = $1 ORDER BY seq")]

    async def count(self, table: str) -> int:
        """Rows of the company in a table."""
        return int((await self._rows(f"SELECT count(*) FROM {table} WHERE tenant_id = $1"))[0][0])

    async def sum(self, expression: str, table: str) -> int:
        """The sum over the company's rows of a table."""
        return int((await self._rows(f"SELECT sum({expression}) FROM {table} WHERE tenant_id = $1"))[0][0])

    async def _rows(self, query: str) -> list[asyncpg.Record]:
        """What the engine's role sees of this company."""
        connection = await asyncpg.connect(self.url)
        try:
            async with connection.transaction():
                await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(self.tenant))
                return list(await connection.fetch(query, self.tenant))
        finally:
            await connection.close()


async def found(database: Database, desk: Desk, items: int = 5) -> Company:
    """A new company in the database, reached through the desk."""
    connection = await asyncpg.connect(database.admin)
    try:
        slug = f"t{secrets.token_hex(6)}"
        tenant = await connection.fetchval(
            "INSERT INTO tenants (slug, name, time_zone, language, currency, plan) "
            "VALUES ($1, $1, 'UTC', 'en', 'KGS', 'growth') RETURNING id",
            slug,
        )
        await connection.execute("INSERT INTO units (tenant_id, code, name, decimals) VALUES ($1, 'pcs', 'pcs', 0)", tenant)
        rows = await connection.fetch(
            "INSERT INTO items (tenant_id, sku, name, kind, base_unit) "
            "SELECT $1, 'S' || n, 'S' || n, 'finished', 'pcs' FROM generate_series(1, $2) n RETURNING id",
            tenant, items,
        )  # fmt: skip
        places = await connection.fetch(
            "INSERT INTO warehouses (tenant_id, code, name, time_zone) SELECT $1, c, c, 'UTC' FROM unnest($2::text[]) c RETURNING id",
            tenant, ["osh", "main"],
        )  # fmt: skip
    finally:
        await connection.close()
    return Company(desk, tenant, [row["id"] for row in rows], [row["id"] for row in places], database.engine, slug)


@pytest.fixture(scope="session")
def cluster(ray_database: Database) -> Iterator[Cluster]:
    """One Ray for the session, with two shards on a database of their own."""
    cluster = Cluster(f"test-{os.getpid()}")
    cluster.start(ray_database.engine, 2, _no_hint)
    yield cluster
    cluster.stop(drain=True)


async def pids(cluster: Cluster) -> list[int]:
    """The process of each shard, once all answer: a test before this one may have killed some."""
    while None in (found := await cluster.tend()):
        pass  # each look waits
    return [shard["pid"] for shard in found if shard]


@pytest.fixture(params=["local", pytest.param("ray", marks=pytest.mark.ray)])
async def company(request: pytest.FixtureRequest, database: Database, ray_database: Database) -> AsyncIterator[Company]:
    """A company of this test alone, on each kind of engine."""
    engine: LocalEngine | ClusterEngine
    if request.param == "ray":
        engine, database = ClusterEngine(request.getfixturevalue("cluster"), _ignore), ray_database
    else:
        engine = LocalEngine(database.engine, _ignore, lambda: None)
    yield await found(database, await engine.start())
    await engine.close()


def _no_hint() -> Callable[[int, int, int], None]:
    return _ignore


def _ignore(tenant: int, part: int, seq: int) -> None:
    """Nobody listens in these tests."""
