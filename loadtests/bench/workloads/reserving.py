"""What W1, W2 and W3 share: everyone reserves one piece at a time, only the spread over the items differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from loadtests.bench.contest import Contender, Score, Turner, best, contest
from loadtests.bench.engine import Product
from loadtests.bench.load import Turn
from loadtests.bench.messages import Spread, chooser
from loadtests.bench.peers.peer import Peer
from loadtests.bench.records import Measured, Record, batches, measured, record
from loadtests.bench.stage import Stage


async def reserving(stage: Stage, workload: str, spread: Spread, callers: Sequence[int], peers: Sequence[str]) -> list[Record]:
    """The engine in both modes against the peers; a record for each mode and number of callers."""
    rivals = [peer for name in peers if (peer := await stage.peer(name))]
    modes = {"ray": stage.product, "local": stage.local}
    sizes = {"ray": callers, "local": (stage.headline,)}
    own = [Contender(mode, await _turner(stage, product, spread), sizes[mode]) for mode, product in modes.items()]
    others = [Contender(peer.name, peer.turner(spread), peer.sizes, best_of=True) for peer in rivals]
    scores = await contest(stage, workload, own + others)
    found = {peer.name: _peer(peer, scores[peer.name]) for peer in rivals}
    company = await stage.company("bench", stage.size.items)
    counted = await stage.counted(company, chooser(company.items, spread))
    return [
        _record(stage, workload, spread, mode, callers, turns, found, counted)
        for mode in modes
        for callers, turns in scores[mode].turns.items()
    ]


async def _turner(stage: Stage, product: Product, spread: Spread) -> Turner:
    slug = "bench" if product is stage.product else "bench-local"
    company = await stage.company(slug, stage.size.items, product=product)
    ask = product.reserving(company, chooser(company.items, spread))

    async def turn(callers: int, seconds: float) -> Turn:
        return await product.turn(ask, callers, seconds)

    return turn


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
    counted: dict[str, Any],
) -> Record:
    params = {"mode": mode, "callers": callers, "spread": spread, "items": stage.size.items if spread != "hot" else 1}
    counters = batches(turns)
    if (mode, callers) == ("ray", stage.headline):
        counters |= counted
    ledger = "bench" if mode == "ray" else "bench-local"
    return record(stage, workload, params, measured(turns), [ledger], peers=found, counters=counters)
