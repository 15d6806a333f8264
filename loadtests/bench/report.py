"""What a run says: the records of performance.md 3.3, and a table for whoever waits for it."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from loadtests.bench.load import Turn, percentile_ms
from loadtests.bench.plan import HEADLINE_CALLERS, WORKLOADS, Key, Results, Size

Record = dict[str, Any]
_TITLES = {"W3": "hot SKU", "W1": "uniform over {items:,} SKUs"}


def records(results: Results, size: Size, server: dict[str, Any]) -> list[Record]:
    """One record per workload, engine mode and number of callers, each beside the same peers."""
    verify = "ok" if not results.faults else f"failed: {results.faults[0]}"
    made = []
    for workload in WORKLOADS:
        found = {
            "P1": _best(results, workload, "P1", "clients"),
            "P4": _best(results, workload, "P4", "connections"),
        }
        for key, turns in results.turns.items():
            if key[0] == workload and key[1] in ("ray", "local"):
                made.append(_record(key, turns, found, results, size, server, verify))
    return made


def _record(
    key: Key, turns: list[Turn], found: dict[str, Record], results: Results, size: Size, server: dict[str, Any], verify: str
) -> Record:
    workload, mode, callers = key
    product = _product(turns)
    if verify != "ok":  # a throughput that broke its books is none
        product["ops_s"] = 0
    counters = _counters(turns, results.hot_percent)
    return {
        "id": workload,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "git": _git(),
        "host": {"machine": platform.machine(), "system": platform.system(), "cpus": os.cpu_count(), "python": platform.python_version()},
        "pg": server,
        "params": {
            "title": _TITLES[workload].format(items=size.items),
            "mode": mode,
            "callers": callers,
            "seconds": size.seconds,
            "rounds": size.rounds,
            "items": size.items if WORKLOADS[workload] else 1,
        },
        "product": product,
        "peers": found,
        "ratios": {name: round(product["ops_s"] / peer["ops_s"], 2) if peer["ops_s"] else 0 for name, peer in found.items()},
        "fit": None,  # needs forced batch sizes: W8
        "counters": counters,
        "verify": verify,
    }


def _product(turns: list[Turn]) -> Record:
    took = [seconds for turn in turns for seconds in turn.took]
    rates = [turn.ops_s for turn in turns]
    return {
        "ops_s": round(median(rates)),
        "ops_s_min": round(min(rates)),
        "ops_s_max": round(max(rates)),
        "p50": percentile_ms(took, 0.50),
        "p99": percentile_ms(took, 0.99),
        "p999": percentile_ms(took, 0.999),
        "failed": sum(turn.failed for turn in turns),
        "cpu_us_per_op": _cpu(turns),
    }


def _best(results: Results, workload: str, peer: str, unit: str) -> Record:
    """The peer at the size that suits it best, and what it did at the others."""
    tried = {key[2]: turns for key, turns in results.turns.items() if key[:2] == (workload, peer)}
    best = max(tried, key=lambda size: median(turn.ops_s for turn in tried[size]))
    swept = {str(size): round(median(turn.ops_s for turn in turns)) for size, turns in tried.items()}
    return {**_product(tried[best]), unit: best, "swept": swept}


def _counters(turns: list[Turn], hot_percent: float | None) -> Record:
    batches = sum(turn.facts["batches"] for turn in turns)
    sizes: dict[str, int] = {}
    for turn in turns:
        for size, count in turn.facts["sizes"].items():
            sizes[size] = sizes.get(size, 0) + count
    return {
        "wal_bytes_per_op": round(median(turn.facts["wal_bytes_per_op"] for turn in turns)),
        "hot_pct": hot_percent,
        "mean_batch": round(sum(turn.facts["commands"] for turn in turns) / batches, 1) if batches else 0,
        "batch_sizes_up_to": dict(sorted(sizes.items(), key=lambda each: int(each[0]))),
        "commit_ms_mean": round(sum(turn.facts["commit_us"] for turn in turns) / batches / 1_000, 2) if batches else 0,
    }


def _cpu(turns: list[Turn]) -> dict[str, float]:
    names = turns[0].facts["cpu_us_per_op"]
    return {name: round(median(turn.facts["cpu_us_per_op"][name] for turn in turns), 1) for name in names}


def printed(made: list[Record], results: Results) -> str:
    """The records as a table; every number is of this run."""
    server = made[0]["pg"]
    lines = [
        "",
        f"PostgreSQL {server['version']}: fsync {server['fsync']}, synchronous_commit {server['sync_commit']}, "
        f"full_page_writes {server['fpw']}; a flush takes {server['fdatasync_us']:.0f} µs",
    ]
    for workload in WORKLOADS:
        mine = [record for record in made if record["id"] == workload]
        lines += ["", f"{workload}, reserve 1 of {mine[0]['params']['title']}"]
        lines.append(f"  {'':<34}{'ops/s':>10}{'p50 ms':>9}{'p99 ms':>9}{'batch':>8}{'/P1':>8}{'/P4':>7}   CPU µs per op")
        lines += [_line(record) for record in mine]
        lines += [_peer_line(mine[0]["peers"])]
    lines += ["", f"verify: {made[0]['verify']}", *(f"  {fault}" for fault in results.faults[:10])]
    return "\n".join(lines)


def _line(record: Record) -> str:
    product, params, ratios = record["product"], record["params"], record["ratios"]
    mark = "*" if (params["mode"], params["callers"]) == ("ray", HEADLINE_CALLERS) else " "
    name = f"{mark} engine, {params['mode']}, {params['callers']} callers"
    cpu = ", ".join(f"{part} {spent:g}" for part, spent in product["cpu_us_per_op"].items() if spent)
    return (
        f"  {name:<34}{product['ops_s']:>10,}{product['p50']:>9.2f}{product['p99']:>9.2f}{record['counters']['mean_batch']:>8.0f}"
        f"{ratios['P1']:>8.1f}{ratios['P4']:>7.2f}   {cpu}"
    )


def _peer_line(found: dict[str, Record]) -> str:
    p1, p4 = found["P1"], found["P4"]
    swept = ", ".join(f"{size}: {rate:,}" for size, rate in p1["swept"].items())
    one = f"{'P1 lock per request, best of':<34}{_rates(p1)}   clients {swept}"
    four = f"{'P4 raw unnest, 1,000 a batch':<34}{_rates(p4)}   p50, p99 of a batch; connections: {p4['connections']}"
    return f"    {one}\n    {four}"


def _rates(peer: Record) -> str:
    return f"{peer['ops_s']:>8,}{peer['p50']:>9.2f}{peer['p99']:>9.2f}"


def _git() -> str:
    """The commit that was measured; with a plus if files were changed since."""
    folder = Path(__file__).parent
    try:
        said = subprocess.run(["git", "describe", "--always", "--dirty=+"], cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown"
    return said.stdout.strip() or "unknown"
