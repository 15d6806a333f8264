"""Tables of suppliers: whom we buy from, what they offer, and what it costs from how many packs on."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from db.metadata import metadata, tenant_id, timestamp
from inventory.catalog.store import of_item

suppliers = Table(
    "suppliers",
    metadata,
    tenant_id(),
    Column("id", Integer, Identity(), primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("email", Text, nullable=False, server_default=""),
    Column("phone", Text, nullable=False, server_default=""),
    Column("contact", Text, nullable=False, server_default=""),
    Column("tax_number", Text, nullable=False, server_default=""),
    Column("payment_terms_days", Integer),
    Column("lead_time_days", Integer),
    Column("language", Text),
    Column("notes", Text, nullable=False, server_default=""),
    timestamp("archived_at", nullable=True),
    Column("version", Integer, nullable=False, server_default="1"),
    timestamp("created_at"),
    timestamp("updated_at"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.id"]),
    UniqueConstraint("tenant_id", "code"),
    CheckConstraint("length(currency) = 3", name="currency"),
    CheckConstraint("payment_terms_days >= 0 AND lead_time_days >= 0", name="days"),
)

item_suppliers = Table(
    "item_suppliers",
    metadata,
    tenant_id(),
    Column("item_id", Integer, primary_key=True),
    Column("supplier_id", Integer, primary_key=True),
    Column("supplier_sku", Text, nullable=False, server_default=""),
    Column("unit", Text),  # the packaging it is bought in; null is the base unit
    Column("pack", BigInteger, nullable=False),  # millionths of the base unit in one pack
    Column("multiple", Integer, nullable=False),  # packs
    Column("moq", Integer, nullable=False),  # packs
    Column("price", Numeric(18, 6)),  # of one pack
    Column("currency", Text, nullable=False),
    Column("lead_time_days", Integer),
    Column("preferred", Boolean, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    of_item(),
    ForeignKeyConstraint(["tenant_id", "supplier_id"], ["suppliers.tenant_id", "suppliers.id"]),
    CheckConstraint("pack > 0 AND multiple > 0 AND moq > 0", name="amounts"),
    CheckConstraint("price >= 0 AND lead_time_days >= 0", name="terms"),
    Index("ix_item_suppliers_supplier", "tenant_id", "supplier_id", "item_id"),
    Index("uq_item_suppliers_preferred", "tenant_id", "item_id", unique=True, postgresql_where=text("preferred")),
)

item_supplier_prices = Table(
    "item_supplier_prices",
    metadata,
    tenant_id(),
    Column("item_id", Integer, primary_key=True),
    Column("supplier_id", Integer, primary_key=True),
    Column("from_qty", Integer, primary_key=True),  # packs
    Column("price", Numeric(18, 6), nullable=False),  # of one pack
    ForeignKeyConstraint(
        ["tenant_id", "item_id", "supplier_id"],
        ["item_suppliers.tenant_id", "item_suppliers.item_id", "item_suppliers.supplier_id"],
    ),
    CheckConstraint("from_qty > 1 AND price >= 0", name="terms"),
)
