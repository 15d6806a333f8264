"""A running shop to replay into, and the replay as people start it: a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from db.engine import make_engine
from tests.conftest import Database
from tests.people import Person
from tests.serving import serving
from tests.serving import shop as found_shop

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "data" / "retail_sales.csv.gz"
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


@dataclass(frozen=True, slots=True)
class Ran:
    """How a replay ended and what it said."""

    code: int
    out: str


@dataclass(frozen=True, slots=True)
class Shop:
    """A server, a manager of its company, and the folder in which replays keep what they know."""

    url: str
    manager: Person
    other: Person
    var: Path

    async def start(self, path: Path, *words: str, who: Person | None = None) -> Process:
        """Begin a replay."""
        who = who or self.manager
        target = ["--url", self.url, "--tenant", who.tenant.slug, "--key", who.key]
        environ = os.environ | {"ONHAND_VAR": str(self.var)}
        argv = [sys.executable, "-m", "app", "replay", str(path), *target, *words]
        return await asyncio.create_subprocess_exec(*argv, cwd=ROOT, env=environ, stdout=PIPE, stderr=PIPE)

    async def replay(self, path: Path, *words: str, who: Person | None = None) -> Ran:
        """Replay to the end."""
        return await ended(await self.start(path, *words, who=who))

    def through(self, url: str) -> Shop:
        """The same shop by another way."""
        return replace(self, url=url)

    async def get(self, path: str) -> Any:
        """The JSON of a path below the company's."""
        async with self._client() as client:
            return (await client.get(path)).json()

    async def post(self, path: str, key: str, body: Any) -> int:
        """The status of a change by somebody else than the one who replays."""
        async with self._client() as client:
            return (await client.post(path, json=body, headers={"Idempotency-Key": key})).status_code

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=f"{self.url}/v1/{self.manager.tenant.slug}/", headers=self.other.bearer)

    def report(self) -> dict[str, Any]:
        """The one report there is."""
        (path,) = (each for each in (self.var / "replay").glob("*.json") if ".state." not in each.name)
        found: dict[str, Any] = json.loads(path.read_text())
        return found


async def ended(process: Process) -> Ran:
    """Wait for the end."""
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ran(process.returncode, out.decode() + err.decode())


@pytest.fixture(scope="module")
def address(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for the tests of a module, in a thread of its own, on the database that all tests share."""
    url: Future[str] = Future()
    over = threading.Event()

    async def serve() -> None:
        async with serving(database, tmp_path_factory.mktemp("server")) as server:
            url.set_result(server.url)
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    yield url.result(timeout=60)
    over.set()
    thread.join()


@pytest.fixture
async def shop(address: str, database: Database, tmp_path: Path) -> Shop:
    """A shop of this test alone."""
    engine = make_engine(database.app, pool_size=2)
    world = await found_shop(engine)
    await engine.dispose()
    return Shop(address, world.bob, world.alice, tmp_path / "var")


@pytest.fixture
async def shop_alone(fresh_database: Database, tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop with a server and a database of its own."""
    async with serving(fresh_database, tmp_path / "server") as server:
        yield Shop(server.url, server.world.bob, server.world.alice, tmp_path / "var")


@pytest.fixture
def real() -> Path:
    """The real export, which CI has beside the repository."""
    if not REAL.exists():
        pytest.skip(f"NOT TESTED: there is no {REAL.name} in ../shared/data, so the replay of real sales was not tried")
    return REAL


def export(folder: Path, *rows: str, name: str = "sales.csv") -> Path:
    """A file with these lines under the usual header."""
    path = folder / name
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path
