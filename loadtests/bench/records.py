"""The record of a measurement, as performance.md 3.3 has it: one shape for every workload."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any

from loadtests.bench.load import Turn, percentile_ms
from loadtests.bench.stage import Stage

Record = dict[str, Any]
Measured = dict[str, Any]
"""What a product or a peer did: rates, times, processor time."""


def record(
    stage: Stage,
    workload: str,
    params: dict[str, Any],
    product: Measured,
    ledgers: Sequence[str],
    *,
    peers: dict[str, Measured] | None = None,
    fit: dict[str, Any] | None = None,
    counters: dict[str, Any] | None = None,
    figures: dict[str, Any] | None = None,
) -> Record:
    """A record that waits for its verdict: `ledgers` names the companies it moved stock in. `figures` are the workload's own."""
    peers = peers or {}
    return {
        "id": workload,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "git": stage.host["git"],
        "host": stage.host,
        "pg": stage.server,
        "params": {"size": stage.size.name, **params},
        "product": product,
        "peers": peers,
        "ratios": {name: ratio(product["ops_s"], peer["ops_s"]) for name, peer in peers.items()},
        "fit": fit,
        "counters": counters or {},
        "figures": figures or {},
        "ledgers": [*ledgers, *peers],
        "verify": "not yet",
    }


def measured(turns: Sequence[Turn]) -> Measured:
    """Several turns of the same as one: the median rate with its spread, and the times of all operations."""
    took = [seconds for turn in turns for seconds in turn.took]
    rates = [turn.ops_s for turn in turns]
    return {
        "ops_s": round(median(rates)),
        "ops_s_min": round(min(rates)),
        "ops_s_max": round(max(rates)),
        **times(took),
        "failed": sum(turn.failed for turn in turns),
        "cpu_us_per_op": _cpu(turns),
    }


def times(took: list[float]) -> dict[str, float]:
    """Percentiles in milliseconds."""
    return {"p50": percentile_ms(took, 0.50), "p99": percentile_ms(took, 0.99), "p999": percentile_ms(took, 0.999)}


def batches(turns: Sequence[Turn]) -> dict[str, Any]:
    """What the shard made of the turns: mean batch and the distribution of sizes, its commits, how often it had
    to decide again, log bytes per command."""
    count = sum(turn.facts["batches"] for turn in turns)
    sizes: dict[int, int] = {}
    for turn in turns:
        for size, times_seen in turn.facts["sizes"].items():
            sizes[int(size)] = sizes.get(int(size), 0) + times_seen
    return {
        "wal_bytes_per_op": round(median(turn.facts["wal_bytes_per_op"] for turn in turns)),
        "mean_batch": round(sum(turn.facts["commands"] for turn in turns) / count, 1) if count else 0,
        "batch_sizes_up_to": {str(size): sizes[size] for size in sorted(sizes)},
        "recoveries": sum(turn.facts["recoveries"] for turn in turns),
        "commit_ms_mean": round(sum(turn.facts["commit_us"] for turn in turns) / count / 1_000, 2) if count else 0,
    }


def judge(records: Sequence[Record], faults: dict[str, list[str]]) -> None:
    """Give every record its verdict. A throughput that broke its books is none, so it is written down as nothing."""
    for each in records:
        wrong = [fault for name in each["ledgers"] for fault in faults.get(name, [])]
        each["verify"] = f"failed: {wrong[0]}" if wrong else "ok"
        if wrong:
            each["product"]["ops_s"] = 0
            each["ratios"] = dict.fromkeys(each["ratios"], 0)


def ratio(one: float, other: float) -> float:
    """One over the other, 0 if there is no other."""
    return round(one / other, 2) if other else 0


def _cpu(turns: Sequence[Turn]) -> dict[str, float]:
    names = turns[0].facts["cpu_us_per_op"]
    return {name: round(median(turn.facts["cpu_us_per_op"][name] for turn in turns), 1) for name in names}
