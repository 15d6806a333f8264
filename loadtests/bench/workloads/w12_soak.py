"""W12: the ordinary day (W4) at 60 % of what it can do, for long. Does memory grow, do answers get slower, do updates stay off
the indexes?"""

from __future__ import annotations

import asyncio
import os
import time

from loadtests.bench import fit, meters
from loadtests.bench.engine import was_done
from loadtests.bench.records import Record, record, times
from loadtests.bench.schedule import Flow, scheduled
from loadtests.bench.stage import Stage
from loadtests.bench.workloads.mix import Mix

ID = "W12"
TITLE = "soak: W4 at 60 % of its capacity, open loop"
_LOAD = 0.6
_LOOKS = 50


async def run(stage: Stage) -> list[Record]:
    """One long open loop, watched from outside."""
    company = await stage.company("bench", stage.size.items)
    mix = Mix(stage.product, company)
    capacity = (await stage.product.turn(mix.ask, stage.headline, stage.size.seconds)).ops_s
    shard = (await stage.product.gauges())["pid"]
    updates = await meters.balance_updates(stage.connection)
    seconds = stage.size.soak_seconds
    watch = asyncio.create_task(_watch(shard, seconds))
    flow = await scheduled(mix.ask, was_done, _LOAD * capacity, seconds)
    memory = await watch
    await asyncio.sleep(1.05)  # the server reports its counters late
    hot, every = (after - before for before, after in zip(updates, await meters.balance_updates(stage.connection), strict=True))
    figures = {
        "rss_mb": {name: [points[0][1], points[-1][1]] for name, points in memory.items()},
        "rss_mb_per_million": {name: _per_million(points, flow) for name, points in memory.items()},
        "p99_ms_by_quarter": [times(flow.took(seconds * k / 4, seconds * (k + 1) / 4))["p99"] for k in range(4)],
        "hot_pct": round(100 * hot / every, 1) if every else None,
        "turned_away": flow.turned_away,
    }
    product = {"ops_s": round(flow.done_within() / seconds), **times(flow.took()), "failed": flow.turned_away}
    params = {"mode": "ray", "per_second": round(_LOAD * capacity), "seconds": seconds}
    stage.say(f"{ID:<4}{seconds:g} s at {_LOAD * capacity:,.0f}/s  p99 by quarter {figures['p99_ms_by_quarter']} ms")
    return [record(stage, ID, params, product, [company.slug], figures=figures)]


async def _watch(shard: int, seconds: float) -> dict[str, list[tuple[float, float]]]:
    """(second, MB) of the shard and of this process, which holds the desk and the generator."""
    points: dict[str, list[tuple[float, float]]] = {"shard": [], "callers": []}
    began = time.perf_counter()
    for _ in range(_LOOKS):
        for name, pid in (("shard", shard), ("callers", os.getpid())):
            points[name].append((time.perf_counter() - began, meters.rss_mb(pid)))
        await asyncio.sleep(seconds / _LOOKS)
    return points


def _per_million(points: list[tuple[float, float]], flow: Flow) -> float:
    """MB that a million commands add, by the line through the second half: the first fills the bounded memories."""
    half = points[len(points) // 2 :]
    per_second = fit.line(half, [1.0] * len(half))[1]
    return round(per_second * flow.seconds / max(1, len(flow.arrivals)) * 1e6, 1)
