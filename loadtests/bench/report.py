"""What a run says to whoever waits for it: a table for each workload, every number of this run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from loadtests.bench import bars, workloads
from loadtests.bench.records import Measured, Record
from loadtests.bench.stage import HEADLINE


def printed(records: Sequence[Record], faults: Sequence[str]) -> str:
    """All of it."""
    server, host = records[0]["pg"], records[0]["host"]
    lines = [
        "",
        f"PostgreSQL {server['version']}: fsync {server['fsync']}, synchronous_commit {server['sync_commit']}, "
        f"full_page_writes {server['fpw']}; a flush takes {server['fdatasync_us']:.0f} µs; {host['cpus']} cores, {host['machine']}",
    ]
    for workload, mine in groupby(records, key=lambda each: each["id"].removesuffix("-sale")):
        lines += ["", f"{workload}, {_title(workload, records)}", *_section(list(mine))]
    lines += ["", "What was promised", *bars.told(records)]
    verdict = "ok" if not faults else f"FAILED ({len(faults)} faults): throughput of what is concerned is 0"
    return "\n".join([*lines, "", f"verify: {verdict}", *(f"  {fault}" for fault in faults[:10])])


def _title(workload: str, records: Sequence[Record]) -> str:
    items = next((each["params"]["items"] for each in records if each["id"] == workload and "items" in each["params"]), 0)
    return workloads.ALL[workload].TITLE.format(items=items)


def _section(mine: list[Record]) -> Iterable[str]:
    """A table of rates where there are callers, and the workload's own figures."""
    contested = [each for each in mine if each["product"].get("cpu_us_per_op") or "readers" in each["params"]]
    if contested:
        yield f"  {'':<34}{'ops/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'batch':>7}   CPU µs per command, ratios"
        yield from map(_engine_line, contested)
        peers = {name: peer for each in reversed(contested) for name, peer in each["peers"].items()}
        yield from (_peer_line(name, peer) for name, peer in peers.items())
    yield from _counter_lines(mine)
    for each in mine:
        if each["fit"]:
            yield "    {} fit: t0 {t0_us:,} µs, L {L_us:,} µs, r {r_us} µs".format(each["params"]["mode"], **each["fit"])
        if each["figures"]:
            yield f"    {_what(each)}{_told(each['figures'])}"


def _engine_line(each: Record) -> str:
    product, params = each["product"], each["params"]
    mark = "*" if (params["mode"], params.get("callers")) == ("ray", HEADLINE) else " "
    callers = f"{params['readers']:,} readers" if "readers" in params else f"{params['callers']:,} callers"
    about = f"{params[params['grows']]:,} {params['grows'].replace('_', ' ')}" if "grows" in params else callers
    name = f"{mark} engine, {params['mode']}, {about}"
    ratios = " ".join(f"/{peer} {ratio:g}" for peer, ratio in each["ratios"].items())
    return f"  {name:<34}{_rates(product)}{each['counters'].get('mean_batch', 0):>7.0f}   {_cpu(product)}  {ratios}"


def _peer_line(name: str, peer: Measured) -> str:
    unit = next(unit for unit in ("clients", "connections", "callers") if unit in peer)
    swept = ", ".join(f"{size}: {rate:,}" for size, rate in peer.get("swept", {}).items())
    return f"    {name + ' ' + peer['title']:<32.32}{_rates(peer)}{'':>7}   {_cpu(peer)}  {unit} {peer[unit]}" + (
        f" of {swept}" if swept else ""
    )


def _counter_lines(mine: list[Record]) -> Iterable[str]:
    """Flushes, log bytes and HOT share of the headline."""
    for each in mine:
        counters = each["counters"]
        if "wal_sync_per_op" in counters:
            yield (
                f"    per command: {counters['wal_sync_per_op']} flushes of the log, {counters['wal_bytes_per_op']:,} bytes of it; "
                f"{counters['hot_pct']} % of balance updates HOT"
            )
            yield f"    per batch: {counters['commit_ms_mean']} ms from decided to committed; {counters['recoveries']} decided again"


def _what(each: Record) -> str:
    """Which of several records of a workload it is."""
    params = each["params"]
    if "grows" in params:
        return f"{params[params['grows']]:,} {params['grows'].replace('_', ' ')}: "
    named = [f"{params[name]:,} {name}" for name in ("stock", "items") if name in params and each["id"] in ("W3-sale", "W11")]
    return f"{' '.join([params.get('mode', 'all'), *named])}: "


def _told(figures: Measured) -> str:
    return "; ".join(f"{name} {_value(value)}" for name, value in figures.items())


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {_value(each)}" for name, each in value.items()) + ")"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _rates(measured: Measured) -> str:
    return f"{measured['ops_s']:>9,}{measured['p50']:>9.2f}{measured['p99']:>9.2f}"


def _cpu(measured: Measured) -> str:
    return ", ".join(f"{part} {spent:g}" for part, spent in measured.get("cpu_us_per_op", {}).items() if spent)
