"""Jobs over REST: how they stand, asking for one, and the way in for a cron."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from quart import Quart

from tests.api.conftest import Client, MovingClock
from tests.conftest import Database
from tests.jobs.board import Board, set_up
from web.api.openapi import document

TOKEN = "a token of tests that is long enough"


@pytest.fixture
async def board(database: Database) -> AsyncIterator[Board]:
    async with set_up(database) as board:
        yield board


async def state(client: Client, job: str) -> str:
    return str((await client.get(f"jobs/{job}")).body["state"])


async def test_tells_how_every_job_stands(alice: Client, board: Board, app: Quart) -> None:
    said = await alice.get("jobs")
    assert said.status == 200
    assert {each["job"]: (each["state"], each["every_s"], each["daily_at"]) for each in said.body["items"]} == {
        "clean_letters": ("waiting", 3600, None),
        "clean_sign_ins": ("waiting", 3600, None),
        "expire_holds": ("waiting", 300, None),
        "prune_replies": ("waiting", None, "22:00"),
        "prune_runs": ("waiting", None, "22:30"),
        "suggest_orders": ("waiting", None, "21:00"),
        "verify_deep": ("waiting", None, "20:00"),
    }
    schemas = document(app)["components"]["schemas"]
    assert said.body["items"][0].keys() == set(schemas["Job"]["required"])


async def test_says_in_a_word_what_is_the_matter(alice: Client, board: Board, clock: MovingClock) -> None:
    run = await board.ran("verify_deep", "failed", reason="unread")
    now = await board.hand.fetchval("SELECT now()")
    for columns, word in (
        ({"failures": 2}, "retrying"),
        ({"next_run_at": now - timedelta(minutes=6)}, "late"),
        ({"given_up_at": now}, "given_up"),
        ({"asked_at": now}, "asked"),
        ({"asked_at": now - timedelta(minutes=6)}, "late"),
        ({"run_id": run}, "running"),
        ({"enabled": False}, "off"),
    ):
        async with board.hand.transaction():
            if "run_id" in columns:
                await board.hand.execute("UPDATE job_schedules SET leased_until = now(), run_id = $1 WHERE job = 'verify_deep'", run)
            await board.put("verify_deep", **columns)
        assert await state(alice, "verify_deep") == word
    assert (await alice.get("jobs/verify_deep")).body["next_run_at"] is None


async def test_tells_a_company_what_a_run_did_for_it_and_nothing_of_others(alice: Client, carol: Client, board: Board) -> None:
    run = await board.ran("clean_sign_ins", "failed", reason="fault")
    await board.result(alice.who.tenant.id, run, '{"sessions": 3}')
    await board.result(carol.who.tenant.id, run, '{"sessions": 4711}')
    for client, here in ((alice, {"sessions": 3}), (carol, {"sessions": 4711})):
        said = await client.get("jobs/clean_sign_ins/runs")
        assert [(each["state"], each["reason"], each["here"]) for each in said.body["items"]] == [("failed", "fault", here)]
    seen = b"".join([(await alice.get(path)).raw for path in ("jobs", "jobs/clean_sign_ins", "jobs/clean_sign_ins/runs")])
    for foreign in (b"4711", b"987654", b"Carol", b"host-of-ours"):
        assert foreign not in seen


async def test_runs_come_in_pages(alice: Client, board: Board) -> None:
    made = [await board.ran("expire_holds", ago=timedelta(minutes=ago)) for ago in (30, 20, 10)]
    first = (await alice.get("jobs/expire_holds/runs?limit=2")).body
    second = (await alice.get(f"jobs/expire_holds/runs?limit=2&cursor={first['next']}")).body
    assert [[each["id"] for each in page["items"]] for page in (first, second)] == [[made[2], made[1]], [made[0]]]
    assert second["next"] is None
    assert (await alice.get("jobs/expire_holds/runs?cursor=nonsense")).status == 422


async def test_asks_for_a_job_once_per_key(alice: Client, board: Board) -> None:
    said = await alice.post("jobs/prune_runs/run", key="now")
    assert (said.status, said.body["state"]) == (202, "asked")
    await board.put("prune_runs", asked_at=None)
    again = await alice.post("jobs/prune_runs/run", key="now")
    assert (again.status, again.headers["Idempotent-Replayed"]) == (202, "true")
    assert not await board.asked("prune_runs")
    assert (await alice.post("jobs/prune_runs/run", key="")).status == 400
    facts = await board.hand.fetch("SELECT name, subject FROM facts WHERE tenant_id = $1 AND name = 'job_asked'", alice.who.tenant.id)
    assert [tuple(row) for row in facts] == [("job_asked", "prune_runs")]


async def test_begins_anew_what_was_given_up(alice: Client, board: Board) -> None:
    await board.ran("verify_deep", "failed", ago=timedelta(seconds=5))
    await board.put("verify_deep", failures=5, given_up_at=await board.hand.fetchval("SELECT now()"))
    assert (await alice.post("jobs/verify_deep/run")).status == 202


@pytest.mark.parametrize(
    ("ago_min", "columns", "code"),
    [(5, {}, "job_rests"), (7 * 60, {}, None), (7 * 60, {"enabled": False}, "job_off")],
)
async def test_one_company_cannot_keep_a_job_of_all_busy(
    alice: Client, board: Board, ago_min: int, columns: dict[str, Any], code: str | None
) -> None:
    await board.ran("verify_deep", ago=timedelta(minutes=ago_min))
    await board.put("verify_deep", **columns)
    said = await alice.post("jobs/verify_deep/run")
    assert (said.status, said.body.get("code")) == ((409, code) if code else (202, None))
    assert await board.asked("verify_deep") == (code is None)


async def test_does_not_ask_for_what_is_running(alice: Client, board: Board) -> None:
    run = await board.ran("expire_holds", "running")
    await board.hand.execute("UPDATE job_schedules SET run_id = $1, leased_until = now() WHERE job = 'expire_holds'", run)
    assert (await alice.post("jobs/expire_holds/run")).code == "job_running"


@pytest.mark.parametrize("job", ["no_such_job", "%00", "x" * 300])
async def test_there_is_no_other_job(alice: Client, board: Board, job: str) -> None:
    assert (await alice.get(f"jobs/{job}")).status == 404
    assert (await alice.post(f"jobs/{job}/run")).status == 404


async def test_is_for_admins(bob: Client, board: Board) -> None:
    assert (await bob.get("jobs")).status == 403
    assert (await bob.post("jobs/prune_runs/run")).status == 403
    assert not await board.asked("prune_runs")


# The way in for a cron


def opened(app: Quart, token: str | None, ran: Sequence[dict[str, Any]] | Exception) -> list[int]:
    """Let the app take this token; returns a list that grows with every run."""
    calls: list[int] = []

    async def run_jobs() -> Sequence[dict[str, Any]]:
        calls.append(1)
        if isinstance(ran, Exception):
            raise ran
        return ran

    parts = app.extensions["onhand"]
    app.extensions["onhand"] = replace(parts, wiring=replace(parts.wiring, jobs_token=token, run_jobs=run_jobs))
    return calls


async def call(app: Quart, **headers: str) -> tuple[int, Any]:
    response = await app.test_client().post("/v1/-/jobs/run", headers=headers)
    return response.status_code, await response.get_json()


async def test_runs_what_is_due_for_whoever_has_the_token(app: Quart) -> None:
    calls = opened(app, TOKEN, [{"job": "prune_runs", "run": 7, "state": "done"}])
    assert await call(app, Authorization=f"Bearer {TOKEN}") == (200, {"ran": [{"job": "prune_runs", "run": 7, "state": "done"}]})
    assert calls == [1]


@pytest.mark.parametrize("header", [None, "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", "Bearer ключ"])
async def test_runs_nothing_for_anybody_else(app: Quart, header: str | None) -> None:
    calls = opened(app, TOKEN, [])
    status, body = await call(app, **({} if header is None else {"Authorization": header}))
    assert (status, body["code"]) == (401, "not_signed_in")
    assert calls == []


async def test_an_admins_key_is_not_the_token(app: Quart, alice: Client) -> None:
    calls = opened(app, TOKEN, [])
    assert (await call(app, **alice.who.bearer))[0] == 401
    assert calls == []


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer None", f"Bearer {TOKEN}"])
async def test_is_not_there_without_the_setting(app: Quart, header: str) -> None:
    calls = opened(app, None, [])
    assert (await call(app, Authorization=header))[0] == 404
    assert calls == []


async def test_says_when_the_worker_could_not_work(app: Quart) -> None:
    opened(app, TOKEN, OSError("the worker ended with code 2"))
    assert (await call(app, Authorization=f"Bearer {TOKEN}"))[0] == 503


# Numbers


async def test_tells_monitors_what_was_given_up(app: Quart, board: Board) -> None:
    await board.put("prune_runs", failures=5, given_up_at=await board.hand.fetchval("SELECT now()"))
    await board.ran("expire_holds")
    response = await app.test_client().get("/metrics", scope_base={"client": ("127.0.0.1", 1)})
    numbers = (await response.get_data(as_text=True)).splitlines()
    assert 'onhand_job_given_up{job="prune_runs"} 1.0' in numbers
    assert 'onhand_job_given_up{job="expire_holds"} 0.0' in numbers
    assert 'onhand_job_failures{job="prune_runs"} 5.0' in numbers
    assert [line for line in numbers if line.startswith('onhand_job_last_done_timestamp_seconds{job="expire_holds"}')]
