"""Tables of trusted issuers and of the programs that come with their tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Row,
    SmallInteger,
    Table,
    UniqueConstraint,
    delete,
    func,
    select,
)
from sqlalchemy import Text as TextColumn
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from db.metadata import metadata, tenant_id, timestamp
from tenants.domain import Actor, Role
from tenants.store import of_principal, principals
from tenants.token_rules import ALGORITHMS

trusted_issuers = Table(
    "trusted_issuers",
    metadata,
    tenant_id(),
    Column("id", Integer, Identity(), primary_key=True),
    Column("issuer", TextColumn, nullable=False),
    Column("audience", TextColumn, nullable=False),
    Column("algorithm", TextColumn, nullable=False),
    Column("jwks_url", TextColumn),  # NULL: told by the issuer's discovery document
    Column("tenant_claim", TextColumn, nullable=False),
    Column("role_claim", TextColumn, nullable=False),
    Column("roles", JSONB, nullable=False),  # value of the claim -> role
    Column("scopes_claim", TextColumn),  # NULL: all of the role
    timestamp("created_at"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.id"]),
    UniqueConstraint("tenant_id", "issuer"),
    CheckConstraint(f"algorithm IN {ALGORITHMS}", name="algorithm"),
)

machines = Table(
    "machines",
    metadata,
    tenant_id(),
    Column("principal_id", Integer, primary_key=True),
    Column("issuer", TextColumn, nullable=False),
    Column("subject", TextColumn, nullable=False),
    Column("role", SmallInteger, nullable=False),  # of the latest token
    timestamp("seen_at"),
    timestamp("revoked_at", nullable=True),
    of_principal(),
    UniqueConstraint("tenant_id", "issuer", "subject"),
)


def _of_issuer() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id", "issuer_id"], ["trusted_issuers.tenant_id", "trusted_issuers.id"])


machine_tokens = Table(
    "machine_tokens",
    metadata,
    tenant_id(),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("principal_id", Integer, nullable=False),
    Column("issuer_id", Integer, nullable=False),
    Column("role", SmallInteger, nullable=False),
    Column("scopes", ARRAY(TextColumn)),
    Column("jti", TextColumn),
    timestamp("expires_at"),
    of_principal(),
    _of_issuer(),
    Index("ix_machine_tokens_tenant_id_expires_at", "tenant_id", "expires_at"),
)
"""Tokens that were found good, until they end. Whatever changes what a token is worth takes its row away."""

denied_tokens = Table(
    "denied_tokens",
    metadata,
    tenant_id(),
    Column("issuer_id", Integer, primary_key=True),
    Column("jti", TextColumn, primary_key=True),
    timestamp("expires_at"),
    _of_issuer(),
)


@dataclass(frozen=True, slots=True)
class Issuer:
    """A trusted issuer as stored."""

    id: int
    issuer: str
    audience: str
    algorithm: str
    jwks_url: str | None
    tenant_claim: str
    role_claim: str
    roles: Mapping[str, str]
    scopes_claim: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Machine:
    """A program that came with a token; `role` is that of its latest one."""

    id: int
    name: str
    issuer: str
    subject: str
    role: str
    seen_at: datetime
    revoked_at: datetime | None


async def issuers_of(connection: AsyncConnection, tenant: int) -> list[Issuer]:
    """Trusted issuers of the company."""
    rows = await connection.execute(_issuers().where(trusted_issuers.c.tenant_id == tenant).order_by(trusted_issuers.c.issuer))
    return [Issuer(*row) for row in rows]


async def issuer_named(connection: AsyncConnection, tenant: int, issuer: str, *, lock: bool = False) -> Issuer | None:
    """The trusted issuer that tokens name so; `lock` keeps others from changing it until the transaction ends."""
    query = _issuers().where(trusted_issuers.c.tenant_id == tenant, trusted_issuers.c.issuer == issuer)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    return Issuer(*row) if row else None


async def machines_of(connection: AsyncConnection, tenant: int) -> list[Machine]:
    """Programs that came with tokens, the latest first."""
    query = (
        select(machines, principals.c.label)
        .join(principals, (principals.c.tenant_id == machines.c.tenant_id) & (principals.c.id == machines.c.principal_id))
        .where(machines.c.tenant_id == tenant)
        .order_by(machines.c.seen_at.desc(), machines.c.principal_id)
    )
    return [_machine(row) for row in await connection.execute(query)]


async def machines_counted(connection: AsyncConnection, tenant: int) -> int:
    """How many programs came with tokens so far."""
    return int((await connection.execute(select(func.count()).where(machines.c.tenant_id == tenant))).scalar_one())


async def machine(connection: AsyncConnection, tenant: int, issuer: str, subject: str) -> Any:
    """The row of (issuer, subject), or None."""
    mine = (machines.c.tenant_id == tenant) & (machines.c.issuer == issuer) & (machines.c.subject == subject)
    return (await connection.execute(select(machines).where(mine))).one_or_none()


async def token_by_hash(connection: AsyncConnection, tenant: int, token_hash: bytes, now: datetime) -> Actor | None:
    """Who a token that was found good is, unless it has ended, was denied, or its program was cut off."""
    denied = (
        select(denied_tokens.c.jti)
        .where(
            denied_tokens.c.tenant_id == machine_tokens.c.tenant_id,
            denied_tokens.c.issuer_id == machine_tokens.c.issuer_id,
            denied_tokens.c.jti == machine_tokens.c.jti,
        )
        .exists()
    )
    query = (
        select(machine_tokens.c.principal_id, machine_tokens.c.role, machine_tokens.c.scopes, principals.c.label)
        .join(machines, (machines.c.tenant_id == machine_tokens.c.tenant_id) & (machines.c.principal_id == machine_tokens.c.principal_id))
        .join(principals, (principals.c.tenant_id == machines.c.tenant_id) & (principals.c.id == machines.c.principal_id))
        .where(machine_tokens.c.tenant_id == tenant, machine_tokens.c.token_hash == token_hash)
        .where(machine_tokens.c.expires_at > now, machines.c.revoked_at.is_(None), ~denied)
    )
    row = (await connection.execute(query)).one_or_none()
    return machine_actor(row.principal_id, row.label, Role(row.role), row.scopes) if row else None


async def is_denied(connection: AsyncConnection, tenant: int, issuer_id: int, jti: str) -> bool:
    """True if a token with this id must not come again."""
    table = denied_tokens.c
    query = select(table.jti).where(table.tenant_id == tenant, table.issuer_id == issuer_id, table.jti == jti)
    return (await connection.execute(query)).scalar_one_or_none() is not None


async def keep_token(connection: AsyncConnection, now: datetime, **row: Any) -> None:
    """Remember a token that was found good, and forget those that have ended."""
    ended = (machine_tokens.c.tenant_id == row["tenant_id"]) & (machine_tokens.c.expires_at <= now)
    await connection.execute(delete(machine_tokens).where(ended))
    await connection.execute(insert(machine_tokens).values(row).on_conflict_do_nothing())


def machine_actor(principal_id: int, label: str, role: Role, scopes: Any) -> Actor:
    """A program as the rest of the system sees it."""
    return Actor(principal_id, "machine", label, role, scopes=None if scopes is None else frozenset(scopes))


def _issuers() -> Any:
    table = trusted_issuers.c
    named = (table.id, table.issuer, table.audience, table.algorithm, table.jwks_url, table.tenant_claim, table.role_claim)
    return select(*named, table.roles, table.scopes_claim, table.created_at)


def _machine(row: Row[Any]) -> Machine:
    return Machine(row.principal_id, row.label, row.issuer, row.subject, Role(row.role).label, row.seen_at, row.revoked_at)
