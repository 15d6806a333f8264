"""W14: a noisy neighbour. One company floods the engine with as many commands as it takes, another sends a few, steadily, through the
same desk and the same shard. How much longer does the quiet one wait? Limits per company are the web's; here there is none."""

from __future__ import annotations

import asyncio

from loadtests.bench.engine import was_done
from loadtests.bench.messages import chooser
from loadtests.bench.records import Record, ratio, record, times
from loadtests.bench.schedule import Flow, scheduled
from loadtests.bench.stage import Stage

ID = "W14"
TITLE = "noisy neighbour: p99 of a quiet company beside one that floods"
_QUIET_PER_SECOND = 200.0
_FLOOD_CALLERS = 2_048
_LEAD_S = 0.3


async def run(stage: Stage) -> list[Record]:
    """The quiet company alone, then beside the flood."""
    quiet = await stage.company("quiet", min(1_000, stage.size.items))
    noisy = await stage.company("bench", stage.size.items)
    seconds = stage.size.overload_seconds
    ask = stage.product.reserving(quiet, chooser(quiet.items, "uniform"))
    alone = await scheduled(ask, was_done, _QUIET_PER_SECOND, seconds)
    flood = stage.product.reserving(noisy, chooser(noisy.items, "uniform"))
    flooding = asyncio.create_task(stage.product.turn(flood, _FLOOD_CALLERS, seconds + _LEAD_S))
    await asyncio.sleep(_LEAD_S)
    beside = await scheduled(ask, was_done, _QUIET_PER_SECOND, seconds)
    turn = await flooding
    p99 = {name: times(flow.took())["p99"] for name, flow in (("alone", alone), ("beside", beside))}
    figures = {"p99_ms": p99, "slower": ratio(p99["beside"], p99["alone"]), "flood_ops_s": round(turn.ops_s)}
    stage.say(f"{ID:<4}p99 alone {p99['alone']} ms, beside {turn.ops_s:,.0f}/s {p99['beside']} ms")
    params = {"mode": "ray", "quiet_per_second": _QUIET_PER_SECOND, "flood_callers": _FLOOD_CALLERS}
    product = {"ops_s": round(_rate(beside)), **times(beside.took()), "failed": beside.turned_away}
    return [record(stage, ID, params, product, [quiet.slug, noisy.slug], figures=figures)]


def _rate(flow: Flow) -> float:
    return flow.done_within() / flow.seconds
