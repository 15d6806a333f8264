"""Due jobs run because somebody asks the web: in a real process of their own, one at a time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.errands import errands
from app.settings import Settings
from jobs.registry import JOBS
from tests.conftest import Database
from tests.jobs.board import ALL_DUE, Board, set_up


def settings(database: Database, var: Path) -> Settings:
    return Settings.from_env({"ONHAND_VAR": str(var), "DATABASE_APP_URL": database.app, "DATABASE_ENGINE_URL": database.engine})


@pytest.fixture
async def board(fresh_database: Database) -> AsyncIterator[Board]:
    """Every job is due."""
    async with set_up(fresh_database) as board:
        await board.hand.execute(ALL_DUE)
        yield board


async def test_runs_what_is_due_and_tells_of_it(fresh_database: Database, board: Board, tmp_path: Path) -> None:
    run = errands(settings(fresh_database, tmp_path))
    both = await asyncio.gather(run(), run())
    assert Counter(each["job"] for ran in both for each in ran) == {job.name: 1 for job in JOBS}
    assert {each["state"] for ran in both for each in ran} == {"done"}


async def test_two_installations_on_one_database_share_what_is_due(fresh_database: Database, board: Board, tmp_path: Path) -> None:
    both = await asyncio.gather(*[errands(settings(fresh_database, tmp_path / name))() for name in ("one", "other")])
    assert Counter(each["job"] for ran in both for each in ran) == {job.name: 1 for job in JOBS}


async def test_says_when_the_worker_could_not_work(fresh_database: Database, tmp_path: Path) -> None:
    broken = Database(
        *(url.replace(fresh_database.name, "nowhere") for url in (fresh_database.owner, fresh_database.app, fresh_database.engine)), "", ""
    )
    with pytest.raises(OSError, match="ended with code"):
        await errands(settings(broken, tmp_path))()


async def test_whoever_goes_away_stops_it_in_order(fresh_database: Database, board: Board, tmp_path: Path) -> None:
    """A job that was begun is not left behind as if somebody were at it."""
    asking = asyncio.create_task(errands(settings(fresh_database, tmp_path))())
    await asyncio.sleep(0.3)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await board.hand.fetchval("SELECT count(*) FROM job_runs WHERE state = 'running'") == 0
