"""Where cases happen: a PostgreSQL of their own, which they may crash, with one migrated database."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from app.embedded import Postgres
from app.provision import migrate, provision, url_with
from app.server import remove
from tests.chaos.owners import ended, running
from tests.chaos.waiting import until_async
from tests.conftest import Database

NAME = "chaos"


class Place:
    """The server and its database. The server is started from a thread that lives as long as it: the kernel ends it with that."""

    def __init__(self, var: Path, keeper: ThreadPoolExecutor) -> None:
        self.var = var
        self._keeper = keeper
        self._server = Postgres(var, shared_buffers_mb=64)
        admin = keeper.submit(self._server.start).result()
        urls = asyncio.run(provision(admin, NAME, var / "secrets.json"))
        migrate(urls.owner)
        self.database = Database(urls.owner, urls.app, urls.engine, url_with(admin, database=NAME), NAME)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.database.admin)
        assert parts.hostname and parts.port
        return parts.hostname, parts.port

    @property
    def data(self) -> Path:
        """The server's data folder."""
        return self._server.data

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        """A connection of the superuser, whom neither row security nor grants bind."""
        connection = await asyncpg.connect(self.database.admin)
        try:
            yield connection
        finally:
            await connection.close(timeout=5)

    async def terminate(self, backends: Iterable[int]) -> None:
        """End these backends in order; what they were doing is rolled back."""
        async with self.admin() as admin:
            await admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest($1::int[]) pid", list(backends))

    async def crash(self, number: signal.Signals = signal.SIGQUIT) -> None:
        """End the server at once (SIGQUIT: as `pg_ctl stop -m immediate`; SIGKILL: without a chance) and start it again."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, number)
        await ended(pid)
        await self.start()

    async def start(self) -> None:
        """Start the server again on its old port, through recovery if there is something to recover."""
        before = self.address
        url = await asyncio.get_running_loop().run_in_executor(self._keeper, self._server.start)
        assert (urlsplit(url).hostname, urlsplit(url).port) == before

    async def recovered(self) -> None:
        """Wait until the server takes connections again after it restarted by itself."""
        while True:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InternalClientError):
                async with self.admin():
                    return
            await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Stop the server in order: everything is in its files."""
        await asyncio.get_running_loop().run_in_executor(self._keeper, self._server.stop)

    def close(self) -> None:
        """Stop for good. No process of the server may be left."""
        pid = int((self.data / "postmaster.pid").read_text().split()[0])
        self._server.stop(lambda: True)
        assert not running(pid)


@contextmanager
def place() -> Iterator[Place]:
    """A place in a temporary folder; enter outside of an event loop."""
    var = Path(tempfile.mkdtemp(prefix="onhand-chaos-"))
    var.chmod(0o711)  # the server of a root start runs as another user
    with ThreadPoolExecutor(1, "postgres") as keeper:
        made = Place(var, keeper)
        try:
            yield made
        finally:
            made.close()
    remove(var)


async def held_up(where: Place, statement: str = "stock_") -> dict[int, str]:
    """Wait until backends of the engine stand in the queue for a lock with that statement; returns their pids and queries.

    On a connection of its own: within a transaction PostgreSQL shows the same activity again and again.
    """
    async with where.admin() as admin:
        rows = await until_async(lambda: admin.fetch(_WAITING, f"%{statement}%"))
    return {row["pid"]: row["query"] for row in rows}


@asynccontextmanager
async def partition_locked(where: Place, tenant: int) -> AsyncIterator[None]:
    """Nobody can commit a batch of the tenant, or become its owner, while the block runs."""
    async with where.admin() as admin, admin.transaction():
        await admin.execute("SELECT 1 FROM stock_partitions WHERE tenant_id = $1 FOR UPDATE", tenant)
        yield


@asynccontextmanager
async def cell_locked(where: Place, tenant: int, item: int) -> AsyncIterator[None]:
    """A batch that touches the item passes the fence and then waits, holding the partition, while the block runs."""
    async with where.admin() as admin, admin.transaction():
        await admin.execute("SELECT 1 FROM stock_balances WHERE tenant_id = $1 AND item_id = $2 FOR UPDATE", tenant, item)
        yield


_WAITING = """
SELECT pid, query FROM pg_stat_activity
WHERE application_name = 'onhand-engine' AND wait_event_type = 'Lock' AND query LIKE $1
"""
