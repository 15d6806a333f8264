"""The proof of a ledger: replay its rows and compare all that was derived from them. Pure.

Invariants of semantics.md and their numbers there: I1 balances are sums of rows, I2 reserved is the sum of open holds,
I3 promises are covered, I9 a hold's parts add up to it, I10 sequences have no holes; and the hash chain. A proof begins at
the first row, or goes on from a row that was proven before; then it is told what the cells it meets held there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from inventory.ledger.chain import GENESIS, NO_COST, row_hash
from inventory.ledger.messages import Kind, decode_outcome, is_fact

_PARTS = {Kind.RESERVE: "qty", Kind.COMMIT: "committed", Kind.RELEASE: "released", Kind.EXPIRE: "expired"}
Record = Any
"""A row by column name: a mapping, or what a database driver gives in its place."""
Totals = tuple[int, int, int, int, int, int]
"""On hand, reserved, blocked and in transit of a cell, its version, and the row that left it so."""
NOTHING: Totals = (0, 0, 0, 0, 0, 0)
CellKey = tuple[int, int]
FAULTS_MAX = 50
"""After so many faults the rest is not worth listing: the first one is what matters."""
BEARABLE = frozenset({"reply", "anchor_missing", "receipt", "order_line", "order_status", "on_order"})
"""Rules whose breach does not make the stock's numbers wrong. Every other one halts the partition."""
DERIVED = frozenset({"balance", "bucket", "hold", "in_transit", "reserved", "reply", "transfer"})
"""Rules about what is made of the rows: when the rows themselves are at fault, these follow from it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not hold: which rule, the first row that it makes doubtful, and what was found."""

    rule: str
    seq: int
    found: Mapping[str, Any]

    @property
    def order(self) -> tuple[bool, int]:
        """Causes before what follows from them, then by row."""
        return self.rule in DERIVED, self.seq


