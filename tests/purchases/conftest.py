"""Made-up delivery histories, and an import as people start it: a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

import pytest

from app.purchases import lines as c
from tests.people import Person
from tests.replay.conftest import ROOT, Ran, Shop, address, ended, shop, shop_alone

__all__ = ["address", "shop", "shop_alone"]

REAL = ROOT.parent / "shared" / "data" / "health_po_lines.csv.gz"
USUAL = {
    c.ID: "1", c.ORDER: "SCMS-1", c.ASN: "ASN-1", c.COUNTRY: "Zambia", c.VENDOR: "Acme, Ltd", c.ITEM: "Test kit, 20 Tests", c.PACK: "20",
    c.QUANTITY: "31", c.VALUE: "49.6", c.PRICE: "1.6", c.SENT: "5/1/06", c.QUOTED: "1-Apr-06", c.SCHEDULED: "2-Jun-06",
    c.DELIVERED: "3-Jun-06", c.RECORDED: "3-Jun-06", c.WEIGHT: "11", c.FREIGHT: "515.32", c.QUOTE: "FPQ-1", c.TERM: "EXW",
}  # fmt: skip


def row(**changed: str) -> dict[str, str]:
    """A usual line with some columns changed, by the names of `app.purchases.lines`."""
    return dict.fromkeys(c.COLUMNS, "") | USUAL | {getattr(c, name): text for name, text in changed.items()}


def history(folder: Path, *rows: dict[str, str], name: str = "history.csv") -> Path:
    """A file with these lines."""
    path = folder / name
    told = [",".join(c.COLUMNS), *(",".join('"' + each[column].replace('"', '""') + '"' for column in c.COLUMNS) for each in rows)]
    path.write_text("\n".join(told) + "\n", encoding="utf-8")
    return path


async def start(shop: Shop, path: Path, who: Person | None = None) -> Process:
    """Begin an import, by the company's owner unless said otherwise."""
    who = who or shop.other
    target = ["--url", shop.url, "--tenant", who.tenant.slug, "--key", who.key]
    argv = [sys.executable, "-m", "app", "import-orders", str(path), *target]
    environ = os.environ | {"ONHAND_VAR": str(shop.var)}
    return await asyncio.create_subprocess_exec(*argv, cwd=ROOT, env=environ, stdout=PIPE, stderr=PIPE)


async def imported(shop: Shop, path: Path, who: Person | None = None) -> Ran:
    """Import to the end."""
    return await ended(await start(shop, path, who))


def report(shop: Shop) -> dict[str, Any]:
    """The one report there is."""
    (path,) = (shop.var / "import").glob("*.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


@pytest.fixture
def real() -> Path:
    """The real history, which CI has beside the repository."""
    if not REAL.exists():
        pytest.skip(f"NOT TESTED: there is no {REAL.name} in ../shared/data, so the import of real purchases was not tried")
    return REAL
