"""Copies of the engine's tables for the peers, and what must hold in them afterwards."""

from __future__ import annotations

import hashlib
from contextlib import AsyncExitStack
from typing import TypeAlias

import asyncpg

from inventory.ledger.messages import Reserve
from loadtests.bench.ground import PLENTY, Company

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
ALL = ("stock_ledger", "stock_balances", "stock_holds", "stock_replies")
"""The tables that a reservation writes to."""


async def copy_tables(connection: Connection, schema: str) -> None:
    """Empty tables of the same columns, defaults, checks, indexes and storage settings, without triggers, row security and
    foreign keys; and a sequence `seq`."""
    await connection.execute(f"CREATE SCHEMA {schema}; CREATE SEQUENCE {schema}.seq CACHE 1")
    for table in ALL:
        await connection.execute(f"CREATE TABLE {schema}.{table} (LIKE public.{table} INCLUDING ALL)")
        options = await connection.fetchval(
            "SELECT array_to_string(reloptions, ', ') FROM pg_class WHERE oid = $1::regclass", f"public.{table}"
        )
        if options:
            await connection.execute(f"ALTER TABLE {schema}.{table} SET ({options})")


async def _stock_balances(connection: Connection, schema: str, company: Company) -> None:
    """Plenty of every item of the company."""
    await connection.execute(
        f"INSERT INTO {schema}.stock_balances "
        "(tenant_id, item_id, warehouse_id, part, on_hand, reserved, blocked, in_transit, short, version, seq) "
        "SELECT $1, item, $2, 0, $3, 0, 0, 0, 0, 1, 1 FROM unnest($4::int[]) item",
        company.tenant,
        company.warehouse,
        PLENTY,
        company.items,
    )
    await connection.execute(f"VACUUM ANALYZE {schema}.stock_balances")


async def copy_with_stock(url: str, schema: str, company: Company) -> None:
    """Copies of the tables, and plenty of every item of the company in them."""
    connection = await asyncpg.connect(url)
    try:
        await copy_tables(connection, schema)
        await _stock_balances(connection, schema, company)
    finally:
        await connection.close()


async def drift(url: str, schema: str, name: str, keeps_balance: bool = True) -> list[str]:
    """Items whose balance, ledger rows and open reservations disagree, and ledger rows without the reply for their request."""
    connection = await asyncpg.connect(url)
    try:
        found = await connection.fetch(_DRIFT.format(schema=schema), keeps_balance)
        missing = await connection.fetchval(_UNANSWERED.format(schema=schema))
    finally:
        await connection.close()
    unanswered = [f"{name}: {missing} replies too few or too many"] if missing else []
    return [f"{name} item {row['item_id']}: {dict(row)}" for row in found] + unanswered


async def connect(opened: AsyncExitStack, url: str) -> Connection:
    """A connection that is closed with the stack."""
    connection = await asyncpg.connect(url)
    opened.push_async_callback(connection.close)
    return connection


def row_hash(command: Reserve) -> bytes:
    """As many random bytes as a chained hash has."""
    return hashlib.sha256(command.key_hash).digest()


_DRIFT = """
SELECT item_id, l.promised, h.open, b.reserved
FROM (SELECT item_id, sum(delta_reserved) AS promised FROM {schema}.stock_ledger GROUP BY 1) l
FULL JOIN (SELECT item_id, sum(open) AS open FROM {schema}.stock_holds GROUP BY 1) h USING (item_id)
FULL JOIN (SELECT item_id, sum(reserved) AS reserved FROM {schema}.stock_balances WHERE reserved > 0 GROUP BY 1) b USING (item_id)
WHERE l.promised IS DISTINCT FROM h.open OR ($1 AND l.promised IS DISTINCT FROM b.reserved) LIMIT 20
"""
_UNANSWERED = """
SELECT (SELECT count(*) FROM {schema}.stock_replies) - (SELECT count(DISTINCT document) FROM {schema}.stock_ledger)
"""
