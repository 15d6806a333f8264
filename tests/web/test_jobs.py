"""The page of jobs: how each stands, what to do, and having it done now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape

import pytest

from tests.conftest import Database
from tests.jobs.board import Board, set_up
from tests.web.browser import Browser
from tests.web.conftest import Site


@pytest.fixture
async def board(database: Database) -> AsyncIterator[Board]:
    async with set_up(database) as board:
        yield board


@pytest.fixture
async def alice(site: Site, board: Board) -> Browser:
    """Alice's browser, signed in."""
    return await site.entered_by(site.world.alice)


def url(site: Site, path: str = "") -> str:
    return f"/t/{site.world.alice.tenant.slug}/jobs{path}"


async def seen(browser: Browser, address: str, **headers: str) -> str:
    response = await browser.get(address, **headers)
    assert response.status_code == 200
    return unescape(await response.get_data(as_text=True))


async def test_shows_every_job_with_its_state_and_what_it_did_here(site: Site, alice: Browser, board: Board) -> None:
    run = await board.ran("clean_sign_ins")
    await board.result(site.world.alice.tenant.id, run, '{"sessions": 1, "tickets": 2}')
    page = await seen(alice, url(site))
    for words in (
        "Clear old sign-ins",
        "1 session cleared, 2 tickets cleared",
        "2 min ago",
        "Prove every ledger",
        "every day at 20:00 UTC",
        "every 5 min",
    ):
        assert words in page
    assert page.count("Run now</button>") == 7
    assert "987,654" not in page


async def test_is_asked_for_again_as_the_same_part(site: Site, alice: Browser) -> None:
    whole, part = await seen(alice, url(site)), await seen(alice, url(site), HX_Request="true")
    assert "<html" not in part
    assert part.count("data-row=") == whole.count("data-row=") == 7


async def test_says_that_no_worker_came_before_there_is_any(site: Site, alice: Browser, board: Board) -> None:
    await board.hand.execute("TRUNCATE job_results, job_runs, job_schedules")
    assert "No worker has come yet" in await seen(alice, url(site))


async def test_says_what_to_do_about_a_job_that_was_given_up(site: Site, alice: Browser, board: Board) -> None:
    for attempt in range(1, 6):
        await board.ran("expire_holds", "failed", timedelta(minutes=20 - attempt), "overdue", attempt)
    await board.put("expire_holds", failures=5, given_up_at=await board.hand.fetchval("SELECT now()"))
    page = await seen(alice, url(site, "/expire_holds"))
    for words in ("Given up after 5 failures", "the stock engine does not write it down", "run it now", "attempt 5", "1.5 s"):
        assert words in page
    assert "the secret of Carol" not in page


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"failures": 1}, "It is tried again at"),
        ({"next_run_at": "late"}, "should see that a worker is running"),
        ({"enabled": False}, "Off"),
    ],
)
async def test_says_how_it_stands(site: Site, alice: Browser, board: Board, columns: dict[str, object], words: str) -> None:
    await board.ran("prune_replies", "lost", reason="lost")
    if columns.get("next_run_at") == "late":
        columns = {"next_run_at": await board.hand.fetchval("SELECT now() - interval '6 minutes'")}
    await board.put("prune_replies", **columns)
    page = await seen(alice, url(site, "/prune_replies"))
    assert words in page
    assert "Broken off" in page


@pytest.mark.parametrize("language", ["ru", "ky"])
async def test_speaks_every_language(site: Site, alice: Browser, board: Board, language: str) -> None:
    await board.ran("verify_deep", "failed", reason="unread")
    await alice.get(f"/language/{language}")
    page = await seen(alice, url(site)) + await seen(alice, url(site, "/verify_deep"))
    for english in ("Run now", "Failed", "nothing to do", "every day", "In order"):
        assert english not in page


async def test_asks_for_a_job_and_says_so(site: Site, alice: Browser, board: Board) -> None:
    response = await alice.post(url(site, "/prune_runs/run"))
    assert (response.status_code, response.headers["Location"]) == (303, url(site, "/prune_runs"))
    assert await board.asked("prune_runs")
    assert "A worker begins it within seconds." in await seen(alice, url(site, "/prune_runs"))


async def test_says_no_beside_the_button(site: Site, alice: Browser, board: Board) -> None:
    await board.ran("verify_deep")
    response = await alice.post(url(site, "/verify_deep/run"))
    assert response.status_code == 409
    assert "It may be asked for again 360 min after it began." in unescape(await response.get_data(as_text=True))
    assert not await board.asked("verify_deep")


async def test_is_for_admins(site: Site, board: Board) -> None:
    bob = await site.entered_by(site.world.bob)
    assert (await bob.get(url(site))).status_code == 403
    assert (await bob.post(url(site, "/prune_runs/run"))).status_code == 403
    assert "/jobs" not in await seen(bob, f"/t/{site.world.bob.tenant.slug}/stock")


@pytest.mark.parametrize("job", ["no_such_job", "%00"])
async def test_there_is_no_other_job(site: Site, alice: Browser, job: str) -> None:
    assert (await alice.get(url(site, f"/{job}"))).status_code == 404
