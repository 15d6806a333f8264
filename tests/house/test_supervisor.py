"""`onhand run` as its user sees it: it starts, says what it does, keeps going, and stops without leaving anything behind."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from app.claims import port_claimed
from app.processes import free_port, ticks
from app.server import remove

HOUSE = Path(__file__).parents[2]
READY_SECONDS = 90


class Run:
    """One `onhand run` in a folder of its own, and what it said."""

    def __init__(self, var: Path, engine: str, port: int | None = None, **more: str) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._said = var.parent / f"said-{self.port}"
        environ = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "ONHAND_VAR": str(var), "ONHAND_SHARDS": "1", **more}
        argv = [sys.executable, "-m", "app", "run", "--engine", engine, "--port", str(self.port)]
        with self._said.open("wb") as output:
            self.process = subprocess.Popen(argv, cwd=HOUSE, env=environ, stdout=output, stderr=output, start_new_session=True)

    def said(self) -> str:
        return self._said.read_text()

    def wait_ready(self) -> "Run":
        for _ in ticks(READY_SECONDS):
            if "is ready" in self.said():
                return self
            assert self.process.poll() is None, self.said()
        raise AssertionError(self.said())

    def supervisor(self) -> psutil.Process:
        """The process that starts the others; ours is the parent that waits for it."""
        return psutil.Process(self.process.pid).children()[0]

    def offspring(self) -> list[psutil.Process]:
        found: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return found

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=30)


@pytest.fixture
def var() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="onhand-run-"))
    folder.chmod(0o711)
    yield folder / "var"
    if (folder / "var").exists():
        remove(folder / "var")
    for left in folder.iterdir():
        left.unlink()
    folder.rmdir()


def status(url: str, patience_s: float = 5) -> int:
    try:
        with urllib.request.urlopen(url, timeout=patience_s) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as answer:
        return answer.code
    except OSError:
        return 0


def wait_gone(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run after so long. A zombie that nobody reaps does not run."""
    for _ in ticks(seconds):
        if not (left := [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]):
            return []
        time.sleep(0.1)
    return left


def verify(var: Path) -> int:
    """Exit code of `onhand verify --deep` on what a run has left."""
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "ONHAND_VAR": str(var)}
    return subprocess.run([sys.executable, "-m", "app", "verify", "--deep"], cwd=HOUSE, env=environ, stdout=subprocess.DEVNULL).returncode


def test_starts_serves_and_stops(var: Path) -> None:
    run = Run(var, "local").wait_ready()
    offspring = run.offspring()
    assert status(f"{run.url}/healthz") == 200
    assert status(f"{run.url}/readyz") == 200

    demo = json.loads((var / "demo.json").read_text())
    assert stat.S_IMODE((var / "demo.json").stat().st_mode) == 0o600
    assert demo["url"] == run.url
    for company in (demo, demo["other_tenant"]):
        assert all(user["password"] in run.said() for user in company["users"])

    second = Run(var, "local")
    assert second.process.wait(timeout=30) == 2
    assert f"Onhand already runs from {var}: {run.url}" in second.said()

    assert run.end(signal.SIGTERM) == 0, run.said()
    assert wait_gone(offspring, 2) == []
    assert "database system is shut down" in (var / "log/postgres.log").read_text()

    (file,) = (var / "anchors").glob("*/anchors.jsonl")  # a folder for the one database
    anchors = [json.loads(line)["anchor"] for line in file.read_text().splitlines()]
    assert len({head[0] for anchor in anchors for head in anchor["heads"]}) == 2  # both companies, at the latest on the way out
    assert verify(var) == 0

    again = Run(var, "local").wait_ready()
    assert json.loads((var / "demo.json").read_text())["users"] == demo["users"]
    assert json.loads((var / "demo.json").read_text())["url"] == again.url
    assert again.end(signal.SIGINT) == 0


def test_says_that_a_port_is_taken_and_names_a_free_one(var: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        run = Run(var, "local", port=taken.getsockname()[1])
        assert run.process.wait(timeout=30) == 2
    assert f"Port {run.port} is taken by another program" in run.said()
    assert "Traceback" not in run.said()
    assert not (var / "postgres").exists()


def test_the_port_of_a_start_that_does_not_listen_yet_is_taken(var: Path) -> None:
    port = free_port()
    with port_claimed("127.0.0.1", port):
        run = Run(var, "local", port=port)
        assert run.process.wait(timeout=30) == 2
    assert f"Port {run.port} is taken by another program" in run.said()
    assert not (var / "postgres").exists()


def test_brings_back_what_falls(var: Path) -> None:
    run = Run(var, "local").wait_ready()
    web = next(each for each in run.offspring() if each.cmdline()[-1:] == ["web"])
    web.kill()
    assert any(status(f"{run.url}/readyz") == 200 for _ in ticks(20) if not web.is_running() or web.status() == psutil.STATUS_ZOMBIE)
    next(each for each in run.offspring() if each.name() == "postgres" and each.parent() == run.supervisor()).kill()
    assert any("postgres ended unexpectedly" in run.said() for _ in ticks(10))
    assert any(status(f"{run.url}/readyz") == 200 for _ in ticks(20))
    assert run.end(signal.SIGTERM) == 0


def test_stops_in_the_middle_of_starting(var: Path) -> None:
    run = Run(var, "local")
    assert any("PostgreSQL" in run.said() for _ in ticks(30))
    offspring = run.offspring()
    assert run.end(signal.SIGINT) == 0, run.said()
    assert wait_gone(offspring, 2) == []


def test_stops_in_order_even_when_its_first_process_is_killed(var: Path) -> None:
    run = Run(var, "local").wait_ready()
    offspring = run.offspring()
    run.end(signal.SIGKILL)
    assert wait_gone(offspring, 15) == []
    assert "database system is shut down" in (var / "log/postgres.log").read_text()


@pytest.mark.ray
@pytest.mark.timeout(300)
def test_leaves_nothing_of_ray_when_the_supervisor_is_killed_and_starts_again(var: Path) -> None:
    run = Run(var, "ray").wait_ready()
    offspring = run.offspring()
    assert any("gcs_server" in each.name() for each in offspring)
    run.supervisor().kill()
    assert run.process.wait(timeout=30) == 128 + signal.SIGKILL
    assert wait_gone(offspring, 1) == []

    again = Run(var, "ray").wait_ready()
    offspring = again.offspring()
    assert again.end(signal.SIGTERM) == 0
    assert wait_gone(offspring, 1) == []


@pytest.mark.ray
@pytest.mark.timeout(300)
@pytest.mark.parametrize("server", ["hypercorn", "uvicorn"])
def test_serves_with_two_web_processes_and_refuses_nobody_while_one_starts_again(var: Path, server: str) -> None:
    run = Run(var, "ray", ONHAND_WEB_WORKERS="2", ONHAND_SERVER=server).wait_ready()
    webs = [each for each in run.offspring() if each.cmdline()[-1:] == ["web"]]
    assert len(webs) == 2
    with ThreadPoolExecutor(8) as callers:
        webs[0].terminate()  # in order: what it has begun, it answers
        answers = list(callers.map(lambda _: status(f"{run.url}/healthz", patience_s=30), range(400)))
    assert answers == [200] * 400
    assert any("The web process ended" in run.said() or "The web-2 process ended" in run.said() for _ in ticks(10))
    assert any(len([each for each in run.offspring() if each.cmdline()[-1:] == ["web"]]) == 2 for _ in ticks(20))
    assert webs[1].is_running()
    offspring = run.offspring()
    assert run.end(signal.SIGTERM) == 0, run.said()
    assert wait_gone(offspring, 2) == []
