"""The bench, in its shortest form: it measures, proves, and writes down what performance.md 3.3 asks for. Never how fast."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from loadtests.bench import bars, plot, workloads
from loadtests.bench.load import percentile_ms
from loadtests.bench.peers import NAMES
from loadtests.bench.records import Record, judge
from loadtests.bench.size import QUICK
from loadtests.bench.workloads import w1_uniform

ROOT = Path(__file__).parents[2]
FIELDS = {"id", "git", "host", "pg", "params", "product", "peers", "ratios", "fit", "counters", "figures", "verify"}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Record], str]:
    """Records and output of the shortest run of everything."""
    out = tmp_path_factory.mktemp("bench") / "bench.json"
    done = subprocess.run(
        [sys.executable, "-m", "loadtests.bench", "--quick", "--out", str(out)], cwd=ROOT, capture_output=True, text=True, timeout=460
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ElementTree.fromstring(out.with_suffix(".svg").read_text())
    return json.loads(out.read_text()), done.stdout


def _of(records: list[Record], workload: str) -> list[Record]:
    return [record for record in records if record["id"] == workload]


@pytest.mark.ray
@pytest.mark.timeout(480)
def test_runs_every_workload_and_proves_every_ledger(ran: tuple[list[Record], str]) -> None:
    records, told = ran
    assert {record["id"] for record in records} == {*workloads.ALL, "W3-sale"}
    for record in records:
        assert record.keys() >= FIELDS
        assert record["verify"] == "ok"
        assert {record["pg"][setting] for setting in ("fsync", "sync_commit", "fpw")} == {"on"}
        assert record["product"]["ops_s"] > 0
    assert "fsync on, synchronous_commit on, full_page_writes on" in told
    assert "verify: ok" in told


@pytest.mark.ray
@pytest.mark.timeout(480)
def test_measures_the_engine_in_both_modes_beside_every_peer(ran: tuple[list[Record], str]) -> None:
    records, _ = ran
    for record in _of(records, "W1") + _of(records, "W3"):
        assert record["peers"].keys() == record["ratios"].keys() == set(NAMES if record["id"] == "W3" else w1_uniform.PEERS)
        assert all(peer["ops_s"] > 0 and peer["failed"] == 0 for peer in record["peers"].values())
        assert record["product"]["failed"] == 0
        assert 0 < record["product"]["p50"] <= record["product"]["p99"] <= record["product"]["p999"]
        assert record["counters"]["mean_batch"] >= 1
    assert {(record["params"]["mode"], record["params"]["callers"]) for record in _of(records, "W1")} == {
        *[("ray", callers) for callers in QUICK.callers],
        ("local", max(QUICK.callers)),
    }
    headline = next(record for record in _of(records, "W1") if "wal_sync_per_op" in record["counters"])
    assert 0 < headline["counters"]["wal_sync_per_op"] <= 1
    assert headline["counters"]["wal_bytes_per_op"] > 100
    assert headline["figures"]["open_loop"]["p50"] > 0
    assert headline["product"]["cpu_us_per_op"]["shard"] > 0


@pytest.mark.ray
@pytest.mark.timeout(480)
def test_sells_exactly_what_there_is_and_loses_nothing_in_a_crash(ran: tuple[list[Record], str]) -> None:
    records, _ = ran
    for sale in _of(records, "W3-sale"):
        assert sale["figures"]["accepted_rows"] == sale["params"]["stock"]
    for killed in _of(records, "W11"):
        assert killed["figures"]["acknowledged"] > 0
        assert killed["figures"]["acknowledged_lost"] == 0


@pytest.mark.ray
@pytest.mark.timeout(480)
def test_forces_the_batches_of_its_curve(ran: tuple[list[Record], str]) -> None:
    records, _ = ran
    for curve in _of(records, "W8"):
        assert curve["figures"]["mean_batch"] == list(QUICK.batches)
        assert curve["fit"].keys() == {"t0_us", "L_us", "r_us"}


@pytest.mark.ray
@pytest.mark.timeout(480)
def test_measures_the_edge_beside_its_floor_and_the_naive_route(ran: tuple[list[Record], str]) -> None:
    records, told = ran
    single = {record["params"]["mode"]: record for record in _of(records, "W6")}
    assert (single["http"]["peers"].keys(), single["hot"]["peers"].keys()) == ({"P6"}, {"P6", "naive"})
    for record in _of(records, "W6") + _of(records, "W7"):
        assert record["product"]["failed"] == 0
        assert record["product"]["cpu_us_per_op"]["web"] > 0
        assert record["product"]["cpu_us_per_op"]["clients"] > 0
        assert record["counters"]["mean_batch"] >= 1
    assert all(peer["ops_s"] > 0 and peer["failed"] == 0 for peer in single["hot"]["peers"].values())
    assert {record["params"]["mode"] for record in _of(records, "W7")} == {"single", "bulk", "ws"}
    assert "naive Quart, ORM, FOR UPDATE" in told


@pytest.mark.ray
@pytest.mark.timeout(480)
def test_loses_nothing_at_the_edge_neither_in_a_flood_nor_in_a_fall(ran: tuple[list[Record], str]) -> None:
    records, _ = ran
    (feed,), (flood,), (neighbour,) = [_of(records, workload) for workload in ("W9", "W13-edge", "W14-edge")]
    assert feed["figures"]["lost_or_doubled"] == feed["figures"]["fall"]["behind"] == 0
    assert feed["product"]["p99"] > 0
    assert feed["peers"]["P7"]["ops_s"] > 0
    assert feed["ledgers"] == [f"wire-{number}" for number in range(QUICK.edge.companies)]
    assert flood["figures"]["acknowledged_lost"] == 0
    assert neighbour["figures"]["slower"] > 0 and neighbour["figures"]["flood"]["http_done_per_s"] > 0


def _record(workload: str, ledgers: list[str], **params: Any) -> Record:
    return {"id": workload, "params": params, "product": {"ops_s": 5_000}, "ratios": {"P1": 6.0}, "ledgers": ledgers, "verify": ""}


def test_counts_a_run_whose_ledger_does_not_hold_as_nothing() -> None:
    broken, sound = _record("W1", ["bench", "P1"]), _record("W5", ["other"])
    judge([broken, sound], {"bench": [], "P1": ["P1 item 3: {}"], "other": []})
    assert (broken["product"]["ops_s"], broken["ratios"], broken["verify"]) == (0, {"P1": 0}, "failed: P1 item 3: {}")
    assert (sound["product"]["ops_s"], sound["verify"]) == (5_000, "ok")


def test_tells_which_promises_were_missed() -> None:
    told = list(bars.told([_record("W1", [], callers=512), _record("W3", [], callers=512)]))
    assert told == [
        "  W1 / P1                            6   at least 5",
        "  W3 / P1                            6   at least 25   MISSED",
    ]


def test_draws_nothing_where_nothing_was_run() -> None:
    assert ElementTree.fromstring(plot.drawn([])).tag.endswith("svg")


def test_takes_percentiles_of_what_was_measured() -> None:
    took = [number / 1_000 for number in range(1, 101)]
    assert [percentile_ms(took, share) for share in (0.5, 0.99)] == [51.0, 100.0]
    assert percentile_ms([], 0.5) == 0.0
