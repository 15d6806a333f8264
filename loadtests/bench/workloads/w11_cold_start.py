"""W11: the shard is killed (kill -9) while callers are at work. When does the first answer come, when is every item warm again, and is
every promise that was acknowledged before the kill still there?"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from itertools import pairwise

from inventory.ledger.messages import Outcome
from loadtests.bench import fit
from loadtests.bench.engine import was_done
from loadtests.bench.ground import Company
from loadtests.bench.messages import chooser, reserve_one
from loadtests.bench.records import Record, record, times
from loadtests.bench.stage import Stage

ID = "W11"
TITLE = "cold start: kill -9 of the shard under load"
_CALLERS = 64
_BEFORE_S = 0.5
_WARM_AT_ONCE = 2_000


async def run(stage: Stage) -> list[Record]:
    """For each size of company; the slope says how the first answer's delay grows with the items."""
    records = [await _killed(stage, items) for items in stage.size.cold_items]
    points = [(each["params"]["items"], each["figures"]["first_answer_s"]) for each in records]
    for each in records:
        each["figures"]["slope"] = fit.growth_slope(points)
    return records


async def _killed(stage: Stage, items: int) -> Record:
    company = await stage.company(f"cold-{items}", items)
    answers: list[tuple[float, Outcome]] = []
    over = asyncio.Event()
    callers = [asyncio.create_task(_caller(stage, company, answers, over)) for _ in range(_CALLERS)]
    await asyncio.sleep(_BEFORE_S)
    os.kill((await stage.product.gauges())["pid"], signal.SIGKILL)
    killed = time.perf_counter()
    first = await _first_after(answers, killed)
    over.set()
    await asyncio.gather(*callers)
    warm_s = await _warm(stage, company)
    lost = await _lost(stage, company, [outcome for _, outcome in answers if was_done(outcome)])
    stage.faults[company.slug] = [f"{lost} acknowledged promises are not in the ledger"] if lost else []
    stage.say(f"{ID:<4}{items:>9,} items  first answer {first - killed:.2f} s, all warm {warm_s:.2f} s more")
    figures = {
        "first_answer_s": round(first - killed, 3),
        "all_warm_s": round(warm_s, 3),
        "silence_s": round(_longest_silence([moment for moment, _ in answers]), 3),
        "acknowledged": len(answers),
        "acknowledged_lost": lost,
    }
    product = {"ops_s": round(items / warm_s), **times([warm_s / items])}
    return record(stage, ID, {"mode": "ray", "items": items, "callers": _CALLERS}, product, [company.slug], figures=figures)


async def _caller(stage: Stage, company: Company, answers: list[tuple[float, Outcome]], over: asyncio.Event) -> None:
    """Ask again and again; a command that was under way at the kill is sent again by the desk, with its key."""
    choose = chooser(company.items, "uniform")
    while not over.is_set():
        outcome = await stage.product.desk.submit(company.tenant, reserve_one(choose(), company.warehouse))
        answers.append((time.perf_counter(), outcome))


async def _first_after(answers: list[tuple[float, Outcome]], killed: float) -> float:
    """When the first answer came that a dead shard cannot have sent: after a silence, however short the rest of its mail took."""
    seen = len(answers)
    while True:
        await asyncio.sleep(0.001)
        late = [moment for moment, _ in answers[seen:] if moment > killed + 0.02]
        if late:
            return late[0]


async def _warm(stage: Stage, company: Company) -> float:
    """Touch every item once; seconds until the last has answered."""
    began = time.perf_counter()
    for start in range(0, len(company.items), _WARM_AT_ONCE):
        commands = [reserve_one(item, company.warehouse) for item in company.items[start : start + _WARM_AT_ONCE]]
        await asyncio.gather(*[stage.product.desk.send(company.tenant, command) for command in commands])
    return time.perf_counter() - began


async def _lost(stage: Stage, company: Company, done: list[Outcome]) -> int:
    """Acknowledged promises without their row."""
    seqs = [outcome.seq for outcome in done]
    found = await stage.connection.fetchval(
        "SELECT count(*) FROM stock_ledger WHERE tenant_id = $1 AND part = 0 AND seq = ANY($2::bigint[])", company.tenant, seqs
    )
    return len(set(seqs)) - int(found)


def _longest_silence(moments: list[float]) -> float:
    return max(after - before for before, after in pairwise(moments))
