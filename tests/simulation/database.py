"""The stock functions of `migrations/sql` over tables in memory: what they read and refuse, and nothing about time. `batch.py` writes.

A call that writes returns its writes; `server.py` holds the row lock around them and lets them take effect, or not. Each
guard of the real functions can be left out, to see who notices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from inventory.ledger.chain import GENESIS

LINES_MAX = 8
"""Lines that a simulated command may have."""
Row = dict[str, Any]
Table = dict[tuple[Any, ...], Row]
Writes = list[tuple[Table, tuple[Any, ...], Row]]


@dataclass(frozen=True)
class Guards:
    """The belts of the database; each is on unless a test takes it off."""

    fence: bool = True  # the epoch in stock_commit
    confirm: bool = True  # the new epoch that stock_confirm gives
    order: bool = True  # the sequence in stock_commit
    version: bool = True  # the compare-and-set on every balance
    covered: bool = True  # CHECK on balances
    key: bool = True  # unique key of replies


@dataclass
class Tables:
    """What has been committed. `before` keeps the version before the last of each balance, for reads that come stale."""

    guards: Guards
    items: frozenset[int]
    partitions: Table = field(default_factory=dict)
    ledger: Table = field(default_factory=dict)
    balances: Table = field(default_factory=dict)
    before: Table = field(default_factory=dict)
    buckets: Table = field(default_factory=dict)
    holds: Table = field(default_factory=dict)
    replies: Table = field(default_factory=dict)

    def of(self, tenant: int, name: str) -> list[Row]:
        """A tenant's rows of a table, in the order of their keys."""
        return [row for key, row in sorted(getattr(self, name).items(), key=lambda kept: kept[0]) if key[0] == tenant]

    def apply(self, writes: Writes) -> None:
        """COMMIT."""
        for table, key, row in writes:
            if table is self.balances and key in table:
                self.before[key] = table[key]
            table[key] = row


class Record(tuple[Any, ...]):
    """A row as asyncpg gives it: by position and by name."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, row: Mapping[str, Any], names: Sequence[str]) -> Record:
        """The named columns of a row."""
        made = cls(row[name] for name in names)
        made.names = tuple(names)
        return made

    def __getitem__(self, key: Any) -> Any:
        return tuple.__getitem__(self, self.names.index(key) if isinstance(key, str) else key)


def error(sqlstate: str, constraint: str = "") -> asyncpg.PostgresError:
    """What asyncpg raises for it."""
    problem: asyncpg.PostgresError = asyncpg.PostgresError.new({"C": sqlstate, "M": f"simulated {sqlstate} {constraint}", "n": constraint})
    return problem


def fenced(tables: Tables, tenant: int, part: int, epoch: int) -> bool:
    """What the fence finds."""
    partition = tables.partitions.get((tenant, part))
    return partition is None or (tables.guards.fence and partition["epoch"] != epoch)


def stock_acquire(tables: Tables, tenant: int, part: int, owner: str, shard: int, shards: int) -> tuple[Writes, list[Record]]:
    """A new owner. The caller holds the partition's row lock."""
    first = {"epoch": 0, "seq": 0, "head_hash": GENESIS}
    row = tables.partitions.get((tenant, part), first)
    row = {**row, "epoch": row["epoch"] + 1, "owner": owner}
    last = tables.ledger.get((tenant, part, row["seq"]), {"recorded_at_us": 0})
    return [(tables.partitions, (tenant, part), row)], [Record.of({**last, **row}, ("epoch", "seq", "head_hash", "recorded_at_us"))]


def stock_confirm(tables: Tables, tenant: int, part: int, epoch: int, owner: str) -> tuple[Writes, list[Record]]:
    """The next epoch of the same owner, if it still is one. The caller holds the partition's row lock."""
    row = tables.partitions[tenant, part]
    if row["owner"] != owner or row["epoch"] < epoch:
        return [], []
    row = {**row, "epoch": row["epoch"] + tables.guards.confirm}
    return [(tables.partitions, (tenant, part), row)], [Record.of(row, ("epoch", "seq", "head_hash"))]


