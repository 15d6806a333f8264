"""P2, what an expert writes: one statement per request. A conditional UPDATE takes the stock, and what it returns feeds the inserts.

The same rows as P1 in one round trip and one commit, so the row is locked for hardly longer than the flush takes. The reply is
text of about the same length as the engine's outcome, put together by the server.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

import asyncpg

from inventory.ledger.messages import Kind, Reserve
from kit.clock import now_us
from loadtests.bench.ground import Company, Ground
from loadtests.bench.load import Operation, Turn, run_tasks
from loadtests.bench.messages import Choose, Spread, chooser, reserve_one
from loadtests.bench.peers.tables import Connection, connect, copy_tables, drift, row_hash, stock_balances


class OneStatement:
    """UPDATE … WHERE there is enough … RETURNING, with the inserts in the same statement."""

    name = "P2"
    title = "one conditional statement"
    unit = "clients"

    def __init__(self, ground: Ground, company: Company, sizes: Sequence[int]) -> None:
        self._ground = ground
        self._company = company
        self.sizes = sizes

    async def prepare(self) -> None:
        """Its tables and the company's stock."""
        connection = await asyncpg.connect(self._ground.ray.admin)
        try:
            await copy_tables(connection, "p2")
            await stock_balances(connection, "p2", self._company)
        finally:
            await connection.close()

    def turner(self, spread: Spread) -> Callable[[int, float], Awaitable[Turn]]:
        """Reserve one piece, again and again."""
        choose = chooser(self._company.items, spread)

        async def turn(clients: int, seconds: float) -> Turn:
            async with AsyncExitStack() as opened:
                connections = [await connect(opened, self._ground.ray.admin) for _ in range(clients)]
                return await run_tasks([await self._client(connection, choose) for connection in connections], seconds)

        return turn

    async def faults(self) -> list[str]:
        """Where balance, ledger and reservations disagree."""
        return await drift(self._ground, "p2", self.name)

    async def _client(self, connection: Connection, choose: Choose) -> Operation:
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        statement = await connection.prepare(_RESERVE)

        async def operation() -> bool:
            return await reserve(statement, self._company.tenant, reserve_one(choose(), self._company.warehouse))

        return operation


async def reserve(statement: asyncpg.prepared_stmt.PreparedStatement[asyncpg.Record], tenant: int, command: Reserve) -> bool:
    """One reservation in one statement. False when there is not enough."""
    line, now = command.lines[0], now_us()
    return (
        await statement.fetchval(
            tenant, line.item, line.warehouse, line.qty, now, now + command.expires_in_us, command.principal, int(Kind.RESERVE),
            command.role, command.key, row_hash(command), command.key_hash, command.body_hash,
        )
        is not None
    )  # fmt: skip


_RESERVE = """
WITH taken AS (
  UPDATE p2.stock_balances SET reserved = reserved + $4, version = version + 1, seq = nextval('p2.seq')
  WHERE tenant_id = $1 AND item_id = $2 AND warehouse_id = $3 AND on_hand - blocked - reserved >= $4
  RETURNING seq, on_hand, reserved, blocked, in_transit, version),
row AS (
  INSERT INTO p2.stock_ledger (tenant_id, part, seq, epoch, recorded_at_us, effective_at_us, delta_on_hand, delta_reserved,
      delta_blocked, delta_in_transit, on_hand, reserved, blocked, in_transit, cell_version, document, unit_cost, item_id, warehouse_id,
      location_id, lot_id, owner_id, principal_id, condition, kind, role, key, reference, reason, hash)
    SELECT $1, 0, seq, 0, $5, $5, 0, $4, 0, 0, on_hand, reserved, blocked, in_transit, version, seq, NULL, $2, $3,
      0, 0, 0, $7, 0, $8, $9, $10, '', '', $11 FROM taken),
hold AS (
  INSERT INTO p2.stock_holds (tenant_id, part, seq, line, expires_at_us, created_at_us, qty, open, committed, released, expired,
      item_id, warehouse_id, location_id, lot_id, owner_id, created_by, hard, reference)
    SELECT $1, 0, seq, 0, $6, $5, $4, $4, 0, 0, 0, $2, $3, 0, 0, 0, $7, 0, '' FROM taken),
reply AS (
  INSERT INTO p2.stock_replies (tenant_id, part, key_hash, body_hash, seq, recorded_at_us, reply)
    SELECT $1, 0, $12, $13, seq, $5, convert_to(concat_ws(',', seq, $2, $3, on_hand, reserved, blocked, in_transit, $6, $5, $7, $4), 'UTF8')
    FROM taken)
SELECT seq FROM taken
"""
