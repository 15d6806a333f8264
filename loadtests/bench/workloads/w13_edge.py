"""W13 through the web: three times as many requests as it can do, for a while, then half as many. Open loop over many connections."""

from __future__ import annotations

import asyncio

from loadtests.bench.edge.running import edge
from loadtests.bench.records import Record, ratio, record, times
from loadtests.bench.stage import Stage
from loadtests.bench.workloads.w13_overload import CALM_S, OVER, UNDER, recovered_s

ID = "W13-edge"
TITLE = "overload over HTTP: three times the capacity, then half of it"


async def run(stage: Stage) -> list[Record]:
    """Capacity, calm, overload, calm again; every acknowledged promise is looked for in the ledger."""
    running, size = await edge(stage), stage.size.edge
    shop = await running.shop()
    await running.warm(shop)
    few, many, seconds = size.connections[0], size.overload_connections, size.overload_seconds
    peak = (await running.turner(shop, "uniform")(few, 2 * size.seconds)).ops_s
    calm = await running.by_clock([shop], UNDER * peak, CALM_S, few)
    flooding = asyncio.create_task(running.by_clock([shop], OVER * peak, seconds, many))
    await asyncio.sleep(seconds)
    after = await running.by_clock([shop], UNDER * peak, 2 * seconds, few)
    flood = await flooding
    goodput = flood.done_within() / flood.seconds
    offered = flood.turned_away + len(flood.arrivals)
    figures = {
        "peak_ops_s": round(peak),
        "offered_ops_s": round(OVER * peak),
        "goodput_of_peak": ratio(goodput, peak),
        "turned_away": {status: ratio(count, offered) for status, count in flood.refused.items()},
        "p99_ms": {"calm": times(calm.took())["p99"], "flood": times(flood.took())["p99"], "after": times(after.took())["p99"]},
        "recovered_s": recovered_s(after, 2 * times(calm.took())["p99"]),
        "acknowledged_lost": len(stage.faults.get(shop.company.slug, [])),
    }
    stage.say(f"{ID:<9}goodput {figures['goodput_of_peak']:.2f} of the peak, recovered after {figures['recovered_s']} s")
    product = {"ops_s": round(goodput), **times(flood.took()), "failed": flood.turned_away}
    params = {"mode": "http", "over": OVER, "under": UNDER, "seconds": seconds, "connections": many}
    return [record(stage, ID, params, product, [shop.company.slug], figures=figures)]
