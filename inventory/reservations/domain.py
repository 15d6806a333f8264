"""Decisions about promises: reserve, commit, release, extend, harden, expire. Pure."""

from __future__ import annotations

from inventory.decision import Decision, Entry, HoldChange, HoldLineView, HoldView, Needs, NewHold, Refusal, StockView
from inventory.ledger.domain import Part, Taken, draw, grain_of, is_plain, short_of_available, spread
from inventory.ledger.messages import Commit, Expire, Extend, Harden, Kind, Line, PartLine, Release, Reserve, ReserveSplit
from kit.clock import NEVER


def needs_of_reserve(command: Reserve) -> Needs:
    """The cells that the lines name, and what the principal holds already if that is limited."""
    cells = tuple([(line.item, line.warehouse) for line in command.lines])
    return Needs(cells, holder=command.principal) if command.holds_max else Needs(cells)


def needs_of_reservation(command: Commit | Release | Extend | Harden | Expire) -> Needs:
    """The reservation, and through it the cells of its lines."""
    return Needs(reservation=command.reservation)


def decide_reserve(state: StockView, command: Reserve, now: int) -> Decision | Refusal:
    """All lines or none; lines of one cell are added up before checking (worked example E13)."""
    if command.holds_max and (refusal := too_many_holds(state, command)):
        return refusal
    blocked = [_where(number, line) for number, line in enumerate(command.lines) if line.condition]
    if blocked:
        return Refusal("not_sellable", tuple(blocked))
    short = short_of_available(state, command.lines)
    if short:
        return Refusal("insufficient_stock", tuple(short))
    taken: Taken = {}
    entries: list[Entry] = []
    for number, line in enumerate(command.lines):
        grain, key, plain = grain_of(line), (line.item, line.warehouse), is_plain(line)
        if not plain and draw(state.cell(key), line, line.qty, taken) is None:
            qty, pinned = state.cell(key).buckets.get(grain, (0, 0))
            fact = {**_where(number, line), "requested": line.qty, "available": max(0, qty - pinned)}
            return Refusal("insufficient_stock", (fact,))
        entries.append(Entry(Kind.RESERVE, key, grain, 0, line.qty, delta_pinned=0 if plain else line.qty))
    expires_at_us = NEVER if command.hard else now + command.expires_in_us
    return Decision(entries, NewHold(command.lines, command.hard, expires_at_us))


def too_many_holds(state: StockView, command: Reserve | ReserveSplit) -> Refusal | None:
    """The refusal of a principal who has as many reservations open as it may have."""
    held = state.open_holds(command.principal)
    return Refusal("too_many_holds", ({"limit": command.holds_max, "open": held},)) if held >= command.holds_max else None


def decide_commit(state: StockView, command: Commit, now: int) -> Decision | Refusal:
    """The promised stock leaves. It was available when promised; only a count since then can have taken it away."""
    hold = _seen(state, command)
    refusal = _not_open(hold, now)
    if hold is None or refusal:
        return refusal or Refusal("reservation_not_found")
    parts = _parts(hold, command.lines)
    if isinstance(parts, Refusal):
        return parts
    entries: list[Entry] = []
    changes: list[HoldChange] = []
    taken: Taken = {}
    for index, qty, _ in parts:
        line = hold.lines[index]
        cell = state.cell((line.item, line.warehouse))
        drawn = draw(cell, _as_line(line, qty), qty, taken, pinned_too=_is_pinned(line))
        if drawn is None:
            sellable = max(0, cell.on_hand - cell.blocked)
            fact = {**_where(index, line), "requested": qty, "available": sellable}
            return Refusal("insufficient_stock", (fact,))
        key, pinned = (line.item, line.warehouse), _is_pinned(line)
        entries += [Entry(Kind.COMMIT, key, grain, -part, -part, delta_pinned=-part if pinned else 0) for grain, part in drawn]
        changes.append(HoldChange(index, "committed", qty))
    return Decision(entries, reservation=command.reservation, changes=changes)


