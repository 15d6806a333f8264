"""Proves every ledger from its first row, once a night: the watch looks at what is new, this at what is old."""

from __future__ import annotations

from time import monotonic

import asyncpg
import structlog

from inventory.ledger.proof import Fault
from jobs.anchors import Partition
from jobs.job import Failed, Run
from jobs.passes import deep
from jobs.prover import Prover

log = structlog.get_logger("jobs")

AWAY = (
    ConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
)
"""The database is gone, for every ledger alike. Anything else is the trouble of one: a page that cannot be read, rows without end."""


class Unproven(Failed):
    """Some ledgers could not be read to the end. The others were proven."""

    reason = "unread"


async def verify_deep(run: Run) -> None:
    """One company after the other. A ledger that does not prove is halted, and that is what the
    job is for: it fails only where it could not look. Raises Unproven."""
    prover = Prover(run.pool, run.means.anchors, deep)
    unread = 0
    for partition in await _partitions(run):
        began = monotonic()
        try:
            await _prove(run, prover, partition)
        except AWAY:
            raise
        except Exception:
            # One company's trouble is not to keep the others from being proven.
            log.exception("ledger_unread", tenant=partition[0], part=partition[1])
            unread += 1
        await run.reached(list(partition))
        await run.rest_after(began)
    if unread:
        raise Unproven(f"{unread} ledgers could not be read to the end")


async def _prove(run: Run, prover: Prover, partition: Partition) -> None:
    verdict = await prover.prove(partition)
    for fault in verdict.faults:
        _tell(partition, fault)
    run.did(partition[0], rows=verdict.seq, faults=len(verdict.faults))


def _tell(partition: Partition, fault: Fault) -> None:
    log.error("ledger_fault", tenant=partition[0], part=partition[1], rule=fault.rule, seq=fault.seq)


async def _partitions(run: Run) -> list[Partition]:
    """Those after the place where the run before was stopped. A halted one waits for a person, who proves it on resuming."""
    after = run.place or [0, 0]
    rows = await run.pool.fetch(_PARTITIONS, *after)
    return [(row["tenant_id"], row["part"]) for row in rows]


_PARTITIONS = """
SELECT tenant_id, part FROM stock_partitions
WHERE seq > 0 AND halted_rule IS NULL AND (tenant_id, part) > ($1, $2::smallint) ORDER BY 1, 2
"""
