"""W7: many reservations with one way there: twenty in a bulk request, or 64 under way on a till's socket; beside one per request."""

from __future__ import annotations

from loadtests.bench.contest import Contender, best, contest
from loadtests.bench.edge.running import BULK, IN_FLIGHT, edge, share_of_machine
from loadtests.bench.records import Measured, Record, batches, measured, ratio, record
from loadtests.bench.stage import Stage

ID = "W7"
TITLE = f"commands in bulks of {BULK}, and {IN_FLIGHT} under way on a socket"


async def run(stage: Stage) -> list[Record]:
    """Bulk and socket at their best number of connections, in turns with single requests."""
    running, size = await edge(stage), stage.size.edge
    shop = await running.shop()
    await running.warm(shop)
    ways = {
        "single": Contender("single", running.turner(shop, "uniform"), size.connections[:1]),
        "bulk": Contender("bulk", running.turner(shop, "uniform", "bulk", BULK), size.bulks, best_of=True),
        "ws": Contender("ws", running.piping(shop, "uniform"), size.sockets, best_of=True),
    }
    scores = await contest(stage, ID, list(ways.values()), size)
    found: dict[str, tuple[int, Measured]] = {}
    records = []
    for name, score in scores.items():
        connections, turns = best(score)
        found[name] = connections, measured(turns)
        params = {"mode": name, "callers": connections, "commands": {"single": 1, "bulk": BULK, "ws": IN_FLIGHT}[name]}
        figures = {"clients_percent_of_machine": share_of_machine(stage, found[name][1])}
        if name != "single":
            figures["of_single"] = ratio(found[name][1]["ops_s"], found["single"][1]["ops_s"])
        counters = batches(turns)
        records.append(record(stage, ID, params, found[name][1], [shop.company.slug], counters=counters, figures=figures))
    return records
