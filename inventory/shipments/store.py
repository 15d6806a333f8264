"""Tables of shipments. Whether one was received is not written here: the receipt that names it says so."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKeyConstraint, Index, Integer, SmallInteger, Table, Text

from db.metadata import metadata, tenant_id, timestamp

shipments = Table(
    "shipments",
    metadata,
    tenant_id(),
    Column("id", Integer, primary_key=True, autoincrement=False),  # the number on paper
    Column("order_id", Integer, nullable=False),
    Column("warehouse_id", Integer, nullable=False),  # the order's
    Column("carrier", Text, nullable=False, server_default=""),
    Column("tracking", Text, nullable=False, server_default=""),
    Column("due_on", Date),
    Column("note", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),  # why it was cancelled
    Column("created_by", Integer, nullable=False),
    timestamp("created_at"),
    timestamp("cancelled_at", nullable=True),
    ForeignKeyConstraint(["tenant_id", "order_id"], ["purchase_orders.tenant_id", "purchase_orders.id"]),
    ForeignKeyConstraint(["tenant_id", "warehouse_id"], ["warehouses.tenant_id", "warehouses.id"]),
    Index("ix_shipments_order", "tenant_id", "order_id", "id"),
)

shipment_lines = Table(
    "shipment_lines",
    metadata,
    tenant_id(),
    Column("shipment_id", Integer, primary_key=True, autoincrement=False),
    Column("line", SmallInteger, primary_key=True, autoincrement=False),  # counts from 1
    Column("order_id", Integer, nullable=False),
    Column("order_line", SmallInteger, nullable=False),
    Column("warehouse_id", Integer, nullable=False),
    Column("qty", BigInteger, nullable=False),  # millionths of the order line's unit
    Column("base", BigInteger, nullable=False),  # of the item's base unit
    ForeignKeyConstraint(["tenant_id", "shipment_id"], ["shipments.tenant_id", "shipments.id"]),
    ForeignKeyConstraint(
        ["tenant_id", "order_id", "order_line"],
        ["purchase_order_lines.tenant_id", "purchase_order_lines.order_id", "purchase_order_lines.line"],
    ),
    ForeignKeyConstraint(["tenant_id", "warehouse_id"], ["warehouses.tenant_id", "warehouses.id"]),
    CheckConstraint("qty > 0 AND base > 0", name="amounts"),
    Index("ix_shipment_lines_order_line", "tenant_id", "order_id", "order_line"),
)
