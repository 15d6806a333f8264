"""P4, the raw limit: how fast PostgreSQL takes the engine's ledger rows when nothing is decided.

One statement and one commit per thousand rows: the 30 columns of the ledger by `unnest` into an empty copy with the same
primary key and the same two indexes, and one upsert of the balance of each cell that the batch touches. No fence, no chain,
no reservation, no reply, no row security; the values are made beforehand. Tried on one and on two connections: the better counts.
"""

from __future__ import annotations

import random
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

import asyncpg

from db.arrays import use_flat_arrays
from inventory.ledger.messages import Kind
from kit.clock import now_us
from kit.quantity import ONE
from loadtests.bench.ground import STOCK_EACH, Company, Ground
from loadtests.bench.load import Operation, Turn, run_tasks
from loadtests.bench.messages import chooser
from loadtests.bench.peers import connect, copy_table

BATCH = 1_000
CONNECTIONS = (1, 2)
_PREPARED = 8
"""Batches made beforehand and sent in turn: enough that their cells differ, few enough to stay in the cache."""


async def prepare(ground: Ground) -> None:
    """Empty copies of ledger and balances in a schema of their own."""
    connection = await asyncpg.connect(ground.admin)
    try:
        await connection.execute("CREATE SCHEMA p4; CREATE SEQUENCE p4.batch")
        for table in ("stock_ledger", "stock_balances"):
            await copy_table(connection, table, "p4")
    finally:
        await connection.close()


async def turn(ground: Ground, company: Company, spread: bool, connections: int, seconds: float) -> Turn:
    """Insert prepared batches, again and again, over so many connections. Counts rows, times batches."""
    batches = [_batch(company, spread) for _ in range(_PREPARED)]

    def inserter(connection: asyncpg.Connection[asyncpg.Record]) -> Operation:
        async def insert() -> bool:
            await connection.execute(_INSERT, company.tenant, now_us(), *random.choice(batches))
            return True

        return insert

    async with AsyncExitStack() as opened:
        opened_connections = [await connect(opened, ground.admin) for _ in range(connections)]
        for connection in opened_connections:
            await use_flat_arrays(connection)
            await connection.execute("SET plan_cache_mode = force_generic_plan")
        return await run_tasks([inserter(connection) for connection in opened_connections], seconds, weight=BATCH)


def _batch(company: Company, spread: bool) -> list[Any]:
    """The arrays of a batch: a thousand reservations of one piece, and the balances they leave."""
    choose = chooser(company.items, spread)
    items = [choose() for _ in range(BATCH)]
    wanted = Counter(items)
    cells = sorted(wanted)  # in one order, so that two connections never wait for each other in a circle
    same = [company.warehouse] * BATCH
    return [
        [ONE] * BATCH,
        [STOCK_EACH] * BATCH,
        [ONE * number for number in range(BATCH)],
        list(range(BATCH)),
        items,
        same,
        [int(Kind.RESERVE)] * BATCH,
        [f"till-7:{number:07}" for number in range(BATCH)],
        [random.randbytes(32) for _ in range(BATCH)],
        cells,
        [STOCK_EACH] * len(cells),
        [ONE * wanted[cell] for cell in cells],
        company.warehouse,
    ]


_INSERT = f"""
WITH base AS MATERIALIZED (SELECT nextval('p4.batch') * {BATCH} AS seq),
rows AS (
  INSERT INTO p4.stock_ledger (tenant_id, part, seq, epoch, recorded_at_us, effective_at_us,
      delta_on_hand, delta_reserved, delta_blocked, delta_in_transit, on_hand, reserved, blocked, in_transit,
      cell_version, document, unit_cost, item_id, warehouse_id, location_id, lot_id, owner_id, principal_id,
      condition, kind, role, key, reference, reason, hash)
    SELECT $1, 0, base.seq + n, 1, $2, $2, 0, delta, 0, 0, on_hand, reserved, 0, 0,
      version, base.seq + n, NULL, item, warehouse, 0, 0, 0, 1, 0, kind, 4, key, '', '', hash
    FROM base, unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::int[], $8::int[], $9::smallint[],
      $10::text[], $11::bytea[]) WITH ORDINALITY AS t (delta, on_hand, reserved, version, item, warehouse, kind, key, hash, n))
INSERT INTO p4.stock_balances AS b
    (tenant_id, item_id, warehouse_id, part, on_hand, reserved, blocked, in_transit, short, version, seq)
  SELECT $1, item, $15, 0, on_hand, reserved, 0, 0, 0, 1, base.seq
  FROM base, unnest($12::int[], $13::bigint[], $14::bigint[]) AS t (item, on_hand, reserved)
ON CONFLICT (tenant_id, item_id, warehouse_id)
  DO UPDATE SET reserved = EXCLUDED.reserved, version = b.version + 1, seq = EXCLUDED.seq
"""
