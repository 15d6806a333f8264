"""A running shop to replay into, and the replay as people start it: a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Database
from tests.people import Person
from tests.serving import serving

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "data" / "retail_sales.csv.gz"
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


@dataclass(frozen=True, slots=True)
class Ran:
    """How a replay ended and what it said."""

    code: int
    out: str


@dataclass(frozen=True, slots=True)
class Shop:
    """A server, a manager of its company, and the folder in which replays keep what they know."""

    url: str
    manager: Person
    other: Person
    var: Path

    async def start(self, path: Path, *words: str, who: Person | None = None) -> Process:
        """Begin a replay."""
        who = who or self.manager
        target = ["--url", self.url, "--tenant", who.tenant.slug, "--key", who.key]
        environ = os.environ | {"ONHAND_VAR": str(self.var)}
        argv = [sys.executable, "-m", "app", "replay", str(path), *target, *words]
        return await asyncio.create_subprocess_exec(*argv, cwd=ROOT, env=environ, stdout=PIPE, stderr=PIPE)

    async def replay(self, path: Path, *words: str, who: Person | None = None) -> Ran:
        """Replay to the end."""
        return await ended(await self.start(path, *words, who=who))

    def report(self) -> dict[str, Any]:
        """The one report there is."""
        (path,) = (each for each in (self.var / "replay").glob("*.json") if ".state." not in each.name)
        found: dict[str, Any] = json.loads(path.read_text())
        return found


async def ended(process: Process) -> Ran:
    """Wait for the end."""
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ran(process.returncode, out.decode() + err.decode())


@pytest.fixture
async def shop(fresh_database: Database, tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop with a database of its own."""
    async with serving(fresh_database, tmp_path / "server") as server:
        yield Shop(server.url, server.world.bob, server.world.alice, tmp_path / "var")


@pytest.fixture
def real() -> Path:
    """The real export, which CI has beside the repository."""
    if not REAL.exists():
        pytest.skip(f"NOT TESTED: there is no {REAL.name} in ../shared/data, so the replay of real sales was not tried")
    return REAL


def export(folder: Path, *rows: str, name: str = "sales.csv") -> Path:
    """A file with these lines under the usual header."""
    path = folder / name
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path
