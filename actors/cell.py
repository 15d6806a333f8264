"""The pure core: cells and documents in memory, and a batch of commands decided against them.

Nothing here waits, reads a clock or touches a disk. `decide_batch` changes this memory at once, ahead of the database; if
the batch then fails to commit, the whole memory is dropped and read again, so nothing needs undoing.

What stays in memory is a tree without a way back up (`gc=False`): hundreds of thousands of cells and reservations would
otherwise be searched for circles again and again, and each search stops every batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from msgspec import Struct, structs

from actors.documents import Order, Receipt, Reservation, ReservationLine, Shown, Transfer, receipt_lines, transfer_lines
from inventory.decision import PLAIN, CellKey, Decision, Entry, Grain, NewReceipt, NewTransfer, OrderChange, Refusal, TransferChange
from inventory.ledger.chain import NO_COST, LedgerRow, row_hash
from inventory.ledger.messages import AnyCommand, Kind, decode_outcome, encode_outcome, is_fact
from inventory.registry import HANDLERS
from kit.errors import Fact

Key = TypeVar("Key")


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
        self.transfers: dict[int, Transfer | None] = {}
        self.holders: dict[int, int] = {}  # open reservations of those principals whose number is limited
        self.orders: dict[int, Order | None] = {}  # with receipts: of the batch being decided only
        self.receipts: dict[int, Receipt | None] = {}
        self.receipt_keys: dict[str, int] = {}

    def cell(self, key: CellKey) -> Cell:
        """The cell; it must have been loaded."""
        return self.cells[key]

    def reservation(self, seq: int) -> Reservation | None:
        """The reservation, or None if the database has none; it must have been looked for."""
        return self.reservations[seq]

    def transfer(self, seq: int) -> Transfer | None:
        """The transfer, or None if the database has none; it must have been looked for."""
        return self.transfers[seq]

    def open_holds(self, principal: int) -> int:
        """How many reservations the principal has open; they must have been counted."""
        return self.holders[principal]

    def order(self, number: int) -> Order | None:
        """The purchase order, or None if the database has none; it must have been looked for."""
        return self.orders[number]

    def receipt(self, seq: int) -> Receipt | None:
        """The receipt, or None if the database has none; it must have been looked for."""
        return self.receipts[seq]

    def receipt_under(self, key: str) -> int:
        """The receipt that was made under this key, 0 if none was; it must have been looked for."""
        return self.receipt_keys.get(key, 0)

    def shed(self, limit: int, committed_batch: int) -> None:
        """Keep at most about `limit` of each kind, never dropping what a batch in flight has touched."""
        _shed(self.cells, limit, committed_batch)
        _shed(self.reservations, limit, committed_batch)
        _shed(self.transfers, limit, committed_batch)


def _shed(kept: dict[Key, Any], limit: int, committed_batch: int) -> None:
    if len(kept) > limit:
        old = [key for key, thing in kept.items() if thing is None or thing.batch <= committed_batch]
        for key in old[: len(kept) - limit // 2]:
            del kept[key]


class Batch:
    """What one transaction will write, and the answers that may be given once it has."""

    __slots__ = (
        "arrived", "base_seq", "buckets", "cells", "changed", "failures", "head", "holds", "known", "number", "on_order", "orders",
        "outcomes", "receipts", "recorded_at_us", "replies", "rows", "seq", "shipped",
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
        self.shipped: list[Transfer] = []
        self.arrived: dict[int, Transfer] = {}
        self.orders: dict[int, Order] = {}
        self.receipts: list[Receipt] = []
        self.on_order: dict[CellKey, Cell] = {}  # cells whose count of what is on order is to be written
        self.replies: list[tuple[bytes, bytes, int, bytes]] = []  # key hash, body hash, seq, outcome
        self.known: Known = {}  # the same by key
        self.outcomes: list[bytes] = []  # one per command
        self.failures: list[Exception] = []  # of commands whose rule is at fault


Known = dict[bytes, tuple[bytes, bytes]]
"""Recorded outcomes: key hash -> (body hash, outcome)."""

_ENDS_WITH_FLAG = 0x97
"""msgpack for a list of seven: an outcome without a transfer or backorder, whose last byte is its `replayed` flag."""
_REPLAYED = b"\xc3"
"""msgpack for true."""


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
            batch.outcomes.append(_again(before[1]) if before[0] == command.body_hash else REUSED)
            continue
        handler = HANDLERS[type(command)]
        try:
            decision = handler.decide(memory, command, now)
        except Exception as problem:
            batch.failures.append(problem)
            batch.outcomes.append(FAILED)
            continue
        if type(decision) is Refusal:
            outcome = _refused(decision.code, batch.seq, decision.errors)
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


def _refused(code: str, seq: int, errors: Sequence[Fact] = ()) -> bytes:
    return encode_outcome((code, seq, (), (), None, errors, False))


REUSED = _refused("idempotency_key_reused", 0)
FAILED = _refused("internal_error", 0)


def _again(outcome: bytes) -> bytes:
    """The outcome as it is given when its key comes back."""
    if outcome[0] == _ENDS_WITH_FLAG:
        return outcome[:-1] + _REPLAYED
    return encode_outcome(structs.replace(decode_outcome(outcome), replayed=True))


def _apply(memory: Memory, batch: Batch, command: AnyCommand, decision: Decision, shows_rows: bool) -> Shown:
    """Change memory as decided, append the rows, and say what the command's caller will be told."""
    reservation = _hold(memory, batch, command, decision)
    transfer = None if decision.transfer is None else _transfer(memory, batch, command, decision.transfer)
    order = None if decision.order is None else _order(memory, batch, decision.order)
    receipt = None if decision.receipt is None else _receipt(memory, batch, command, decision.receipt)
    about = reservation or transfer or receipt
    document = about.seq if about else 0
    # What leaves, arrives or is given back is for whom it was promised or sent, unless the command says otherwise.
    reference = command.reference or (about.reference if about else "")
    effective = command.effective_at_us or batch.recorded_at_us
    if decision.past:  # whatever the clocks of a till and of this machine say of each other
        effective = min(effective, batch.recorded_at_us - 1)
    touched: dict[CellKey, Cell] = {} if order is None else _on_order(memory, batch, order)
    first_row = len(batch.rows)
    for entry in decision.entries:
        cell = touched[entry.cell] = _touch(memory, batch, entry.cell)
        if decision.totals is not None:
            cell.on_hand, cell.reserved, cell.blocked, cell.in_transit = decision.totals
        _post(batch, memory, cell, entry, command, effective, document, reference, decision.note)
    shown = (
        "",
        batch.seq,
        [cell.level() for cell in touched.values()],
        [_shown(batch, index) for index in range(first_row, len(batch.rows))] if shows_rows else (),
        None if reservation is None else reservation.shown(),
        (),
        False,
    )
    if decision.backordered is not None:
        return (*shown, None, decision.backordered)
    if receipt is not None and order is not None:
        return (*shown, None, None, receipt.shown(order))
    return shown if transfer is None else (*shown, transfer.shown())


