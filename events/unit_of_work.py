"""The transaction of everything nobody contends for: rows and the facts about them, together or not at all."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db.tenancy import set_tenant
from events import origin
from events.store import facts

Words = Mapping[int, Mapping[str, str]]
"""What people can be recognised by, by the principal it is about."""
SALT_LENGTH = 16


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """An open transaction of one tenant and the person it is done for. `after` and then `told` run once it has been committed."""

    connection: AsyncConnection
    tenant_id: int
    principal_id: int
    role: int
    after: list[Callable[[], None]] = field(default_factory=list)
    told: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def record(self, name: str, subject: str, /, *, words: Words | None = None, caller: int | None = None, **body: Any) -> None:
        """Write the fact `name` about `subject` (a public id) with its facts. Names are past tense: `item_created`.

        It stays for ever, so names, e-mails and addresses of people go into `words`, which can be erased. The address of the
        request is added to those of whoever asks, or of `caller`. Its number and hash in the chain come with the commit.
        """
        row: Mapping[str, Any] = {
            "tenant_id": self.tenant_id,
            "name": name,
            "subject": subject,
            "body": body,
            "principal_id": self.principal_id,
            "role": self.role,
        }
        made = await self.connection.execute(facts.insert().values(row).returning(facts.c.id))
        beside = _beside(words or {}, self.principal_id if caller is None else caller)
        if beside:
            fact_id = made.scalar_one()
            await self.connection.execute(_KEEP_WORDS, [_kept(self.tenant_id, fact_id, *each) for each in beside.items()])


@asynccontextmanager
async def unit_of_work(engine: AsyncEngine, tenant_id: int, principal_id: int, role: int) -> AsyncIterator[UnitOfWork]:
    """Commit on leaving, roll back on any exception."""
    async with engine.begin() as connection:
        await set_tenant(connection, tenant_id)
        work = UnitOfWork(connection, tenant_id, principal_id, role)
        yield work
    for act in work.after:
        act()
    for tell in work.told:
        await tell()


def _beside(words: Words, principal_id: int) -> dict[int, Mapping[str, str]]:
    """The words of a fact, with those that tell where its request came from."""
    came = origin.current()
    here = {name: value for name, value in (("address", came.address), ("proof", came.proof)) if value}
    return {**words, principal_id: {**here, **words.get(principal_id, {})}} if here else dict(words)


def _kept(tenant_id: int, fact_id: int, principal_id: int, words: Mapping[str, str]) -> dict[str, Any]:
    salt = secrets.token_bytes(SALT_LENGTH)
    return {
        "tenant_id": tenant_id, "fact_id": fact_id, "principal_id": principal_id, "salt": salt, "words": orjson.dumps(words).decode()
    }  # fmt: skip


# The digest is over the words as the database writes them, so that it can be checked against what is there.
_KEEP_WORDS = text("""
INSERT INTO fact_words (tenant_id, fact_id, principal_id, digest, salt, words)
VALUES (:tenant_id, :fact_id, :principal_id,
  sha256(CAST(:salt AS bytea) || convert_to(CAST(:words AS jsonb)::text, 'UTF8')), CAST(:salt AS bytea), CAST(:words AS jsonb))
""")