@dataclass(slots=True)
class Proof:
    """The state of a partition as its rows alone make it, and the faults found on the way. `since` was proven before."""

    tenant: int
    part: int
    faults: list[Fault] = field(default_factory=list)
    seq: int = 0
    head: bytes = GENESIS
    since: int = 0
    _epoch: int = 0
    _recorded: int = 0
    _cells: dict[CellKey, Totals] = field(default_factory=dict)
    _buckets: dict[tuple[int, ...], int] = field(default_factory=dict)
    _holds: dict[int, dict[str, int]] = field(default_factory=dict)

    def go_on(self, row: Record) -> None:
        """Begin after a row that was proven before, instead of at the first."""
        self.seq = self.since = row["seq"]
        self.head, self._epoch, self._recorded = row["hash"], row["epoch"], row["recorded_at_us"]

    def unknown(self, rows: Iterable[Record]) -> set[CellKey]:
        """The cells of these rows that nothing is known about yet."""
        return {(row["item_id"], row["warehouse_id"]) for row in rows} - self._cells.keys()

    def held(self, cell: CellKey, row: Record | None) -> None:
        """What a cell held when this proof began: the totals of its last row until then."""
        self._cells[cell] = NOTHING if row is None else _totals(row)

    def row(self, row: Record) -> None:
        """Take the next row, in order of sequence."""
        seq = row["seq"]
        if seq != self.seq + 1:
            self._fault("dense_sequence", min(seq, self.seq + 1), found=seq, expected=self.seq + 1)
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
            cell = (row["item_id"], row["warehouse_id"])
            self._balance(cell, row, left.pop(cell, NOTHING))
        for cell, summed in left.items():
            self._balance(cell, None, summed)

    def touched(self, rows: Iterable[Record]) -> None:
        """Compare the balances of cells with their last rows, proven or not yet, and their promises with the open holds."""
        for row in rows:
            cell = (row["item_id"], row["warehouse_id"])
            last = tuple(row[f"last_{name}"] for name in _TOTALS)
            self._balance(cell, None if row["version"] is None else row, last)
            self._promised(cell, last, row["open"] or 0)

    def buckets(self, rows: Iterable[Record]) -> None:
        """Compare the buckets with the sums of the rows."""
        left = dict(self._buckets)
        for row in rows:
            key = tuple(row[name] for name in ("item_id", "warehouse_id", "location_id", "lot_id", "owner_id", "condition"))
            summed = left.pop(key, 0)
            if row["qty"] != summed:
                self._fault("bucket", self._last(key), bucket=key, stored=row["qty"], rows=summed)
        for key, summed in left.items():
            if summed:
                self._fault("bucket", self._last(key), bucket=key, stored=None, rows=summed)

    def holds(self, rows: Iterable[Record]) -> None:
        """Compare every reservation made since, all its lines together, with its rows."""
        stored: dict[int, dict[str, int]] = {}
        for row in rows:
            parts = stored.setdefault(row["seq"], dict.fromkeys(_PARTS.values(), 0))
            for measure in parts:
                parts[measure] += row[measure]
        for seq in sorted(stored.keys() | self._holds.keys()):
            if stored.get(seq) != self._holds.get(seq):
                self._fault("hold", seq, stored=stored.get(seq), rows=self._holds.get(seq))

    def promises(self, rows: Iterable[Record]) -> None:
        """Compare what every cell has reserved with what its holds have open."""
        left = {(row["item_id"], row["warehouse_id"]): int(row["open"]) for row in rows}
        for cell, totals in self._cells.items():
            self._promised(cell, totals, left.pop(cell, 0))
        for cell, promised in left.items():
            self._promised(cell, NOTHING, promised)

    def reply(self, row: Record) -> None:
        """Compare a stored answer with the last row that its command wrote (NULL where it refused before the first row)."""
        try:
            outcome = decode_outcome(row["reply"])
        except msgspec.MsgspecError as problem:
            self._fault("reply", row["seq"], problem=str(problem))
            return
        shown = {(x.item, x.warehouse, x.on_hand, x.reserved, x.blocked, x.in_transit) for x in outcome.levels if x.seq == row["seq"]}
        written = (row["item_id"], row["warehouse_id"], row["on_hand"], row["reserved"], row["blocked"], row["in_transit"])
        if outcome.seq != row["seq"] or outcome.seq > self.seq or (outcome.levels and written not in shown):
            self._fault("reply", row["seq"], answered_seq=outcome.seq, answered=sorted(shown), row=written)

    def anchors(self, anchored: Iterable[tuple[int, bytes]], hashes: Mapping[int, bytes]) -> None:
        """Compare anchors, in order, with the hashes of the rows they name. The first that differs tells, together with the
        one before it, where the chain was written anew or cut."""
        good = 0
        for seq, digest in anchored:
            if hashes.get(seq) != digest:
                first = good + 1 if seq in hashes else min(seq, max(good, self.seq) + 1)
                self._fault("anchor", first, anchored_seq=seq, anchored=digest.hex(), stored=hashes.get(seq, b"").hex())
                return
            good = seq

    def anchored(self, recorded: int, last: int) -> None:
        """Compare how far heads were anchored, as the database remembers it, with the last anchor there is."""
        if recorded > last:
            self._fault("anchor_missing", last + 1, recorded_seq=recorded, last_anchor_seq=last)

    def checkpoint(self, seq: int, digest: bytes, stored: bytes | None) -> None:
        """Compare the row that was proven last with what it was then. Without any other fault the chain was written anew."""
        if stored != digest:
            first = min(seq, self.seq + 1) if stored is None else seq
            self._fault("checkpoint", first, proven_seq=seq, proven=digest.hex(), stored=(stored or b"").hex())

    def end(self, seq: int, head: bytes) -> None:
        """Compare with the partition's own record of its head: a deleted tail shows here."""
        if (seq, head) != (self.seq, self.head):
            first = seq if seq == self.seq else min(seq, self.seq) + 1
            self._fault("head", first, partition_seq=seq, partition_head=head.hex(), last_seq=self.seq, last_hash=self.head.hex())

    def _balance(self, cell: CellKey, row: Record | None, rows: tuple[int, ...]) -> None:
        stored = row and (*(row[name] for name in _MEASURES), row["version"], row["seq"])
        short = row and row["short"]
        if stored != rows or short != _uncovered(rows):
            self._fault(
                "balance", max(rows[5], row["seq"] if row else 0), item=cell[0], warehouse=cell[1], stored=stored, short=short, rows=rows
            )

    def _promised(self, cell: CellKey, totals: tuple[int, ...], promised: int) -> None:
        if totals[1] != promised:
            self._fault("reserved", totals[5], item=cell[0], warehouse=cell[1], reserved=totals[1], open=int(promised))

    def _last(self, key: tuple[int, ...]) -> int:
        """The last row of a bucket's cell."""
        return self._cells.get((key[0], key[1]), NOTHING)[5]

    def _chain(self, row: Record) -> None:
        computed = hash_of(self.head, row)
        if computed != row["hash"]:
            self._fault("hash_chain", row["seq"], stored=row["hash"].hex(), computed=computed.hex())
        self.head = row["hash"]  # go on from what is stored, so that one changed row is one fault

    def _running(self, row: Record) -> None:
        key = (row["item_id"], row["warehouse_id"])
        before = self._cells.get(key, NOTHING)
        on_hand, reserved, blocked, in_transit, version, _seq = before
        summed = (
            on_hand + row["delta_on_hand"],
            reserved + row["delta_reserved"],
            blocked + row["delta_blocked"],
            in_transit + row["delta_in_transit"],
            version + 1,
            row["seq"],
        )
        stored = _totals(row)
        if stored != summed:
            self._fault("running_totals", row["seq"], stored=stored, rows=summed)
        if min(summed) < 0:
            self._fault("below_zero", row["seq"], totals=summed)
        if _uncovered(summed) > _uncovered(before) and not is_fact(row["kind"], row["effective_at_us"], row["recorded_at_us"]):
            self._fault("not_covered", row["seq"], totals=summed)
        self._cells[key] = stored  # go on from what is stored here too
        grain = (row["location_id"], row["lot_id"], row["owner_id"], row["condition"])
        if any(grain):
            self._buckets[*key, *grain] = self._buckets.get((*key, *grain), 0) + row["delta_on_hand"]

    def _document(self, row: Record) -> None:
        measure = _PARTS.get(row["kind"])
        if measure is None or row["document"] <= self.since:
            return
        parts = self._holds.setdefault(row["document"], dict.fromkeys(_PARTS.values(), 0))
        parts[measure] += row["delta_reserved"] if measure == "qty" else -row["delta_reserved"]

    def _fault(self, rule: str, seq: int, **found: Any) -> None:
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(Fault(rule, seq, found))


