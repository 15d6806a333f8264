"""Tables of the ways in: letters, sign-ups, invitations, resets, second factors."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Identity,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from db.metadata import metadata, tenant_id, timestamp

NOBODYS = 0
"""The tenant of rows about people whose company is not founded yet."""


def _of_principal(column: str = "principal_id") -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant_id", column], ["principals.tenant_id", "principals.id"])


mails = Table(
    "mails",
    metadata,
    tenant_id(),
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("message_id", Text, nullable=False),  # stays the same however often the letter is sent
    Column("recipient", Text, nullable=False),
    Column("kind", Text, nullable=False),  # names the template
    Column("language", Text, nullable=False),
    Column("sealed", LargeBinary),  # the facts of the template: links open doors, so they are not kept in the open
    Column("state", Text, nullable=False, server_default="queued"),  # queued | sent | failed
    Column("attempts", Integer, nullable=False, server_default="0"),
    timestamp("due_at"),
    timestamp("created_at"),
    timestamp("sent_at", nullable=True),
    Column("problem", Text),
)

sign_ups = Table(
    "sign_ups",
    metadata,
    tenant_id(),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("email", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("currency", Text, nullable=False),
    timestamp("expires_at"),
)

invitations = Table(
    "invitations",
    metadata,
    tenant_id(),
    Column("id", Integer, Identity(), primary_key=True),
    Column("email", Text, nullable=False),
    Column("role", SmallInteger, nullable=False),
    Column("warehouses", ARRAY(Integer)),  # NULL: all of them
    Column("language", Text, nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("invited_by", Integer, nullable=False),
    timestamp("created_at"),
    timestamp("expires_at"),
    timestamp("accepted_at", nullable=True),
    timestamp("revoked_at", nullable=True),
    _of_principal("invited_by"),
    UniqueConstraint("tenant_id", "token_hash"),
)

resets = Table(
    "resets",
    metadata,
    tenant_id(),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("principal_id", Integer, nullable=False),
    timestamp("expires_at"),
    _of_principal(),
)

second_factors = Table(
    "second_factors",
    metadata,
    tenant_id(),
    Column("principal_id", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),  # the seed
    Column("last_step", BigInteger, nullable=False, server_default="0"),  # of time, whose code was taken
    timestamp("created_at"),
    timestamp("confirmed_at", nullable=True),
    _of_principal(),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    tenant_id(),
    Column("principal_id", Integer, primary_key=True),
    Column("code_hash", LargeBinary, primary_key=True),
    _of_principal(),
)
