"""W1: reserve one piece of any item, each with the same chance. Nothing is contended; what is measured is the cost of a command."""

from __future__ import annotations

from loadtests.bench.records import Record
from loadtests.bench.stage import Stage
from loadtests.bench.workloads.reserving import reserving

ID = "W1"
TITLE = "reserve 1, uniform over {items:,} items"
PEERS = ("P1", "P2", "P4", "P4r")


async def run(stage: Stage) -> list[Record]:
    """From a lone caller to two thousand."""
    return await reserving(stage, ID, "uniform", stage.size.callers, PEERS)
