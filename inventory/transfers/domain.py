"""Decisions about stock between warehouses: ship, arrive, write off. Pure.

What is under way is on hand nowhere; it is counted at its destination. Its rows there carry lot, owner and condition, so
that the chain tells which goods are under way, and no location: they have none. Buckets count only what lies somewhere.
"""

from __future__ import annotations

from inventory.decision import Decision, Entry, Needs, NewTransfer, Refusal, StockView, TransferChange, TransferLineView, TransferView
from inventory.ledger.domain import ON_HAND_MAX, Part, spread, taken_out
from inventory.ledger.messages import Arrive, Kind, PartLine, Ship, WriteOff


def needs_of_ship(command: Ship) -> Needs:
    """The cells that the lines name, and those of the same items where they go."""
    here = [(line.item, line.warehouse) for line in command.lines]
    return Needs(cells=tuple(here + [(line.item, command.to) for line in command.lines]))


def needs_of_transfer(command: Arrive | WriteOff) -> Needs:
    """The transfer, and through it the cells where it goes."""
    return Needs(transfer=command.transfer)


def decide_ship(state: StockView, command: Ship, now: int) -> Decision | Refusal:
    """All lines or none, from what is available. Owned stock stays the same (invariant I4, worked example E17)."""
    leaving = taken_out(state, command.lines, Kind.SHIP)
    if isinstance(leaving, Refusal):
        return leaving
    lines: dict[tuple[int, int, int, int], int] = {}
    for entry in leaving:
        goods = (entry.cell[0], *entry.grain[1:])
        lines[goods] = lines.get(goods, 0) - entry.delta_on_hand
    coming = [_under_way(Kind.SHIP, item, command.to, (lot, owner, condition), qty) for (item, lot, owner, condition), qty in lines.items()]
    refusal = _overflow(state, coming)
    source = command.lines[0].warehouse
    return refusal or Decision(leaving + coming, transfer=NewTransfer(source, command.to, lines))


def decide_arrive(state: StockView, command: Arrive, now: int) -> Decision | Refusal:
    """What was under way is on hand, at the location the command names; what is not good stays blocked."""
    transfer = _seen(state, command)
    parts = _parts(transfer, command.lines, "over_receipt")
    if transfer is None or isinstance(parts, Refusal):
        return parts if isinstance(parts, Refusal) else Refusal("transfer_not_found")
    entries = [_arriving(transfer.lines[index], qty, part.location if part else 0) for index, qty, part in parts]
    return _overflow(state, entries) or Decision(entries, transfer=_change(command.transfer, "received", parts))


def decide_write_off(state: StockView, command: WriteOff, now: int) -> Decision | Refusal:
    """What was under way is lost: the one way in which a transfer makes us own less."""
    transfer = _seen(state, command)
    parts = _parts(transfer, command.lines, "more_than_in_transit")
    if transfer is None or isinstance(parts, Refusal):
        return parts if isinstance(parts, Refusal) else Refusal("transfer_not_found")
    lines = [(transfer.lines[index], qty) for index, qty, _ in parts]
    entries = [_under_way(Kind.WRITE_OFF, x.item, x.to, (x.lot, x.owner, x.condition), -qty) for x, qty in lines]
    return Decision(entries, transfer=_change(command.transfer, "written_off", parts))


def _seen(state: StockView, command: Arrive | WriteOff) -> TransferView | None:
    """The transfer, unless it goes where whoever asks has no business."""
    transfer = state.transfer(command.transfer)
    if transfer is None or not command.scope:
        return transfer
    return transfer if all(line.to in command.scope for line in transfer.lines) else None


def _parts(transfer: TransferView | None, asked: tuple[PartLine, ...] | None, too_much: str) -> list[Part] | Refusal:
    if transfer is None:
        return Refusal("transfer_not_found")
    open_of = [line.open for line in transfer.lines]
    if not any(open_of):
        return Refusal("transfer_closed")
    return spread(transfer.lines, open_of, asked, _matches, too_much)


def _matches(line: TransferLineView, part: PartLine) -> bool:
    there = (line.item, line.to) == (part.item, part.warehouse)
    return there and part.lot in (0, line.lot) and part.condition in (None, line.condition)


def _under_way(kind: Kind, item: int, to: int, goods: tuple[int, int, int], qty: int) -> Entry:
    return Entry(kind, (item, to), (0, *goods), delta_in_transit=qty)


def _arriving(line: TransferLineView, qty: int, location: int) -> Entry:
    grain = (location, line.lot, line.owner, line.condition)
    return Entry(Kind.ARRIVE, (line.item, line.to), grain, qty, 0, qty if line.condition else 0, -qty)


def _change(transfer: int, measure: str, parts: list[Part]) -> TransferChange:
    return TransferChange(transfer, measure, [(index, qty) for index, qty, _ in parts])


def _overflow(state: StockView, coming: list[Entry]) -> Refusal | None:
    """A cell never holds, nor awaits, more than fits."""
    totals: dict[tuple[int, int], tuple[int, int]] = {}
    for entry in coming:
        cell = state.cell(entry.cell)
        on_hand, in_transit = totals.get(entry.cell, (cell.on_hand, cell.in_transit))
        totals[entry.cell] = after = (on_hand + entry.delta_on_hand, in_transit + entry.delta_in_transit)
        if max(after) > ON_HAND_MAX:
            return Refusal("quantity_too_large", ({"item": entry.cell[0], "warehouse": entry.cell[1]},))
    return None
