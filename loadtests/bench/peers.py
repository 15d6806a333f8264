"""P1, what one would write without an engine: one transaction per request, the balance row locked while it decides.

The same rows as the engine's, in copies of its tables with the same columns, checks, indexes and fill factors: a ledger row,
the balance, a reservation line, the recorded reply. Less is asked of it than of the engine: no hash chain, no sequence without
holes, no row security, no foreign keys, and a repeated key is simply an error. It speaks asyncpg with prepared statements, and
each client keeps its connection, so that it is spared the reset that a pool does between two requests.
"""

from __future__ import annotations

import hashlib
from contextlib import AsyncExitStack

import asyncpg

from inventory.ledger.messages import Hold, HoldLine, Kind, Level, Outcome, Reserve, encode_outcome
from kit.clock import now_us
from loadtests.bench.ground import STOCK_EACH, Company, Ground
from loadtests.bench.load import Operation, Turn, run_tasks
from loadtests.bench.messages import chooser, reserve_one

CLIENTS = (1, 2, 4, 8, 16, 32)
"""One is too weak a peer and hundreds form a convoy at the lock (performance.md, 3.4): all are tried, the best one counts."""
TABLES = ("stock_ledger", "stock_balances", "stock_holds", "stock_replies")


async def prepare(ground: Ground, company: Company) -> None:
    """Copies of the tables in a schema of their own, and the company's stock in them."""
    connection = await asyncpg.connect(ground.admin)
    try:
        await connection.execute("CREATE SCHEMA p1; CREATE SEQUENCE p1.seq")
        for table in TABLES:
            await copy_table(connection, table, "p1")
        await connection.execute(
            "INSERT INTO p1.stock_balances "
            "(tenant_id, item_id, warehouse_id, part, on_hand, reserved, blocked, in_transit, short, version, seq) "
            "SELECT $1, item, $2, 0, $3, 0, 0, 0, 0, 1, 1 FROM unnest($4::int[]) item",
            company.tenant,
            company.warehouse,
            STOCK_EACH,
            company.items,
        )
        await connection.execute("VACUUM ANALYZE p1.stock_balances")
    finally:
        await connection.close()


async def copy_table(connection: asyncpg.Connection[asyncpg.Record], table: str, schema: str) -> None:
    """An empty table of the same columns, defaults, checks, indexes and storage settings, without triggers and foreign keys."""
    await connection.execute(f"CREATE TABLE {schema}.{table} (LIKE public.{table} INCLUDING ALL)")
    options = await connection.fetchval(
        "SELECT array_to_string(reloptions, ', ') FROM pg_class WHERE oid = $1::regclass", f"public.{table}"
    )
    if options:
        await connection.execute(f"ALTER TABLE {schema}.{table} SET ({options})")


async def turn(ground: Ground, company: Company, spread: bool, clients: int, seconds: float) -> Turn:
    """Reserve one piece, again and again, by so many clients, each with a connection."""
    choose = chooser(company.items, spread)

    def client(connection: asyncpg.Connection[asyncpg.Record]) -> Operation:
        return lambda: reserve(connection, company.tenant, reserve_one(choose(), company.warehouse))

    async with AsyncExitStack() as opened:
        connections = [await connect(opened, ground.admin) for _ in range(clients)]
        return await run_tasks([client(connection) for connection in connections], seconds)


async def connect(opened: AsyncExitStack, url: str) -> asyncpg.Connection[asyncpg.Record]:
    """A connection that is closed with the stack."""
    connection = await asyncpg.connect(url)
    opened.push_async_callback(connection.close)
    return connection


