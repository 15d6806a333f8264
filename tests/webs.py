"""Web processes of our own making, to be killed and started again, and the people at their lines."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import orjson

from app.processes import free_port, spawn_ours
from app.verify import prove
from db.engine import make_engine, make_pool
from tests.conftest import Database
from tests.people import Person, World
from tests.serving import shop

STARTED_S = 60.0
STOPPED_S = 15.0


class Web:
    """`onhand web` on a port of its own. Its engine is in it, and owns nothing unless it is asked for stock commands."""

    def __init__(self, database: Database, var: Path, redis_url: str | None = None, server: str = "hypercorn", **environ: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = var / f"web-{self.port}.log"
        self._client = httpx2.AsyncClient(base_url=self.url, timeout=30, verify=False)
        self._environ = {name: text for name, text in os.environ.items() if not name.startswith(("ONHAND_", "DATABASE_", "REDIS_", "RAY_"))}
        self._environ |= {
            "ONHAND_VAR": str(var),
            "ONHAND_PORT": str(self.port),
            "ONHAND_ENGINE": "local",
            "ONHAND_SHARDS": "1",
            "ONHAND_SERVER": server,
            "DATABASE_APP_URL": database.app,
            "DATABASE_ENGINE_URL": database.engine,
            "REDIS_URL": redis_url or "",
            **environ,
        }

    async def start(self) -> Web:
        """Start it, or start it again; return when it can serve."""
        self._child = spawn_ours(["web"], self._environ, self._log)
        async with asyncio.timeout(STARTED_S):
            while True:
                assert self._child.poll() is None, self.log()[-2_000:]
                with contextlib.suppress(httpx2.HTTPError):
                    if (await self._client.get("/readyz")).status_code == 200:
                        return self
                await asyncio.sleep(0.05)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._child.pid

    def kill(self) -> None:
        """kill -9."""
        self._child.kill()
        self._child.wait()

    async def stop(self) -> None:
        """End it in order; by force if it will not."""
        await self._client.aclose()
        self._child.send_signal(signal.SIGCONT)
        self._child.terminate()
        try:
            await asyncio.to_thread(self._child.wait, STOPPED_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def log(self) -> str:
        """What it has written."""
        return self._log.read_text(errors="replace")

    def noted(self, event: str) -> int:
        """How often it has logged that."""
        return sum(orjson.loads(line).get("event") == event for line in self.log().splitlines() if line.startswith("{"))

    async def ask(self, who: Person, path: str, body: object, key: str) -> httpx2.Response:
        """A stock command, sent once, or another POST."""
        headers = {**who.bearer, "Idempotency-Key": key}
        return await self._client.post(f"/v1/{who.tenant.slug}/{path}", json=body, headers=headers)

    async def insist(self, who: Person, path: str, body: object, key: str) -> httpx2.Response:
        """The same, sent until it is answered, as a till would."""
        while True:
            with contextlib.suppress(httpx2.HTTPError):
                said = await self.ask(who, path, body, key)
                if said.status_code < 500:
                    return said
            await asyncio.sleep(0.1)

    async def receive(self, who: Person, key: str, qty: int = 1) -> int:
        """Receive some cups; returns the sequence."""
        body = {"lines": [{"sku": "CUP", "warehouse": "osh", "qty": str(qty)}]}
        said = await self.insist(who, "stock/receive", body, key)
        assert said.status_code == 200, said.text
        return int(said.json()["seq"])


class Follower:
    """Somebody who follows a feed over SSE and comes back whenever the line is lost, as browsers do."""

    def __init__(self, web: Web, who: Person, after: int | None = None) -> None:
        self.seqs: list[int] = []
        self.came_at: dict[int, float] = {}
        self.resyncs = 0
        self.refused = 0
        self.opened = asyncio.Event()
        self._web = web
        self._who = who
        self._after = after
        self._task = asyncio.create_task(self._follow())

    async def until(self, seq: int) -> None:
        """Wait until the row has come."""
        while not self.seqs or self.seqs[-1] < seq:
            assert not self._task.done(), self._task
            await asyncio.sleep(0.005)

    async def close(self) -> None:
        """Hang up."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(httpx2.HTTPError):
                await self._read()
            await asyncio.sleep(0.05)

    async def _read(self) -> None:
        headers = {**self._who.bearer, **({"Last-Event-ID": str(self._after)} if self._after is not None else {})}
        timeout = httpx2.Timeout(30, connect=5)
        async with (
            httpx2.AsyncClient(base_url=self._web.url, timeout=timeout) as client,
            client.stream("GET", f"/v1/{self._who.tenant.slug}/events", headers=headers) as response,
        ):
            self.refused += response.status_code != 200
            name = ""
            async for text in response.aiter_lines():
                if text.startswith("event: "):
                    name = text.removeprefix("event: ")
                    self.resyncs += name == "resync"
                elif text.startswith("id: "):
                    self._after = int(text.removeprefix("id: "))
                elif text.startswith("data: ") and name == "hello":
                    self._after = orjson.loads(text.removeprefix("data: "))["as_of_seq"] if self._after is None else self._after
                    self.opened.set()
                elif text.startswith("data: ") and name.startswith("stock.") and self._after is not None:
                    self.seqs.append(self._after)
                    self.came_at[self._after] = time.monotonic()


@asynccontextmanager
async def people(database: Database) -> AsyncIterator[World]:
    """Alice's shop and Carol's."""
    engine = make_engine(database.app, pool_size=2)
    yield await shop(engine)
    await engine.dispose()


async def faults(database: Database, who: Person) -> list[str]:
    """What does not hold in the ledger of somebody's company, or in what is derived from it."""
    pool = await make_pool(database.engine, 1)
    try:
        if not await pool.fetchval("SELECT EXISTS (SELECT FROM stock_partitions WHERE tenant_id = $1)", who.tenant.id):
            return []  # nothing has ever been written
        return [str(fault) for fault in (await prove(pool, who.tenant.id, 0)).faults]
    finally:
        await pool.close()
