"""The proof of a ledger: replay its rows from the first and compare all that was derived from them. Pure.

Invariants of semantics.md and their numbers there: I1 balances are sums of rows, I2 reserved is the sum of open holds,
I9 a hold's parts add up to it, I10 sequences have no holes; and the hash chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from inventory.ledger.chain import GENESIS, NO_COST, row_hash
from inventory.ledger.messages import Kind

_PARTS = {Kind.RESERVE: "qty", Kind.COMMIT: "committed", Kind.RELEASE: "released", Kind.EXPIRE: "expired"}
Record = Any
"""A row by column name: a mapping, or what a database driver gives in its place."""
FAULTS_MAX = 50
"""After so many faults the rest is not worth listing: the first one is what matters."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not hold: which rule, at which row (0 where no row is to blame), and what was found."""

    rule: str
    seq: int
    found: Mapping[str, Any]


@dataclass(slots=True)
class Proof:
    """The state of a partition as its rows alone make it, and the faults found on the way."""

    tenant: int
    part: int
    faults: list[Fault] = field(default_factory=list)
    seq: int = 0
    head: bytes = GENESIS
    _epoch: int = 0
    _recorded: int = 0
    _cells: dict[tuple[int, int], tuple[int, int, int, int, int]] = field(default_factory=dict)
    _buckets: dict[tuple[int, ...], int] = field(default_factory=dict)
    _holds: dict[int, dict[str, int]] = field(default_factory=dict)

    def row(self, row: Record) -> None:
        """Take the next row, in order of sequence."""
        seq = row["seq"]
        if seq != self.seq + 1:
            self._fault("dense_sequence", seq, expected=self.seq + 1)
        if row["epoch"] < self._epoch or row["recorded_at_us"] < self._recorded:
            self._fault("order", seq, epoch=row["epoch"], recorded_at_us=row["recorded_at_us"])
        self._chain(row)
        self._running(row)
        self._document(row)
        self.seq, self._epoch, self._recorded = seq, row["epoch"], row["recorded_at_us"]

    def balances(self, rows: Iterable[Record]) -> None:
        """Compare the balances with the sums of the rows."""
        left = dict(self._cells)
        for row in rows:
            summed = left.pop((row["item_id"], row["warehouse_id"]), (0, 0, 0, 0, 0))
            stored = (row["on_hand"], row["reserved"], row["blocked"], row["in_transit"], row["version"])
            if stored != summed:
                self._fault("balance", row["seq"], item=row["item_id"], warehouse=row["warehouse_id"], stored=stored, rows=summed)
        for (item, warehouse), summed in left.items():
            self._fault("balance", 0, item=item, warehouse=warehouse, stored=None, rows=summed)

    def buckets(self, rows: Iterable[Record]) -> None:
        """Compare the buckets with the sums of the rows."""
        left = dict(self._buckets)
        for row in rows:
            key = tuple(row[name] for name in ("item_id", "warehouse_id", "location_id", "lot_id", "owner_id", "condition"))
            summed = left.pop(key, 0)
            if row["qty"] != summed:
                self._fault("bucket", 0, bucket=key, stored=row["qty"], rows=summed)
        for key, summed in left.items():
            if summed:
                self._fault("bucket", 0, bucket=key, stored=None, rows=summed)

    def holds(self, rows: Iterable[Record]) -> None:
        """Compare every reservation, all its lines together, with its rows, and the reserved counters with what is open."""
        stored: dict[int, dict[str, int]] = {}
        open_in: dict[tuple[int, int], int] = {}
        for row in rows:
            parts = stored.setdefault(row["seq"], dict.fromkeys(_PARTS.values(), 0))
            for measure in parts:
                parts[measure] += row[measure]
            cell = (row["item_id"], row["warehouse_id"])
            open_in[cell] = open_in.get(cell, 0) + row["open"]
        for seq in stored.keys() | self._holds.keys():
            if stored.get(seq) != self._holds.get(seq):
                self._fault("hold", seq, stored=stored.get(seq), rows=self._holds.get(seq))
        for cell, totals in self._cells.items():
            if totals[1] != open_in.get(cell, 0):
                self._fault("reserved", 0, item=cell[0], warehouse=cell[1], reserved=totals[1], open=open_in.get(cell, 0))

    def end(self, seq: int, head: bytes) -> None:
        """Compare with the partition's own record of its head: a deleted tail shows here."""
        if (seq, head) != (self.seq, self.head):
            self._fault("head", self.seq, partition_seq=seq, partition_head=head.hex(), last_seq=self.seq, last_hash=self.head.hex())

    def _chain(self, row: Record) -> None:
        cost = NO_COST if row["unit_cost"] is None else row["unit_cost"]
        numbers = (*(row[name] for name in _NUMBERS), cost, row["key"], row["reference"], row["reason"])
        computed = row_hash(self.head, self.tenant, self.part, row["seq"], row["epoch"], row["recorded_at_us"], numbers)
        if computed != row["hash"]:
            self._fault("hash_chain", row["seq"], stored=row["hash"].hex(), computed=computed.hex())
        self.head = row["hash"]  # go on from what is stored, so that one changed row is one fault

    def _running(self, row: Record) -> None:
        key = (row["item_id"], row["warehouse_id"])
        on_hand, reserved, blocked, in_transit, version = self._cells.get(key, (0, 0, 0, 0, 0))
        summed = (
            on_hand + row["delta_on_hand"],
            reserved + row["delta_reserved"],
            blocked + row["delta_blocked"],
            in_transit + row["delta_in_transit"],
            version + 1,
        )
        stored = (row["on_hand"], row["reserved"], row["blocked"], row["in_transit"], row["cell_version"])
        if stored != summed:
            self._fault("running_totals", row["seq"], stored=stored, rows=summed)
        if min(summed) < 0:
            self._fault("below_zero", row["seq"], totals=summed)
        self._cells[key] = stored  # go on from what is stored here too
        grain = (row["location_id"], row["lot_id"], row["owner_id"], row["condition"])
        if any(grain):
            self._buckets[*key, *grain] = self._buckets.get((*key, *grain), 0) + row["delta_on_hand"]

    def _document(self, row: Record) -> None:
        measure = _PARTS.get(row["kind"])
        if measure is None or not row["document"]:
            return
        parts = self._holds.setdefault(row["document"], dict.fromkeys(_PARTS.values(), 0))
        parts[measure] += row["delta_reserved"] if measure == "qty" else -row["delta_reserved"]

    def _fault(self, rule: str, seq: int, **found: Any) -> None:
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(Fault(rule, seq, found))


_NUMBERS = (
    "effective_at_us", "delta_on_hand", "delta_reserved", "delta_blocked", "delta_in_transit", "on_hand", "reserved", "blocked",
    "in_transit", "cell_version", "document", "item_id", "warehouse_id", "location_id", "lot_id", "owner_id", "principal_id",
    "condition", "kind", "role",
)  # fmt: skip
