"""W8: the batch curve. One message of B commands at a time, the next when it is answered, so that the shard decides it as one batch
and nothing is ever on its way beside it: straight to the shard, because the desk divides what waits between two messages. The time of a
message over B is T(B) = t0 + L + B·r."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from statistics import median

from actors.desk import decode_answer, encode_message
from loadtests.bench import fit, meters
from loadtests.bench.engine import Product, was_done
from loadtests.bench.ground import Company
from loadtests.bench.load import Turn, run_tasks
from loadtests.bench.messages import Choose, chooser, reserve_one
from loadtests.bench.peers.p4_raw import RawInsert
from loadtests.bench.records import Record, ratio, record, times
from loadtests.bench.stage import Stage

ID = "W8"
TITLE = "batch curve: time of a forced batch of B commands"
Wave = Callable[[int, float], Awaitable[Turn]]
"""Sends batches of one size for so many seconds, one at a time."""
Curves = dict[str, list[tuple[float, float]]]
"""Microseconds over the size of the batch, by who took them."""


async def run(stage: Stage) -> list[Record]:
    """The curve of each mode, and of the raw insert of every row beside them, all sizes there and back again."""
    waves = {
        "ray": await _messages(stage, stage.product, "bench"),
        "local": await _messages(stage, stage.local, "bench-local"),
        "P4r": await _raw(stage),
    }
    turns: dict[str, dict[int, list[Turn]]] = {name: {size: [] for size in stage.size.batches} for name in waves}
    flushes: list[float] = []
    for number in range(stage.size.rounds):
        for size in stage.size.batches if number % 2 == 0 else reversed(stage.size.batches):
            flushes.append(meters.fdatasync_us(stage.ground.disk))
            for name, wave in waves.items():
                turns[name][size].append(await wave(size, stage.size.batch_seconds))
    curves: Curves = {name: [(size, _median_us(found)) for size, found in sizes.items()] for name, sizes in turns.items()}
    fits = {name: fit.batch_law(points, median(flushes)) for name, points in curves.items()}
    for name, law in fits.items():
        stage.say(f"{ID:<4}{name:<6}T(B) = {law['t0_us']:,} + {law['L_us']:,} + B · {law['r_us']} µs")
    cut = {mode: [_mean_batch(turns[mode][size]) for size in stage.size.batches] for mode in ("ray", "local")}
    return [_record(stage, mode, curves, cut[mode], fits) for mode in cut]


async def _messages(stage: Stage, product: Product, slug: str) -> Wave:
    """Waves of one message each."""
    company = await stage.company(slug, stage.size.items, product=product)
    choose = chooser(company.items, "uniform")

    async def turn(size: int, seconds: float) -> Turn:
        before = await product.gauges()
        found = await run_tasks([partial(_send, product, company, choose, size)], seconds, weight=size)
        after = await product.gauges()
        found.facts["mean_batch"] = (after["commands"] - before["commands"]) / (after["batches"] - before["batches"])
        return found

    return turn


async def _send(product: Product, company: Company, choose: Choose, size: int) -> bool:
    """One message, as the desk would send it; True when all of it was done."""
    commands = [reserve_one(choose(), company.warehouse) for _ in range(size)]
    answer = decode_answer(await product.carry(encode_message([(company.tenant, 0, commands)])))
    return all(was_done(outcome) for _, outcomes in answer for outcome in outcomes)


async def _raw(stage: Stage) -> Wave:
    raw = await stage.peer("P4r")
    assert isinstance(raw, RawInsert)
    return lambda size, seconds: raw.turner("uniform", size)(1, seconds)


def _median_us(turns: list[Turn]) -> float:
    return round(median([took for turn in turns for took in turn.took]) * 1e6, 1)


def _mean_batch(turns: list[Turn]) -> float:
    return float(round(median(turn.facts["mean_batch"] for turn in turns), 1))


def _record(stage: Stage, mode: str, curves: Curves, cut: list[float], fits: dict[str, dict[str, float]]) -> Record:
    own = fits[mode]
    size, took_us = curves[mode][-1]
    figures = {
        "curve_us": {str(int(size)): took for size, took in curves[mode]},
        "curve_us_P4r": {str(int(size)): took for size, took in curves["P4r"]},
        "mean_batch": cut,
        "half_power_batch": round((own["t0_us"] + own["L_us"]) / own["r_us"], 1),
        "fit_P4r": fits["P4r"],
        "r_over_P4r": ratio(own["r_us"], fits["P4r"]["r_us"]),
    }
    product = {"ops_s": round(size / took_us * 1e6), **times([took_us / 1e6])}
    ledger = "bench" if mode == "ray" else "bench-local"
    return record(stage, ID, {"mode": mode, "batches": list(stage.size.batches)}, product, [ledger], fit=own, figures=figures)
