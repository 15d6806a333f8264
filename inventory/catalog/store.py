"""Tables of the catalogue: units, items, barcodes, packagings, limits."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.metadata import metadata, tenant_id, timestamp


def of_item() -> ForeignKeyConstraint:
    """The composite key that keeps a row's item in the row's own tenant."""
    return ForeignKeyConstraint(["tenant_id", "item_id"], ["items.tenant_id", "items.id"])


units = Table(
    "units",
    metadata,
    tenant_id(),
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("decimals", SmallInteger, nullable=False),  # 0 means whole numbers only
    timestamp("archived_at", nullable=True),
    Column("version", Integer, nullable=False, server_default="1"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.id"]),
    CheckConstraint("decimals BETWEEN 0 AND 6", name="decimals"),
)

items = Table(
    "items",
    metadata,
    tenant_id(),
    Column("id", Integer, Identity(), primary_key=True),
    Column("sku", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("names", JSONB, nullable=False, server_default="{}"),  # language -> name
    Column("kind", Text, nullable=False),  # raw | semi_finished | finished | kit
    Column("base_unit", Text, nullable=False),
    Column("category", Text, nullable=False, server_default=""),
    Column("price", Numeric(18, 6)),
    Column("currency", Text),
    Column("metadata", JSONB, nullable=False, server_default="{}"),
    timestamp("archived_at", nullable=True),
    Column("version", Integer, nullable=False, server_default="1"),
    timestamp("created_at"),
    timestamp("updated_at"),
    ForeignKeyConstraint(["tenant_id", "base_unit"], ["units.tenant_id", "units.code"]),
    UniqueConstraint("tenant_id", "sku"),
)

item_barcodes = Table(
    "item_barcodes",
    metadata,
    tenant_id(),
    Column("code", Text, primary_key=True),
    Column("item_id", Integer, nullable=False),
    Column("kind", Text, nullable=False),  # barcode | plu
    timestamp("created_at"),
    of_item(),
)

item_units = Table(
    "item_units",
    metadata,
    tenant_id(),
    Column("item_id", Integer, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("numerator", BigInteger, nullable=False),  # base units in `denominator` of this unit
    Column("denominator", BigInteger, nullable=False),
    of_item(),
    CheckConstraint("numerator > 0 AND denominator > 0", name="factor"),
)

item_limits = Table(
    "item_limits",
    metadata,
    tenant_id(),
    Column("item_id", Integer, primary_key=True),
    Column("warehouse_id", Integer, primary_key=True),
    Column("qty_min", BigInteger, nullable=False),
    Column("qty_max", BigInteger, nullable=False),
    of_item(),
    ForeignKeyConstraint(["tenant_id", "warehouse_id"], ["warehouses.tenant_id", "warehouses.id"]),
    CheckConstraint("0 <= qty_min AND qty_min <= qty_max", name="order"),
)
