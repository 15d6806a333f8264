"""Tables of single sign-on: the company's provider, its people there, and sign-ins that are under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Integer, LargeBinary, SmallInteger, Table, Text, delete, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from db.metadata import metadata, tenant_id, timestamp
from tenants.domain import Role
from tenants.store import of_principal

identity_providers = Table(
    "identity_providers",
    metadata,
    tenant_id(),
    Column("name", Text, nullable=False),  # on the button: "Sign in with …"
    Column("issuer", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("client_secret", LargeBinary),  # sealed; NULL: a public client
    Column("domains", ARRAY(Text), nullable=False),
    Column("group_claim", Text, nullable=False),
    Column("roles", JSONB, nullable=False),  # group -> role
    Column("default_role", SmallInteger),  # NULL: who is in none of the groups is refused
    Column("link_by_email", Boolean, nullable=False, server_default="false"),
    Column("passwords_off", Boolean, nullable=False, server_default="false"),
    timestamp("proven_at", nullable=True),  # an admin came in this way with this configuration
    Column("version", Integer, nullable=False, server_default="1"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.id"]),
)

identities = Table(
    "identities",
    metadata,
    tenant_id(),
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("principal_id", Integer, nullable=False),
    timestamp("seen_at"),
    of_principal(),
)

sign_in_attempts = Table(
    "sign_in_attempts",
    metadata,
    tenant_id(),
    Column("state_hash", LargeBinary, primary_key=True),
    Column("browser_hash", LargeBinary, nullable=False),  # of the cookie that began it
    Column("onward", Text, nullable=False),  # the page to go to afterwards
    timestamp("expires_at"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.id"]),
)


@dataclass(frozen=True, slots=True)
class Provider:
    """A company's identity provider as stored."""

    name: str
    issuer: str
    client_id: str
    client_secret: bytes | None
    domains: tuple[str, ...]
    group_claim: str
    roles: Mapping[str, str]
    default_role: Role | None
    link_by_email: bool
    passwords_off: bool
    proven_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that is under way."""

    browser_hash: bytes
    onward: str
    expires_at: datetime


async def provider_of(connection: AsyncConnection, tenant: int, *, lock: bool = False) -> Provider | None:
    """The company's provider; `lock` keeps others from changing it until the transaction ends."""
    query = select(identity_providers).where(identity_providers.c.tenant_id == tenant)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        return None
    default = None if row.default_role is None else Role(row.default_role)
    named = (row.name, row.issuer, row.client_id, row.client_secret, tuple(row.domains), row.group_claim, row.roles, default)
    return Provider(*named, row.link_by_email, row.passwords_off, row.proven_at, row.version)


async def passwords_are_off(connection: AsyncConnection, tenant: int) -> bool:
    """True if the company's people come in through its provider only."""
    table = identity_providers.c
    return (await connection.execute(select(table.passwords_off).where(table.tenant_id == tenant))).scalar_one_or_none() is True


async def identity(connection: AsyncConnection, tenant: int, issuer: str, subject: str) -> int | None:
    """The principal of (issuer, subject)."""
    table = identities.c
    mine = (table.tenant_id == tenant) & (table.issuer == issuer) & (table.subject == subject)
    found: int | None = (await connection.execute(select(table.principal_id).where(mine))).scalar_one_or_none()
    return found


async def subject_of(connection: AsyncConnection, tenant: int, issuer: str, principal_id: int) -> str | None:
    """Who a person is at the provider, if they came from there."""
    table = identities.c
    mine = (table.tenant_id == tenant) & (table.issuer == issuer) & (table.principal_id == principal_id)
    found: str | None = (await connection.execute(select(table.subject).where(mine).limit(1))).scalar_one_or_none()
    return found


async def take_attempt(connection: AsyncConnection, tenant: int, state_hash: bytes) -> Attempt | None:
    """The attempt with this state, which nobody can take again."""
    table = sign_in_attempts
    taken = await connection.execute(
        delete(table)
        .where(table.c.tenant_id == tenant, table.c.state_hash == state_hash)
        .returning(table.c.browser_hash, table.c.onward, table.c.expires_at)
    )
    row: Any = taken.one_or_none()
    return Attempt(bytes(row.browser_hash), row.onward, row.expires_at) if row else None
