"""Table of replenishment: which orders were drafted from suggestions. Where one stands, the order itself tells."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Integer, Table

from db.metadata import metadata, tenant_id

replenishment_drafts = Table(
    "replenishment_drafts",
    metadata,
    tenant_id(),
    Column("order_id", Integer, primary_key=True, autoincrement=False),
    ForeignKeyConstraint(["tenant_id", "order_id"], ["purchase_orders.tenant_id", "purchase_orders.id"]),
)
