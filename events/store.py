"""The table of facts: what happened to documents and things. Stock movements have their own log, the ledger."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
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
    Index("ix_facts_recorded", "tenant_id", "recorded_at"),
    Index("ix_facts_subject", "tenant_id", "subject", "id"),
)

fact_words = Table(
    "fact_words",
    metadata,
    tenant_id(),
    Column("fact_id", BigInteger, primary_key=True),
    Column("principal_id", Integer, primary_key=True),  # whom the words are about
    Column("digest", LargeBinary, nullable=False),
    Column("salt", LargeBinary),
    Column("words", JSONB),
    ForeignKeyConstraint(["tenant_id", "fact_id"], ["facts.tenant_id", "facts.id"]),
    ForeignKeyConstraint(["tenant_id", "principal_id"], ["principals.tenant_id", "principals.id"]),
    CheckConstraint("(salt IS NULL) = (words IS NULL)", name="whole"),
    Index("ix_fact_words_principal", "tenant_id", "principal_id"),
)
"""What people can be recognised by in a fact, where it can be erased: only its digest is in the chain."""

fact_chain = Table(
    "fact_chain",
    metadata,
    tenant_id(),
    Column("seq", BigInteger, primary_key=True),
    Column("fact_id", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    ForeignKeyConstraint(["tenant_id", "fact_id"], ["facts.tenant_id", "facts.id"]),
    UniqueConstraint("tenant_id", "fact_id"),
)
"""The numbers of facts and their hashes, written by the database when a transaction with facts commits."""

fact_heads = Table(
    "fact_heads",
    metadata,
    tenant_id(),
    Column("seq", BigInteger, nullable=False),
    Column("head_hash", LargeBinary, nullable=False),
    ForeignKeyConstraint(["tenant_id"], ["tenants.id"]),
)
