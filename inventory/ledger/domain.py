"""Decisions about physical stock: receive, issue, adjust, correct. Pure: state in, decision or refusal out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from inventory.decision import PLAIN, CellKey, CellView, Decision, Entry, Grain, Needs, Refusal, StockView
from inventory.ledger.messages import Adjust, AdjustLine, Correct, Issue, Kind, Line, PartLine, Receive
from kit.errors import Fact

LATE = "recorded after it left"
"""The reason on the rows of what left before it was recorded, if nobody gave another."""
ON_HAND_MAX = 2**62
"""A cell never holds more than half of int64, so that no sum of two cells' quantities can overflow."""

Taken = dict[tuple[CellKey, Grain], int]
"""What earlier lines of the same command have taken from a bucket."""

Part = tuple[int, int, PartLine | None]
"""(index of a document's line, quantity, the line that asked for it, None when all that is open was asked for)."""

DocumentLine = TypeVar("DocumentLine")


def needs_of_lines(command: Receive | Issue | Adjust) -> Needs:
    """The cells that the lines name."""
    return Needs(cells=tuple((line.item, line.warehouse) for line in command.lines))


def needs_of_correct(command: Correct) -> Needs:
    """The one cell."""
    return Needs(cells=((command.item, command.warehouse),))


def available(cell: CellView) -> int:
    """What can be promised or issued now: sellable less promised, never below zero (semantics.md, States)."""
    return max(0, cell.on_hand - cell.blocked - cell.reserved)


def plain(cell: CellView) -> int:
    """Stock of the cell that is in no bucket."""
    return cell.on_hand - sum(qty for qty, _ in cell.buckets.values()) if cell.buckets else cell.on_hand


def decide_receive(state: StockView, command: Receive, now: int) -> Decision | Refusal:
    """Everything that arrives is on hand; what is not good is blocked too."""
    coming: dict[CellKey, int] = {}
    for number, line in enumerate(command.lines):
        key = (line.item, line.warehouse)
        coming[key] = coming.get(key, 0) + line.qty
        if state.cell(key).on_hand + coming[key] > ON_HAND_MAX:
            return Refusal("quantity_too_large", ({"line": number, "item": line.item, "warehouse": line.warehouse},))
    return Decision([_movement(Kind.RECEIVE, line, line.qty, line.unit_cost) for line in command.lines])


def decide_issue(state: StockView, command: Issue, now: int) -> Decision | Refusal:
    """Stock leaves only from what is available: promised stock is committed, not issued. Unless it has left already."""
    if command.late:
        return left_before(state, command)
    entries = taken_out(state, command.lines, Kind.ISSUE)
    return entries if isinstance(entries, Refusal) else Decision(entries)


def taken_out(state: StockView, lines: Sequence[Line], kind: Kind) -> list[Entry] | Refusal:
    """The rows by which available stock leaves, one for each bucket that gives some."""
    short = short_of_available(state, [line for line in lines if line.condition == 0])
    if short:
        return Refusal("insufficient_stock", tuple(short))
    taken: Taken = {}
    entries: list[Entry] = []
    for number, line in enumerate(lines):
        drawn = draw(state.cell((line.item, line.warehouse)), line, line.qty, taken)
        if drawn is None:
            return Refusal("insufficient_stock", (_bucket_fact(state, number, line),))
        entries += [_leaving(kind, line, grain, qty) for grain, qty in drawn]
    return entries


def left_before(state: StockView, command: Issue) -> Decision:
    """Goods that have left already leave the books too: whatever is there may go, promised or not.

    What the books did not have was there nonetheless, since it left: a correction puts it on hand before it goes, and stands
    for the exception that somebody has to look into.
    """
    taken: Taken = {}
    entries: list[Entry] = []
    for line in command.lines:
        cell = state.cell((line.item, line.warehouse))
        there = min(line.qty, sum(qty for _, qty in _within_reach(cell, line, taken, pinned_too=True)))
        drawn = dict(draw(cell, line, there, taken, pinned_too=True) or ())
        if missing := line.qty - there:
            entries.append(_movement(Kind.CORRECT, line, missing, None))
            drawn[grain_of(line)] = drawn.get(grain_of(line), 0) + missing
        entries += [_leaving(Kind.ISSUE, line, grain, qty) for grain, qty in drawn.items()]
    return Decision(entries, note=LATE, past=True)


