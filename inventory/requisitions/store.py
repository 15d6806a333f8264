"""Tables of requisitions."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKeyConstraint, Index, Integer, SmallInteger, Table, Text

from db.metadata import metadata, tenant_id, timestamp
from inventory.catalog.store import of_item

requisitions = Table(
    "requisitions",
    metadata,
    tenant_id(),
    Column("id", Integer, primary_key=True, autoincrement=False),  # the number on paper
    Column("warehouse_id", Integer, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("needed_on", Date),
    Column("note", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),  # why it was rejected
    Column("created_by", Integer, nullable=False),
    Column("decided_by", Integer),
    timestamp("created_at"),
    timestamp("decided_at", nullable=True),
    ForeignKeyConstraint(["tenant_id", "warehouse_id"], ["warehouses.tenant_id", "warehouses.id"]),
    CheckConstraint("status BETWEEN 1 AND 5", name="status"),
    Index("ix_requisitions_status", "tenant_id", "status", "id"),
)

requisition_lines = Table(
    "requisition_lines",
    metadata,
    tenant_id(),
    Column("requisition_id", Integer, primary_key=True, autoincrement=False),
    Column("line", SmallInteger, primary_key=True, autoincrement=False),  # counts from 1
    Column("item_id", Integer, nullable=False),
    Column("warehouse_id", Integer, nullable=False),
    Column("unit", Text, nullable=False),
    Column("qty", BigInteger, nullable=False),  # millionths of the unit
    Column("note", Text, nullable=False, server_default=""),
    Column("order_id", Integer),  # what it became
    ForeignKeyConstraint(["tenant_id", "requisition_id"], ["requisitions.tenant_id", "requisitions.id"]),
    ForeignKeyConstraint(["tenant_id", "order_id"], ["purchase_orders.tenant_id", "purchase_orders.id"]),
    of_item(),
    ForeignKeyConstraint(["tenant_id", "warehouse_id"], ["warehouses.tenant_id", "warehouses.id"]),
    CheckConstraint("qty > 0", name="amounts"),
)
