"""The edge while a bench runs: one web of the product and one process of clients, shared by all workloads; peers come and go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from loadtests.bench.contest import Turner
from loadtests.bench.edge.driving import Driving, flow_of, seen, turn_of
from loadtests.bench.edge.shop import Shop, lost, open_shop
from loadtests.bench.edge.site import HOST, Site
from loadtests.bench.load import Turn
from loadtests.bench.records import Measured
from loadtests.bench.schedule import Flow
from loadtests.bench.stage import Stage

IN_FLIGHT = 64
"""Commands under way on one socket: the most that the product takes."""
BULK = 20
"""Commands in one bulk request."""


@dataclass(frozen=True, slots=True)
class Edge:
    """The product's web, and the clients."""

    stage: Stage
    web: Site
    clients: Driving

    async def shop(self) -> Shop:
        """The company of the engine's workloads, with tills: there when first asked for, and proven once."""
        if "shop" not in self.stage.shared:
            self.stage.shared["shop"] = await open_shop(self.stage, "bench", self.stage.size.items)
        found: Shop = self.stage.shared["shop"]
        return found

    async def warm(self, shop: Shop) -> None:
        """Let the web meet all tills once more: it remembers a key for seconds only, and a workload that comes after a pause would
        measure its first turn with a hundred look-ups in it."""
        size = self.stage.size.edge
        await self.turner(shop, "uniform")(size.connections[0], size.sweep_seconds)

    def turner(self, shop: Shop, spread: str, kind: str = "reserve", each: int = 1, site: Site | None = None) -> Turner:
        """So many connections over HTTP, closed loop. Acknowledged promises of the product are looked for in the ledger."""

        async def turn(connections: int, seconds: float) -> Turn:
            what = {"shops": [shop.told], "spread": spread, "kind": kind, "each": each, "connections": connections, "seconds": seconds}
            at = site or self.web
            measure = partial(self._closed, "closed", host=HOST, port=at.port, **what)
            return await measure() if site else await self._proven(shop, await self.stage.product.watched(measure))

        return turn

    def piping(self, shop: Shop, spread: str) -> Turner:
        """So many sockets with 64 commands under way each."""

        async def turn(sockets: int, seconds: float) -> Turn:
            what = {"shops": [shop.told], "spread": spread, "in_flight": IN_FLIGHT, "sockets": sockets, "seconds": seconds}
            measure = partial(self._closed, "piped", host=HOST, port=self.web.port, **what)
            return await self._proven(shop, await self.stage.product.watched(measure))

        return turn

    async def by_clock(self, shops: list[Shop], per_second: float, seconds: float, connections: int, **what: Any) -> Flow:
        """Single reservations (or what else is said) over HTTP, when they are due."""
        said = {"spread": "uniform", **what, "shops": [shop.told for shop in shops], "connections": connections, "seconds": seconds}
        found = seen(await self.clients.ask("by_clock", host=HOST, port=self.web.port, per_second=per_second, **said))
        if len(shops) == 1:
            self._blame(shops[0], await lost(self.stage, shops[0], found.seqs))
        flow = flow_of(found, seconds)
        flow.refused = found.refused | ({"unsent": found.unsent} if found.unsent else {})
        return flow

    async def _closed(self, job: str, **params: Any) -> Turn:
        return turn_of(seen(await self.clients.ask(job, **params)), params["seconds"])

    async def _proven(self, shop: Shop, turn: Turn) -> Turn:
        self._blame(shop, await lost(self.stage, shop, turn.facts["seqs"]))
        return turn

    def _blame(self, shop: Shop, faults: list[str]) -> None:
        self.stage.faults.setdefault(shop.company.slug, []).extend(faults)


async def edge(stage: Stage) -> Edge:
    """Started when first asked for; ended with the stage."""
    if "edge" not in stage.shared:
        web = Site(stage.ground, "app", ["web"])
        await web.start()
        stage.started.callback(web.stop)
        clients = await Driving.started(stage.ground.disk / "clients.log")
        stage.started.push_async_callback(clients.close)
        stage.processes.update({web.pid: "web", clients.pid: "clients"})
        stage.shared["edge"] = Edge(stage, web, clients)
    found: Edge = stage.shared["edge"]
    return found


@asynccontextmanager
async def beside(stage: Stage, *sites: Site) -> AsyncIterator[None]:
    """Other servers for as long as the block lasts; their processor time counts as `web`."""
    started: dict[int, str] = {}
    try:
        await asyncio.gather(*[site.start() for site in sites])
        started = {site.pid: "web" for site in sites}
        stage.processes.update(started)
        yield
    finally:
        for site in sites:
            site.stop()
        for pid in started:
            stage.processes.pop(pid)


def share_of_machine(stage: Stage, measured: Measured) -> float:
    """Percent of all cores that the clients took while they measured this."""
    per_command_us: float = measured["cpu_us_per_op"]["clients"]
    cores: int = stage.host["cpus"] or 1
    return round(100 * per_command_us * float(measured["ops_s"]) / 1e6 / cores, 1)