def decide_adjust(state: StockView, command: Adjust, now: int) -> Decision | Refusal:
    """A change, or a count of what was expected. May cut below what is promised, never below nothing."""
    pending: dict[CellKey, int] = {}
    taken: Taken = {}
    entries: list[Entry] = []
    for number, line in enumerate(command.lines):
        key = (line.item, line.warehouse)
        cell = state.cell(key)
        delta = line.delta
        if delta is None:
            assert line.set_to is not None and line.expected is not None
            actual = counted(cell, line) + (pending.get(key, 0) if is_plain(line) else -taken.get((key, grain_of(line)), 0))
            if actual != line.expected:
                return Refusal("version_conflict", ({"line": number, **_where(line), "expected": line.expected, "actual": actual},))
            delta = line.set_to - actual
        if cell.on_hand + pending.get(key, 0) + delta > ON_HAND_MAX:
            return Refusal("quantity_too_large", ({"line": number, **_where(line)},))
        pending[key] = pending.get(key, 0) + delta
        if delta >= 0:
            taken[key, grain_of(line)] = taken.get((key, grain_of(line)), 0) - delta
            entries.append(_movement(Kind.ADJUST, line, delta, None))
            continue
        drawn = draw(cell, line, -delta, taken, pinned_too=True)
        if drawn is None:
            return Refusal("insufficient_stock", ({"line": number, **_where(line), "requested": -delta, "available": counted(cell, line)},))
        entries += [_leaving(Kind.ADJUST, line, grain, qty) for grain, qty in drawn]
    return Decision(entries)


def decide_correct(state: StockView, command: Correct, now: int) -> Decision | Refusal:
    """A row without a change whose totals are the ledger's own sums: the balance agrees with them again."""
    cell = state.cell((command.item, command.warehouse))
    if cell.version != command.version:
        fact = {"item": command.item, "warehouse": command.warehouse, "version": command.version, "found": cell.version}
        return Refusal("version_conflict", (fact,))
    totals = (command.on_hand, command.reserved, command.blocked, command.in_transit)
    return Decision([Entry(Kind.CORRECT, (command.item, command.warehouse), PLAIN)], totals=totals)


def spread(
    lines: Sequence[DocumentLine],
    open_of: Sequence[int],
    asked: tuple[PartLine, ...] | None,
    matches: Callable[[DocumentLine, PartLine], bool],
    too_much: str,
) -> list[Part] | Refusal:
    """Which lines of a document give how much: all that is open, or what was asked, from the lines it names in order.

    Refuses with `too_much` when a line asks for more than they have open.
    """
    if asked is None:
        return [(index, qty, None) for index, qty in enumerate(open_of) if qty]
    left = list(open_of)
    parts: list[Part] = []
    for number, part in enumerate(asked):
        rest = part.qty
        for index, line in enumerate(lines):
            take = min(rest, left[index]) if matches(line, part) else 0
            if take:
                parts.append((index, take, part))
                left[index] -= take
                rest -= take
        if rest:
            fact = {"line": number, "item": part.item, "warehouse": part.warehouse, "requested": part.qty, "open": part.qty - rest}
            return Refusal(too_much, (fact,))
    return parts


