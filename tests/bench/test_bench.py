"""The bench, in its shortest form: it measures, proves, and writes down what performance.md 3.3 asks for. Never how fast."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from loadtests.bench.load import Turn, percentile_ms
from loadtests.bench.plan import QUICK, Results
from loadtests.bench.report import records

ROOT = Path(__file__).parents[2]
FIELDS = {"id", "git", "host", "pg", "params", "product", "peers", "ratios", "fit", "counters", "verify"}


@pytest.mark.ray
@pytest.mark.timeout(300)
def test_measures_engine_and_peers_and_proves_the_ledgers(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    ran = subprocess.run(
        [sys.executable, "-m", "loadtests.bench", "--quick", "--out", str(out)], cwd=ROOT, capture_output=True, text=True, timeout=280
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads(out.read_text())
    assert {(record["id"], record["params"]["mode"]) for record in found} == {
        (work, mode) for work in ("W1", "W3") for mode in ("ray", "local")
    }
    for record in found:
        assert record.keys() >= FIELDS
        assert record["verify"] == "ok"
        assert {record["pg"][setting] for setting in ("fsync", "sync_commit", "fpw")} == {"on"}
        assert record["product"]["ops_s"] > 0
        assert 0 < record["product"]["p50"] <= record["product"]["p99"] <= record["product"]["p999"]
        assert record["product"]["failed"] == 0
        assert record["counters"]["mean_batch"] >= 1
        assert sum(record["counters"]["batch_sizes_up_to"].values()) > 0
        assert all(record["peers"][peer]["ops_s"] > 0 and record["ratios"][peer] > 0 for peer in ("P1", "P4"))
        assert record["peers"]["P1"]["clients"] in QUICK.clients
    assert "fsync on, synchronous_commit on, full_page_writes on" in ran.stdout
    assert "verify: ok" in ran.stdout


def test_counts_a_run_whose_ledger_does_not_hold_as_nothing() -> None:
    facts = {"batches": 1, "commands": 5, "commit_us": 900, "sizes": {"8": 1}, "wal_bytes_per_op": 700, "cpu_us_per_op": {"callers": 1.0}}
    turn = Turn(done=5, seconds=1.0, took=[0.001] * 5, facts=facts)
    keys = [(work, what, 1) for work in ("W1", "W3") for what in ("ray", "P1", "P4")]
    broken = Results({key: [turn] for key in keys}, ["#3 balance: {}"], None)
    for record in records(broken, QUICK, {}):
        assert record["product"]["ops_s"] == 0
        assert record["ratios"] == {"P1": 0, "P4": 0}
        assert record["verify"].startswith("failed: #3 balance")


def test_takes_percentiles_of_what_was_measured() -> None:
    took = [number / 1_000 for number in range(1, 101)]
    assert [percentile_ms(took, share) for share in (0.5, 0.99)] == [51.0, 100.0]
    assert percentile_ms([], 0.5) == 0.0
