"""Deleting old rows of a table for all companies, a stretch of its pages at a time.

Pages are walked in the order they lie on the disk: a batch is bounded by what it reads, not by what it finds, and no table
needs an index by time, which every command would pay for. What is old enough to be seen at all, the table's policies say.
"""

from __future__ import annotations

from jobs.job import Run

PAGES = 512
"""Pages of a batch, 4 MB: some 20,000 answers, about a tenth of a second."""


async def sweep(run: Run, table: str, old: str, value: object, count: str, first: int = 0) -> None:
    """Delete the rows of which `old` (with `value` for its `$3`) is true, from page `first` on, and count them under `count`."""
    statement = _DELETE.format(table=table, old=old)
    pages = await run.pool.fetchval(_PAGES, table)
    for page in range(first, pages, PAGES):
        for row in await run.pool.fetch(statement, (page, 0), (page + PAGES, 0), value):
            run.did(row["tenant_id"], **{count: row["gone"]})
        await run.reached([table, page + PAGES])


def place_in(place: object, table: str) -> int:
    """The page to go on from, when the run before was stopped in this table."""
    return place[1] if isinstance(place, list) and place[0] == table else 0


_PAGES = "SELECT pg_relation_size($1::regclass) / current_setting('block_size')::int"
_DELETE = """
WITH gone AS (DELETE FROM {table} WHERE ctid >= $1 AND ctid < $2 AND {old} RETURNING tenant_id)
SELECT tenant_id, count(*) AS gone FROM gone GROUP BY 1
"""
