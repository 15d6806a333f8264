"""The table of facts: what happened to documents and things. Stock movements have their own log, the ledger."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Integer, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from db.metadata import metadata, tenant_id, timestamp

facts = Table(
    "facts",
    metadata,
    tenant_id(),
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("name", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("principal_id", Integer, nullable=False),
    Column("role", SmallInteger, nullable=False),
    timestamp("recorded_at"),
)
