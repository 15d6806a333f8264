"""W2: the same with Zipf's law (s = 0.99): a few items are asked for far more often than the rest, as in a shop."""

from __future__ import annotations

from loadtests.bench.records import Record
from loadtests.bench.stage import Stage
from loadtests.bench.workloads.reserving import reserving

ID = "W2"
TITLE = "reserve 1, Zipf 0.99 over {items:,} items"


async def run(stage: Stage) -> list[Record]:
    """At the headline's number of callers, beside the peers that queue for rows and the raw limits."""
    return await reserving(stage, ID, "zipf", (stage.headline,), ("P1", "P2", "P4", "P4r"))
