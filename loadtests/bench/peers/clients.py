"""Clients of the peers that speak SQL: each keeps a connection and sends one request after the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from inventory.ledger.messages import Kind, Reserve
from kit.clock import now_us
from loadtests.bench.load import Operation, Turn, run_tasks
from loadtests.bench.peers.tables import Connection, connect, row_hash

Client = Callable[[Connection], Awaitable[Operation]]
"""Makes, of a connection, what is done again and again."""
NextCommand = Callable[[], Reserve]


def closed_loop(url: str, client: Client) -> Callable[[int, float], Awaitable[Turn]]:
    """What measures one turn of so many such clients for so many seconds."""

    async def turn(clients: int, seconds: float) -> Turn:
        async with AsyncExitStack() as opened:
            connections = [await connect(opened, url) for _ in range(clients)]
            return await run_tasks([await client(connection) for connection in connections], seconds)

    return turn


def by_statement(sql: str, tenant: int, next_command: NextCommand) -> Client:
    """Clients that carry out a reservation of one line by one prepared statement, which returns nothing if it was refused."""

    async def client(connection: Connection) -> Operation:
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        statement = await connection.prepare(sql)

        async def operation() -> bool:
            command, now = next_command(), now_us()
            line = command.lines[0]
            seq = await statement.fetchval(
                tenant, line.item, line.warehouse, line.qty, now, now + command.expires_in_us, command.principal, int(Kind.RESERVE),
                command.role, command.key, row_hash(command), command.key_hash, command.body_hash,
            )  # fmt: skip
            return seq is not None

        return operation

    return client


def reserve_by(taken: str, schema: str) -> str:
    """A statement that takes stock and writes ledger row, reservation line and reply from what that returns: `taken` must give
    seq, on_hand, reserved, blocked, in_transit and version. The reply is text as long as the engine's outcome."""
    return f"""
WITH taken AS ({taken}),
row AS (
  INSERT INTO {schema}.stock_ledger (tenant_id, part, seq, epoch, recorded_at_us, effective_at_us, delta_on_hand, delta_reserved,
      delta_blocked, delta_in_transit, on_hand, reserved, blocked, in_transit, cell_version, document, unit_cost, item_id, warehouse_id,
      location_id, lot_id, owner_id, principal_id, condition, kind, role, key, reference, reason, hash)
    SELECT $1, 0, seq, 0, $5, $5, 0, $4, 0, 0, on_hand, reserved, blocked, in_transit, version, seq, NULL, $2, $3,
      0, 0, 0, $7, 0, $8, $9, $10, '', '', $11 FROM taken),
hold AS (
  INSERT INTO {schema}.stock_holds (tenant_id, part, seq, line, expires_at_us, created_at_us, qty, open, committed, released, expired,
      item_id, warehouse_id, location_id, lot_id, owner_id, created_by, hard, reference)
    SELECT $1, 0, seq, 0, $6, $5, $4, $4, 0, 0, 0, $2, $3, 0, 0, 0, $7, 0, '' FROM taken),
reply AS (
  INSERT INTO {schema}.stock_replies (tenant_id, part, key_hash, body_hash, seq, recorded_at_us, reply)
    SELECT $1, 0, $12, $13, seq, $5, convert_to(concat_ws(',', seq, $2, $3, on_hand, reserved, blocked, in_transit, $6, $5, $7, $4), 'UTF8')
    FROM taken)
SELECT seq FROM taken
"""
