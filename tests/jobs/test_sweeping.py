"""Jobs take away what is old, of all companies, and nothing else; the database would not let them."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from actors.local import LocalEngine
from jobs import clean_sign_ins, prune_replies, prune_runs, sweep
from jobs.job import Pool, Stopped
from jobs.registry import JOBS
from kit.clock import now_us
from tenants.settings import SESSION_IDLE_MAX
from tests.actors.conftest import found
from tests.conftest import Database
from tests.jobs.runners import did, job, make_due, ran, runs
from tests.people import World

DAY_US = 86_400_000_000


# Answers under keys


async def test_forgets_old_answers_of_the_engine_and_all_still_proves(
    fresh_database: Database, pool: Pool, hand: asyncpg.Connection
) -> None:
    engine = LocalEngine(fresh_database.engine, lambda *_: None, lambda: None)
    shop = await found(fresh_database, await engine.start())
    first = await shop.receive(10, key="first")
    await shop.receive(5, key="second")
    await hand.execute("UPDATE stock_replies SET recorded_at_us = $1 WHERE seq = 1", now_us() - 8 * DAY_US)
    run = await ran(pool, prune_replies.prune_replies)
    assert (run.total["commands"], run.news[shop.tenant]["commands"]) == (1, 1)
    assert await shop.count("stock_replies") == 1
    # The owner that gave the answer still knows it; the other one was too young to go.
    assert (await shop.receive(10, key="first")).levels == first.levels
    await shop.receive(5, key="second")
    assert await shop.count("stock_ledger") == 2
    assert await shop.faults() == []
    await engine.close()


async def test_a_forgotten_key_is_a_new_one_to_the_next_owner(fresh_database: Database, pool: Pool, hand: asyncpg.Connection) -> None:
    engine = LocalEngine(fresh_database.engine, lambda *_: None, lambda: None)
    shop = await found(fresh_database, await engine.start())
    await shop.receive(10, key="first")
    await engine.close()
    await hand.execute("UPDATE stock_replies SET recorded_at_us = $1", now_us() - 8 * DAY_US)
    await ran(pool, prune_replies.prune_replies)
    engine = LocalEngine(fresh_database.engine, lambda *_: None, lambda: None)
    shop.desk = await engine.start()
    assert (await shop.receive(10, key="first")).levels[0].on_hand == 20_000_000
    assert await shop.faults() == []
    await engine.close()


async def test_forgets_old_answers_of_requests(pool: Pool, hand: asyncpg.Connection, world: World) -> None:
    for person, days in ((world.alice, 8), (world.alice, 6), (world.carol, 8), (world.carol, 9)):
        await _request(hand, person.tenant.id, days)
    run = await ran(pool, prune_replies.prune_replies)
    assert {tenant: dict(counts) for tenant, counts in run.news.items()} == {
        world.alice.tenant.id: {"requests": 1},
        world.carol.tenant.id: {"requests": 2},
    }
    assert await hand.fetchval("SELECT count(*) FROM request_replies") == 1


async def test_keeps_answers_as_long_as_the_setting_says_and_a_day_in_any_case(pool: Pool, hand: asyncpg.Connection, world: World) -> None:
    for days in (0.9, 1.1, 6, 29, 31):
        await _request(hand, world.alice.tenant.id, days)
    await ran(pool, prune_replies.prune_replies, replies_kept=timedelta(days=30))
    assert await hand.fetchval("SELECT count(*) FROM request_replies") == 4
    await ran(pool, prune_replies.prune_replies, replies_kept=timedelta(0))
    assert await hand.fetchval("SELECT count(*) FROM request_replies") == 1


async def test_takes_a_large_table_in_stretches_and_goes_on_where_it_was_stopped(
    pool: Pool, hand: asyncpg.Connection, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "PAGES", 4)
    await hand.execute(
        "INSERT INTO request_replies (tenant_id, key_hash, body_hash, status, reply, recorded_at) "
        "SELECT $1, int4send(n), '', 200, repeat('x', 500), now() - interval '8 days' FROM generate_series(1, 1000) n",
        world.alice.tenant.id,
    )
    await hand.execute("UPDATE request_replies SET recorded_at = now() WHERE get_byte(key_hash, 3) % 2 = 0")
    due = job(prune_replies.prune_replies, "prune_replies")
    await make_due(pool, due)
    stretches = 0

    async def stopping(run: prune_replies.Run) -> None:
        nonlocal stretches
        report = run.report

        async def counting(reported: prune_replies.Run) -> None:
            nonlocal stretches
            await report(reported)
            stretches += 1
            if stretches in (3, 9):
                raise Stopped

        run.report = counting
        await prune_replies.prune_replies(run)

    stopped = job(stopping, "prune_replies")
    assert [each.state for each in await did(pool, stopped)] == ["stopped", "stopped", "done"]
    assert stretches > 9
    assert await hand.fetchval("SELECT count(*) FROM request_replies") == await hand.fetchval(
        "SELECT count(*) FROM generate_series(1, 1000) n WHERE n % 2 = 0"
    )
    counted = await hand.fetch("SELECT (counts -> 'requests')::int FROM job_results ORDER BY run_id")
    assert (len(counted), sum(row[0] for row in counted)) == (3, 500)


@pytest.mark.parametrize("role", ["app", "engine", "owner"])
async def test_nobody_deletes_an_answer_that_may_still_be_asked_for(
    fresh_database: Database, hand: asyncpg.Connection, world: World, role: str
) -> None:
    await _request(hand, world.alice.tenant.id, 0.5)
    await _reply(hand, world.alice.tenant.id, 0.5)
    connection = await asyncpg.connect(getattr(fresh_database, role))
    await connection.execute("SELECT set_config('app.tenant_id', $1, false)", str(world.alice.tenant.id))
    assert await connection.execute("DELETE FROM request_replies") == "DELETE 0"
    if role == "app":
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM stock_replies")
    else:
        assert await connection.execute("DELETE FROM stock_replies") == "DELETE 0"
    await connection.close()


async def test_the_app_deletes_no_answer_however_old(fresh_database: Database, hand: asyncpg.Connection, world: World) -> None:
    await _request(hand, world.alice.tenant.id, 100)
    connection = await asyncpg.connect(fresh_database.app)
    await connection.execute("SELECT set_config('app.tenant_id', $1, false)", str(world.alice.tenant.id))
    assert await connection.execute("DELETE FROM request_replies") == "DELETE 0"
    await connection.close()


@pytest.mark.parametrize("column", ["reply", "key_hash", "body_hash"])
async def test_jobs_do_not_read_what_they_delete(pool: Pool, column: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.fetch(f"SELECT {column} FROM request_replies")


# Sign-ins


@pytest.mark.parametrize(
    ("seen_h", "ends_h", "stays"),
    [
        (1, 24, True),  # in use
        (169, 24, True),  # ended an hour ago
        (191.9, 24, True),
        (192.1, 24, False),  # unused for a week, a day ago
        (24.5, -24.1, False),  # at its last hour, a day ago
        (25, -23.9, True),
    ],
)
async def test_clears_sessions_a_day_after_they_ended(
    pool: Pool, hand: asyncpg.Connection, world: World, seen_h: float, ends_h: float, stays: bool
) -> None:
    assert timedelta(days=7) == SESSION_IDLE_MAX
    await hand.execute(
        "INSERT INTO sessions (tenant_id, token_hash, principal_id, seen_at, expires_at) "
        "VALUES ($1, 'x', $2, now() - $3::interval, now() + $4::interval)",
        world.carol.tenant.id,
        world.carol.actor.principal_id,
        timedelta(hours=seen_h),
        timedelta(hours=ends_h),
    )
    run = await ran(pool, clean_sign_ins.clean_sign_ins)
    assert run.total["sessions"] == (0 if stays else 1)
    assert await hand.fetchval("SELECT count(*) FROM sessions") == (1 if stays else 0)


async def test_clears_tickets_a_day_after_their_end(pool: Pool, hand: asyncpg.Connection, world: World) -> None:
    for number, hours in enumerate((-0.1, 23, 25)):
        await hand.execute(
            "INSERT INTO live_tickets (tenant_id, ticket_hash, principal_id, role, expires_at, proof) "
            "VALUES ($1, int4send($2), $3, 1, now() - $4::interval, '')",
            world.alice.tenant.id,
            number,
            world.alice.actor.principal_id,
            timedelta(hours=hours),
        )
    run = await ran(pool, clean_sign_ins.clean_sign_ins)
    assert run.total["tickets"] == 1
    assert await hand.fetchval("SELECT count(*) FROM live_tickets") == 2


async def test_clears_keys_ninety_days_after_their_end_and_keeps_who_they_were(pool: Pool, hand: asyncpg.Connection, world: World) -> None:
    ends = {"Alice's key": ("revoked_at", 91), "Bob's key": ("expires_at", 89)}
    for name, (column, days) in ends.items():
        await hand.execute(f"UPDATE api_keys SET {column} = now() - $1::interval WHERE name = $2", timedelta(days=days), name)
    people = await hand.fetchval("SELECT count(*) FROM principals")
    run = await ran(pool, clean_sign_ins.clean_sign_ins)
    assert {tenant: counts["keys"] for tenant, counts in run.news.items()} == {world.alice.tenant.id: 1}
    assert {row["name"] for row in await hand.fetch("SELECT name FROM api_keys")} == {"Bob's key", "Carol's key"}
    assert await hand.fetchval("SELECT count(*) FROM principals") == people


async def test_nobody_in_use_is_signed_out_by_a_job(pool: Pool, hand: asyncpg.Connection, world: World) -> None:
    keys = await hand.fetchval("SELECT count(*) FROM api_keys")
    for table in ("sessions", "live_tickets", "api_keys"):
        await pool.execute("SELECT set_config('app.tenant_id', $1, false)", str(world.alice.tenant.id))
        assert await pool.execute(f"DELETE FROM {table}") == "DELETE 0"
    assert await hand.fetchval("SELECT count(*) FROM api_keys") == keys
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.fetch("SELECT key_hash FROM api_keys")


# Their own runs


async def test_forgets_runs_after_thirty_days_but_the_last_of_each(pool: Pool, hand: asyncpg.Connection, world: World) -> None:
    own = next(each for each in JOBS if each.name == "prune_runs")
    await make_due(pool, own, job(prune_runs.prune_runs, "seldom"), job(prune_runs.prune_runs, "often"))
    for name, days in (("seldom", 200), ("seldom", 100), ("often", 31), ("often", 29)):
        await hand.execute(
            "INSERT INTO job_runs (job, due_at, attempt, runner, state, started_at, ended_at) "
            "VALUES ($1, now(), 1, 'x', 'done', now() - $2::interval, now() - $2::interval)",
            name,
            timedelta(days=days),
        )
    old = [await hand.fetchval("SELECT min(id) FROM job_runs"), await hand.fetchval("SELECT max(id) FROM job_runs")]
    for run, days in zip(old, (31, 29), strict=True):
        await hand.execute(
            "INSERT INTO job_results VALUES ($1, $2, '{}', now() - $3::interval)", world.alice.tenant.id, run, timedelta(days=days)
        )
    assert [each.state for each in await did(pool, own)] == ["done"]
    assert [row["id"] for row in await runs(pool, "seldom")] == [old[0] + 1]
    assert len(await runs(pool, "often")) == 1
    assert [row["run_id"] for row in await hand.fetch("SELECT run_id FROM job_results WHERE counts = '{}'")] == [old[1]]


async def _request(hand: asyncpg.Connection, tenant: int, days: float) -> None:
    await hand.execute(
        "INSERT INTO request_replies (tenant_id, key_hash, body_hash, status, reply, recorded_at) "
        "VALUES ($1, uuid_send(gen_random_uuid()), '', 200, '{}', now() - $2::interval)",
        tenant,
        timedelta(days=days),
    )


async def _reply(hand: asyncpg.Connection, tenant: int, days: float) -> None:
    await hand.execute(
        "INSERT INTO stock_replies (tenant_id, part, key_hash, body_hash, seq, recorded_at_us, reply) VALUES ($1, 0, 'x', '', 1, $2, '')",
        tenant,
        now_us() - int(days * DAY_US),
    )
