"""Companies as the edge needs them: with API keys, so that somebody may knock."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import asyncpg

from kit.quantity import ONE
from loadtests.bench.ground import PLENTY, Company
from loadtests.bench.stage import Stage
from tenants.credentials import new_key
from tenants.domain import Role

KEYS = 16
"""Tills of a company. Each has a key and so a rate limit of its own: no single one could send what a bench sends."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A company, and the keys of its tills."""

    company: Company
    keys: list[str] = field(repr=False)

    @property
    def told(self) -> dict[str, object]:
        """What a client must know of it."""
        return {"slug": self.company.slug, "keys": self.keys, "items": len(self.company.items)}


async def open_shop(stage: Stage, slug: str, items: int, keys: int = KEYS, each: int = PLENTY) -> Shop:
    """The company of this name with so much of each item, and new keys for its tills."""
    company = await stage.company(slug, items, each)
    connection = await asyncpg.connect(stage.ground.ray.admin)
    try:
        return Shop(company, [await _key(connection, company, f"Till {number}") for number in range(1, keys + 1)])
    finally:
        await connection.close()


_LOOKING = asyncio.Lock()
"""The stage has one connection, and a flood may end while the quiet shop beside it is looked up."""


async def lost(stage: Stage, shop: Shop, seqs: list[int]) -> list[str]:
    """What is wrong with the acknowledged sequences: given to two commands, or not in the ledger as a reservation of one piece."""
    twice = len(seqs) - len(set(seqs))
    async with _LOOKING:
        missing = await stage.connection.fetchval(_MISSING, shop.company.tenant, sorted(set(seqs)), ONE)
    doubled = [f"{shop.company.slug}: {twice} sequences acknowledged twice"] if twice else []
    return doubled + ([f"{shop.company.slug}: {missing} acknowledged promises are not in the ledger"] if missing else [])


async def _key(connection: asyncpg.Connection[asyncpg.Record], company: Company, name: str) -> str:
    key = new_key(company.slug)
    principal = await connection.fetchval(
        "INSERT INTO principals (tenant_id, kind, label) VALUES ($1, 'key', $2) RETURNING id", company.tenant, name
    )
    await connection.execute(
        "INSERT INTO api_keys (tenant_id, principal_id, name, prefix, key_hash, role) VALUES ($1, $2, $3, $4, $5, $6)",
        company.tenant,
        principal,
        name,
        key.prefix,
        key.hash,
        int(Role.INVENTORY),
    )
    return key.text


_MISSING = """
SELECT count(*) FROM unnest($2::bigint[]) seq WHERE NOT EXISTS (
  SELECT FROM stock_ledger l WHERE l.tenant_id = $1 AND l.part = 0 AND l.seq = seq.seq AND l.delta_reserved = $3)
"""
