"""`onhand verify`: proves every ledger from its first row. Exit 0: all holds; 1: something does not; 2: could not look."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

import asyncpg

from db.engine import make_pool
from inventory.ledger.proof import Proof
from kit.clock import now_us

PREFETCH = 2_000
"""Rows fetched at a time: a few hundred kilobytes."""


def main(engine_url: str, args: Namespace) -> int:
    """Prove the ledgers of all tenants, or of `args.tenant`; print the findings, as JSON with `args.json`."""
    try:
        proofs = asyncio.run(verify(engine_url, args.tenant))
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
        print(f"Could not verify: {problem}", file=sys.stderr)
        return 2
    if args.tenant and not proofs:
        print(f"Could not verify: no company {args.tenant} with a ledger.", file=sys.stderr)
        return 2
    print(json.dumps([_shown(slug, proof) for slug, proof in proofs], indent=2) if args.json else _told(proofs))
    return 1 if any(proof.faults for _, proof in proofs) else 0


async def verify(engine_url: str, slug: str | None = None) -> list[tuple[str, Proof]]:
    """Proofs of all partitions, with the slug of the tenant of each; each proof is recorded in the database too."""
    pool = await make_pool(engine_url, 1)
    try:
        partitions = await pool.fetch(
            "SELECT t.slug, p.tenant_id, p.part FROM stock_partitions p JOIN tenants t ON t.id = p.tenant_id "
            "WHERE $1::text IS NULL OR t.slug = $1 ORDER BY 1, 3",
            slug,
        )
        return [(row["slug"], await prove(pool, row["tenant_id"], row["part"])) for row in partitions]
    finally:
        await pool.close()


async def prove(pool: asyncpg.Pool, tenant: int, part: int) -> Proof:
    """Replay one partition in one snapshot, so that the engine may go on writing meanwhile."""
    proof = Proof(tenant, part)
    async with pool.acquire() as connection:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(tenant))
            partition = await connection.fetchrow(
                "SELECT seq, head_hash FROM stock_partitions WHERE tenant_id = $1 AND part = $2", tenant, part
            )
            assert partition is not None
            rows = "SELECT * FROM stock_ledger WHERE tenant_id = $1 AND part = $2 ORDER BY seq"
            async for row in connection.cursor(rows, tenant, part, prefetch=PREFETCH):
                proof.row(row)
            proof.balances(await connection.fetch("SELECT * FROM stock_balances WHERE tenant_id = $1 AND part = $2", tenant, part))
            proof.buckets(await connection.fetch("SELECT * FROM stock_buckets WHERE tenant_id = $1", tenant))
            proof.holds(await connection.fetch("SELECT * FROM stock_holds WHERE tenant_id = $1 AND part = $2", tenant, part))
            proof.end(partition["seq"], partition["head_hash"])
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(tenant))
            await connection.execute(_RECORD, tenant, part, proof.seq, proof.head, now_us(), not proof.faults)
    return proof


_RECORD = """
INSERT INTO stock_proofs (tenant_id, part, seq, hash, checked_at_us, ok) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, part) DO UPDATE SET seq = $3, hash = $4, checked_at_us = $5, ok = $6
"""


def _shown(slug: str, proof: Proof) -> Mapping[str, Any]:
    faults = [{"rule": fault.rule, "seq": fault.seq, **fault.found} for fault in proof.faults]
    return {"tenant": slug, "part": proof.part, "seq": proof.seq, "head": proof.head.hex(), "ok": not faults, "faults": faults}


def _told(proofs: list[tuple[str, Proof]]) -> str:
    lines = []
    for slug, proof in proofs:
        verdict = (
            "every row, balance and hold agrees" if not proof.faults else f"{len(proof.faults)} faults, the first at #{proof.faults[0].seq}"
        )
        lines.append(f"{slug}.{proof.part}: #1 to #{proof.seq}, {verdict}")
        lines += [f"  #{fault.seq} {fault.rule}: {dict(fault.found)}" for fault in proof.faults[:5]]
    return "\n".join(lines) or "No ledger yet: nothing has moved."
