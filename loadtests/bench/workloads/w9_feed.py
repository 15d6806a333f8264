"""W9: many readers follow the ledgers of many companies, half over SSE, half over WebSocket, while stock moves. How long after it was
recorded does a row arrive; do slow readers hurt the others; is anything lost or doubled when the web falls and starts again?
Beside it P7, a bare `websockets.broadcast` with as many readers and rows of the same length."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from loadtests.bench.edge.running import Edge, beside, edge
from loadtests.bench.edge.shop import Shop, open_shop
from loadtests.bench.edge.site import HOST, Site
from loadtests.bench.messages import reserve_one
from loadtests.bench.meters import cpu, rss_mb
from loadtests.bench.records import Measured, Record, ratio, record, times
from loadtests.bench.stage import Stage

ID = "W9"
TITLE = "feed: from recorded to the reader"
SLOW_EACH = 20
"""Every twentieth reader takes nothing for a while."""
_CONNECTIONS = 50
_CATCH_UP_S = 20.0
_SETTLE_S = 0.3
_WARM_S = 0.5
_MISSED = 3
"""Rows of every company that are written while the web is down."""


async def run(stage: Stage) -> list[Record]:
    """Steady, beside slow readers, a burst, and a fall; then the same without slow readers and fall for P7."""
    running, size = await edge(stage), stage.size.edge
    shops = [await open_shop(stage, f"wire-{number}", size.burst_lines, keys=2) for number in range(size.companies)]
    found, figures = await _product(running, shops)
    peer = await _bare(running, shops)
    params = {"mode": "feed", "readers": size.readers, "companies": len(shops), "per_second": size.changes_per_second}
    made = record(stage, ID, params, found, [shop.company.slug for shop in shops], peers={"P7": peer}, figures=figures)
    made["ledgers"].remove("P7")  # it has none
    stage.say(f"{ID:<4}p99 {found['p99']} ms, beside slow readers {figures['beside_slow']['p99']} ms; P7 {peer['p99']} ms")
    return [made]


async def _product(running: Edge, shops: list[Shop]) -> tuple[Measured, dict[str, Any]]:
    size, clients, web = running.stage.size.edge, running.clients, running.web
    half = size.readers // 2
    idle_mb = rss_mb(web.pid)
    who = {"shops": [shop.told for shop in shops], "sse": half, "ws": size.readers - half, "slow": SLOW_EACH}
    told = await clients.ask("follow", host=HOST, port=web.port, **who)
    grown_kb = (rss_mb(web.pid) - idle_mb) * 1024 / told["readers"]
    await running.by_clock(shops, size.changes_per_second, _WARM_S, _CONNECTIONS)  # every company has an owner, every till is known
    steady, spent = await _steady(running, shops)
    await clients.ask("slow", paused=True)
    slowed, _ = await _steady(running, shops)
    await clients.ask("slow", paused=False)
    rows_s = await _burst(running, shops)
    heads, fall = await _fall(running, shops)
    readers = (await clients.ask("leave"))["readers"]
    _blame(running.stage, heads, readers)
    figures = {
        "beside_slow": {**slowed, "slower": ratio(slowed["p99"], steady["p99"]), "slow_readers": told["slow"]},
        "burst": {"rows_s": round(rows_s)},
        "fall": fall,
        "lost_or_doubled": sum(_is_wrong(reader, heads) for reader in readers),
        "resyncs": sum(reader["resyncs"] for reader in readers),
        "kb_per_reader": round(grown_kb, 1),
        "steady_web_cpu_percent": spent,
    }
    return {"ops_s": round(rows_s), **steady, "failed": 0}, figures


async def _steady(running: Edge, shops: list[Shop]) -> tuple[dict[str, float], float]:
    """Changes by the clock through the web: times from recorded to heard, and percent of a core that the web took."""
    size, parts = running.stage.size.edge, running.stage.processes
    await running.clients.ask("heard")
    before, began = cpu(parts).web, time.perf_counter()
    await running.by_clock(shops, size.changes_per_second, size.feed_seconds, _CONNECTIONS)
    spent = 100 * (cpu(parts).web - before) / (time.perf_counter() - began)
    heard = await running.clients.ask("heard", until=10**9, wait_s=_SETTLE_S)
    return times([us / 1e6 for us in heard["delays_us"]]), round(spent, 1)


async def _burst(running: Edge, shops: list[Shop]) -> float:
    """Every company receives a long delivery at once: rows handed to readers per second, from the first request to the last row heard."""
    size, clients = running.stage.size.edge, running.clients
    await clients.ask("heard")
    expected = size.burst_lines * (size.readers - size.readers // SLOW_EACH)
    began = time.time()
    asking = running.by_clock(shops, 1e6, len(shops) / 1e6, len(shops), kind="receive", each=size.burst_lines)
    heard, _ = await asyncio.gather(clients.ask("heard", until=expected, wait_s=_CATCH_UP_S), asking)
    return float(heard["heard"] / (heard["last_at"] - began)) if heard["heard"] else 0.0


async def _fall(running: Edge, shops: list[Shop]) -> tuple[dict[str, int], dict[str, Any]]:
    """The web is killed, rows are written meanwhile by others, it starts again where it was, and everyone comes back. Where the ledgers
    stand then, and how long it took."""
    stage, web = running.stage, running.web
    stage.processes.pop(web.pid)
    web.kill()
    for shop in shops:
        commands = [reserve_one(shop.company.items[0], shop.company.warehouse) for _ in range(_MISSED)]
        await asyncio.gather(*[stage.product.desk.send(shop.company.tenant, command) for command in commands])
    heads = {shop.company.slug: await _head(stage, shop) for shop in shops}
    began = time.perf_counter()
    await web.start()
    stage.processes[web.pid] = "web"
    started = time.perf_counter() - began
    caught = await running.clients.ask("caught_up", heads=heads, wait_s=_CATCH_UP_S)
    return heads, {"web_started_s": round(started, 2), "caught_up_s": caught["took_s"], "behind": caught["behind"]}


async def _bare(running: Edge, shops: list[Shop]) -> Measured:
    """The same with P7, all of its readers over WebSocket."""
    stage, size, clients = running.stage, running.stage.size.edge, running.clients
    fanout = Site(stage.ground, "loadtests.bench.edge.fanout", [str(len(shops))])
    async with beside(stage, fanout):
        place = {"host": HOST, "port": fanout.port}
        await clients.ask("follow", **place, shops=[shop.told for shop in shops], sse=0, ws=size.readers)
        asked = {"op": "rate", "per_second": size.changes_per_second, "seconds": size.feed_seconds}
        await clients.ask("say", **place, path="/v1/wire-0/live", frame=asked)
        heard = await clients.ask("heard", until=10**9, wait_s=size.feed_seconds + _SETTLE_S)
        began = time.time()
        await clients.ask("say", **place, path="/v1/wire-0/live", frame={"op": "burst", "rows": size.burst_lines})
        burst = await clients.ask("heard", until=size.burst_lines * size.readers, wait_s=_CATCH_UP_S)
        await clients.ask("leave")
    rate = round(burst["heard"] / (burst["last_at"] - began))
    took = [us / 1e6 for us in heard["delays_us"]]
    return {"title": "websockets.broadcast", "ops_s": rate, **times(took), "failed": 0, "connections": size.readers}


def _blame(stage: Stage, heads: dict[str, int], readers: list[dict[str, Any]]) -> None:
    """A reader that missed a row, got one twice, or did not come to the end, spoils the company's record."""
    for each in readers:
        if _is_wrong(each, heads):
            stage.faults.setdefault(each["slug"], []).append(f"{each['slug']}: a reader has {each}")


def _is_wrong(reader: dict[str, Any], heads: dict[str, int]) -> bool:
    """Who was told to look again has missed rows and knows it; nobody else may have missed one."""
    complete = reader["resyncs"] or reader["heard"] == reader["last"] - reader["first"]
    return bool(reader["gaps"] or reader["doubles"] or reader["last"] < heads[reader["slug"]] or not complete)


async def _head(stage: Stage, shop: Shop) -> int:
    return int(await stage.connection.fetchval("SELECT seq FROM stock_partitions WHERE tenant_id = $1 AND part = 0", shop.company.tenant))
