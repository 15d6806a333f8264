"""What screens read about people and keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from tenants import store


@dataclass(frozen=True, slots=True)
class Person:
    """A person in the list of people."""

    id: int
    name: str
    email: str
    role: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class Key:
    """An API key in the list of keys; of its text only the beginning is known."""

    id: int
    name: str
    prefix: str
    role: str
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


async def people(connection: AsyncConnection, tenant_id: int) -> list[Person]:
    """Everyone of the company, by name."""
    return [
        Person(row.actor.principal_id, row.actor.label, row.email, row.actor.role.label, row.disabled_at is not None)
        for row in await store.users_of(connection, tenant_id)
    ]


async def keys(connection: AsyncConnection, tenant_id: int) -> list[Key]:
    """All API keys of the company, newest first."""
    return [
        Key(
            row.actor.principal_id,
            row.name,
            row.prefix,
            row.actor.role.label,
            row.created_at,
            row.used_at,
            row.expires_at,
            row.revoked_at,
        )
        for row in await store.keys_of(connection, tenant_id)
    ]


async def name_of(connection: AsyncConnection, slug: str) -> str | None:
    """The company's name for its own sign-in page; None when there is none with this slug."""
    tenant = await store.enter(connection, slug)
    return tenant.name if tenant else None
