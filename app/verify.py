"""`onhand verify`: proves the ledgers. Exit 0: all holds; 1: something does not; 2: could not look."""

from __future__ import annotations

import asyncio
import getpass
import json
import sys
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from pathlib import Path

import asyncpg

from actors import corrections
from app import findings
from app.findings import Report
from app.settings import Settings
from db.engine import make_pool
from jobs import anchors, passes, verdict
from jobs.anchors import Anchors, Partition
from jobs.facts import FACTS
from jobs.passes import Pool, Verdict
from jobs.prover import Prover
from jobs.rebuild import Rebuilt
from jobs.rebuild import rebuild as made_anew


def main(engine_url: str, settings: Settings, args: Namespace) -> int:
    """Prove the ledgers of all companies, or of `args.tenant`; print the findings, as JSON with `args.json`."""
    slug = args.resume or args.tenant
    if args.rebuild and not args.resume:
        print("Could not verify: --rebuild goes with --resume SLUG.", file=sys.stderr)
        return 2
    try:
        read = partial(anchors.read, asyncio.run(_home(engine_url, settings)), settings.anchor_key)
        if args.resume:
            report = asyncio.run(resume(engine_url, read(), slug, rebuild=args.rebuild))
        else:
            report = asyncio.run(verify(engine_url, read, slug, deep=args.deep))
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
        print(f"Could not verify: {problem}", file=sys.stderr)
        return 2
    if slug and not report.verdicts:
        print(f"Could not verify: no company {slug} with a ledger.", file=sys.stderr)
        return 2
    print(json.dumps(findings.shown(report), indent=2) if args.json else findings.told(report))
    return 0 if report.ok else 1


async def _home(engine_url: str, settings: Settings) -> Path:
    connection = await asyncpg.connect(engine_url)
    try:
        return await anchors.home(connection, settings.anchors)
    finally:
        await connection.close()


async def verify(engine_url: str, read: Callable[[], Anchors], slug: str | None = None, *, deep: bool = False) -> Report:
    """Prove all partitions, or those of a company, since their last proofs or deeply; the verdicts are recorded, and halt."""

    async def now() -> Anchors:
        return read()

    pool = await make_pool(engine_url, 1)
    try:
        prover = Prover(pool, now, passes.deep if deep else passes.fast)
        verdicts = [(name, await prover.prove(each)) for name, each in await _partitions(pool, slug)]
        known = await prover.anchors()
        return Report(verdicts, known.problems + ([] if slug else await _gone(pool, known)), vouched=findings.vouched(known, verdicts))
    finally:
        await pool.close()


async def prove(pool: Pool, tenant: int, part: int) -> Verdict:
    """Prove one partition deeply, without anchors, and record it."""
    return await verdict.record(pool, await passes.deep(pool, (tenant, part), Anchors()))


async def resume(engine_url: str, known: Anchors, slug: str, *, rebuild: bool = False) -> Report:
    """Let a company's halted partitions be written again, each if all of it holds now, whatever was proven before.

    With `rebuild`, what is made of rows that prove is first made anew from them; without, the report tells what that would change.
    """
    pool = await make_pool(engine_url, 1)
    by = getpass.getuser()
    try:
        verdicts: list[tuple[str, Verdict]] = []
        rebuilds: dict[Partition, Rebuilt] = {}
        for name, partition in await _partitions(pool, slug):
            found = await passes.deep(pool, partition, known, checkpoint=False)
            if partition[1] == FACTS:
                verdicts.append((name, found))
                continue
            if found.broken and not found.rows_at_fault:
                made = await made_anew(pool, partition, known, by, corrections.post, write=rebuild)
                rebuilds |= {partition: made} if made else {}
                found = await passes.deep(pool, partition, known, checkpoint=False) if rebuild else found
            if found.broken is None and await verdict.resume(pool, found, known.last(partition), by):
                found = await passes.fast(pool, partition, known)
            verdicts.append((name, found))
        return Report(verdicts, known.problems, rebuilds, findings.vouched(known, verdicts))
    finally:
        await pool.close()


async def _partitions(pool: Pool, slug: str | None) -> list[tuple[str, tuple[int, int]]]:
    rows = await pool.fetch(
        "SELECT t.slug, p.tenant_id, p.part FROM ("
        "  SELECT tenant_id, part FROM stock_partitions UNION ALL SELECT tenant_id, -1 FROM fact_heads"
        ") p JOIN tenants t ON t.id = p.tenant_id WHERE $1::text IS NULL OR t.slug = $1 ORDER BY 1, p.part < 0, 3",
        slug,
    )
    return [(row["slug"], (row["tenant_id"], row["part"])) for row in rows]


async def _gone(pool: Pool, known: Anchors) -> list[str]:
    there = {partition for _, partition in await _partitions(pool, None)}
    return [f"partition {tenant}.{part} was anchored and is gone" for tenant, part in sorted(known.rows.keys() - there)]