def _touch(memory: Memory, batch: Batch, key: CellKey) -> Cell:
    """The cell, which this batch will write, and which stays in memory until it has."""
    cell = memory.cells[key]
    if cell.batch != batch.number:
        cell.base, cell.batch = cell.version, batch.number
        batch.cells[key] = cell
    return cell


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
        if made.created_by in memory.holders:
            memory.holders[made.created_by] += 1
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
    if decision.changes and reservation.created_by in memory.holders and not any(line.open for line in reservation.lines):
        memory.holders[reservation.created_by] -= 1
    if decision.term is not None:
        reservation.hard, reservation.expires_at_us = decision.term
    reservation.batch = batch.number
    batch.changed[reservation.seq] = reservation
    return reservation


def _transfer(memory: Memory, batch: Batch, command: AnyCommand, decided: NewTransfer | TransferChange) -> Transfer:
    """Make or change the decision's transfer."""
    if isinstance(decided, NewTransfer):
        lines = transfer_lines(decided)
        made = Transfer(batch.seq + 1, command.reference, batch.recorded_at_us, command.principal, lines, batch.number)
        memory.transfers[made.seq] = made
        batch.shipped.append(made)
        return made
    transfer = memory.transfers[decided.transfer]
    assert transfer is not None
    transfer.change(decided)
    transfer.batch = batch.number
    batch.arrived[transfer.seq] = transfer
    return transfer


