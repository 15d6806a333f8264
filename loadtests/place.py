"""Where a run takes place: a whole system of its own on this machine, gone afterwards; or one that runs elsewhere, when asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from app.processes import free_port, spawn_ours, ticks, wait_gone
from app.progress import step
from app.sales.rest import Rest, Stuck, Target
from app.server import remove, write_private
from app.settings import CannotStart, variables
from loadtests.verdict import Check

START_S = 180.0
"""Ray alone takes half a minute on a busy machine of two cores."""
STOP_S = 60.0
VERIFY_S = 600.0
PROVEN = "every ledger proves from its first row"


@dataclass(slots=True)
class Place:
    """A system to be loaded. `demo` tells its companies; `log` is what it says of itself."""

    url: str
    demo: Path
    folder: Path
    log: Path
    environ: Mapping[str, str] = field(repr=False)
    process: subprocess.Popen[bytes] | None = None

    def stop(self) -> None:
        """Stop what was started here, in order. Stopping twice is harmless."""
        process, self.process = self.process, None
        if process and process.poll() is None:
            process.terminate()
            if not wait_gone(process, STOP_S):
                process.kill()
                process.wait()

    def verified(self) -> list[Check]:
        """Stop, and prove every ledger with the product's own command. Nothing where the system is not ours."""
        if not self.environ:
            return []
        with step("Stopping"):
            self.stop()
        with step("onhand verify --deep"):
            words = [sys.executable, "-m", "app", "verify", "--deep"]
            done = subprocess.run(words, env=dict(self.environ), capture_output=True, text=True, timeout=VERIFY_S, cwd=_ROOT, check=False)
        told = (done.stdout + done.stderr).strip().splitlines()
        return [Check(PROVEN, "; ".join(told[:4]) if told else f"verify ended with {done.returncode}", done.returncode == 0)]


_ROOT = Path(__file__).parent.parent


@contextmanager
def own(engine: str) -> Iterator[Place]:
    """Start everything in a temporary folder on free ports; stop and remove all of it afterwards. Raises CannotStart."""
    folder = Path(tempfile.mkdtemp(prefix="onhand-load-"))
    folder.chmod(0o711)  # the database server of a root start runs as another user
    with ExitStack() as held:
        held.callback(remove, folder)
        port, log = free_port(), folder / "run.log"
        said = {"ONHAND_VAR": str(folder), "ONHAND_HOST": "127.0.0.1", "ONHAND_PORT": str(port), "ONHAND_ENGINE": engine}
        environ = {name: text for name, text in os.environ.items() if name not in variables()} | said
        place = Place(f"http://127.0.0.1:{port}", folder / "demo.json", folder, log, environ)
        held.callback(place.stop)
        with step(f"The whole system, engine {engine}"):
            place.process = spawn_ours(["run"], environ, log)
            _wait_ready(place, port)
        yield place


@contextmanager
def elsewhere(url: str, tenant: str, key: str, person: Mapping[str, str] | None) -> Iterator[Place]:
    """A system that runs already: one company, one key, perhaps one person. Raises CannotStart when the key opens nothing there."""
    target = Target(url.rstrip("/"), tenant, key)
    try:
        Rest(target, patience_s=2.0).get("inventory/warehouses")
    except Stuck as problem:
        raise CannotStart(str(problem)) from problem
    with tempfile.TemporaryDirectory(prefix="onhand-load-") as name:
        folder = Path(name)
        people = [{"role": "manager", **person}] if person else []
        write_private(
            folder / "demo.json", {"url": target.url, "tenant": tenant, "users": people, "api_keys": [{"role": "admin", "key": key}]}
        )
        yield Place(target.url, folder / "demo.json", folder, folder / "none.log", {})


def _wait_ready(place: Place, port: int) -> None:
    for _ in ticks(START_S):
        if place.process is None or place.process.poll() is not None:
            break
        if _is_ready(port) and _companies(place.demo):
            return
        time.sleep(0.2)
    told = place.log.read_text(errors="replace").splitlines() if place.log.exists() else []
    raise CannotStart("The system did not start. The end of what it said:\n" + "\n".join(told[-15:]))


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _companies(demo: Path) -> bool:
    try:
        return bool(json.loads(demo.read_text())["api_keys"])
    except (OSError, ValueError, KeyError):
        return False
