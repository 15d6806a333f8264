"""W6: one reservation, one HTTP request: what a shop's server sends. Beside it the same server with the engine left out (P6), and the route
that most would write (naive) on one hot item, where its row lock is felt."""

from __future__ import annotations

from loadtests.bench.contest import Contender, Score, best, contest
from loadtests.bench.edge.naive_peer import Naive
from loadtests.bench.edge.running import Edge, beside, edge, share_of_machine
from loadtests.bench.edge.shop import Shop
from loadtests.bench.edge.site import Site
from loadtests.bench.load import Turn
from loadtests.bench.records import Measured, Record, batches, measured, record, times
from loadtests.bench.stage import Stage

ID = "W6"
TITLE = "one reservation per HTTP request, {items:,} items"
_CALM = 0.7


async def run(stage: Stage) -> list[Record]:
    """Uniform and hot, each peer beside both; then by the clock at 70 % of what was measured."""
    running, size = await edge(stage), stage.size.edge
    shop = await running.shop()
    floor = Site(stage.ground, "loadtests.bench.edge.floor")
    async with beside(stage, floor), Naive(running, shop) as naive:
        stage.peers[naive.name] = naive
        await running.warm(shop)
        scores = await contest(
            stage,
            ID,
            [
                Contender("http", running.turner(shop, "uniform"), size.connections),
                Contender("hot", running.turner(shop, "hot"), size.connections),
                Contender("P6", running.turner(shop, "uniform", site=floor), size.connections[:1]),
                Contender(naive.name, naive.turner("hot"), size.pools, best_of=True),
            ],
            size,
        )
    floored = {"title": "the same without the engine", **measured(_only(scores["P6"])), "connections": size.connections[0]}
    pool, turns = best(scores[naive.name])
    locked = {"title": naive.title, **measured(turns), naive.unit: pool, "swept": _told(scores[naive.name])}
    peers: dict[str, dict[str, Measured]] = {"http": {"P6": floored}, "hot": {"P6": floored, naive.name: locked}}
    records = [
        _record(stage, shop, name, connections, turns, peers[name])
        for name in ("http", "hot")
        for connections, turns in scores[name].turns.items()
    ]
    records[0]["figures"]["open_loop"] = await _calm(running, shop, records[0]["product"]["ops_s"])
    return records


async def _calm(running: Edge, shop: Shop, ops_s: float) -> dict[str, float]:
    size = running.stage.size.edge
    flow = await running.by_clock([shop], max(1.0, _CALM * ops_s), 2 * size.seconds, size.connections[0])
    return {"per_second": round(_CALM * ops_s), **times(flow.took()), "turned_away": flow.turned_away}


def _record(stage: Stage, shop: Shop, name: str, connections: int, turns: list[Turn], peers: dict[str, Measured]) -> Record:
    found = measured(turns)
    spread = "hot" if name == "hot" else "uniform"
    params = {"mode": name, "callers": connections, "spread": spread, "items": 1 if name == "hot" else len(shop.company.items)}
    figures = {"clients_percent_of_machine": share_of_machine(stage, found)}
    made = record(stage, ID, params, found, [shop.company.slug], peers=peers, counters=batches(turns), figures=figures)
    # Nothing is written by P6, so there are no books of it.
    made["ledgers"] = [name for name in made["ledgers"] if name != "P6"]
    return made


def _only(score: Score) -> list[Turn]:
    return next(iter(score.turns.values()))


def _told(score: Score) -> dict[str, int]:
    return {str(size): rate for size, rate in score.swept.items()}
