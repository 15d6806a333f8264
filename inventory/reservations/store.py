"""Table of holds: one row per line of a reservation, keyed by the ledger sequence that made the reservation.

Header values (hold, expiry, reference) stand on every line, so making a reservation appends rows to one table
at its right edge and reading it back needs no join.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, SmallInteger, Table, Text, text

from db.metadata import metadata, tenant_id
from inventory.ledger.store import part, qty

stock_holds = Table(
    "stock_holds",
    metadata,
    tenant_id(),
    part(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("line", SmallInteger, primary_key=True, autoincrement=False),
    Column("expires_at_us", BigInteger, nullable=False),  # NEVER for a hard hold
    Column("created_at_us", BigInteger, nullable=False),
    qty("qty"),
    qty("open"),
    qty("committed"),
    qty("released"),
    qty("expired"),
    Column("item_id", Integer, nullable=False),
    Column("warehouse_id", Integer, nullable=False),
    Column("location_id", Integer, nullable=False),
    Column("lot_id", Integer, nullable=False),
    Column("owner_id", Integer, nullable=False),
    Column("created_by", Integer, nullable=False),
    Column("hard", SmallInteger, nullable=False),
    Column("reference", Text, nullable=False),
    CheckConstraint(
        "open >= 0 AND committed >= 0 AND released >= 0 AND expired >= 0 AND qty = open + committed + released + expired", name="whole"
    ),
    Index("ix_stock_holds_due", "tenant_id", "part", "expires_at_us", postgresql_where=text("open > 0")),
    Index("ix_stock_holds_reference", "tenant_id", "reference", postgresql_where=text("reference <> ''")),
)
