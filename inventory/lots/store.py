"""Table of lots: batches of one item, or a single unit of it when the lot is a serial number."""

from __future__ import annotations

from sqlalchemy import Column, Date, Identity, Integer, Table, Text, UniqueConstraint

from db.metadata import metadata, tenant_id, timestamp
from inventory.catalog.store import of_item

lots = Table(
    "lots",
    metadata,
    tenant_id(),
    Column("id", Integer, Identity(), primary_key=True),
    Column("item_id", Integer, nullable=False),
    Column("code", Text, nullable=False),
    Column("kind", Text, nullable=False),  # lot | serial
    Column("expires_on", Date),
    timestamp("created_at"),
    of_item(),
    UniqueConstraint("tenant_id", "item_id", "kind", "code"),
)