def decide_release(state: StockView, command: Release, now: int) -> Decision | Refusal:
    """What was promised becomes available again."""
    hold = _seen(state, command)
    refusal = _not_open(hold, now)
    if hold is None or refusal:
        return refusal or Refusal("reservation_not_found")
    parts = _parts(hold, command.lines)
    if isinstance(parts, Refusal):
        return parts
    return _give_back(hold, command.reservation, Kind.RELEASE, "released", parts)


def decide_extend(state: StockView, command: Extend, now: int) -> Decision | Refusal:
    """A new end, counted from now."""
    return _new_term(state, command, now, (False, now + command.expires_in_us), "extended")


def decide_harden(state: StockView, command: Harden, now: int) -> Decision | Refusal:
    """Firm from now on."""
    return _new_term(state, command, now, (True, NEVER), "hardened")


def decide_expire(state: StockView, command: Expire, now: int) -> Decision | Refusal:
    """Writes down what the clock has already decided. Nothing to do if the hold was resolved or got a new end."""
    hold = state.reservation(command.reservation)
    if hold is None or hold.hard or hold.expires_at_us > now:
        return Refusal("nothing_due")
    parts = _parts(hold, None)
    if isinstance(parts, Refusal) or not parts:
        return Refusal("nothing_due")
    return _give_back(hold, command.reservation, Kind.EXPIRE, "expired", parts)


def _seen(state: StockView, command: Commit | Release | Extend | Harden) -> HoldView | None:
    """The reservation, unless part of it is where whoever asks has no business."""
    hold = state.reservation(command.reservation)
    if hold is None or not command.scope:
        return hold
    return hold if all(line.warehouse in command.scope for line in hold.lines) else None


def _not_open(hold: HoldView | None, now: int) -> Refusal | None:
    if hold is None:
        return Refusal("reservation_not_found")
    if not any(line.open for line in hold.lines):
        ran_out = any(line.expired for line in hold.lines)
        return Refusal("reservation_expired") if ran_out else Refusal("reservation_closed")
    if not hold.hard and hold.expires_at_us <= now:
        return Refusal("reservation_expired")
    return None


def _parts(hold: HoldView, asked: tuple[PartLine, ...] | None) -> list[Part] | Refusal:
    return spread(hold.lines, [line.open for line in hold.lines], asked, _matches, "more_than_held")


def _where(number: int, line: Line | HoldLineView) -> dict[str, int]:
    return {"line": number, "item": line.item, "warehouse": line.warehouse}


def _matches(line: HoldLineView, part: PartLine) -> bool:
    return (line.item, line.warehouse) == (part.item, part.warehouse) and part.location in (0, line.location) and part.lot in (0, line.lot)


def _give_back(hold: HoldView, seq: int, kind: Kind, measure: str, parts: list[Part]) -> Decision:
    entries: list[Entry] = []
    for index, qty, _ in parts:
        line = hold.lines[index]
        grain = (line.location, line.lot, line.owner, 0)
        entries.append(Entry(kind, (line.item, line.warehouse), grain, 0, -qty, delta_pinned=-qty if _is_pinned(line) else 0))
    return Decision(entries, reservation=seq, changes=[HoldChange(index, measure, qty) for index, qty, _ in parts])


def _new_term(state: StockView, command: Extend | Harden, now: int, term: tuple[bool, int], note: str) -> Decision | Refusal:
    hold = _seen(state, command)
    refusal = _not_open(hold, now)
    if hold is None or refusal:
        return refusal or Refusal("reservation_not_found")
    if hold.hard:
        return Refusal("reservation_is_firm")
    # A row without a change of stock: it tells every screen that the term changed, and who changed it.
    line = next(line for line in hold.lines if line.open)
    entry = Entry(Kind.RESERVE, (line.item, line.warehouse), (line.location, line.lot, line.owner, 0))
    return Decision([entry], reservation=command.reservation, term=term, note=note)


def _is_pinned(line: HoldLineView) -> bool:
    return bool(line.location or line.lot or line.owner)


def _as_line(line: HoldLineView, qty: int) -> Line:
    return Line(line.item, line.warehouse, qty, line.location, line.lot, line.owner)
