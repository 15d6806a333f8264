"""Forgets old runs of jobs, this one's too: beside the ledger and its anchors they are what else would grow without an end."""

from __future__ import annotations

from datetime import timedelta

from jobs.job import Run
from jobs.sweep import sweep

KEPT = timedelta(days=30)
BATCH = 5_000


async def prune_runs(run: Run) -> None:
    """What runs did for each company, then the runs themselves. The last one of each job stays."""
    await sweep(run, "job_results", "recorded_at < now() - $3::interval", KEPT, "results")
    gone = BATCH
    while gone == BATCH:
        gone = await run.pool.fetchval(_DELETE, KEPT, BATCH)
        run.total["runs"] += gone
        await run.reached(None)


_DELETE = """
WITH gone AS (DELETE FROM job_runs WHERE id = ANY(ARRAY(
  SELECT r.id FROM job_runs r WHERE r.ended_at < now() - $1::interval
    AND EXISTS (SELECT 1 FROM job_runs later WHERE later.job = r.job AND later.id > r.id) LIMIT $2)) RETURNING 1)
SELECT count(*) FROM gone
"""
