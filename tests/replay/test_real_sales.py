"""The first 2,000 lines of the real export, through a real server, interrupted, with lines that break: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import signal
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from app.verify import verify
from jobs.anchors import Anchors
from tests.conftest import Database
from tests.replay.books import books, lines_of, pieces_sold
from tests.replay.conftest import Shop, ended
from tests.replay.cutter import cutting


@pytest.mark.timeout(300)
async def test_counts_every_line_once_though_interrupted(shop_alone: Shop, real: Path, tmp_path: Path, fresh_database: Database) -> None:
    shop, first_lines = shop_alone, first(real, 2_000, tmp_path)
    slow = await shop.start(first_lines, "--speed", "3")
    await _events_done(shop, 60)
    slow.send_signal(signal.SIGINT)
    stopped = await ended(slow)
    assert stopped.code == 130, stopped.out
    assert "Run the same command again to go on from there" in stopped.out
    half = await books(fresh_database, shop.manager.tenant.id)
    assert half.promised == 0, "what was begun was finished"
    assert 0 < len(half.sold) < len(lines_of(first_lines))

    again = await shop.replay(first_lines)
    assert again.code == 0, again.out
    assert "zero differences" in again.out
    await _is_right(shop, first_lines, fresh_database)

    rows = (await books(fresh_database, shop.manager.tenant.id)).rows
    shutil.rmtree(shop.var / "replay")  # without its notes it asks about everything again, and is told
    third = await shop.replay(first_lines)
    assert third.code == 0, third.out
    assert (await books(fresh_database, shop.manager.tenant.id)).rows == rows
    assert (await verify(fresh_database.engine, Anchors, deep=True)).ok


@pytest.mark.timeout(300)
async def test_goes_on_when_lines_break(shop: Shop, real: Path, tmp_path: Path, database: Database) -> None:
    path = first(real, 400, tmp_path)
    async with cutting(shop.url, every_s=0.4) as cut:
        ran = await shop.through(cut.url).replay(path)
    assert ran.code == 0, ran.out
    assert cut.cuts > 1
    assert "zero differences" in ran.out
    await _is_right(shop, path, database)


def first(real: Path, lines: int, folder: Path) -> Path:
    """A file with the header and the first lines of the export."""
    path = folder / "first.csv"
    with gzip.open(real, "rt", encoding="utf-8", newline="") as whole:
        path.write_text("".join(islice(whole, lines + 1)), newline="")
    return path


async def _events_done(shop: Shop, wanted: int) -> None:
    """Wait until the checkpoint says so."""
    for _ in range(1_200):
        for path in (shop.var / "replay").glob("*.state.json"):
            if json.loads(path.read_text())["done"] >= wanted:
                return
        await asyncio.sleep(0.1)
    raise AssertionError("the replay does not get on")


async def _is_right(shop: Shop, path: Path, database: Database) -> None:
    """The database holds what the file says, line by line, by a reckoning of its own."""
    found, lines = await books(database, shop.manager.tenant.id), lines_of(path)
    sold, opened = pieces_sold(path), found.opened
    assert {sku: opened[sku] - pieces for sku, pieces in sold.items()} == {sku: found.balances[sku] for sku in sold}
    assert found.promised == 0
    assert -found.sold == Counter({key: pieces for key, pieces in lines.items() if pieces > 0})
    came_back = {key: -pieces for key, pieces in lines.items() if pieces < 0 and key[0].startswith("C")}
    assert found.returned == Counter(came_back)
    assert found.written_off == Counter({key: pieces for key, pieces in lines.items() if pieces < 0 and key not in came_back})
    report = shop.report()
    assert report["lines"]["in"] == sum(report["lines"][fate] for fate in ("sale", "cancellation", "write-off", "charge", "unusable"))
    assert report["proof"]["differences"] == []
    assert report["refused"] == []
