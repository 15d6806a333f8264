"""Tables of suppliers' invoices. Whether a line matches is not stored."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    text,
)

from db.metadata import metadata, tenant_id, timestamp

supplier_invoices = Table(
    "supplier_invoices",
    metadata,
    tenant_id(),
    Column("id", Integer, primary_key=True, autoincrement=False),  # as we count them
    Column("supplier_id", Integer, nullable=False),
    Column("order_id", Integer, nullable=False),
    Column("warehouse_id", Integer, nullable=False),  # the order's
    Column("number", Text, nullable=False),  # on the supplier's paper
    Column("currency", Text, nullable=False),
    Column("invoiced_on", Date),
    Column("due_on", Date),
    Column("note", Text, nullable=False, server_default=""),
    Column("created_by", Integer, nullable=False),
    timestamp("created_at"),
    ForeignKeyConstraint(["tenant_id", "supplier_id"], ["suppliers.tenant_id", "suppliers.id"]),
    ForeignKeyConstraint(["tenant_id", "order_id"], ["purchase_orders.tenant_id", "purchase_orders.id"]),
    ForeignKeyConstraint(["tenant_id", "warehouse_id"], ["warehouses.tenant_id", "warehouses.id"]),
    Index("uq_supplier_invoices_number", "tenant_id", "supplier_id", text("lower(number)"), unique=True),
    Index("ix_supplier_invoices_order", "tenant_id", "order_id", "id"),
)

supplier_invoice_lines = Table(
    "supplier_invoice_lines",
    metadata,
    tenant_id(),
    Column("invoice_id", Integer, primary_key=True, autoincrement=False),
    Column("line", SmallInteger, primary_key=True, autoincrement=False),  # counts from 1
    Column("order_id", Integer, nullable=False),
    Column("order_line", SmallInteger),  # nothing: it was not ordered
    Column("warehouse_id", Integer, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("qty", BigInteger, nullable=False),  # millionths of the order line's unit
    Column("price", Numeric(18, 6), nullable=False),
    Column("amount", Numeric(18, 6), nullable=False),
    Column("approval", Text, nullable=False, server_default=""),  # why it is right all the same
    Column("approved_by", Integer),
    timestamp("approved_at", nullable=True),
    ForeignKeyConstraint(["tenant_id", "invoice_id"], ["supplier_invoices.tenant_id", "supplier_invoices.id"]),
    ForeignKeyConstraint(
        ["tenant_id", "order_id", "order_line"],
        ["purchase_order_lines.tenant_id", "purchase_order_lines.order_id", "purchase_order_lines.line"],
    ),
    ForeignKeyConstraint(["tenant_id", "warehouse_id"], ["warehouses.tenant_id", "warehouses.id"]),
    CheckConstraint("qty > 0 AND price >= 0 AND amount >= 0", name="amounts"),
    Index("ix_supplier_invoice_lines_order_line", "tenant_id", "order_id", "order_line", "invoice_id"),
)
