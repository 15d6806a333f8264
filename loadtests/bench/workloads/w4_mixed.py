"""W4: an ordinary day at full speed. Every kind of command, holds that end by themselves, and stock conserved at the end."""

from __future__ import annotations

import time
from functools import partial

from loadtests.bench.records import Record, batches, measured, record
from loadtests.bench.stage import Stage
from loadtests.bench.workloads.mix import Mix

ID = "W4"
TITLE = "mixed: 60 % reserve, 25 % commit, 10 % release, 3 % receive, 2 % adjust; Zipf"


async def run(stage: Stage) -> list[Record]:
    """Closed loop, several turns."""
    company = await stage.company("bench", stage.size.items)
    mix = Mix(stage.product, company)
    turns = []
    began = time.perf_counter()
    for _ in range(stage.size.rounds):
        turns.append(await stage.metered(partial(stage.product.turn, mix.ask, stage.headline, stage.size.seconds)))
        stage.say(f"{ID:<4}ray   {stage.headline:>5}  {turns[-1].ops_s:>10,.0f}/s")
    seconds = time.perf_counter() - began
    figures = {"per_second": {kind: round(count / seconds) for kind, count in mix.done.items()}}
    params = {"mode": "ray", "callers": stage.headline, "spread": "zipf", "items": stage.size.items}
    return [record(stage, ID, params, measured(turns), [company.slug], counters=batches(turns), figures=figures)]
