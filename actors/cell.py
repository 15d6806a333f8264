"""The pure core: cells and reservations in memory, and a batch of commands decided against them.

Nothing here waits, reads a clock or touches a disk. `decide_batch` changes this memory at once, ahead of the database; if
the batch then fails to commit, the whole memory is dropped and read again, so nothing needs undoing.

What stays in memory is a tree without a way back up (`gc=False`): hundreds of thousands of cells and reservations would
otherwise be searched for circles again and again, and each search stops every batch.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from msgspec import Struct

from inventory.decision import PLAIN, CellKey, Decision, Entry, Grain, Refusal
from inventory.ledger.chain import NO_COST, LedgerRow, row_hash
from inventory.ledger.messages import AnyCommand, Kind, Outcome, encode_outcome
from inventory.registry import HANDLERS

Key = TypeVar("Key")
Shown = tuple[Any, ...]
"""Part of an outcome as plain tuples: the same bytes as the structs of `messages`, at a fifth of the cost to make."""


class Cell(Struct, gc=False):
    """One item in one warehouse: the virtual actor. `version` counts its rows, `base` is the version the batch began with."""

    item: int
    warehouse: int
    on_hand: int = 0
    reserved: int = 0
    blocked: int = 0
    in_transit: int = 0
    on_order: int = 0
    short: int = 0
    version: int = 0
    base: int = 0
    seq: int = 0
    batch: int = -1
    buckets: dict[Grain, tuple[int, int]] = {}

    def level(self) -> Shown:
        """The totals as an outcome shows them (`messages.Level`)."""
        return (self.item, self.warehouse, self.on_hand, self.reserved, self.blocked, self.in_transit, self.on_order, self.seq)


class ReservationLine(Struct, gc=False):
    """One line of a reservation: what is still open of it, and where the rest went."""

    item: int
    warehouse: int
    location: int
    lot: int
    owner: int
    qty: int
    open: int
    committed: int = 0
    released: int = 0
    expired: int = 0


class Reservation(Struct, gc=False):
    """A promise in memory, known by the sequence of the row that made it."""

    seq: int
    hard: bool
    expires_at_us: int
    reference: str
    created_at_us: int
    created_by: int
    lines: tuple[ReservationLine, ...]
    batch: int = -1

    def shown(self) -> Shown:
        """The reservation as an outcome shows it (`messages.Hold`)."""
        lines = [(x.item, x.warehouse, x.location, x.lot, x.qty, x.open, x.committed, x.released, x.expired) for x in self.lines]
        return (self.seq, self.hard, self.expires_at_us, self.reference, self.created_at_us, self.created_by, lines)


class Memory:
    """The loaded part of one partition and the head of its ledger. Bounded: `shed` drops what was not used lately."""

    def __init__(self, tenant: int, part: int, epoch: int, seq: int, head: bytes) -> None:
        self.tenant = tenant
        self.part = part
        self.epoch = epoch
        self.seq = seq
        self.head = head
        self.batch = 0
        self.clock_us = 0
        self.cells: dict[CellKey, Cell] = {}
        self.reservations: dict[int, Reservation | None] = {}

    def cell(self, key: CellKey) -> Cell:
        """The cell; it must have been loaded."""
        return self.cells[key]

    def reservation(self, seq: int) -> Reservation | None:
        """The reservation, or None if the database has none; it must have been looked for."""
        return self.reservations[seq]

    def shed(self, limit: int, committed_batch: int) -> None:
        """Keep at most about `limit` cells and reservations, never dropping what a batch in flight has touched."""
        _shed(self.cells, limit, committed_batch)
        _shed(self.reservations, limit, committed_batch)


def _shed(kept: dict[Key, Any], limit: int, committed_batch: int) -> None:
    if len(kept) > limit:
        old = [key for key, thing in kept.items() if thing is None or thing.batch <= committed_batch]
        for key in old[: len(kept) - limit // 2]:
            del kept[key]


class Batch:
    """What one transaction will write, and the answers that may be given once it has."""

    __slots__ = (
        "base_seq", "buckets", "cells", "changed", "head", "holds", "known", "number", "outcomes", "recorded_at_us", "replies",
        "rows", "seq",
    )  # fmt: skip

    def __init__(self, memory: Memory, now: int) -> None:
        self.number = memory.batch
        self.base_seq = self.seq = memory.seq
        self.head = memory.head
        self.recorded_at_us = now
        self.rows: list[LedgerRow] = []
        self.cells: dict[CellKey, Cell] = {}
        self.buckets: dict[tuple[CellKey, Grain], None] = {}
        self.holds: list[Reservation] = []
        self.changed: dict[int, Reservation] = {}
        self.replies: list[tuple[bytes, bytes, int, bytes]] = []  # key hash, body hash, seq, outcome
        self.known: Known = {}  # the same by key
        self.outcomes: list[bytes] = []  # one per command


Known = dict[bytes, tuple[bytes, bytes]]
"""Recorded outcomes: key hash -> (body hash, outcome)."""

_REPLAYED = b"\xc3"
"""msgpack for true: the last byte of an outcome is its `replayed` flag."""
REUSED = encode_outcome(Outcome("idempotency_key_reused", 0))
FAILED = encode_outcome(Outcome("internal_error", 0))


def decide_batch(memory: Memory, commands: Iterable[AnyCommand], known: Known, now: int) -> Batch:
    """Decide commands in order at time `now` and apply what was decided to memory.

    Time never runs backwards within a partition: `now` is raised to the last batch's. A command that breaks a rule of ours
    (an exception) fails alone with `internal_error`, leaving no trace and no stored answer.
    """
    memory.clock_us = now = max(now, memory.clock_us)
    memory.batch += 1
    batch = Batch(memory, now)
    for command in commands:
        key_hash = command.key_hash
        before = batch.known.get(key_hash) or known.get(key_hash) if key_hash else None
        if before is not None:
            batch.outcomes.append(before[1][:-1] + _REPLAYED if before[0] == command.body_hash else REUSED)
            continue
        handler = HANDLERS[type(command)]
        try:
            decision = handler.decide(memory, command, now)
        except Exception:
            batch.outcomes.append(FAILED)
            continue
        if type(decision) is Refusal:
            outcome = encode_outcome(Outcome(decision.code, batch.seq, errors=decision.errors))  # type: ignore[arg-type]
        else:
            assert type(decision) is Decision
            outcome = encode_outcome(_apply(memory, batch, command, decision, handler.shows_rows))
        if key_hash:
            batch.known[key_hash] = (command.body_hash, outcome)
            batch.replies.append((key_hash, command.body_hash, batch.seq, outcome))
        batch.outcomes.append(outcome)
    memory.seq = batch.seq
    memory.head = batch.head
    return batch


def _apply(memory: Memory, batch: Batch, command: AnyCommand, decision: Decision, shows_rows: bool) -> Shown:
    """Change memory as decided, append the rows, and say what the command's caller will be told."""
    reservation = _hold(memory, batch, command, decision)
    document = reservation.seq if reservation else 0
    # What leaves or is given back is for whom it was promised, unless the command says otherwise.
    reference = command.reference or (reservation.reference if reservation else "")
    touched: dict[CellKey, Cell] = {}
    first_row = len(batch.rows)
    for entry in decision.entries:
        cell = memory.cells[entry.cell]
        if cell.batch != batch.number:
            cell.base, cell.batch = cell.version, batch.number
            batch.cells[entry.cell] = cell
        touched[entry.cell] = cell
        _post(batch, memory, cell, entry, command, document, reference, decision.note)
    return (
        "",
        batch.seq,
        [cell.level() for cell in touched.values()],
        [_shown(batch, index) for index in range(first_row, len(batch.rows))] if shows_rows else (),
        None if reservation is None else reservation.shown(),
        (),
        False,
    )