def hash_of(previous: bytes, row: Record) -> bytes:
    """The hash that a stored row should have after the one before it."""
    cost = NO_COST if row["unit_cost"] is None else row["unit_cost"]
    values = (*(row[name] for name in _NUMBERS), cost, row["key"], row["reference"], row["reason"])
    return row_hash(previous, row["tenant_id"], row["part"], row["seq"], row["epoch"], row["recorded_at_us"], values)


def _totals(row: Record) -> Totals:
    return (row["on_hand"], row["reserved"], row["blocked"], row["in_transit"], row["cell_version"], row["seq"])


def _uncovered(totals: tuple[int, ...]) -> int:
    """Promised or blocked beyond what is there. Only a count may make it grow."""
    return max(0, totals[1] + totals[2] - totals[0])


_MEASURES = ("on_hand", "reserved", "blocked", "in_transit")
_TOTALS = (*_MEASURES, "cell_version", "seq")
_NUMBERS = (
    "effective_at_us", "delta_on_hand", "delta_reserved", "delta_blocked", "delta_in_transit", "on_hand", "reserved", "blocked",
    "in_transit", "cell_version", "document", "item_id", "warehouse_id", "location_id", "lot_id", "owner_id", "principal_id",
    "condition", "kind", "role",
)  # fmt: skip