def short_of_available(state: StockView, lines: Sequence[Line]) -> list[Fact]:
    """Facts of every cell whose lines, added up, ask for more than is available; named by the cell's first line."""
    if len(lines) == 1:  # by far the most common command
        line = lines[0]
        free = available(state.cell((line.item, line.warehouse)))
        return [] if line.qty <= free else [_short_fact(0, line, line.qty, free)]
    wanted: dict[CellKey, int] = {}
    first: dict[CellKey, tuple[int, Line]] = {}
    for number, line in enumerate(lines):
        key = (line.item, line.warehouse)
        wanted[key] = wanted.get(key, 0) + line.qty
        first.setdefault(key, (number, line))
    return [
        _short_fact(*first[key], asked, available(state.cell(key))) for key, asked in wanted.items() if asked > available(state.cell(key))
    ]


def draw(cell: CellView, line: Line | AdjustLine, qty: int, taken: Taken, pinned_too: bool = False) -> list[tuple[Grain, int]] | None:
    """Which buckets give `qty`: the pinned one, or plain stock first and then good buckets in a fixed order.

    Leaves alone what other holds have pinned, unless `pinned_too` (a count is a fact). None if there is not enough.
    Adds what it takes to `taken`.
    """
    key = (line.item, line.warehouse)
    drawn: list[tuple[Grain, int]] = []
    for grain, there in _within_reach(cell, line, taken, pinned_too):
        part = min(qty, there)
        if part > 0:
            drawn.append((grain, part))
            qty -= part
        if not qty:
            break
    if qty:
        return None
    for grain, part in drawn:
        taken[key, grain] = taken.get((key, grain), 0) + part
    return drawn


def _within_reach(cell: CellView, line: Line | AdjustLine, taken: Taken, pinned_too: bool) -> Iterator[tuple[Grain, int]]:
    """The buckets a line may be drawn from, in order, with what is left in each."""
    candidates: Iterable[Grain]
    if not is_plain(line):
        candidates = (grain_of(line),)
    elif not cell.buckets:
        candidates = (PLAIN,)
    else:
        good = [grain for grain in cell.buckets if grain[3] == 0]
        candidates = (PLAIN, *sorted(good, key=lambda grain: (grain[2], grain[0], grain[1])))
    key = (line.item, line.warehouse)
    for grain in candidates:
        yield grain, max(0, _in_bucket(cell, grain, pinned_too) - taken.get((key, grain), 0))


def counted(cell: CellView, line: Line | AdjustLine) -> int:
    """What a count of this line would look at: the whole cell, or the named bucket."""
    return cell.on_hand if is_plain(line) else cell.buckets.get(grain_of(line), (0, 0))[0]


def is_plain(line: Line | AdjustLine) -> bool:
    """True if the line names no location, lot, owner or condition."""
    return not (line.location or line.lot or line.owner or line.condition)


def grain_of(line: Line | AdjustLine) -> Grain:
    """The bucket a line names."""
    return (line.location, line.lot, line.owner, line.condition)


def _in_bucket(cell: CellView, grain: Grain, pinned_too: bool) -> int:
    if grain == PLAIN:
        return plain(cell)
    qty, pinned = cell.buckets.get(grain, (0, 0))
    return qty if pinned_too else max(0, qty - pinned)


def _movement(kind: Kind, line: Line | AdjustLine, qty: int, unit_cost: int | None) -> Entry:
    return Entry(kind, (line.item, line.warehouse), grain_of(line), qty, 0, qty if line.condition else 0, 0, unit_cost)


def _leaving(kind: Kind, line: Line | AdjustLine, grain: Grain, qty: int) -> Entry:
    return Entry(kind, (line.item, line.warehouse), grain, -qty, 0, -qty if grain[3] else 0)


def _where(line: Line | AdjustLine) -> dict[str, int]:
    return {"item": line.item, "warehouse": line.warehouse}


def _short_fact(number: int, line: Line, requested: int, free: int) -> Fact:
    return {"line": number, **_where(line), "requested": requested, "available": free}


def _bucket_fact(state: StockView, number: int, line: Line) -> Fact:
    free = _in_bucket(state.cell((line.item, line.warehouse)), grain_of(line), False)
    return _short_fact(number, line, line.qty, free)
