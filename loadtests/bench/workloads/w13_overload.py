"""W13: three times as many commands as the engine can do, for a while, then half as many. Does it go on doing what it can, turn the rest
away at once, and recover when it is over? Open loop: nobody waits politely."""

from __future__ import annotations

import asyncio

from loadtests.bench.engine import was_done
from loadtests.bench.messages import chooser
from loadtests.bench.records import Record, ratio, record, times
from loadtests.bench.schedule import Flow, scheduled
from loadtests.bench.stage import Stage

ID = "W13"
TITLE = "overload: three times the capacity, then half of it"
OVER = 3.0
UNDER = 0.5
_WINDOW_S = 0.1
CALM_S = 1.0


async def run(stage: Stage) -> list[Record]:
    """Capacity, calm, overload, calm again."""
    company = await stage.company("bench", stage.size.items)
    ask = stage.product.reserving(company, chooser(company.items, "uniform"))
    peak = (await stage.product.turn(ask, max(stage.size.callers), stage.size.seconds)).ops_s
    calm = await scheduled(ask, was_done, UNDER * peak, CALM_S)
    flooding = asyncio.create_task(scheduled(ask, was_done, OVER * peak, stage.size.overload_seconds))
    await asyncio.sleep(stage.size.overload_seconds)
    after = await scheduled(ask, was_done, UNDER * peak, 2 * stage.size.overload_seconds)
    flood = await flooding
    goodput = flood.done_within() / flood.seconds
    figures = {
        "peak_ops_s": round(peak),
        "offered_ops_s": round(OVER * peak),
        "goodput_of_peak": ratio(goodput, peak),
        "turned_away": ratio(flood.turned_away, flood.turned_away + len(flood.arrivals)),
        "p99_ms": {"calm": times(calm.took())["p99"], "flood": times(flood.took())["p99"], "after": times(after.took())["p99"]},
        "recovered_s": recovered_s(after, 2 * times(calm.took())["p99"]),
    }
    stage.say(f"{ID:<4}goodput {figures['goodput_of_peak']:.2f} of the peak, recovered after {figures['recovered_s']} s")
    product = {"ops_s": round(goodput), **times(flood.took()), "failed": flood.turned_away}
    params = {"mode": "ray", "over": OVER, "under": UNDER, "seconds": stage.size.overload_seconds}
    return [record(stage, ID, params, product, [company.slug], figures=figures)]


def recovered_s(after: Flow, bearable_ms: float) -> float | None:
    """Start of the first tenth of a second whose commands took no longer than is bearable. None: it never came."""
    for number in range(int(after.seconds / _WINDOW_S)):
        took = after.took(number * _WINDOW_S, (number + 1) * _WINDOW_S)
        if took and times(took)["p99"] <= bearable_ms:
            return round(number * _WINDOW_S, 1)
    return None
