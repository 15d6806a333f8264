"""Decisions about promises that several warehouses may keep together: which of them gives how much. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from inventory.decision import CellKey, Decision, Needs, Refusal, StockView
from inventory.ledger.domain import Taken, available
from inventory.ledger.messages import Line, Reserve, ReserveSplit, SplitLine
from inventory.reservations.domain import decide_reserve, too_many_holds
from kit.errors import Fact

Given = Sequence[int]
"""What each warehouse of a line gives, in the line's order."""


def needs_of_split(command: ReserveSplit) -> Needs:
    """Every cell that may give something, and what the principal holds already if that is limited."""
    cells = tuple([(line.item, warehouse) for line in command.lines for warehouse in line.warehouses])
    return Needs(cells, holder=command.principal if command.holds_max else 0)


def split(free: Sequence[int], qty: int, multiple: int = 1) -> list[int]:
    """What each place gives of `qty`: as much as it has free, in whole multiples, the preferred ones first. May come to less."""
    given: list[int] = []
    for there in free:
        given.append(min(qty, there) // multiple * multiple)
        qty -= given[-1]
    return given


def decide_split(state: StockView, command: ReserveSplit, now: int) -> Decision | Refusal:
    """Warehouses are chosen line by line (worked example E15); what was chosen is then decided like any other promise.

    All of it or nothing, unless `partial`: then what there is, if there is anything.
    """
    if command.holds_max and (refusal := too_many_holds(state, command)):
        return refusal
    blocked = [_where(number, line) for number, line in enumerate(command.lines) if line.condition]
    if blocked:
        return Refusal("not_sellable", tuple(blocked))
    given = give(state, command.lines)
    missing = _missing(command.lines, given)
    if missing and not (command.partial and any(map(sum, given))):
        return Refusal("insufficient_stock", tuple(_short(command.lines, given)))
    decision = decide_reserve(state, _chosen(command, given), now)
    if isinstance(decision, Refusal) or not command.partial:
        return decision
    return structs.replace(decision, backordered=missing)


def give(state: StockView, lines: Sequence[SplitLine]) -> list[Given]:
    """What the lines are given together: no cell gives more than it has available.

    Lines with fewer warehouses to choose from come first, so that one with a choice does not take what another cannot get
    elsewhere; else they come as they stand. Nothing given is moved to a later choice for the sake of another line.
    """
    given: list[Given] = [()] * len(lines)
    left: dict[CellKey, int] = {}
    taken: Taken = {}
    for number in sorted(range(len(lines)), key=lambda number: len(lines[number].warehouses)):
        line = lines[number]
        given[number] = split([_free(state, line, place, left, taken) for place in line.warehouses], line.qty, line.multiple)
        for place, qty in zip(line.warehouses, given[number], strict=True):
            left[line.item, place] -= qty
            taken[(line.item, place), _pin(line)] = taken.get(((line.item, place), _pin(line)), 0) + qty
    return given


def _free(state: StockView, line: SplitLine, warehouse: int, left: dict[CellKey, int], taken: Taken) -> int:
    """What is available of the cell, of a pinned line in its bucket, less what lines before have been given."""
    key, pin = (line.item, warehouse), _pin(line)
    cell = state.cell(key)
    free = left.setdefault(key, available(cell))
    if not any(pin):
        return free
    qty, pinned = cell.buckets.get(pin, (0, 0))
    return min(free, max(0, qty - pinned - taken.get((key, pin), 0)))


def _chosen(command: ReserveSplit, given: Sequence[Given]) -> Reserve:
    """The plain promise that it has become: one line for each warehouse that gives something."""
    lines = tuple(
        Line(line.item, warehouse, qty, line.location, line.lot, line.owner)
        for line, parts in zip(command.lines, given, strict=True)
        for warehouse, qty in zip(line.warehouses, parts, strict=True)
        if qty
    )
    return Reserve(
        key=command.key, key_hash=command.key_hash, body_hash=command.body_hash, principal=command.principal, role=command.role,
        lines=lines, hard=command.hard, expires_in_us=command.expires_in_us, holds_max=command.holds_max,
    )  # fmt: skip


def _missing(lines: Sequence[SplitLine], given: Sequence[Given]) -> list[tuple[int, int, int]]:
    """(line, item, quantity) of what nobody gives."""
    short = [line.qty - sum(parts) for line, parts in zip(lines, given, strict=True)]
    return [(number, line.item, qty) for number, (line, qty) in enumerate(zip(lines, short, strict=True)) if qty]


def _short(lines: Sequence[SplitLine], given: Sequence[Given]) -> list[Fact]:
    """Facts of lines that got too little, those alike added up and named by the first (worked example E13). Available is what could be
    given to them: of every warehouse what is available there, in whole multiples, then summed (worked example E16)."""
    facts: dict[object, dict[str, int]] = {}
    for number, (line, parts) in enumerate(zip(lines, given, strict=True)):
        alike = (line.item, frozenset(line.warehouses), line.multiple, _pin(line))
        fact = facts.setdefault(alike, {**_where(number, line), "requested": 0, "available": 0})
        fact["requested"] += line.qty
        fact["available"] += sum(parts)
    return [fact for fact in facts.values() if fact["available"] < fact["requested"]]


def _where(number: int, line: SplitLine) -> dict[str, int]:
    """The warehouse is named where there is no other."""
    where = {"line": number, "item": line.item}
    return {**where, "warehouse": line.warehouses[0]} if len(line.warehouses) == 1 else where


def _pin(line: SplitLine) -> tuple[int, int, int, int]:
    return (line.location, line.lot, line.owner, 0)
