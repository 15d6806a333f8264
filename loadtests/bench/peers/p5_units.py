"""P5, a row per unit: every piece is a row, and a request takes one that nobody else has locked (`SKIP LOCKED`).

So buyers of a hot item do not queue for one balance row. The ledger row, the reservation line and the reply are written as in
P2; there is no balance, the free rows are it. The pieces of the hot item are made beforehand: making more is not counted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

import asyncpg

from inventory.ledger.messages import Kind
from kit.clock import now_us
from loadtests.bench.ground import Company, Ground
from loadtests.bench.load import Operation, Turn, run_tasks
from loadtests.bench.messages import Choose, Spread, chooser, reserve_one
from loadtests.bench.peers.tables import Connection, connect, copy_tables, drift, row_hash
from loadtests.bench.size import Size


class RowPerUnit:
    """UPDATE of one free row found with FOR UPDATE SKIP LOCKED, and the inserts in the same statement."""

    name = "P5"
    title = "row per unit, SKIP LOCKED"
    unit = "clients"

    def __init__(self, ground: Ground, company: Company, size: Size) -> None:
        self._ground = ground
        self._company = company
        self._size = size
        self.sizes: Sequence[int] = size.clients

    async def prepare(self) -> None:
        """Its tables, and the pieces: a few of every item, many of the hot one."""
        connection = await asyncpg.connect(self._ground.ray.admin)
        try:
            await copy_tables(connection, "p5")
            await connection.execute(_UNITS)
            each, hot = self._size.units_each, self._size.units_hot
            await connection.execute(_FILL, self._company.warehouse, each, hot, self._company.items[0], self._company.items)
            await connection.execute("VACUUM ANALYZE p5.units")
        finally:
            await connection.close()

    def turner(self, spread: Spread) -> Callable[[int, float], Awaitable[Turn]]:
        """Take one piece, again and again."""
        choose = chooser(self._company.items, spread)

        async def turn(clients: int, seconds: float) -> Turn:
            async with AsyncExitStack() as opened:
                connections = [await connect(opened, self._ground.ray.admin) for _ in range(clients)]
                return await run_tasks([await self._client(connection, choose) for connection in connections], seconds)

        return turn

    async def faults(self) -> list[str]:
        """Where ledger and reservations disagree, and pieces taken without a row or twice."""
        connection = await asyncpg.connect(self._ground.ray.admin)
        try:
            astray = await connection.fetchval(_ASTRAY)
        finally:
            await connection.close()
        lost = [f"P5: {astray} pieces without their ledger row, or rows without a piece"] if astray else []
        return lost + await drift(self._ground, "p5", self.name, keeps_balance=False)

    async def _client(self, connection: Connection, choose: Choose) -> Operation:
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        statement = await connection.prepare(_TAKE)
        tenant, warehouse = self._company.tenant, self._company.warehouse

        async def operation() -> bool:
            command, now = reserve_one(choose(), warehouse), now_us()
            line = command.lines[0]
            seq = await statement.fetchval(
                tenant, line.item, line.warehouse, line.qty, now, now + command.expires_in_us, command.principal, int(Kind.RESERVE),
                command.role, command.key, row_hash(command), command.key_hash, command.body_hash,
            )  # fmt: skip
            return seq is not None

        return operation


_UNITS = """
CREATE TABLE p5.units (item_id int NOT NULL, warehouse_id int NOT NULL, number int NOT NULL, taken_seq bigint,
  PRIMARY KEY (item_id, warehouse_id, number)) WITH (fillfactor = 60);
CREATE INDEX ix_units_free ON p5.units (item_id, warehouse_id, number) WHERE taken_seq IS NULL;
"""
_FILL = """
INSERT INTO p5.units (item_id, warehouse_id, number)
SELECT item, $1, number FROM unnest($5::int[]) item, generate_series(1, CASE WHEN item = $4 THEN $3::int ELSE $2::int END) number
"""
_TAKE = """
WITH taken AS (
  UPDATE p5.units SET taken_seq = nextval('p5.seq') WHERE (item_id, warehouse_id, number) = (
    SELECT item_id, warehouse_id, number FROM p5.units WHERE item_id = $2 AND warehouse_id = $3 AND taken_seq IS NULL
    LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING taken_seq AS seq, number),
row AS (
  INSERT INTO p5.stock_ledger (tenant_id, part, seq, epoch, recorded_at_us, effective_at_us, delta_on_hand, delta_reserved,
      delta_blocked, delta_in_transit, on_hand, reserved, blocked, in_transit, cell_version, document, unit_cost, item_id, warehouse_id,
      location_id, lot_id, owner_id, principal_id, condition, kind, role, key, reference, reason, hash)
    SELECT $1, 0, seq, 0, $5, $5, 0, $4, 0, 0, 0, 0, 0, 0, number, seq, NULL, $2, $3,
      0, 0, 0, $7, 0, $8, $9, $10, '', '', $11 FROM taken),
hold AS (
  INSERT INTO p5.stock_holds (tenant_id, part, seq, line, expires_at_us, created_at_us, qty, open, committed, released, expired,
      item_id, warehouse_id, location_id, lot_id, owner_id, created_by, hard, reference)
    SELECT $1, 0, seq, 0, $6, $5, $4, $4, 0, 0, 0, $2, $3, 0, 0, 0, $7, 0, '' FROM taken),
reply AS (
  INSERT INTO p5.stock_replies (tenant_id, part, key_hash, body_hash, seq, recorded_at_us, reply)
    SELECT $1, 0, $12, $13, seq, $5, convert_to(concat_ws(',', seq, $2, $3, number, 0, 0, 0, $6, $5, $7, $4), 'UTF8') FROM taken)
SELECT seq FROM taken
"""
_ASTRAY = """
SELECT count(*) FROM (SELECT taken_seq FROM p5.units WHERE taken_seq IS NOT NULL) u
FULL JOIN (SELECT seq FROM p5.stock_ledger) l ON l.seq = u.taken_seq WHERE u.taken_seq IS NULL OR l.seq IS NULL
"""
