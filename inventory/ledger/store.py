"""Tables of the ledger: partitions, rows, balances, buckets, replies, proofs. Written only by `stock_commit`.

Narrow on purpose: integer ids, quantities in int64 millionths, times in int64 microseconds, few indexes
(`docs/decisions/0003-stock-tables.md`). `part` is the tenant's partition: 0 unless the tenant is split.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)

from db.metadata import metadata, tenant_id
from inventory.catalog.store import of_item


def part() -> Column[int]:
    """Which of the tenant's partitions a row belongs to."""
    return Column("part", SmallInteger, primary_key=True, autoincrement=False)


def qty(name: str, default: int | None = None) -> Column[int]:
    """A quantity in millionths of the item's base unit."""
    return Column(name, BigInteger, nullable=False, server_default=None if default is None else str(default))


stock_partitions = Table(
    "stock_partitions",
    metadata,
    tenant_id(),
    part(),
    Column("epoch", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("head_hash", LargeBinary, nullable=False),
    Column("halted_rule", Text),  # the rule that was broken; nothing is written while it stands here
    Column("halted_seq", BigInteger),
    Column("halted_at_us", BigInteger),
    ForeignKeyConstraint(["tenant_id"], ["tenants.id"]),
)

stock_ledger = Table(
    "stock_ledger",
    metadata,
    tenant_id(),
    part(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
    Column("recorded_at_us", BigInteger, nullable=False),
    Column("effective_at_us", BigInteger, nullable=False),
    qty("delta_on_hand"),
    qty("delta_reserved"),
    qty("delta_blocked"),
    qty("delta_in_transit"),
    qty("on_hand"),  # the cell's totals after this row
    qty("reserved"),
    qty("blocked"),
    qty("in_transit"),
    Column("cell_version", BigInteger, nullable=False),  # 1, 2, 3 … per cell without holes
    Column("document", BigInteger, nullable=False),  # sequence that made the reservation; 0 for none
    Column("unit_cost", BigInteger),  # millionths of the tenant's currency for one base unit
    Column("item_id", Integer, nullable=False),
    Column("warehouse_id", Integer, nullable=False),
    Column("location_id", Integer, nullable=False),
    Column("lot_id", Integer, nullable=False),
    Column("owner_id", Integer, nullable=False),
    Column("principal_id", Integer, nullable=False),
    Column("condition", SmallInteger, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("role", SmallInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("ix_stock_ledger_cell", "tenant_id", "item_id", "warehouse_id", "seq"),
    Index("ix_stock_ledger_recorded", "recorded_at_us", postgresql_using="brin"),
    Index("ix_stock_ledger_oversold", "tenant_id", "part", "seq", postgresql_where=text("kind = 11 AND delta_on_hand > 0")),
)

stock_balances = Table(
    "stock_balances",
    metadata,
    tenant_id(),
    Column("item_id", Integer, primary_key=True),
    Column("warehouse_id", Integer, primary_key=True),
    Column("part", SmallInteger, nullable=False),
    qty("on_hand"),
    qty("reserved"),
    qty("blocked"),  # on hand but not sellable: quarantine and damaged
    qty("in_transit"),
    qty("on_order", 0),
    qty("short"),  # promised beyond what is there after a count or an adjustment; nothing else may raise it
    Column("version", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    of_item(),
    ForeignKeyConstraint(["tenant_id", "warehouse_id"], ["warehouses.tenant_id", "warehouses.id"]),
    CheckConstraint(
        "on_hand >= 0 AND reserved >= 0 AND blocked >= 0 AND in_transit >= 0 AND short >= 0 AND reserved + blocked <= on_hand + short",
        name="covered",
    ),
    Index("ix_stock_balances_short", "tenant_id", postgresql_where=text("short > 0")),
    Index("ix_stock_balances_on_order", "tenant_id", postgresql_where=text("on_order > 0")),
)

stock_buckets = Table(
    "stock_buckets",
    metadata,
    tenant_id(),
    Column("item_id", Integer, primary_key=True),
    Column("warehouse_id", Integer, primary_key=True),
    Column("location_id", Integer, primary_key=True, autoincrement=False),
    Column("lot_id", Integer, primary_key=True, autoincrement=False),
    Column("owner_id", Integer, primary_key=True, autoincrement=False),
    Column("condition", SmallInteger, primary_key=True, autoincrement=False),
    qty("qty"),
    qty("pinned"),  # reserved in this very bucket
    of_item(),
    CheckConstraint("qty >= 0 AND pinned >= 0", name="covered"),
)

stock_replies = Table(
    "stock_replies",
    metadata,
    tenant_id(),
    part(),
    Column("key_hash", LargeBinary, primary_key=True),
    Column("body_hash", LargeBinary, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("recorded_at_us", BigInteger, nullable=False),
    Column("reply", LargeBinary, nullable=False),
)

stock_proofs = Table(
    "stock_proofs",
    metadata,
    tenant_id(),
    part(),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("checked_at_us", BigInteger, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("anchored_seq", BigInteger, nullable=False, server_default="0"),
)
