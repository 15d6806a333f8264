"""What a commit reads must not grow with what was written before, even while the server has no statistics yet."""

from __future__ import annotations

import asyncio

import asyncpg

from actors.local import LocalEngine
from tests.actors.conftest import found
from tests.conftest import Database

HOLDS = 3_000


async def test_finds_a_hold_by_its_key_however_many_there_are(fresh_database: Database) -> None:
    admin = await asyncpg.connect(fresh_database.admin)
    await admin.execute("ALTER TABLE stock_holds SET (autovacuum_enabled = off)")  # its analysis would come in the middle or not at all
    engine = LocalEngine(fresh_database.engine, lambda *_: None, lambda: None)
    company = await found(fresh_database, await engine.start())
    await company.receive(10 * HOLDS)
    first = (await company.reserve(1)).seq
    await company.commit(first)
    holds = await asyncio.gather(*[company.reserve(1) for _ in range(HOLDS)])
    await engine.close()
    before = await _read(admin)
    engine = LocalEngine(fresh_database.engine, lambda *_: None, lambda: None)
    company.desk = await engine.start()
    assert not (await company.commit(holds[7].seq)).code
    await engine.close()  # a closed connection reports what it has counted
    assert await _read(admin) - before < 100
    await admin.close()


async def _read(admin: asyncpg.Connection[asyncpg.Record]) -> int:
    await asyncio.sleep(0.2)
    return int(await admin.fetchval("SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_user_tables WHERE relname = 'stock_holds'"))
