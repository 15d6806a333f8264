"""The naive route is right, only slow: it is a peer because it does what it should."""

from __future__ import annotations

import asyncio
import hashlib

import asyncpg
from sqlalchemy.ext.asyncio import create_async_engine

from loadtests.bench.edge.naive import SCHEMA, Base, create_app
from loadtests.bench.edge.naive_peer import drift
from tests.conftest import Database


async def _prepared(url: str, on_hand: int) -> None:
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.begin() as made:
        await made.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
        await made.run_sync(Base.metadata.create_all)
    await engine.dispose()
    connection = await asyncpg.connect(url)
    await connection.execute(f"INSERT INTO {SCHEMA}.api_keys VALUES ($1, 'shop')", hashlib.sha256(b"good").hexdigest())
    await connection.execute(
        f"INSERT INTO {SCHEMA}.balances (tenant, sku, warehouse, on_hand, reserved) VALUES ('shop', 'S1', 'main', $1, 0)", on_hand
    )
    await connection.close()


async def test_the_naive_route_promises_what_there_is_and_no_more(fresh_database: Database) -> None:
    await _prepared(fresh_database.admin, 5)
    app = create_app(fresh_database.admin, 4)
    client = app.test_client()

    async def reserve(number: int, key: str = "good") -> int:
        body = {"lines": [{"sku": "S1", "warehouse": "main", "qty": 1}]}
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": f"k{number}"}
        return (await client.post("/v1/shop/stock/reserve", json=body, headers=headers)).status_code

    assert await reserve(0, "wrong") == 401
    statuses = await asyncio.gather(*[reserve(number) for number in range(8)])
    assert sorted(statuses) == [201] * 5 + [409] * 3
    assert await drift(fresh_database.admin) == []


async def test_books_of_the_naive_route_that_do_not_hold_are_found(fresh_database: Database) -> None:
    await _prepared(fresh_database.admin, 5)
    connection = await asyncpg.connect(fresh_database.admin)
    await connection.execute(f"UPDATE {SCHEMA}.balances SET reserved = 2")
    await connection.close()
    assert await drift(fresh_database.admin) == ["naive S1: 2 reserved by 0"]
