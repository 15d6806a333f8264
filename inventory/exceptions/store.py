"""Table of settlements: an exception of the ledger that somebody has looked into, keyed by the row that stands for it.

Without a foreign key: rows of the ledger never go, and nothing else may hold on to that table.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from db.metadata import metadata, tenant_id
from inventory.ledger.store import part

stock_settlements = Table(
    "stock_settlements",
    metadata,
    tenant_id(),
    part(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("settled_at_us", BigInteger, nullable=False),
    Column("principal_id", Integer, nullable=False),
    Column("note", Text, nullable=False),
)
