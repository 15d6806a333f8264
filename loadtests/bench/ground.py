"""The ground of a run: a PostgreSQL of its own, the migrated schema, and companies with enough stock to never run out."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from app.embedded import Postgres
from app.provision import Urls, migrate, provision, url_with
from app.server import remove
from inventory.context import Stock
from inventory.ledger.messages import Line, Receive
from kit.quantity import ONE
from loadtests.bench.messages import head

SHARED_BUFFERS_MB = 512
STOCK_EACH = 10**9 * ONE
_LINES = 500


@dataclass(frozen=True, slots=True)
class Ground:
    """Where to measure: addresses of the database for each role and for its superuser, and a folder on the same disk."""

    urls: Urls
    admin: str
    disk: Path


@dataclass(frozen=True, slots=True)
class Company:
    """A tenant with one warehouse. The first item is the hot one."""

    tenant: int
    warehouse: int
    items: list[int]


@contextmanager
def ground() -> Iterator[Ground]:
    """Start, provision and migrate in a temporary folder; stop and remove all of it afterwards."""
    var = Path(tempfile.mkdtemp(prefix="onhand-bench-"))
    var.chmod(0o711)  # the server of a root start runs as another user
    server = Postgres(var, shared_buffers_mb=SHARED_BUFFERS_MB)
    try:
        admin = server.start()
        urls = asyncio.run(provision(admin, "bench", var / "secrets.json"))
        migrate(urls.owner)
        yield Ground(urls, url_with(admin, database="bench"), var)
    finally:
        server.stop()
        remove(var)


async def found(ground: Ground, slug: str, items: int) -> Company:
    """A company with so many items and one warehouse, and no stock yet."""
    connection = await asyncpg.connect(ground.admin)
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
    return Company(tenant, warehouse, [row["id"] for row in rows])


async def stock_up(stock: Stock, company: Company) -> None:
    """Receive plenty of every item through the engine itself."""
    for start in range(0, len(company.items), _LINES):
        lines = tuple(Line(item, company.warehouse, STOCK_EACH) for item in company.items[start : start + _LINES])
        outcome = await stock.submit(company.tenant, Receive(**head(), lines=lines))
        assert not outcome.code, outcome
