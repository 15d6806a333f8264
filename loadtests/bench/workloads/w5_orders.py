"""W5: orders of 1 to 20 lines (4 on average), all or nothing, beside P1 with the same orders. All in one partition: orders across
partitions are not built."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from inventory.ledger.messages import Outcome, Reserve
from loadtests.bench.contest import Contender, Turner, best, contest
from loadtests.bench.load import Turn
from loadtests.bench.messages import LINES_MEAN, chooser, order_items, reserve
from loadtests.bench.peers.p1_lock import LockPerRequest
from loadtests.bench.records import Record, batches, measured, record
from loadtests.bench.stage import Stage

ID = "W5"
TITLE = "orders of 1 to 20 lines, 4 on average; Zipf"


async def run(stage: Stage) -> list[Record]:
    """The engine and P1, both with orders drawn alike."""
    company = await stage.company("bench", stage.size.items)
    choose = chooser(company.items, "zipf")

    def order() -> Reserve:
        return reserve(order_items(choose, len(company.items)), company.warehouse)

    p1 = await stage.peer("P1")
    assert isinstance(p1, LockPerRequest)
    mine = Contender("ray", _turner(stage, company.tenant, order), (stage.headline,))
    scores = await contest(stage, ID, [mine, Contender("P1", p1.turner_of(order), p1.sizes, best_of=True)])
    turns = scores["ray"].turns[stage.headline]
    clients, peer_turns = best(scores["P1"])
    peers = {"P1": {"title": "lock per request, by item", **measured(peer_turns), "clients": clients}}
    figures = {"lines_s": round(measured(turns)["ops_s"] * _lines_each(turns)), "lines_each": round(_lines_each(turns), 2)}
    params = {"mode": "ray", "callers": stage.headline, "spread": "zipf", "lines_mean": LINES_MEAN, "across_partitions": 0}
    return [record(stage, ID, params, measured(turns), [company.slug], peers=peers, counters=batches(turns), figures=figures)]


def _turner(stage: Stage, tenant: int, order: Callable[[], Reserve]) -> Turner:
    desk = stage.product.desk
    lines = [0, 0]

    def ask() -> asyncio.Future[Outcome]:
        command = order()
        lines[0] += 1
        lines[1] += len(command.lines)
        return desk.send(tenant, command)

    async def turn(callers: int, seconds: float) -> Turn:
        lines[:] = [0, 0]
        found = await stage.product.turn(ask, callers, seconds)
        found.facts["lines_each"] = lines[1] / lines[0]
        return found

    return turn


def _lines_each(turns: list[Turn]) -> float:
    return float(sum(turn.facts["lines_each"] for turn in turns) / len(turns))
