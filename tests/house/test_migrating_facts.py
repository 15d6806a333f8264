"""Facts that were there before the chain: they get their place in it, and their people's words go where they can be erased."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.provision import migrate, provision, url_with
from db.engine import make_pool
from events.chain import PART
from jobs.anchors import Anchors
from jobs.passes import Verdict, deep

REVISION = "2026_11_21_1640"
OLD = """
INSERT INTO tenants (id, slug, name, time_zone, language, currency, plan) VALUES (1, 'old', 'Old', 'UTC', 'en', 'KGS', 'scale'),
  (2, 'two', 'Two', 'UTC', 'en', 'KGS', 'scale');
INSERT INTO principals (tenant_id, id, kind, label) VALUES (1, 0, 'system', 'Onhand'), (1, 7, 'person', 'Ann'),
  (1, 8, 'key', 'Ann''s till'), (2, 0, 'system', 'Onhand');
INSERT INTO users (tenant_id, principal_id, email, role) VALUES (1, 7, 'ann@old.example', 1);
INSERT INTO api_keys (tenant_id, principal_id, name, prefix, key_hash, role) VALUES (1, 8, 'Ann''s till', 'oh_old_abc', '\\x00', 1);
INSERT INTO facts (tenant_id, name, subject, body, principal_id, role) VALUES
  (1, 'company_founded', 'old', '{"slug": "old"}', 0, 0), (2, 'company_founded', 'two', '{}', 0, 0),
  (1, 'user_added', 'ann@old.example', '{"role": "admin"}', 0, 0), (1, 'signed_in', 'Ann', '{}', 7, 1),
  (1, 'key_made', 'oh_old_abc', '{"name": "Ann''s till", "role": "admin"}', 7, 1);
"""


def test_facts_of_before_are_chained_without_names_in_them(postgres: str, server_folder: Path) -> None:
    name = f"onhand_old_{secrets.token_hex(4)}"
    urls = asyncio.run(provision(postgres, name, server_folder / f"{name}.json"))
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[2] / "migrations"))
    config.set_main_option("sqlalchemy.url", urls.owner.replace("%", "%%"))
    before = ScriptDirectory.from_config(config).get_revision(REVISION).down_revision
    for each in (before,) if isinstance(before, str) else before or ():
        command.upgrade(config, each)
    asyncio.run(_write(url_with(postgres, database=name)))
    migrate(urls.owner)
    first, second = asyncio.run(_proven(urls.engine))
    assert (first.seq, first.faults, second.seq, second.faults) == (4, [], 1, [])
    facts, words = asyncio.run(_read(url_with(postgres, database=name)))
    assert facts == [("company_founded", "old"), ("user_added", "7"), ("signed_in", "7"), ("key_made", "oh_old_abc")]
    assert words == [(7, '{"email": "ann@old.example"}'), (8, '{"name": "Ann\'s till"}')]


async def _write(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(OLD)
    finally:
        await connection.close()


async def _proven(url: str) -> tuple[Verdict, Verdict]:
    pool = await make_pool(url, 1)
    try:
        return await deep(pool, (1, PART), Anchors()), await deep(pool, (2, PART), Anchors())
    finally:
        await pool.close()


async def _read(url: str) -> tuple[list[tuple[str, str]], list[tuple[int, str]]]:
    connection = await asyncpg.connect(url)
    try:
        facts = await connection.fetch("SELECT name, subject FROM facts WHERE tenant_id = 1 ORDER BY id")
        words = await connection.fetch("SELECT principal_id, words::text FROM fact_words WHERE tenant_id = 1 ORDER BY 1")
        return [tuple(row) for row in facts], [tuple(row) for row in words]
    finally:
        await connection.close()
