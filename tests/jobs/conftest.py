"""A ledger of eight rows, proven and anchored on the way, and a hand that can change what no product code can."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from argparse import Namespace
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from actors.local import LocalEngine
from app.settings import Settings
from app.verify import main
from db.engine import make_engine, make_pool
from inventory.ledger.proof import hash_of
from jobs.anchors import FILE, Anchorer, Head, home
from jobs.passes import Pool, deep
from jobs.verdict import record
from kit.clock import now_us
from tests.actors.conftest import found
from tests.conftest import Database
from tests.people import World, populate


@dataclass(frozen=True)
class Books:
    """A company's ledger and its anchors. `did` goes past row security, triggers and the product; `verify` is the command."""

    database: Database
    folder: Path
    anchors: Path
    tenant: int
    slug: str

    def did(self, *statements: str) -> None:
        """What somebody with every right in the database did."""
        asyncio.run(self.ask(*statements))

    def verify(self, **said: Any) -> tuple[int, Any]:
        """Exit code and report of `onhand verify --json`."""
        settings = Settings.from_env({"ONHAND_VAR": str(self.folder)})
        args = Namespace(**{"tenant": self.slug, "deep": False, "resume": None, "rebuild": False, "json": True, **said})
        with contextlib.redirect_stdout(io.StringIO()) as printed, capture_logs():
            code = main(self.database.engine, settings, args)
        return code, json.loads(printed.getvalue())

    def rewrite(self, seq: int) -> None:
        """Change the reason of a row, then compute the chain, the head and the last proof anew: all but the anchors agree."""
        asyncio.run(self._rewrite(seq))

    @property
    def anchor_file(self) -> Path:
        return self.anchors / FILE

    async def ask(self, *statements: str) -> Any:
        """The value of the last statement."""
        connection = await asyncpg.connect(self.database.admin)
        try:
            await connection.execute("SET session_replication_role = replica")
            for statement in statements:
                value = await connection.fetchval(statement.replace("$tenant", str(self.tenant)))
            return value
        finally:
            await connection.close()

    async def prove(self) -> None:
        pool = await make_pool(self.database.engine, 1)
        try:
            await record(pool, await deep(pool, (self.tenant, 0), self.anchorer().anchors))
        finally:
            await pool.close()

    async def anchor(self) -> None:
        """Sign the head as it is."""
        seq = await self.ask("SELECT seq FROM stock_partitions WHERE tenant_id = $tenant")
        digest = await self.ask("SELECT head_hash FROM stock_partitions WHERE tenant_id = $tenant")
        before = await self.ask("SELECT anchored_seq FROM stock_proofs WHERE tenant_id = $tenant")
        self.anchorer().append([Head(self.tenant, 0, seq, digest, before)], now_us())
        await self.ask(f"UPDATE stock_proofs SET anchored_seq = {seq} WHERE tenant_id = $tenant")

    def anchorer(self) -> Anchorer:
        return Anchorer(self.anchors, self.folder / "anchor.key")

    async def _rewrite(self, first: int) -> None:
        connection = await asyncpg.connect(self.database.admin)
        try:
            await connection.execute("SET session_replication_role = replica")
            await connection.execute("UPDATE stock_ledger SET reason = 'forged' WHERE tenant_id = $1 AND seq = $2", self.tenant, first)
            rows = await connection.fetch(
                "SELECT * FROM stock_ledger WHERE tenant_id = $1 AND seq >= $2 ORDER BY seq", self.tenant, first - 1
            )
            digest = rows[0]["hash"]
            for row in rows[1:]:
                digest = hash_of(digest, row)
                await connection.execute(
                    "UPDATE stock_ledger SET hash = $3 WHERE tenant_id = $1 AND seq = $2", self.tenant, row["seq"], digest
                )
            await connection.execute("UPDATE stock_partitions SET head_hash = $2 WHERE tenant_id = $1", self.tenant, digest)
            await connection.execute(
                "UPDATE stock_proofs p SET hash = l.hash FROM stock_ledger l "
                "WHERE p.tenant_id = $1 AND l.tenant_id = $1 AND l.part = p.part AND l.seq = p.seq",
                self.tenant,
            )
        finally:
            await connection.close()


@pytest.fixture
async def pool(fresh_database: Database) -> AsyncIterator[Pool]:
    """The connections of a worker on a database of its own."""
    pool = await make_pool(fresh_database.engine, 3)
    yield pool
    await pool.close()


@pytest.fixture
async def hand(fresh_database: Database) -> AsyncIterator[asyncpg.Connection]:
    """Somebody with every right, who makes things old."""
    connection = await asyncpg.connect(fresh_database.admin)
    yield connection
    await connection.close()


@pytest.fixture
async def engine(fresh_database: Database) -> AsyncIterator[AsyncEngine]:
    """The app role's engine, on the same."""
    engine = make_engine(fresh_database.app, pool_size=4)
    yield engine
    await engine.dispose()


@pytest.fixture
async def world(engine: AsyncEngine) -> World:
    """Alice, Bob and Carol there."""
    return await populate(engine)


async def _home(database: Database, folder: Path) -> Path:
    connection = await asyncpg.connect(database.engine)
    try:
        return await home(connection, folder / "anchors")
    finally:
        await connection.close()


async def write_books(database: Database, folder: Path, proven: int, anchored: int = 8) -> Books:
    """Eight rows of two items, proven and anchored at #4 and, where they say so, again at #8."""
    engine = LocalEngine(database.engine, lambda *_: None, lambda: None)
    company = await found(database, await engine.start())
    books = Books(database, folder, await _home(database, folder), company.tenant, company.slug)
    await company.receive(100)  # 1
    first = await company.reserve(10)  # 2
    second = await company.reserve(5)  # 3
    assert first.hold and second.hold
    await company.commit(first.hold.seq, 4)  # 4
    await books.prove()
    await books.anchor()
    await company.receive(7, item=1)  # 5
    await company.issue(3)  # 6
    await company.release(second.hold.seq)  # 7
    await company.receive(1)  # 8
    if proven == 8:
        await books.prove()
    if anchored == 8:
        await books.anchor()
    await engine.close()
    return books


@pytest.fixture
def books_proven_to(database: Database, tmp_path: Path) -> Callable[[int], Books]:
    """Makes books whose first rows, up to the one named, are proven."""
    return lambda proven: asyncio.run(write_books(database, tmp_path, proven))
