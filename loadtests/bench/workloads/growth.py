"""Growth: what a command costs as the company has more items, and as its ledger has more rows. Promised is a slope of 0."""

from __future__ import annotations

import asyncio
from functools import partial

from loadtests.bench import fit
from loadtests.bench.ground import Company
from loadtests.bench.load import Turn
from loadtests.bench.messages import chooser, reserve_one
from loadtests.bench.records import Record, batches, measured, record
from loadtests.bench.stage import Stage

ID = "growth"
TITLE = "cost of a command over items and over ledger rows"
_FILL_AT_ONCE = 2_000


async def run(stage: Stage) -> list[Record]:
    """A line of records for each of the two, its slope in the last one."""
    return _sloped(await _over_items(stage), "items") + _sloped(await _over_rows(stage), "ledger_rows")


async def _over_items(stage: Stage) -> list[Record]:
    """Reservations spread over all items; each is touched first where memory holds as many, so that loading is not measured."""
    return [await _point(stage, await stage.company(f"cold-{items}", items), "items", items) for items in stage.size.cold_items]


async def _over_rows(stage: Stage) -> list[Record]:
    company = await stage.company("rows", 1_000)
    records = []
    for rows in stage.size.ledger_rows:
        await _fill(stage, company, rows)
        records.append(await _point(stage, company, "ledger_rows", rows))
    return records


async def _point(stage: Stage, company: Company, grows: str, number: int) -> Record:
    ask = stage.product.reserving(company, chooser(company.items, "uniform"))
    turns: list[Turn] = []
    for _ in range(stage.size.rounds):
        turns.append(await stage.metered(partial(stage.product.turn, ask, stage.headline, stage.size.seconds)))
    found = measured(turns)
    stage.say(f"grow{number:>11,} {grows:<12}{found['ops_s']:>10,}/s")
    figures = {"cost_us": round(1e6 / found["ops_s"], 2)}
    params = {"mode": "ray", "callers": stage.headline, "grows": grows, grows: number}
    return record(stage, ID, params, found, [company.slug], counters=batches(turns), figures=figures)


async def _fill(stage: Stage, company: Company, rows: int) -> None:
    """Go on reserving until the ledger is that long: through the engine, so that its books stay right."""
    choose = chooser(company.items, "uniform")
    seq = 0
    while seq < rows:
        commands = [reserve_one(choose(), company.warehouse) for _ in range(_FILL_AT_ONCE)]
        outcomes = await asyncio.gather(*[stage.product.desk.send(company.tenant, command) for command in commands])
        seq = max(outcome.seq for outcome in outcomes)


def _sloped(records: list[Record], grows: str) -> list[Record]:
    slope = fit.growth_slope([(each["params"][grows], each["figures"]["cost_us"]) for each in records])
    for each in records:
        each["figures"]["slope"] = slope
    return records
