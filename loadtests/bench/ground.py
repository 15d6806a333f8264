"""The ground of a run: servers of its own, the migrated schema, and companies with stock."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from app.embedded import Postgres, Redis
from app.provision import migrate, provision, url_with
from app.server import remove
from app.settings import CannotStart
from inventory.context import Stock
from inventory.ledger.messages import Line, Receive
from kit.quantity import ONE
from loadtests.bench.messages import head

SHARED_BUFFERS_MB = 512
PLENTY = 10**9 * ONE
"""Stock of each item where it must never run out."""
_LINES = 500
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Database:
    """A migrated database: its addresses for the web, for the engine and for the superuser."""

    app: str
    engine: str
    admin: str


@dataclass(frozen=True, slots=True)
class Ground:
    """Where to measure: a database for each mode of the engine, because each looks after every partition that it finds; two
    Redis-compatible servers (none where there is no binary); and a folder on the same disk."""

    ray: Database
    local: Database
    redis: tuple[str, ...]
    disk: Path


@dataclass(frozen=True, slots=True)
class Company:
    """A tenant with one warehouse. The first item is the hot one."""

    slug: str
    tenant: int
    warehouse: int
    items: list[int]


@contextmanager
def ground() -> Iterator[Ground]:
    """Start, provision and migrate in a temporary folder; stop and remove all of it afterwards."""
    var = Path(tempfile.mkdtemp(prefix="onhand-bench-"))
    var.chmod(0o711)  # the server of a root start runs as another user
    server = Postgres(var, shared_buffers_mb=SHARED_BUFFERS_MB)
    with ExitStack() as started:
        started.callback(remove, var)
        started.callback(server.stop)
        admin = server.start()
        yield Ground(_database(admin, "bench", var), _database(admin, "bench_local", var), _redis_servers(var, started), var)


def _database(admin: str, name: str, var: Path) -> Database:
    urls = asyncio.run(provision(admin, name, var / f"{name}.json"))
    migrate(urls.owner)
    return Database(urls.app, urls.engine, url_with(admin, database=name))


def _redis_servers(var: Path, started: ExitStack) -> tuple[str, ...]:
    """One that keeps nothing and one that will keep everything. None where no binary is to be had."""
    urls = []
    for name in ("volatile", "durable"):
        folder = var / name
        folder.mkdir(mode=0o711)
        server = Redis(folder)
        try:
            urls.append(server.start())
        except CannotStart:
            return ()
        started.callback(server.stop)
    return tuple(urls)


async def found(database: Database, slug: str, items: int) -> Company:
    """A company with so many items and one warehouse, and no stock yet."""
    connection = await asyncpg.connect(database.admin)
    try:
        tenant = await connection.fetchval(
            "INSERT INTO tenants (slug, name, time_zone, language, currency, plan) "
            "VALUES ($1, $1, 'UTC', 'en', 'GBP', 'scale') RETURNING id",
            slug,
        )
        await connection.execute("INSERT INTO units (tenant_id, code, name, decimals) VALUES ($1, 'pcs', 'pieces', 0)", tenant)
        rows = await connection.fetch(
            "INSERT INTO items (tenant_id, sku, name, kind, base_unit) "
            "SELECT $1, 'S' || n, 'Item ' || n, 'finished', 'pcs' FROM generate_series(1, $2) n RETURNING id",
            tenant,
            items,
        )
        warehouse = await connection.fetchval(
            "INSERT INTO warehouses (tenant_id, code, name, time_zone) VALUES ($1, 'main', 'Main', 'UTC') RETURNING id", tenant
        )
    finally:
        await connection.close()
    return Company(slug, tenant, warehouse, [row["id"] for row in rows])


def openings(company: Company, each: int) -> list[Receive]:
    """The commands that receive so much of every item."""
    parts = [company.items[start : start + _LINES] for start in range(0, len(company.items), _LINES)]
    return [Receive(**head(), lines=tuple([Line(item, company.warehouse, each) for item in part])) for part in parts]


async def stock_up(stock: Stock, company: Company, each: int = PLENTY) -> None:
    """Receive so much of every item through the engine itself."""
    commands = openings(company, each)
    for start in range(0, len(commands), _AT_ONCE):
        for outcome in await asyncio.gather(*[stock.submit(company.tenant, command) for command in commands[start : start + _AT_ONCE]]):
            assert not outcome.code, outcome
