"""Tables of purchasing: orders with their lines and papers, receipts, and the numbers of documents.

Drafts and decisions about orders are written by services; what has come, and what of it is counted as on order, by the stock
engine alone, which writes receipts one row per movement, keyed by the ledger sequence of the first of them.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Table,
    Text,
    text,
)

from db.metadata import metadata, tenant_id, timestamp
from inventory.catalog.store import of_item
from inventory.ledger.store import part, qty
from inventory.purchasing.status import Status

UNSETTLED = (Status.DRAFT, Status.SUBMITTED, Status.APPROVED, Status.PARTIALLY_RECEIVED)
"""Where somebody still has something to do: their supplier is not put away meanwhile."""

document_numbers = Table(
    "document_numbers",
    metadata,
    tenant_id(),
    Column("kind", Text, primary_key=True),  # purchase_order | …
    Column("last", Integer, nullable=False),
    ForeignKeyConstraint(["tenant_id"], ["tenants.id"]),
)

purchase_orders = Table(
    "purchase_orders",
    metadata,
    tenant_id(),
    Column("id", Integer, primary_key=True, autoincrement=False),  # the number on paper
    Column("supplier_id", Integer, nullable=False),
    Column("warehouse_id", Integer, nullable=False),  # where it goes; all its lines do
    Column("currency", Text, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("ordered_on", Date),  # when the supplier was told; the day of approval unless somebody said otherwise
    Column("expected_on", Date),
    Column("reference", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),  # why it was rejected, closed or cancelled
    Column("created_by", Integer, nullable=False),
    Column("submitted_by", Integer),
    Column("decided_by", Integer),
    timestamp("created_at"),
    timestamp("submitted_at", nullable=True),
    timestamp("decided_at", nullable=True),
    timestamp("sent_at", nullable=True),
    Column("version", Integer, nullable=False, server_default="1"),
    ForeignKeyConstraint(["tenant_id", "supplier_id"], ["suppliers.tenant_id", "suppliers.id"]),
    ForeignKeyConstraint(["tenant_id", "warehouse_id"], ["warehouses.tenant_id", "warehouses.id"]),
    CheckConstraint("status BETWEEN 1 AND 8", name="status"),
    Index("ix_purchase_orders_supplier", "tenant_id", "supplier_id", "id"),
    Index("ix_purchase_orders_status", "tenant_id", "status", "id"),
)

purchase_order_lines = Table(
    "purchase_order_lines",
    metadata,
    tenant_id(),
    Column("order_id", Integer, primary_key=True, autoincrement=False),
    Column("line", SmallInteger, primary_key=True, autoincrement=False),  # counts from 1, as on paper
    Column("item_id", Integer, nullable=False),
    Column("warehouse_id", Integer, nullable=False),
    Column("location_id", Integer, nullable=False, server_default="0"),
    Column("unit", Text, nullable=False),
    Column("numerator", BigInteger, nullable=False),  # base units in `denominator` of the unit, as when it was ordered
    Column("denominator", BigInteger, nullable=False),
    Column("qty", BigInteger, nullable=False),  # millionths of the unit
    Column("price", Numeric(18, 6)),  # of one unit
    Column("unit_cost", BigInteger),  # of one base unit, millionths of the company's currency
    Column("expected_on", Date),
    Column("note", Text, nullable=False, server_default=""),
    Column("ordered", BigInteger, nullable=False),
    qty("received", 0),
    qty("rejected", 0),
    qty("returned", 0),
    qty("cancelled", 0),
    qty("open", 0),  # still to come; nothing until it is approved
    qty("counted", 0),  # of it in the balances
    ForeignKeyConstraint(["tenant_id", "order_id"], ["purchase_orders.tenant_id", "purchase_orders.id"]),
    of_item(),
    ForeignKeyConstraint(["tenant_id", "warehouse_id"], ["warehouses.tenant_id", "warehouses.id"]),
    CheckConstraint(
        "qty > 0 AND ordered > 0 AND numerator > 0 AND denominator > 0 AND price >= 0 AND received >= rejected AND rejected >= 0 "
        "AND received >= returned AND returned >= 0 AND cancelled >= 0 AND open >= 0 AND counted >= 0 "
        "AND open <= greatest(0, ordered - received - cancelled)",
        name="amounts",
    ),
    Index("ix_purchase_order_lines_open", "tenant_id", "item_id", "warehouse_id", postgresql_where=text("open > 0")),
    Index("ix_purchase_order_lines_uncounted", "tenant_id", "order_id", postgresql_where=text("open <> counted")),
)

purchase_receipts = Table(
    "purchase_receipts",
    metadata,
    tenant_id(),
    part(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("line", SmallInteger, primary_key=True, autoincrement=False),
    Column("created_at_us", BigInteger, nullable=False),
    Column("effective_at_us", BigInteger, nullable=False),
    Column("of_seq", BigInteger, nullable=False),  # the receipt it takes back, 0 for none
    Column("qty", BigInteger, nullable=False),
    qty("taken", 0),  # of it that has left again
    Column("order_id", Integer, nullable=False),
    Column("item_id", Integer, nullable=False),
    Column("warehouse_id", Integer, nullable=False),
    Column("location_id", Integer, nullable=False),
    Column("lot_id", Integer, nullable=False),
    Column("created_by", Integer, nullable=False),
    Column("shipment_id", Integer, nullable=False),
    Column("order_line", SmallInteger, nullable=False),
    Column("of_line", SmallInteger, nullable=False),
    Column("condition", SmallInteger, nullable=False),
    Column("kind", SmallInteger, nullable=False),  # receipt | undo | return
    Column("rejected", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("reason", Text, nullable=False),
    ForeignKeyConstraint(
        ["tenant_id", "order_id", "order_line"],
        ["purchase_order_lines.tenant_id", "purchase_order_lines.order_id", "purchase_order_lines.line"],
    ),
    of_item(),
    ForeignKeyConstraint(["tenant_id", "warehouse_id"], ["warehouses.tenant_id", "warehouses.id"]),
    CheckConstraint("qty > 0 AND taken >= 0 AND taken <= qty AND kind BETWEEN 1 AND 3", name="amounts"),
    Index("ix_purchase_receipts_order", "tenant_id", "order_id", "seq"),
    Index("uq_purchase_receipts_key", "tenant_id", "key", unique=True, postgresql_where=text("kind = 1 AND line = 0")),
)

purchase_order_files = Table(
    "purchase_order_files",
    metadata,
    tenant_id(),
    Column("id", Integer, Identity(), primary_key=True),
    Column("order_id", Integer, nullable=False),
    Column("warehouse_id", Integer, nullable=False),
    Column("created_by", Integer, nullable=False),
    timestamp("created_at"),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),  # media type, as the content itself says
    Column("content", LargeBinary, nullable=False),
    ForeignKeyConstraint(["tenant_id", "order_id"], ["purchase_orders.tenant_id", "purchase_orders.id"]),
    ForeignKeyConstraint(["tenant_id", "warehouse_id"], ["warehouses.tenant_id", "warehouses.id"]),
    CheckConstraint("octet_length(content) BETWEEN 1 AND 2097152", name="small"),
    CheckConstraint("kind IN ('application/pdf', 'image/png', 'image/jpeg')", name="kind"),
    Index("ix_purchase_order_files_order", "tenant_id", "order_id", "id"),
)