_CELL = ("item_id", "warehouse_id", "on_hand", "reserved", "blocked", "in_transit", "on_order", "short", "version", "seq")
_BUCKET = ("location_id", "lot_id", "owner_id", "condition", "qty", "pinned")


def stock_cells(tables: Tables, tenant: int, items: Sequence[int], warehouses: Sequence[int], stale: bool = False) -> list[Record]:
    """Balances, each once for every bucket. `stale` is the fault of a read that comes from before the last commit."""
    found = []
    for item, warehouse in zip(items, warehouses, strict=True):
        key = (tenant, item, warehouse)
        row = tables.before.get(key) if stale else tables.balances.get(key)
        if row is not None:
            buckets = [bucket for place, bucket in tables.buckets.items() if place[:3] == key]
            found += [Record.of({**bucket, **row}, _CELL + _BUCKET) for bucket in buckets or [dict.fromkeys(_BUCKET)]]
    return found


_HOLD = (
    "seq", "line", "expires_at_us", "created_at_us", "qty", "open", "committed", "released", "expired", "item_id", "warehouse_id",
    "location_id", "lot_id", "owner_id", "created_by", "hard", "reference",
)  # fmt: skip


def stock_reservations(tables: Tables, tenant: int, part: int, seqs: Sequence[int]) -> list[Record]:
    """Holds, line by line."""
    keys = [(tenant, part, seq, line) for seq in sorted(seqs) for line in range(LINES_MAX)]
    return [Record.of(tables.holds[key], _HOLD) for key in keys if key in tables.holds]


def stock_due(tables: Tables, tenant: int, part: int, until: int, limit: int) -> list[Record]:
    """Open holds that end by then, soonest first."""
    of = [row for key, row in tables.holds.items() if key[:2] == (tenant, part)]
    rows = [row for row in of if row["open"] > 0 and row["expires_at_us"] <= until]
    return [Record.of(row, ("expires_at_us", "seq")) for row in sorted(rows, key=lambda row: int(row["expires_at_us"]))[:limit]]


def stock_known(tables: Tables, tenant: int, part: int, keys: Sequence[bytes]) -> list[Record]:
    """Recorded answers."""
    rows = [tables.replies[tenant, part, key] for key in keys if (tenant, part, key) in tables.replies]
    return [Record.of(row, ("key_hash", "body_hash", "reply")) for row in rows]


def due_partitions(tables: Tables, shard: int, shards: int, now: int) -> list[Record]:
    """What the shard's sweep asks: partitions with a hold past its end."""
    due = {key[:2] for key, row in tables.holds.items() if row["open"] > 0 and row["expires_at_us"] <= now}
    return [Record.of({"tenant_id": key[0], "part": key[1]}, ("tenant_id", "part")) for key in sorted(due) if key[0] % shards == shard]


def moved(tables: Tables, shard: int, shards: int, owner: str) -> list[Record]:
    """Partitions that were placed elsewhere: none here."""
    return []


def unproven(tables: Tables, shard: int, shards: int) -> list[Record]:
    """What it asks then, for its gauges: nothing is ever halted or proven here."""
    return [Record.of({"halted": 0, "rows": len(tables.ledger)}, ("halted", "rows"))]


def owner_of(tables: Tables, tenant: int, part: int) -> list[Record]:
    """Who has a partition, as one asks that was fenced."""
    return [Record.of(tables.partitions[tenant, part], ("owner",))]


READS: dict[str, Callable[..., list[Record]]] = {
    "stock_cells(": stock_cells,
    "stock_reservations(": stock_reservations,
    "stock_due(": stock_due,
    "stock_known(": stock_known,
    "EXISTS": due_partitions,
    "p.owner =": moved,
    "stock_proofs": unproven,
    "SELECT owner": owner_of,
}
"""Every read of the engine, by a word that only its statement has."""