async def reserve(connection: asyncpg.Connection[asyncpg.Record], tenant: int, command: Reserve) -> bool:
    """One reservation in one transaction. False when there is not enough."""
    line = command.lines[0]
    async with connection.transaction():
        row = await connection.fetchrow(_LOCK, tenant, line.item, line.warehouse)
        assert row is not None, "every item was stocked"
        seq, on_hand, reserved, blocked, in_transit, version = row
        if on_hand - blocked - reserved < line.qty:
            return False
        now = now_us()
        reserved, version = reserved + line.qty, version + 1
        await connection.execute(_BALANCE, tenant, line.item, line.warehouse, reserved, version, seq)
        await connection.execute(
            _LEDGER, tenant, seq, now, now, line.qty, on_hand, reserved, blocked, in_transit, version, seq, line.item, line.warehouse,
            command.principal, int(Kind.RESERVE), command.role, command.key, hashlib.sha256(command.key_hash).digest(),
        )  # fmt: skip
        expires = now + command.expires_in_us
        await connection.execute(_HOLD, tenant, seq, expires, now, line.qty, line.item, line.warehouse, command.principal)
        shown = HoldLine(line.item, line.warehouse, 0, 0, line.qty, line.qty, 0, 0, 0)
        hold = Hold(seq, False, expires, "", now, command.principal, (shown,))
        level = Level(line.item, line.warehouse, on_hand, reserved, blocked, in_transit, 0, seq)
        reply = encode_outcome(Outcome("", seq, (level,), (), hold))
        await connection.execute(_REPLY, tenant, command.key_hash, command.body_hash, seq, now, reply)
    return True


async def faults(ground: Ground) -> list[str]:
    """Cells whose balance is not what their ledger rows and open reservations say."""
    connection = await asyncpg.connect(ground.admin)
    try:
        return [f"P1 item {row['item_id']}: {dict(row)}" for row in await connection.fetch(_DRIFT, STOCK_EACH)]
    finally:
        await connection.close()


_LOCK = """
SELECT nextval('p1.seq'), on_hand, reserved, blocked, in_transit, version FROM p1.stock_balances
WHERE tenant_id = $1 AND item_id = $2 AND warehouse_id = $3 FOR UPDATE
"""
_BALANCE = """
UPDATE p1.stock_balances SET reserved = $4, version = $5, seq = $6 WHERE tenant_id = $1 AND item_id = $2 AND warehouse_id = $3
"""
_LEDGER = """
INSERT INTO p1.stock_ledger (tenant_id, part, seq, epoch, recorded_at_us, effective_at_us, delta_on_hand, delta_reserved, delta_blocked,
  delta_in_transit, on_hand, reserved, blocked, in_transit, cell_version, document, unit_cost, item_id, warehouse_id, location_id, lot_id,
  owner_id, principal_id, condition, kind, role, key, reference, reason, hash)
VALUES ($1, 0, $2, 0, $3, $4, 0, $5, 0, 0, $6, $7, $8, $9, $10, $11, NULL, $12, $13, 0, 0, 0, $14, 0, $15, $16, $17, '', '', $18)
"""
_HOLD = """
INSERT INTO p1.stock_holds (tenant_id, part, seq, line, expires_at_us, created_at_us, qty, open, committed, released, expired, item_id,
  warehouse_id, location_id, lot_id, owner_id, created_by, hard, reference)
VALUES ($1, 0, $2, 0, $3, $4, $5, $5, 0, 0, 0, $6, $7, 0, 0, 0, $8, 0, '')
"""
_REPLY = (
    "INSERT INTO p1.stock_replies (tenant_id, part, key_hash, body_hash, seq, recorded_at_us, reply) VALUES ($1, 0, $2, $3, $4, $5, $6)"
)
_DRIFT = """
SELECT b.item_id, b.on_hand, b.reserved, l.promised, h.open FROM p1.stock_balances b
LEFT JOIN (SELECT item_id, sum(delta_reserved) AS promised FROM p1.stock_ledger GROUP BY 1) l USING (item_id)
LEFT JOIN (SELECT item_id, sum(open) AS open FROM p1.stock_holds GROUP BY 1) h USING (item_id)
WHERE b.on_hand <> $1 OR b.reserved <> COALESCE(l.promised, 0) OR b.reserved <> COALESCE(h.open, 0) LIMIT 20
"""
