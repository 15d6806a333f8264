"""Runners take what is due, one of them each job, record what came of it, and notice when another died on the way."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from datetime import timedelta

import asyncpg
import pytest
from structlog.testing import capture_logs

from db.engine import make_pool
from jobs import runner as runners
from jobs import store
from jobs.job import Failed, Job, Pool, Run
from jobs.schedule import ATTEMPTS_MAX
from tests.conftest import Database
from tests.jobs.runners import did, job, make_due, runner, runs, schedule, slow, slow_process

PATIENCE = 200
"""Looks, each a tenth of a second apart, for what another process does."""


async def nothing(run: Run) -> None:
    pass


class Wrong(Failed):
    reason = "overdue"


async def wrong(run: Run) -> None:
    raise Wrong("of some company")


async def test_a_new_job_waits_for_its_time(pool: Pool) -> None:
    assert await did(pool, job(nothing)) == []
    row = await schedule(pool)
    assert row["now"] < row["next_run_at"] <= row["now"] + timedelta(days=365)


async def test_keeps_a_schedule_that_was_changed(pool: Pool) -> None:
    await make_due(pool, job(nothing))
    await pool.execute("UPDATE job_schedules SET every_s = 60, enabled = false")
    assert await did(pool, job(nothing)) == []
    assert (await schedule(pool))["every_s"] == 60


async def test_does_what_is_due_and_records_it(pool: Pool) -> None:
    async def count(run: Run) -> None:
        run.total["rows"] += 3
        await run.reached("there")

    await make_due(pool, job(count))
    assert [each.state for each in await did(pool, job(count))] == ["done"]
    (run,) = await runs(pool)
    assert (run["state"], run["progress"], run["attempt"]) == ("done", '{"rows": 3}', 1)
    row = await schedule(pool)
    assert (row["run_id"], row["failures"], row["place"]) == (None, 0, None)
    assert row["next_run_at"] > row["now"]
    assert await did(pool, job(count)) == []


async def test_two_runners_never_run_one_job_twice(fresh_database: Database, pool: Pool) -> None:
    """Twenty jobs fall due ten times over, and two runners with pools of their own throw themselves at them."""
    began: Counter[str] = Counter()
    at_once: Counter[str] = Counter()

    def counting(name: str) -> Job:
        async def work(run: Run) -> None:
            at_once[name] += 1
            assert at_once[name] == 1
            began[name] += 1
            await asyncio.sleep(0.01)
            at_once[name] -= 1

        return job(work, name)

    jobs = [counting(f"job-{number}") for number in range(20)]
    other = await make_pool(fresh_database.engine, 3)
    for _ in range(10):
        await make_due(pool, *jobs)
        both = await asyncio.gather(runner(pool, jobs).once(60), runner(other, jobs).once(60))
        assert all(both), "both had some"
    await other.close()
    assert began == dict.fromkeys(began, 10)
    assert len(began) == 20
    rows = await pool.fetch(
        "SELECT job, count(*), count(DISTINCT due_at) AS due, bool_and(state = 'done') AS done FROM job_runs GROUP BY 1"
    )
    assert {tuple(row)[1:] for row in rows} == {(10, 10, True)}


async def test_two_processes_share_what_is_due(fresh_database: Database, pool: Pool) -> None:
    await make_due(pool, job(slow, "slow"))
    processes = [slow_process(fresh_database.engine) for _ in range(2)]
    try:
        await _until(pool, "SELECT count(*) = 1 FROM job_runs WHERE (progress -> 'steps')::int > 20")
        assert await pool.fetchval("SELECT count(*) FROM job_runs") == 1
    finally:
        for process in processes:
            process.kill()
            process.communicate()


async def test_a_job_whose_runner_was_killed_is_tried_again_and_not_before(fresh_database: Database, pool: Pool) -> None:
    await make_due(pool, job(slow, "slow"))
    process = slow_process(fresh_database.engine)
    assert process.stdout is not None
    await asyncio.to_thread(process.stdout.readline)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (lost,) = await runs(pool, "slow")
    assert await did(pool, job(nothing, "slow")) == []  # its lease stands: it might be alive
    assert [row["state"] for row in await runs(pool, "slow")] == ["running"]
    await _until(pool, "SELECT leased_until < now() FROM job_schedules")
    with capture_logs() as logs:
        assert await did(pool, job(nothing, "slow")) == []
    assert [entry["job"] for entry in logs if entry["event"] == "job_lost"] == ["slow"]
    row = await schedule(pool, "slow")
    assert (row["failures"], row["next_run_at"] - row["now"] > timedelta(seconds=50)) == (1, True)
    assert row["place"] is not None  # what it had done need not be done again
    await make_due(pool, job(nothing, "slow"))
    assert [each.state for each in await did(pool, job(nothing, "slow"))] == ["done"]
    assert [(each["id"] == lost["id"], each["state"], each["attempt"]) for each in await runs(pool, "slow")] == [
        (True, "lost", 1),
        (False, "done", 2),
    ]


async def test_a_runner_that_was_cut_off_records_nothing_and_ends_its_work(pool: Pool) -> None:
    """Its lease was given to somebody else meanwhile, as after a pause of the whole machine."""
    reached = asyncio.Event()

    async def cut_off(run: Run) -> None:
        reached.set()
        await asyncio.sleep(60)

    await make_due(pool, job(cut_off))
    first = asyncio.create_task(did(pool, job(cut_off)))
    await reached.wait()
    await pool.execute("UPDATE job_schedules SET leased_until = now() - interval '1 second'")
    assert await did(pool, job(nothing)) == []
    await make_due(pool, job(nothing))
    assert [each.state for each in await did(pool, job(nothing))] == ["done"]
    assert [each.state for each in await first] == ["lost"]
    assert [row["state"] for row in await runs(pool)] == ["lost", "done"]


async def test_keeps_its_lease_while_it_works(pool: Pool) -> None:
    async def long(run: Run) -> None:
        await asyncio.sleep(3)  # longer than the lease

    await make_due(pool, job(long))
    first = asyncio.create_task(did(pool, job(long)))
    while not first.done():
        assert await store.notice_lost(pool, ["job"]) == []
        await asyncio.sleep(0.1)
    assert [each.state for each in await first] == ["done"]


async def test_what_fails_is_tried_again_later_each_time_and_then_given_up(pool: Pool) -> None:
    waits = []
    with capture_logs() as logs:
        for _ in range(ATTEMPTS_MAX):
            await make_due(pool, job(wrong))
            assert [each.state for each in await did(pool, job(wrong))] == ["failed"]
            row = await schedule(pool)
            waits.append(round((row["next_run_at"] - row["now"]).total_seconds() / 60))
    assert waits[:-1] == [1, 2, 4, 8]
    assert row["given_up_at"] is not None
    assert [(entry["event"], entry["failures"]) for entry in logs if entry["event"] == "job_given_up"] == [("job_given_up", ATTEMPTS_MAX)]
    assert {(each["state"], each["reason"]) for each in await runs(pool)} == {("failed", "overdue")}
    await make_due(pool, job(wrong))
    assert await did(pool, job(wrong)) == []  # until a person asks


async def test_what_was_given_up_begins_anew_when_asked_for(pool: Pool) -> None:
    await make_due(pool, job(nothing))
    await pool.execute("UPDATE job_schedules SET given_up_at = now(), failures = 5, asked_at = now()")
    assert [each.state for each in await did(pool, job(nothing))] == ["done"]
    row = await schedule(pool)
    assert (row["given_up_at"], row["failures"], row["asked_at"]) == (None, 0, None)


async def test_gives_up_on_what_kills_its_runners(pool: Pool) -> None:
    await make_due(pool, job(nothing))
    with capture_logs() as logs:
        for _ in range(ATTEMPTS_MAX):
            await make_due(pool, job(nothing))
            assert await store.claim(pool, ["job"], "a runner that dies", timedelta(0))
            await store.notice_lost(pool, ["job"])
            consequences = await store.notice_lost(pool, ["job"])
            assert consequences == []  # once for each
    assert logs == []
    row = await schedule(pool)
    assert (row["failures"], row["given_up_at"] is not None) == (ATTEMPTS_MAX, True)


async def test_a_fault_of_ours_is_told_to_the_log_and_as_a_word_to_pages(pool: Pool) -> None:
    async def fault(run: Run) -> None:
        raise LookupError("secret of another company")

    await make_due(pool, job(fault))
    with capture_logs() as logs:
        await did(pool, job(fault))
    (run,) = await runs(pool)
    assert (run["reason"], "secret" in run["problem"]) == ("fault", True)
    assert "secret" in next(entry["problem"] for entry in logs if entry["event"] == "job_failed")


async def test_stops_after_a_batch_and_goes_on_there(pool: Pool) -> None:
    places: list[object] = []
    closing = asyncio.Event()

    async def stepwise(run: Run) -> None:
        places.append(run.place)
        for step in range((run.place or 0) + 1, 4):
            if step == 2:
                closing.set()
            await run.reached(step)

    await make_due(pool, job(stepwise))
    assert [each.state for each in await runner(pool, [job(stepwise)], closing).once(60)] == ["stopped"]
    row = await schedule(pool)
    assert (row["place"], row["failures"], row["next_run_at"] <= row["now"]) == ("2", 0, True)
    assert [each.state for each in await did(pool, job(stepwise))] == ["done"]
    assert places == [None, 2]


async def test_a_batch_that_does_not_end_is_cut(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runners, "DRAIN_S", 0.1)
    closing = asyncio.Event()

    async def endless(run: Run) -> None:
        closing.set()
        await asyncio.sleep(60)

    await make_due(pool, job(endless))
    assert [each.state for each in await runner(pool, [job(endless)], closing).once(60)] == ["stopped"]


async def test_begins_nothing_after_its_time(pool: Pool) -> None:
    jobs = [job(nothing, "first"), job(nothing, "second")]
    await make_due(pool, *jobs)
    closing = asyncio.Event()
    closing.set()
    assert await runner(pool, jobs, closing).once(60) == []


async def test_serves_until_told_to_stop_several_jobs_at_once(pool: Pool) -> None:
    closing, both = asyncio.Event(), asyncio.Barrier(2)

    async def meet(run: Run) -> None:
        await both.wait()  # neither would pass alone

    jobs = [job(meet, "first"), job(meet, "second")]
    await make_due(pool, *jobs)
    serving = asyncio.create_task(runner(pool, jobs, closing).serve())
    await _until(pool, "SELECT count(*) = 2 FROM job_runs WHERE state = 'done'")
    closing.set()
    await serving


async def test_leaves_what_needs_anchors_to_whoever_has_them(pool: Pool) -> None:
    proving = job(nothing, needs_anchors=True)
    await make_due(pool, proving)
    assert await runner(pool, [proving], with_anchors=False).once(60) == []
    assert [each.state for each in await did(pool, proving)] == ["done"]


async def test_leaves_alone_what_it_does_not_know(pool: Pool) -> None:
    await make_due(pool, job(nothing, "of a later version"))
    assert await did(pool, job(nothing)) == []


async def test_outlives_a_database_that_is_away(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    closing = asyncio.Event()
    await make_due(pool, job(nothing))

    async def away(*_: object) -> None:
        closing.set()
        raise ConnectionRefusedError

    monkeypatch.setattr(store, "claim", away)
    with capture_logs() as logs:
        await runner(pool, [job(nothing)], closing).serve()
    assert [entry["event"] for entry in logs] == ["jobs_skipped"]


async def test_the_database_itself_refuses_a_second_run_at_once(pool: Pool) -> None:
    await make_due(pool, job(nothing))
    assert await store.claim(pool, ["job"], "one", timedelta(minutes=1))
    with pytest.raises(asyncpg.UniqueViolationError):
        await pool.execute("INSERT INTO job_runs (job, due_at, attempt, runner) VALUES ('job', now(), 1, 'another')")


async def _until(pool: Pool, question: str) -> None:
    for _ in range(PATIENCE):
        if await pool.fetchval(question):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(question)
