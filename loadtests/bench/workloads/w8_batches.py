"""W8: the batch curve. Waves of B commands, the next wave when the last answer is there, so that the desk sends each as one message
and the shard decides it as one batch; nothing is ever on its way beside it. The time of a wave over B is T(B) = t0 + L + B·r."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from statistics import median

from loadtests.bench import fit, meters
from loadtests.bench.engine import Product
from loadtests.bench.ground import Company
from loadtests.bench.load import WARM_S, Turn
from loadtests.bench.messages import chooser
from loadtests.bench.peers.p4_raw import RawInsert
from loadtests.bench.records import Record, ratio, record, times
from loadtests.bench.stage import Stage

ID = "W8"
TITLE = "batch curve: time of a forced batch of B commands"


async def run(stage: Stage) -> list[Record]:
    """The curve of each mode, and of the raw insert of every row beside them."""
    raw = await stage.peer("P4r")
    assert isinstance(raw, RawInsert)
    flushes: list[float] = []
    curves: dict[str, list[tuple[float, float]]] = {"ray": [], "local": [], "P4r": []}
    cut: dict[str, list[float]] = {"ray": [], "local": []}
    for size in stage.size.batches:
        flushes.append(meters.fdatasync_us(stage.ground.disk))
        for mode, product, slug in (("ray", stage.product, "bench"), ("local", stage.local, "bench-local")):
            company = await stage.company(slug, stage.size.items, product=product)
            turn = await stage.metered(partial(_waves, product, company, size, stage.size.batch_seconds))
            curves[mode].append((size, _median_us(turn)))
            cut[mode].append(round(turn.facts["mean_batch"], 1))
        curves["P4r"].append((size, _median_us(await raw.turner("uniform", size)(1, stage.size.batch_seconds))))
        stage.say(f"{ID:<4}B={size:<5}" + "  ".join(f"{name} {points[-1][1]:,.0f} µs" for name, points in curves.items()))
    fits = {name: fit.batch_law(points, median(flushes)) for name, points in curves.items()}
    return [_record(stage, mode, curves, cut[mode], fits) for mode in cut]


async def _waves(product: Product, company: Company, size: int, seconds: float) -> Turn:
    ask = product.reserving(company, chooser(company.items, "uniform"))
    turn = Turn(seconds=seconds)
    before = await product.gauges()
    began = time.perf_counter()
    while (now := time.perf_counter()) < began + WARM_S + seconds:
        await asyncio.gather(*[ask() for _ in range(size)])
        if now < began + WARM_S:
            turn.warm += size
        else:
            turn.took.append(time.perf_counter() - now)
            turn.done += size
    after = await product.gauges()
    turn.facts["mean_batch"] = (after["commands"] - before["commands"]) / (after["batches"] - before["batches"])
    return turn


def _median_us(turn: Turn) -> float:
    return round(median(turn.took) * 1e6, 1)


def _record(
    stage: Stage, mode: str, curves: dict[str, list[tuple[float, float]]], cut: list[float], fits: dict[str, dict[str, float]]
) -> Record:
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
