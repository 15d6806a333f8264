"""Tables of places: warehouses (outlets are warehouses too) and the locations inside them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Identity, Integer, Table, Text, UniqueConstraint

from db.metadata import metadata, tenant_id, timestamp

warehouses = Table(
    "warehouses",
    metadata,
    tenant_id(),
    Column("id", Integer, Identity(), primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    timestamp("archived_at", nullable=True),
    Column("version", Integer, nullable=False, server_default="1"),
    timestamp("created_at"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.id"]),
    UniqueConstraint("tenant_id", "code"),
)

locations = Table(
    "locations",
    metadata,
    tenant_id(),
    Column("id", Integer, Identity(), primary_key=True),
    Column("warehouse_id", Integer, nullable=False),
    Column("parent_id", Integer),
    Column("code", Text, nullable=False),
    Column("kind", Text, nullable=False),  # zone | aisle | bin
    Column("holds_stock", Boolean, nullable=False),
    timestamp("archived_at", nullable=True),
    Column("version", Integer, nullable=False, server_default="1"),
    ForeignKeyConstraint(["tenant_id", "warehouse_id"], ["warehouses.tenant_id", "warehouses.id"]),
    ForeignKeyConstraint(["tenant_id", "parent_id"], ["locations.tenant_id", "locations.id"], name="fk_locations_parent"),
    UniqueConstraint("tenant_id", "warehouse_id", "code"),
)
