"""Tables of the ways in (letters, sign-ups, invitations, resets, second factors), and what they keep of a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

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
    delete,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

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


async def kept_of(connection: AsyncConnection, tenant_id: int, principal_id: int, email: str) -> dict[str, list[dict[str, Any]]]:
    """What the ways in keep of a person, without what would open them."""
    queries = {
        "invitations": select(invitations.c.id, invitations.c.created_at, invitations.c.expires_at, invitations.c.accepted_at).where(
            invitations.c.tenant_id == tenant_id, invitations.c.email == email
        ),
        "letters": select(mails.c.kind, mails.c.language, mails.c.state, mails.c.created_at, mails.c.sent_at).where(
            mails.c.tenant_id == tenant_id, mails.c.recipient == email
        ),
        "password_resets": select(resets.c.expires_at).where(resets.c.tenant_id == tenant_id, resets.c.principal_id == principal_id),
        "second_factors": select(second_factors.c.created_at, second_factors.c.confirmed_at).where(
            second_factors.c.tenant_id == tenant_id, second_factors.c.principal_id == principal_id
        ),
    }
    return {name: [dict(row) for row in (await connection.execute(query)).mappings()] for name, query in queries.items()}


async def forget(connection: AsyncConnection, tenant_id: int, principal_id: int, email: str, unknown: str, now: datetime) -> None:
    """Nothing of a person is left in the ways in, waiting letters included. Invitations stay as facts tell of them, to `unknown`."""
    for table in (recovery_codes, second_factors, resets):
        await connection.execute(delete(table).where(table.c.tenant_id == tenant_id, table.c.principal_id == principal_id))
    await connection.execute(delete(mails).where(mails.c.tenant_id == tenant_id, mails.c.recipient == email))
    theirs = (invitations.c.tenant_id == tenant_id) & (invitations.c.email == email)
    waiting = invitations.c.accepted_at.is_(None) & invitations.c.revoked_at.is_(None)
    await connection.execute(update(invitations).where(theirs, waiting).values(revoked_at=now))
    await connection.execute(update(invitations).where(theirs).values(email=unknown))