def _order(memory: Memory, batch: Batch, decided: OrderChange) -> Order:
    """Change the decision's purchase order."""
    order = memory.orders[decided.order]
    assert order is not None
    order.change(decided)
    batch.orders[order.id] = order
    return order


def _receipt(memory: Memory, batch: Batch, command: AnyCommand, decided: NewReceipt) -> Receipt:
    """Make the decision's receipt."""
    order = memory.orders[decided.order]
    assert order is not None
    lines = receipt_lines(order, decided)
    made = Receipt(
        batch.seq + 1, order.id, decided.kind, decided.of, decided.note, decided.shipment, command.key, command.reason,
        batch.recorded_at_us, command.effective_at_us or batch.recorded_at_us, command.principal, lines,
    )  # fmt: skip
    memory.receipts[made.seq] = made
    memory.receipt_keys[made.key] = made.seq
    batch.receipts.append(made)
    if decided.of:
        taken = memory.receipts[decided.of]
        assert taken is not None
        for line in lines:
            taken.lines[line.of].taken += line.qty
    return made


def _on_order(memory: Memory, batch: Batch, order: Order) -> dict[CellKey, Cell]:
    """Have the cells of the order count what is still to come of it."""
    cells: dict[CellKey, Cell] = {}
    for line in order.lines:
        key = (line.item, line.warehouse)
        cell = cells[key] = batch.on_order[key] = _touch(memory, batch, key)
        still = order.open_of(line)
        cell.on_order += still - line.counted
        line.counted = still
    return cells


def _post(
    batch: Batch,
    memory: Memory,
    cell: Cell,
    entry: Entry,
    command: AnyCommand,
    effective: int,
    document: int,
    reference: str,
    note: str,
) -> None:
    """One ledger row: the cell moves, the chain grows."""
    kind, grain = entry.kind, entry.grain
    d_on_hand, d_reserved = entry.delta_on_hand, entry.delta_reserved
    cell.on_hand += d_on_hand
    cell.reserved += d_reserved
    cell.blocked += entry.delta_blocked
    cell.in_transit += entry.delta_in_transit
    uncovered = cell.reserved + cell.blocked - cell.on_hand
    if uncovered > 0 or cell.short:
        cell.short = max(0, min(uncovered, _excused(cell.short, uncovered, entry, is_fact(kind, effective, batch.recorded_at_us))))
    cell.version += 1
    batch.seq = cell.seq = batch.seq + 1
    if grain != PLAIN and (d_on_hand or entry.delta_pinned):  # what is under way lies in no bucket
        qty, pinned = cell.buckets.get(grain, (0, 0))
        cell.buckets[grain] = (qty + d_on_hand, pinned + entry.delta_pinned)
        batch.buckets[entry.cell, grain] = None
    row: list[Any] = [
        effective, d_on_hand, d_reserved, entry.delta_blocked, entry.delta_in_transit,
        cell.on_hand, cell.reserved, cell.blocked, cell.in_transit, cell.version, document, cell.item, cell.warehouse,
        grain[0], grain[1], grain[2], command.principal, grain[3], kind, command.role,
        NO_COST if entry.unit_cost is None else entry.unit_cost, command.key, reference, command.reason or note,
    ]  # fmt: skip
    batch.head = row_hash(batch.head, memory.tenant, memory.part, batch.seq, memory.epoch, batch.recorded_at_us, row)
    row.append(batch.head)
    batch.rows.append(row)


def _excused(short: int, uncovered: int, entry: Entry, fact: bool) -> int:
    """How much of what is promised beyond what is there the CHECK on balances is to let pass (invariant I3).

    Only a fact may leave more of that, and no more than it takes away itself: else it would excuse a wrong decision earlier in its
    batch, of which a CHECK sees only the end. A correction says what facts have left. Every other row can only mend it.
    """
    if entry.kind == Kind.CORRECT:
        return uncovered
    return short + max(0, entry.delta_reserved + entry.delta_blocked - entry.delta_on_hand) if fact else short


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
