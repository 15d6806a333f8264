"""`onhand verify`: proves the ledgers. Exit 0: all holds; 1: something does not; 2: could not look."""

from __future__ import annotations

import asyncio
import getpass
import json
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from app.settings import Settings
from db.engine import make_pool
from inventory.ledger.proof import Fault, Record
from jobs import anchors, passes, verdict
from jobs.anchors import Anchors
from jobs.passes import Pool, Verdict
from jobs.prover import Prover

SHOWN_MAX = 5
"""Faults of a partition told to people; programs get all of them."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a run: a verdict for each partition with the slug of its company, and what is wrong with the anchors."""

    verdicts: list[tuple[str, Verdict]]
    anchors: list[str]

    @property
    def ok(self) -> bool:
        return not self.anchors and not any(each.faults or each.halted for _, each in self.verdicts)


def main(engine_url: str, settings: Settings, args: Namespace) -> int:
    """Prove the ledgers of all companies, or of `args.tenant`; print the findings, as JSON with `args.json`."""
    slug = args.resume or args.tenant
    try:
        read = partial(anchors.read, asyncio.run(_home(engine_url, settings)), settings.anchor_key)
        report = asyncio.run(resume(engine_url, read(), slug) if args.resume else verify(engine_url, read, slug, deep=args.deep))
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
        print(f"Could not verify: {problem}", file=sys.stderr)
        return 2
    if slug and not report.verdicts:
        print(f"Could not verify: no company {slug} with a ledger.", file=sys.stderr)
        return 2
    print(json.dumps(_shown(report), indent=2) if args.json else _told(report))
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
        return Report(verdicts, known.problems + ([] if slug else await _gone(pool, known)))
    finally:
        await pool.close()


async def prove(pool: Pool, tenant: int, part: int) -> Verdict:
    """Prove one partition deeply, without anchors, and record it."""
    return await verdict.record(pool, await passes.deep(pool, (tenant, part), Anchors()))


async def resume(engine_url: str, known: Anchors, slug: str) -> Report:
    """Let a company's halted partitions be written again, each if all of it holds now, whatever was proven before."""
    pool = await make_pool(engine_url, 1)
    try:
        verdicts = []
        for name, partition in await _partitions(pool, slug):
            found = await passes.deep(pool, partition, known, checkpoint=False)
            if found.broken is None and await verdict.resume(pool, found, known.last(partition), getpass.getuser()):
                found = await passes.fast(pool, partition, known)
            verdicts.append((name, found))
        return Report(verdicts, known.problems)
    finally:
        await pool.close()


async def _partitions(pool: Pool, slug: str | None) -> list[tuple[str, tuple[int, int]]]:
    rows = await pool.fetch(
        "SELECT t.slug, p.tenant_id, p.part FROM stock_partitions p JOIN tenants t ON t.id = p.tenant_id "
        "WHERE $1::text IS NULL OR t.slug = $1 ORDER BY 1, 3",
        slug,
    )
    return [(row["slug"], (row["tenant_id"], row["part"])) for row in rows]


async def _gone(pool: Pool, known: Anchors) -> list[str]:
    there = {partition for _, partition in await _partitions(pool, None)}
    return [f"partition {tenant}.{part} was anchored and is gone" for tenant, part in sorted(known.rows.keys() - there)]


def _shown(report: Report) -> Mapping[str, Any]:
    return {
        "ok": report.ok,
        "anchors": report.anchors,
        "partitions": [_shown_verdict(slug, each) for slug, each in report.verdicts],
    }


def _shown_verdict(slug: str, found: Verdict) -> Mapping[str, Any]:
    return {
        "tenant": slug,
        "part": found.partition[1],
        "since": found.since,
        "seq": found.seq,
        "head": found.head.hex(),
        "ok": not found.faults,
        "halted": found.halted and {"rule": found.halted[0], "seq": found.halted[1]},
        "faults": [
            {"rule": fault.rule, "seq": fault.seq, **fault.found, "neighbours": _neighbours(found, fault)} for fault in found.faults
        ],
    }


def _neighbours(found: Verdict, fault: Fault) -> list[Mapping[str, Any]]:
    """The rows before, at and after a fault, as far as there are any."""
    rows: list[Record] = [found.neighbours[seq] for seq in range(fault.seq - 1, fault.seq + 2) if seq in found.neighbours]
    return [{"seq": row["seq"], "epoch": row["epoch"], "hash": row["hash"].hex()} for row in rows]


def _told(report: Report) -> str:
    lines = [f"anchors: {problem}" for problem in report.anchors]
    for slug, found in report.verdicts:
        rows = f"#{found.since + 1} to #{found.seq}" if found.seq > found.since else f"nothing new since #{found.seq}"
        verdict = "all of it holds" if not found.faults else f"{len(found.faults)} faults, the first at #{found.faults[0].seq}"
        lines.append(f"{slug}.{found.partition[1]}: {rows}, {verdict}")
        if found.halted:
            lines.append(f"  halted at #{found.halted[1]} ({found.halted[0]}): nothing is written until `onhand verify --resume {slug}`")
        for fault in found.faults[:SHOWN_MAX]:
            lines.append(f"  #{fault.seq} {fault.rule}: {dict(fault.found)}")
            lines += [f"    #{row['seq']} epoch {row['epoch']} {row['hash']}" for row in _neighbours(found, fault)]
    return "\n".join(lines) or "No ledger yet: nothing has moved."
