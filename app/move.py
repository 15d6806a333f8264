"""`onhand move`: places a company's stock on another shard, which takes over within seconds, under load."""

from __future__ import annotations

import asyncio
import getpass
import sys
from argparse import Namespace

import asyncpg

from tenants.domain import SYSTEM

_PLACE = """
SELECT stock_place(t.id, $2::smallint, $3, $4, $5::smallint) FROM tenants t WHERE t.slug = $1
"""


def main(engine_url: str, args: Namespace) -> int:
    """Place the company `args.tenant` on shard `args.shard`. Exit 0: placed; 2: no such company, or no database."""
    try:
        placed = asyncio.run(place(engine_url, args.tenant, args.shard))
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
        print(f"Could not move: {problem}", file=sys.stderr)
        return 2
    if not placed:
        print(f"Could not move: no company {args.tenant} with a ledger.", file=sys.stderr)
        return 2
    print(f"{args.tenant} is placed on shard {args.shard}. Its owner hands it over within two seconds; nothing waits longer than that.")
    return 0


async def place(engine_url: str, slug: str, shard: int) -> int:
    """How many partitions were placed; 0 when there is no such company or it has no ledger yet."""
    connection = await asyncpg.connect(engine_url)
    try:
        return await connection.fetchval(_PLACE, slug, shard, getpass.getuser(), SYSTEM.principal_id, int(SYSTEM.role)) or 0
    finally:
        await connection.close()
