"""Tables of the tally: sums of ledger and balances as of a sequence, so that a dashboard reads a few rows instead of all.

Kept by the worker alone (`jobs/tally.py`); no stock command writes here. What happened since is read from the ledger itself.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Identity, Index, Integer, SmallInteger, Table, Text, text

from db.metadata import metadata, tenant_id
from inventory.ledger.store import part, qty

EVERYWHERE = -1
"""In place of a warehouse: the whole company. No setting names it, so its rows are there only for whoever sees everything."""
SLICE_US = 15 * 60 * 1_000_000
"""Length of a slice. Every time zone differs from UTC by a whole number of them, so a day begins with one wherever it is."""


def _of_warehouse() -> Column[int]:
    return Column("warehouse_id", Integer, primary_key=True, autoincrement=False)


def _unit() -> Column[str]:
    return Column("unit", Text, primary_key=True)


stock_tallies = Table(
    "stock_tallies",
    metadata,
    tenant_id(),
    part(),
    Column("seq", BigInteger, nullable=False),  # up to and with this row
    Column("tallied_at_us", BigInteger, nullable=False),
)

stock_totals = Table(
    "stock_totals",
    metadata,
    tenant_id(),
    _of_warehouse(),
    _unit(),
    qty("on_hand"),
    qty("reserved"),
    qty("available"),  # clamped per cell, then summed
    qty("in_transit"),
)

stock_slices = Table(
    "stock_slices",
    metadata,
    tenant_id(),
    _of_warehouse(),
    Column("slice", Integer, primary_key=True, autoincrement=False),  # quarters of an hour since 1970, by effective time
    _unit(),
    qty("on_hand"),  # what changed in it, not what there was
    qty("reserved"),
    qty("available"),
    qty("in_transit"),
)

stock_states = Table(
    "stock_states",
    metadata,
    tenant_id(),
    _of_warehouse(),
    Column("item_id", Integer, primary_key=True, autoincrement=False),
    Column("rank", SmallInteger, nullable=False),
    qty("qty_min"),  # this and `fill` (available / minimum) only where it is out or low; else 0
    Column("fill", Double, nullable=False),
    qty("on_order"),
    Index("ix_stock_states_item", "tenant_id", "item_id"),
    Index(
        "ix_stock_states_short",
        *("tenant_id", "warehouse_id", "rank", "fill", text("qty_min DESC"), "item_id"),
        postgresql_where=text("rank <= 1 AND qty_min > 0"),
    ),
    Index("ix_stock_states_on_order", "tenant_id", postgresql_where=text("on_order > 0")),
)

stock_state_counts = Table(
    "stock_state_counts",
    metadata,
    tenant_id(),
    _of_warehouse(),
    Column("rank", SmallInteger, primary_key=True, autoincrement=False),
    Column("items", Integer, nullable=False),
)

stock_stale = Table(
    "stock_stale",
    metadata,
    tenant_id(),
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("item_id", Integer, nullable=False),  # its state may have changed without a row of the ledger
)
