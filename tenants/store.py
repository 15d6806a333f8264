"""Tables of tenants and people, and the rows read from them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Identity, Integer, LargeBinary, SmallInteger, Table, Text, UniqueConstraint

from db.metadata import metadata, tenant_id, timestamp


def _of_principal() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id", "principal_id"], ["principals.tenant_id", "principals.id"])


tenants = Table(
    "tenants",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("plan", Text, nullable=False),
    timestamp("created_at"),
)

principals = Table(
    "principals",
    metadata,
    tenant_id(),
    Column("id", Integer, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),  # person | key | system
    Column("label", Text, nullable=False),  # shown wherever the ledger says who
    timestamp("created_at"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.id"]),
)

users = Table(
    "users",
    metadata,
    tenant_id(),
    Column("principal_id", Integer, primary_key=True),
    Column("email", Text, nullable=False),  # lower case
    Column("password_hash", Text),
    Column("role", SmallInteger, nullable=False),
    Column("language", Text),
    timestamp("disabled_at", nullable=True),
    timestamp("created_at"),
    _of_principal(),
    UniqueConstraint("tenant_id", "email"),
)

sessions = Table(
    "sessions",
    metadata,
    tenant_id(),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("principal_id", Integer, nullable=False),
    timestamp("created_at"),
    timestamp("seen_at"),
    timestamp("expires_at"),
    _of_principal(),
)

api_keys = Table(
    "api_keys",
    metadata,
    tenant_id(),
    Column("principal_id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("key_hash", LargeBinary, nullable=False),
    Column("role", SmallInteger, nullable=False),
    timestamp("created_at"),
    timestamp("expires_at", nullable=True),
    timestamp("used_at", nullable=True),
    timestamp("revoked_at", nullable=True),
    _of_principal(),
    UniqueConstraint("tenant_id", "key_hash"),
)

live_tickets = Table(
    "live_tickets",
    metadata,
    tenant_id(),
    Column("ticket_hash", LargeBinary, primary_key=True),
    Column("principal_id", Integer, nullable=False),
    Column("role", SmallInteger, nullable=False),
    timestamp("expires_at"),
    Column("spent", Boolean, nullable=False, server_default="false"),
    _of_principal(),
)
