"""The one metadata that all tables join, and the parts every tenant table shares."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Integer, MetaData, func

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def tenant_id() -> Column[int]:
    """The leading column of every tenant table's primary key; row security compares it with the transaction's tenant."""
    return Column("tenant_id", Integer, primary_key=True)


def timestamp(name: str, nullable: bool = False) -> Column[object]:
    """A timestamptz column; filled by the database when it may not be null."""
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=None if nullable else func.now())
