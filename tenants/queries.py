"""What screens read about people and keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from tenants import sso_store, store
from tenants.privacy import keys_made_by


@dataclass(frozen=True, slots=True)
class Person:
    """A person in the list of people."""

    id: int
    name: str
    email: str
    role: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class Way:
    """A company's own way in: what its provider is called on the button, and whether passwords open nothing beside it."""

    name: str
    only: bool


@dataclass(frozen=True, slots=True)
class Key:
    """A key in the list of keys; of its text only the beginning is known. `old_until`: the secret before works until then."""

    id: int
    kind: str
    name: str
    prefix: str
    role: str
    scopes: tuple[str, ...] | None
    warehouses: frozenset[int] | None
    made_by: str | None
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    old_until: datetime | None

    def state(self, now: datetime) -> str:
        """`active`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"


async def people(connection: AsyncConnection, tenant_id: int) -> list[Person]:
    """Everyone of the company, by name."""
    return [
        Person(row.actor.principal_id, row.actor.label, row.email, row.actor.role.label, row.disabled_at is not None)
        for row in await store.users_of(connection, tenant_id)
    ]


async def keys(connection: AsyncConnection, tenant_id: int) -> list[Key]:
    """All keys of the company, newest first."""
    return [_key(row) for row in await store.keys_of(connection, tenant_id)]


async def keys_left_by(connection: AsyncConnection, tenant_id: int, principal_id: int, now: datetime) -> list[str]:
    """Names of the keys that a person made and that still open something: they are the company's, and go on when the person does not."""
    made = set(await keys_made_by(connection, tenant_id, principal_id))
    return [each.name for each in await keys(connection, tenant_id) if each.id in made and each.state(now) == "active"]


async def key(connection: AsyncConnection, tenant_id: int, principal_id: int) -> Key | None:
    """One key."""
    row = await store.key_by_id(connection, tenant_id, principal_id)
    return _key(row) if row else None


def _key(row: store.KeyRow) -> Key:
    who = row.actor
    scopes = None if who.scopes is None else tuple(sorted(who.scopes))
    named = (who.principal_id, who.kind, row.name, row.prefix, who.role.label, scopes, who.warehouses, row.made_by)
    return Key(*named, row.created_at, row.used_at, row.expires_at, row.revoked_at, row.old_until)


async def name_of(connection: AsyncConnection, slug: str) -> str | None:
    """The company's name for its own sign-in page; None when there is none with this slug."""
    tenant = await store.enter(connection, slug)
    return tenant.name if tenant else None


async def way_of(connection: AsyncConnection, slug: str) -> Way | None:
    """The company's own way in; None where there is none, and where there is no such company."""
    tenant = await store.enter(connection, slug)
    provider = await sso_store.provider_of(connection, tenant.id) if tenant else None
    return Way(provider.name, provider.passwords_off) if provider else None
