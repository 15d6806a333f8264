"""What W1, W2 and W3 share: everyone reserves one piece at a time, only the spread over the items differs."""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.bench.contest import Contender, Score, Turner, best, contest
from loadtests.bench.engine import Product, was_done
from loadtests.bench.load import Turn
from loadtests.bench.messages import Spread, chooser
from loadtests.bench.peers.peer import Peer
from loadtests.bench.records import Measured, Record, batches, measured, record, times
from loadtests.bench.schedule import scheduled
from loadtests.bench.stage import Stage

_CALM = 0.7


async def reserving(stage: Stage, workload: str, spread: Spread, callers: Sequence[int], peers: Sequence[str]) -> list[Record]:
    """The engine in both modes against the peers; a record for each mode and number of callers."""
    rivals = [peer for name in peers if (peer := await stage.peer(name))]
    modes = {"ray": stage.product, "local": stage.local}
    sizes = {"ray": callers, "local": (stage.headline,)}
    own = [Contender(mode, await _turner(stage, product, spread), sizes[mode]) for mode, product in modes.items()]
    others = [Contender(peer.name, peer.turner(spread), peer.sizes, best_of=True) for peer in rivals]
    scores = await contest(stage, workload, own + others)
    found = {peer.name: _peer(peer, scores[peer.name]) for peer in rivals}
    records = [
        _record(stage, workload, spread, mode, callers, turns, found) for mode in modes for callers, turns in scores[mode].turns.items()
    ]
    headline = next(each for each in records if (each["params"]["mode"], each["params"]["callers"]) == ("ray", stage.headline))
    await _look_closer(stage, spread, headline)
    return records


async def _turner(stage: Stage, product: Product, spread: Spread) -> Turner:
    slug = "bench" if product is stage.product else "bench-local"
    company = await stage.company(slug, stage.size.items, product=product)
    ask = product.reserving(company, chooser(company.items, spread))

    async def turn(callers: int, seconds: float) -> Turn:
        return await product.turn(ask, callers, seconds)

    return turn


async def _look_closer(stage: Stage, spread: Spread, headline: Record) -> None:
    """What the server counts of a turn, and what a command takes when they come by the clock, at 70 % of the measured rate."""
    company = await stage.company("bench", stage.size.items)
    choose = chooser(company.items, spread)
    headline["counters"] |= await stage.counted(company, choose)
    rate = _CALM * headline["product"]["ops_s"]
    flow = await scheduled(stage.product.reserving(company, choose), was_done, rate, 2 * stage.size.seconds)
    headline["figures"]["open_loop"] = {"per_second": round(rate), **times(flow.took()), "turned_away": flow.turned_away}


def _peer(peer: Peer, score: Score) -> Measured:
    size, turns = best(score)
    return {"title": peer.title, **measured(turns), peer.unit: size, "swept": {str(size): rate for size, rate in score.swept.items()}}


def _record(
    stage: Stage,
    workload: str,
    spread: Spread,
    mode: str,
    callers: int,
    turns: list[Turn],
    found: dict[str, Measured],
) -> Record:
    params = {"mode": mode, "callers": callers, "spread": spread, "items": stage.size.items if spread != "hot" else 1}
    ledger = "bench" if mode == "ray" else "bench-local"
    return record(stage, workload, params, measured(turns), [ledger], peers=found, counters=batches(turns))
