"""Table of transfers: one row per line, keyed by the ledger sequence of the row that shipped the first of it.

Header values (reference, who, when) stand on every line, as they do on holds.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, SmallInteger, Table, Text, text

from db.metadata import metadata, tenant_id
from inventory.catalog.store import of_item
from inventory.ledger.store import part, qty

stock_transfers = Table(
    "stock_transfers",
    metadata,
    tenant_id(),
    part(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("line", SmallInteger, primary_key=True, autoincrement=False),
    Column("created_at_us", BigInteger, nullable=False),
    qty("qty"),
    qty("open"),
    qty("received"),
    qty("written_off"),
    Column("item_id", Integer, nullable=False),
    Column("source_id", Integer, nullable=False),
    Column("warehouse_id", Integer, nullable=False),  # where it goes: its cell counts what is under way
    Column("lot_id", Integer, nullable=False),
    Column("owner_id", Integer, nullable=False),
    Column("condition", SmallInteger, nullable=False),
    Column("created_by", Integer, nullable=False),
    Column("reference", Text, nullable=False),
    of_item(),
    ForeignKeyConstraint(["tenant_id", "source_id"], ["warehouses.tenant_id", "warehouses.id"]),
    ForeignKeyConstraint(["tenant_id", "warehouse_id"], ["warehouses.tenant_id", "warehouses.id"]),
    CheckConstraint("open >= 0 AND received >= 0 AND written_off >= 0 AND qty = open + received + written_off", name="whole"),
    Index("ix_stock_transfers_open", "tenant_id", "part", "seq", postgresql_where=text("open > 0")),
)
