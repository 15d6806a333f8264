"""A shop that is already running, and load tests of it as people start them: a process of their own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Database
from tests.people import PASSWORD, Person
from tests.serving import serving

ROOT = Path(__file__).parents[2]
SCENARIOS = ("tills", "shop", "dashboards", "flash_sale", "receiving_dock")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run ended, what it said, and the figures it wrote (none if it did not come to that)."""

    code: int
    out: str
    figures: dict[str, Any]

    def request(self, name: str) -> dict[str, Any]:
        """The figures of one request."""
        return next(each for each in self.figures["requests"] if each["name"] == name)

    def checks(self) -> dict[str, bool]:
        """Whether each check held."""
        return {each["name"]: each["ok"] for each in self.figures["checks"]}


@dataclass(frozen=True, slots=True)
class Runner:
    """Starts load tests whose files all go into one folder."""

    folder: Path

    async def start(self, *words: object, environ: dict[str, str] | None = None) -> Process:
        """Begin a run."""
        argv = [sys.executable, "-m", "loadtests", *map(str, words), "--out", str(self.folder / "load.json")]
        told = os.environ | (environ or {}) | {"TMPDIR": str(self._temporary())}
        return await asyncio.create_subprocess_exec(*argv, cwd=ROOT, env=told, stdout=PIPE, stderr=STDOUT)

    async def run(self, *words: object, environ: dict[str, str] | None = None) -> Ran:
        """A whole run."""
        return await self.ended(await self.start(*words, environ=environ))

    async def ended(self, process: Process) -> Ran:
        """Wait for the end. Whatever it kept in temporary folders must be gone by then."""
        out, _ = await process.communicate()
        assert process.returncode is not None
        assert list(self._temporary().iterdir()) == [], out.decode()
        written = self.folder / "load.json"
        return Ran(process.returncode, out.decode(), json.loads(written.read_text()) if written.exists() else {})

    def targets(self, **p95_ms_max: float) -> Path:
        """Targets that only a standstill would miss, but for these scenarios, which get another p95."""
        folder = self.folder / "targets"
        folder.mkdir(exist_ok=True)
        for scenario in SCENARIOS:
            lines = (ROOT / "loadtests" / "targets" / f"{scenario}.toml").read_text().splitlines()
            path = folder / f"{scenario}.toml"
            path.write_text("\n".join(_patient(line, p95_ms_max.get(scenario, 60_000)) for line in lines))
        return folder

    def _temporary(self) -> Path:
        folder = self.folder / "tmp"
        folder.mkdir(exist_ok=True, mode=0o711)
        return folder


def _patient(line: str, p95_ms_max: float) -> str:
    name = line.partition(" = ")[0]
    return {"p95_ms_max": f"{name} = {p95_ms_max}", "p99_ms_max": f"{name} = 60000", "per_second_min": f"{name} = 0.0"}.get(name, line)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """Load tests of this test."""
    return Runner(tmp_path)


@dataclass(frozen=True, slots=True)
class Shop:
    """Where it answers, and who owns it."""

    url: str
    alice: Person

    @property
    def environ(self) -> dict[str, str]:
        """What the run is told of it beside its address."""
        who = self.alice
        return {"TENANT": who.tenant.slug, "KEY": who.key, "EMAIL": who.email, "PASSWORD": PASSWORD}


@pytest.fixture
async def shop(fresh_database: Database, tmp_path: Path) -> AsyncIterator[Shop]:
    """Alice's shop, with a server of its own."""
    async with serving(fresh_database, tmp_path / "server") as server:
        yield Shop(server.url, server.world.alice)