def _hold(memory: Memory, batch: Batch, command: AnyCommand, decision: Decision) -> Reservation | None:
    """Make or change the decision's reservation."""
    if decision.new_hold is not None:
        new = decision.new_hold
        lines, hard, expires_at_us = new.lines, new.hard, new.expires_at_us
        held = tuple([ReservationLine(x.item, x.warehouse, x.location, x.lot, x.owner, x.qty, x.qty) for x in lines])
        made = Reservation(
            batch.seq + 1, hard, expires_at_us, command.reference, batch.recorded_at_us, command.principal, held, batch.number
        )
        memory.reservations[made.seq] = made
        batch.holds.append(made)
        return made
    if not decision.reservation:
        return None
    reservation = memory.reservations[decision.reservation]
    assert reservation is not None
    for change in decision.changes:
        line = reservation.lines[change.line]
        line.open -= change.qty
        setattr(line, change.measure, getattr(line, change.measure) + change.qty)
        assert line.open >= 0
    if decision.term is not None:
        reservation.hard, reservation.expires_at_us = decision.term
    reservation.batch = batch.number
    batch.changed[reservation.seq] = reservation
    return reservation


def _post(batch: Batch, memory: Memory, cell: Cell, entry: Entry, command: AnyCommand, document: int, reference: str, note: str) -> None:
    """One ledger row: the cell moves, the chain grows."""
    kind, grain = entry.kind, entry.grain
    d_on_hand, d_reserved = entry.delta_on_hand, entry.delta_reserved
    cell.on_hand += d_on_hand
    cell.reserved += d_reserved
    cell.blocked += entry.delta_blocked
    cell.in_transit += entry.delta_in_transit
    uncovered = cell.reserved + cell.blocked - cell.on_hand
    if uncovered > 0 or cell.short:
        # Only a count may leave more promised than is there (invariant I3); every other row can only mend that.
        cell.short = max(0, uncovered if kind == Kind.ADJUST else min(cell.short, uncovered))
    cell.version += 1
    batch.seq = cell.seq = batch.seq + 1
    if grain != PLAIN:
        qty, pinned = cell.buckets.get(grain, (0, 0))
        cell.buckets[grain] = (qty + d_on_hand, pinned + entry.delta_pinned)
        batch.buckets[entry.cell, grain] = None
    row: list[Any] = [
        command.effective_at_us or batch.recorded_at_us, d_on_hand, d_reserved, entry.delta_blocked, entry.delta_in_transit,
        cell.on_hand, cell.reserved, cell.blocked, cell.in_transit, cell.version, document, cell.item, cell.warehouse,
        grain[0], grain[1], grain[2], command.principal, grain[3], kind, command.role,
        NO_COST if entry.unit_cost is None else entry.unit_cost, command.key, reference, command.reason or note,
    ]  # fmt: skip
    batch.head = row_hash(batch.head, memory.tenant, memory.part, batch.seq, memory.epoch, batch.recorded_at_us, row)
    row.append(batch.head)
    batch.rows.append(row)


def _shown(batch: Batch, index: int) -> Shown:
    """A row as an outcome shows it (`messages.Row`)."""
    (effective, d_on_hand, d_reserved, d_blocked, d_in_transit, on_hand, reserved, blocked, in_transit, version, document, item, warehouse,
     location, lot, owner, principal, condition, kind, role, cost, key, reference, reason, head) = batch.rows[index]  # fmt: skip
    return (
        batch.base_seq + index + 1, kind, item, warehouse, location, lot, owner, condition, d_on_hand, d_reserved, d_blocked,
        d_in_transit, on_hand, reserved, blocked, in_transit, version, document, None if cost == NO_COST else cost,
        effective, batch.recorded_at_us,
        principal, role, key, reference, reason, head,
    )  # fmt: skip
