"""P4, the raw limit: how fast PostgreSQL takes the engine's rows when nothing is decided.

One statement and one commit per batch, over one or two connections, the better counts. No fence, no chain, no row security;
the values are made beforehand. *P4* writes the ledger rows by `unnest` (30 columns, primary key, two indexes) and one upsert of
the balance of each cell the batch touches. *P4r* writes every row that a reservation does: the reservation lines and the replies too.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import asyncpg

from db.arrays import use_flat_arrays
from inventory.ledger.messages import Kind
from kit.clock import now_us
from kit.quantity import ONE
from loadtests.bench.ground import PLENTY, Company, Ground
from loadtests.bench.load import Operation, Turn, run_tasks
from loadtests.bench.messages import EXPIRES_US, Spread, chooser
from loadtests.bench.peers.tables import Connection, connect, copy_tables

BATCH = 1_000
_PREPARED = 8
"""Batches made beforehand and sent in turn: enough that their cells differ, few enough to stay in the cache."""
_REPLY_BYTES = 90
"""What the outcome of a reservation of one line takes."""


class RawInsert:
    """INSERT … SELECT … FROM unnest(…), batch after batch."""

    unit = "connections"
    sizes: Sequence[int] = (1, 2)

    def __init__(self, name: str, ground: Ground, company: Company) -> None:
        self.name = name
        self._whole = name == "P4r"
        self.title = f"raw unnest, {'every row' if self._whole else 'ledger, balances'}"
        self._ground = ground
        self._company = company

    async def prepare(self) -> None:
        """Empty tables."""
        connection = await asyncpg.connect(self._ground.ray.admin)
        try:
            await copy_tables(connection, self.name.lower())
        finally:
            await connection.close()

    def turner(self, spread: Spread, size: int = BATCH) -> Callable[[int, float], Awaitable[Turn]]:
        """Insert prepared batches, again and again. Counts rows of the ledger, times batches."""
        batches = [self._batch(spread, size) for _ in range(_PREPARED)]

        def inserter(connection: Connection) -> Operation:
            async def insert() -> bool:
                await self.insert(connection, random.choice(batches))
                return True

            return insert

        async def turn(connections: int, seconds: float) -> Turn:
            async with AsyncExitStack() as opened:
                ready = [await self.connection(opened) for _ in range(connections)]
                return await run_tasks([inserter(connection) for connection in ready], seconds, weight=size)

        return turn

    async def connection(self, opened: AsyncExitStack) -> Connection:
        """A connection as the engine's own are."""
        connection = await connect(opened, self._ground.ray.admin)
        await use_flat_arrays(connection)
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        return connection

    async def insert(self, connection: Connection, batch: list[Any]) -> None:
        """One batch in one statement."""
        now = now_us()
        await connection.execute(self.statement, self._company.tenant, now, now + EXPIRES_US, *self._fresh(batch))

    @property
    def statement(self) -> str:
        """What is executed for each batch."""
        return _statement(self.name.lower(), self._whole)

    async def faults(self) -> list[str]:
        """Nothing is promised, so nothing can be broken."""
        return []

    def _fresh(self, batch: list[Any]) -> list[Any]:
        """The batch with keys that were never used: their order decides where in their index the replies go."""
        if not self._whole:
            return batch
        rows = len(batch[0])
        random_bytes = random.randbytes(16 * rows)
        return [*batch, [random_bytes[16 * number : 16 * number + 16] for number in range(rows)]]

    def _batch(self, spread: Spread, size: int) -> list[Any]:
        """The arrays of a batch: reservations of one piece, and the balances they leave."""
        choose = chooser(self._company.items, spread)
        items = [choose() for _ in range(size)]
        wanted = Counter(items)
        cells = sorted(wanted)  # in one order, so that two connections never wait for each other in a circle
        columns = [
            [ONE] * size,
            [PLENTY] * size,
            [ONE * number for number in range(size)],
            list(range(size)),
            items,
            [self._company.warehouse] * size,
            [int(Kind.RESERVE)] * size,
            [f"till-7:{number:07}" for number in range(size)],
            [random.randbytes(32) for _ in range(size)],
            cells,
            [PLENTY] * len(cells),
            [ONE * wanted[cell] for cell in cells],
            self._company.warehouse,
        ]
        return [*columns, [random.randbytes(_REPLY_BYTES) for _ in range(size)]] if self._whole else columns


def _statement(schema: str, whole: bool) -> str:
    return f"""
WITH base AS MATERIALIZED (SELECT nextval('{schema}.seq') * {BATCH} AS seq, $3::bigint AS expires),
rows AS (
  INSERT INTO {schema}.stock_ledger (tenant_id, part, seq, epoch, recorded_at_us, effective_at_us,
      delta_on_hand, delta_reserved, delta_blocked, delta_in_transit, on_hand, reserved, blocked, in_transit,
      cell_version, document, unit_cost, item_id, warehouse_id, location_id, lot_id, owner_id, principal_id,
      condition, kind, role, key, reference, reason, hash)
    SELECT $1, 0, base.seq + n, 1, $2, $2, 0, delta, 0, 0, on_hand, reserved, 0, 0,
      version, base.seq + n, NULL, item, warehouse, 0, 0, 0, 1, 0, kind, 4, key, '', '', hash
    FROM base, unnest($4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::int[], $9::int[], $10::smallint[],
      $11::text[], $12::bytea[]) WITH ORDINALITY AS t (delta, on_hand, reserved, version, item, warehouse, kind, key, hash, n))
{_holds_and_replies(schema) if whole else ""}
INSERT INTO {schema}.stock_balances AS b
    (tenant_id, item_id, warehouse_id, part, on_hand, reserved, blocked, in_transit, short, version, seq)
  SELECT $1, item, $16, 0, on_hand, reserved, 0, 0, 0, 1, base.seq
  FROM base, unnest($13::int[], $14::bigint[], $15::bigint[]) AS t (item, on_hand, reserved)
ON CONFLICT (tenant_id, item_id, warehouse_id)
  DO UPDATE SET reserved = EXCLUDED.reserved, version = b.version + 1, seq = EXCLUDED.seq
"""


def _holds_and_replies(schema: str) -> str:
    return f""", holds AS (
  INSERT INTO {schema}.stock_holds (tenant_id, part, seq, line, expires_at_us, created_at_us, qty, open, committed, released, expired,
      item_id, warehouse_id, location_id, lot_id, owner_id, created_by, hard, reference)
    SELECT $1, 0, base.seq + n, 0, base.expires, $2, delta, delta, 0, 0, 0, item, warehouse, 0, 0, 0, 1, 0, ''
    FROM base, unnest($4::bigint[], $8::int[], $9::int[]) WITH ORDINALITY AS t (delta, item, warehouse, n)),
replies AS (
  INSERT INTO {schema}.stock_replies (tenant_id, part, key_hash, body_hash, seq, recorded_at_us, reply)
    SELECT $1, 0, key, '0123456789abcdef', base.seq + n, $2, reply
    FROM base, unnest($17::bytea[], $18::bytea[]) WITH ORDINALITY AS t (reply, key, n))
"""
