"""W14 through the web: one company floods it, over HTTP with twice what a web process can answer and over sockets with all they take,
while another sends a few reservations, steadily. How much longer does the quiet one wait?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from loadtests.bench.edge.running import BULK, Edge, edge
from loadtests.bench.edge.shop import Shop, open_shop
from loadtests.bench.records import Record, ratio, record, times
from loadtests.bench.schedule import Flow
from loadtests.bench.stage import Stage

ID = "W14-edge"
TITLE = "noisy neighbour over HTTP and sockets: p99 of a quiet company beside one that floods"
FLOOD_PER_SECOND = 5_000.0
_QUIET_PER_SECOND = 100.0
_QUIET_CONNECTIONS = 20
_QUIET_ITEMS = 500
_SOCKETS = 8
_LEAD_S = 0.4


async def run(stage: Stage) -> list[Record]:
    """Alone, beside a flood over HTTP, beside one over sockets."""
    running, size = await edge(stage), stage.size.edge
    quiet = await open_shop(stage, "edge-quiet", min(_QUIET_ITEMS, stage.size.items))
    noisy = await open_shop(stage, "edge-noisy", min(1_000, stage.size.items), keys=1)
    seconds = size.quiet_seconds
    await _settled(running, quiet)
    alone = await _quietly(running, quiet, seconds)
    flood = running.by_clock([noisy], FLOOD_PER_SECOND, seconds + _LEAD_S, size.overload_connections)
    beside, http = await _beside(running, quiet, flood)
    piped = running.piping(noisy, "uniform")(_SOCKETS, seconds + _LEAD_S)
    beside_ws, ws = await _beside(running, quiet, piped)
    p99 = {name: times(flow.took())["p99"] for name, flow in (("alone", alone), ("http", beside), ("ws", beside_ws))}
    stage.say(f"{ID:<9}p99 alone {p99['alone']} ms, beside HTTP {p99['http']} ms, beside sockets {p99['ws']} ms")
    figures: dict[str, Any] = {
        "p99_ms": p99,
        "slower": ratio(max(p99["http"], p99["ws"]), p99["alone"]),
        "turned_away": {"alone": alone.turned_away, "http": beside.turned_away, "ws": beside_ws.turned_away},
        "flood": {
            "offered_per_s": round(FLOOD_PER_SECOND),
            "http_done_per_s": round(http.done_within() / http.seconds),
            "http_refused": http.refused,
            "ws_done_per_s": round(ws.ops_s),
            "ws_refused": ws.facts["refused"],
        },
    }
    flooding = {"flood_connections": size.overload_connections, "flood_sockets": _SOCKETS}
    params = {"mode": "http", "quiet_per_second": _QUIET_PER_SECOND, **flooding}
    product = {"ops_s": round(beside.done_within() / beside.seconds), **times(beside.took()), "failed": beside.turned_away}
    return [record(stage, ID, params, product, [quiet.company.slug, noisy.company.slug], figures=figures)]


async def _quietly(running: Edge, quiet: Shop, seconds: float) -> Flow:
    return await running.by_clock([quiet], _QUIET_PER_SECOND, seconds, _QUIET_CONNECTIONS)


async def _settled(running: Edge, quiet: Shop) -> None:
    """A company that has been at work for a while: the web knows its keys and its items, the shard has its cells. Otherwise one of a
    hundred requests is the first of an item, and p99 says how long a look-up in the catalogue takes."""
    size = running.stage.size.edge
    await running.turner(quiet, "uniform", "bulk", BULK)(2, size.overload_seconds)
    await _quietly(running, quiet, size.overload_seconds)


async def _beside(running: Edge, quiet: Shop, flood: Awaitable[Any]) -> tuple[Flow, Any]:
    flooding = asyncio.ensure_future(flood)
    await asyncio.sleep(_LEAD_S)
    found = await _quietly(running, quiet, running.stage.size.edge.quiet_seconds)
    return found, await flooding
