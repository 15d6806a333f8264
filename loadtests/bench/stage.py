"""What every workload is given: the servers, the running engine in both modes, the peers, and the meters around a turn."""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from actors.cluster import Cluster
from loadtests.bench import engine, meters
from loadtests.bench.engine import Product
from loadtests.bench.ground import PLENTY, Company, Database, Ground, found, stock_up
from loadtests.bench.load import Turn
from loadtests.bench.messages import Choose
from loadtests.bench.peers import made
from loadtests.bench.peers.peer import Peer
from loadtests.bench.size import Size

HEADLINE = 512
"""Callers that ratios are taken at: as many as a busy web process has waiting."""
_REPORTED_S = 1.05
"""After so long a server process that commits again reports its counters."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A run in progress. `connection` is the superuser's, for looking; `companies` are proven when the run is over, each in
    the database it is in; `faults` are what workloads found wrong by themselves, by company. `shared` are parts that several
    workloads need, made when first asked for and ended with `started`; `processes` names theirs, for the meters."""

    ground: Ground
    ray: Cluster
    size: Size
    say: Callable[[str], None]
    connection: asyncpg.Connection[asyncpg.Record]
    server: dict[str, Any]
    host: dict[str, Any]
    product: Product
    local: Product
    companies: dict[str, tuple[Database, Company]] = field(default_factory=dict)
    peers: dict[str, Peer] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    started: AsyncExitStack = field(default_factory=AsyncExitStack)
    shared: dict[str, Any] = field(default_factory=dict)
    processes: dict[int, str] = field(default_factory=dict)

    @property
    def headline(self) -> int:
        """Callers that ratios are taken at in this run: a short one may have none as many."""
        return HEADLINE if HEADLINE in self.size.callers else max(self.size.callers)

    async def company(self, slug: str, items: int, each: int = PLENTY, product: Product | None = None) -> Company:
        """The company of this name, founded and stocked through the product the first time it is asked for."""
        if slug not in self.companies:
            product = product or self.product
            company = await found(product.database, slug, items)
            await stock_up(product.desk, company, each)
            self.companies[slug] = (product.database, company)
        return self.companies[slug][1]

    async def peer(self, name: str) -> Peer | None:
        """The peer with its tables made and stocked for the first company, or None if its server is not to be had here."""
        if name not in self.peers:
            peer = made(name, self.ground, await self.company("bench", self.size.items), self.size)
            if peer is None:
                return None
            await peer.prepare()
            self.peers[name] = peer
        return self.peers[name]

    async def refresh(self) -> None:
        """Nothing left to write from before, and fresh statistics: what autovacuum does once a minute, short turns cannot
        wait for."""
        await self.connection.execute("CHECKPOINT")
        for database in (self.ground.ray, self.ground.local):
            connection = await asyncpg.connect(database.admin)
            try:
                await connection.execute("ANALYZE")
            finally:
                await connection.close()

    async def metered(self, measure: Callable[[], Awaitable[Turn]]) -> Turn:
        """The turn, with processor time and log bytes per operation. Those include its warm-up, so they are shares of all it did."""
        parts = self.processes | {(await self.product.gauges())["pid"]: "shard"}
        cpu, wal = meters.cpu(parts), await meters.wal_bytes(self.connection)
        turn = await measure()
        done = turn.done + turn.failed + turn.warm
        turn.facts["cpu_us_per_op"] = meters.cpu(parts).per_op_us(cpu, done)
        turn.facts["wal_bytes_per_op"] = round((await meters.wal_bytes(self.connection) - wal) / done) if done else 0
        return turn

    async def counted(self, company: Company, choose: Choose) -> dict[str, Any]:
        """Flushes of the log per command and the share of balance updates that touched no index, over one turn of its own:
        the server counts late, so it gets the time to finish counting before and after."""
        await self._settle(company, choose)
        syncs, updates = await meters.wal_syncs(self.connection), await meters.balance_updates(self.connection)
        turn = await self.product.turn(self.product.reserving(company, choose), self.headline, self.size.seconds)
        await self._settle(company, choose)
        hot, every = (after - before for before, after in zip(updates, await meters.balance_updates(self.connection), strict=True))
        flushed = await meters.wal_syncs(self.connection) - syncs
        return {
            "wal_sync_per_op": round(flushed / turn.facts["commands"], 5),
            "hot_pct": round(100 * hot / every, 1) if every else None,
            "counted_mean_batch": round(turn.facts["commands"] / turn.facts["batches"], 1),
        }

    async def _settle(self, company: Company, choose: Choose) -> None:
        """Let every connection of the shard report what it has done: they do after a transaction, once a second at most."""
        await asyncio.sleep(_REPORTED_S)
        ask = self.product.reserving(company, choose)
        await asyncio.gather(*[ask() for _ in range(2 * self.headline)])


@asynccontextmanager
async def stage(ground: Ground, ray: Cluster, size: Size, say: Callable[[str], None]) -> AsyncIterator[Stage]:
    """Everything running and nothing measured yet."""
    engine.calm(asyncio.get_running_loop())
    connection = await asyncpg.connect(ground.ray.admin)
    try:
        server = await meters.server(connection, ground.disk)
        await _write_log(connection, size.log_mb)
        async with engine.in_process(ground) as local:
            ready = Stage(ground, ray, size, say, connection, server, _host(), engine.through_ray(ground, ray), local)
            async with ready.started:
                yield ready
    finally:
        await connection.close()


async def _write_log(connection: asyncpg.Connection[asyncpg.Record], megabytes: int) -> None:
    """Log files that were used before and wait for their next use, as on any server that has run for a while. A new server
    makes each of them when it is first needed, and every commit, ours and the peers', stands for 20 to 40 ms meanwhile."""
    for _ in range(megabytes):
        await connection.execute("SELECT pg_logical_emit_message(false, 'bench', repeat('x', 1000000))")
    await connection.execute("CHECKPOINT")


async def proven(stage: Stage) -> dict[str, list[str]]:
    """What does not hold, by the ledger it is in: each company's as `onhand verify` and the workloads find it, and the
    peers' own books."""
    faults = {
        slug: stage.faults.get(slug, []) + await engine.faults(database, company) for slug, (database, company) in stage.companies.items()
    }
    return faults | {name: await peer.faults() for name, peer in stage.peers.items()}


def _host() -> dict[str, Any]:
    return {
        "machine": platform.machine(),
        "system": platform.system(),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "git": _git(),
    }


def _git() -> str:
    """The commit that is measured; with a plus if files were changed since."""
    folder = Path(__file__).parent
    try:
        said = subprocess.run(["git", "describe", "--always", "--dirty=+"], cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown"
    return said.stdout.strip() or "unknown"
