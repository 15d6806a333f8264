"""Ledger scenarios as text tables that a warehouse manager could check. No I/O: the pure core alone.

    10:00:00 | receive 10 osh            | done               | osh 10 0 10
    10:00:00 | reserve S1 4 osh for 900  | done               | osh 10 4 6
    10:00:01 | reserve S2 7 osh          | insufficient_stock | osh 10 4 6

Columns: time (a bare `"` repeats the one above), deed, answer, then on hand, reserved and available of a warehouse and, if
said, what is in transit to it. Words of a deed: `receive QTY PLACE`, `issue QTY PLACE [late]`, `adjust ±QTY PLACE`,
`count QTY of EXPECTED PLACE`,
`reserve NAME QTY PLACE [+ QTY PLACE …] [hard] [for SECONDS]`, `commit NAME [QTY PLACE]`, `release NAME [QTY PLACE]`,
`extend NAME for SECONDS`, `harden NAME`, `ship NAME QTY PLACE [+ QTY PLACE …] to WAREHOUSE`,
`arrive NAME [QTY PLACE]`, `lose NAME [QTY PLACE]`, `look`. A place is `WAREHOUSE[/LOCATION][#LOT][!CONDITION]`.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from actors.cell import Cell, Known, Memory, decide_batch
from actors.documents import Reservation
from inventory.ledger.chain import GENESIS, LedgerRow
from inventory.ledger.messages import (
    Adjust,
    AdjustLine,
    AnyCommand,
    Arrive,
    Commit,
    Condition,
    Expire,
    Extend,
    Harden,
    Issue,
    Line,
    Outcome,
    PartLine,
    Receive,
    Release,
    Reserve,
    Ship,
    WriteOff,
    decode_outcome,
)
from inventory.registry import HANDLERS
from kit import quantity
from kit.clock import SECOND
from kit.ids import digest16

_PLACE = re.compile(r"(?P<warehouse>\w+)(?:/(?P<location>\w+))?(?:#(?P<lot>\w+))?(?:!(?P<condition>\w+))?")
ITEM = 1
_DAY = datetime.fromisoformat("2026-02-20T00:00:00+00:00").timestamp()


class World:
    """One item, the warehouses and reservations that a table names, and a memory in which every deed is a batch of one."""

    def __init__(self) -> None:
        self.memory = Memory(1, 0, 1, 0, GENESIS)
        self.names: dict[str, int] = {}
        self.holds: dict[str, int] = {}
        self.transfers: dict[str, int] = {}
        self.holds_max = 0
        self.now = 0
        self.rows: list[LedgerRow] = []
        self.answers: dict[str, bytes] = {}
        self._known: Known = {}
        self._keys = 0

    def do(self, deed: str, key: str = "") -> Outcome:
        """Carry out one deed, after the expiries that are due, as a shard would."""
        words = deed.split()
        command = self._command(words, key)
        due = [self._expire(hold.seq) for hold in self.memory.reservations.values() if hold is not None and _is_due(hold, self.now)]
        self._load(command)
        batch = decide_batch(self.memory, [*due, command], self._known, self.now)
        self.rows = batch.rows
        self._known |= batch.known
        self.answers[command.key] = batch.outcomes[-1]
        outcome = decode_outcome(batch.outcomes[-1])
        if words[0] == "reserve" and outcome.hold is not None:
            self.holds[words[1]] = outcome.hold.seq
        if words[0] == "ship" and outcome.transfer is not None:
            self.transfers[words[1]] = outcome.transfer.seq
        return outcome

    def cell(self, warehouse: str) -> Cell:
        """The cell of the item in a warehouse; empty if nothing ever was there."""
        return self.memory.cells.setdefault((ITEM, self._id(warehouse)), Cell(ITEM, self._id(warehouse)))

    def _command(self, words: list[str], key: str) -> AnyCommand:
        self._keys += 1
        key = key or str(self._keys)
        head: dict[str, Any] = {
            "key": key,
            "key_hash": digest16(key.encode()),
            "body_hash": bytes(16),
            "principal": 1,
            "role": 1,
        }
        match words:
            case ["receive", qty, place]:
                return Receive(**head, lines=(self._line(qty, place),))
            case ["issue", *pairs]:
                return Issue(**head, lines=self._lines([word for word in pairs if word != "late"]), late="late" in pairs)
            case ["adjust", qty, place]:
                at = self._line("1", place)
                return Adjust(**head, lines=(_adjust(at, delta=quantity.parse(qty)),))
            case ["count", qty, "of", expected, place]:
                at = self._line("1", place)
                return Adjust(**head, lines=(_adjust(at, set_to=quantity.parse(qty), expected=quantity.parse(expected)),))
            case ["reserve", _, *rest]:
                seconds = int(rest[rest.index("for") + 1]) if "for" in rest else 900
                pairs = rest[: rest.index("for")] if "for" in rest else rest
                hard = "hard" in pairs
                lines = self._lines([word for word in pairs if word != "hard"])
                return Reserve(**head, lines=lines, hard=hard, expires_in_us=seconds * SECOND, holds_max=self.holds_max)
            case ["commit" | "release" as verb, name, *pairs]:
                return (Commit if verb == "commit" else Release)(**head, reservation=self.holds.get(name, 999), lines=self._parts(pairs))
            case ["ship", _, *pairs, "to", warehouse]:
                return Ship(**head, lines=self._lines(pairs), to=self._id(warehouse))
            case ["arrive" | "lose" as verb, name, *pairs]:
                return (Arrive if verb == "arrive" else WriteOff)(**head, transfer=self.transfers.get(name, 999), lines=self._parts(pairs))
            case ["extend", name, "for", seconds]:
                return Extend(**head, reservation=self.holds[name], expires_in_us=int(seconds) * SECOND)
            case ["harden", name]:
                return Harden(**head, reservation=self.holds[name])
        raise AssertionError(f"no such deed: {' '.join(words)}")

    def _load(self, command: AnyCommand) -> None:
        needs = HANDLERS[type(command)].needs(command)
        for key in needs.cells:
            self.memory.cells.setdefault(key, Cell(*key))
        if needs.reservation:
            self.memory.reservations.setdefault(needs.reservation, None)
        if needs.transfer:
            self.memory.transfers.setdefault(needs.transfer, None)
        if needs.holder:
            self.memory.holders.setdefault(needs.holder, 0)

    def _parts(self, pairs: list[str]) -> tuple[PartLine, ...] | None:
        return tuple(PartLine(x.item, x.warehouse, x.qty, x.location, x.lot) for x in self._lines(pairs)) or None

    def _lines(self, pairs: list[str]) -> tuple[Line, ...]:
        words = [word for word in pairs if word != "+"]
        return tuple(self._line(qty, place) for qty, place in zip(words[::2], words[1::2], strict=True))

    def _line(self, qty: str, place: str) -> Line:
        found = _PLACE.fullmatch(place)
        assert found, place
        condition = Condition[found["condition"].upper()] if found["condition"] else Condition.GOOD
        ids = [self._id(found[name]) if found[name] else 0 for name in ("warehouse", "location", "lot")]
        return Line(ITEM, ids[0], quantity.parse(qty), ids[1], ids[2], 0, condition)

    def _id(self, name: str) -> int:
        return self.names.setdefault(name, len(self.names) + 1)

    def _expire(self, seq: int) -> Expire:
        return Expire(key="", key_hash=b"", body_hash=b"", principal=0, role=0, reservation=seq)


def play(table: str, world: World | None = None) -> World:
    """Run a table in a new world, or go on in one, checking every answer and every level it states."""
    world = world or World()
    for number, text in enumerate(filter(str.strip, table.splitlines()), 1):
        at, deed, answer, levels = (part.strip() for part in text.split("|"))
        if at != '"':
            world.now = int((_DAY + datetime.fromisoformat(f"1970-01-01T{at}+00:00").timestamp()) * SECOND)
        if deed != "look":
            outcome = world.do(deed)
            assert (outcome.code or "done") == answer, f"line {number}: {deed}: {outcome.code or 'done'} {outcome.errors}"
        _check_levels(world, number, levels)
    return world


def _check_levels(world: World, number: int, levels: str) -> None:
    for level in filter(None, (part.strip() for part in levels.split(","))):
        warehouse, *expected = level.split()
        cell = world.cell(warehouse)
        ran_out = sum(
            line.open
            for hold in world.memory.reservations.values()
            if hold is not None and _is_due(hold, world.now)
            for line in hold.lines
            if line.warehouse == cell.warehouse
        )
        free = max(0, cell.on_hand - cell.blocked - (cell.reserved - ran_out))
        shown = [quantity.format_qty(value) for value in (cell.on_hand, cell.reserved - ran_out, free, cell.in_transit)][: len(expected)]
        assert shown == expected, f"line {number}: {warehouse} is {' '.join(shown)}, the table says {' '.join(expected)}"


def _is_due(hold: Reservation, now: int) -> bool:
    return not hold.hard and hold.expires_at_us <= now and any(line.open for line in hold.lines)


def _adjust(at: Line, delta: int | None = None, set_to: int | None = None, expected: int | None = None) -> AdjustLine:
    return AdjustLine(at.item, at.warehouse, delta, set_to, expected, at.location, at.lot, at.owner, at.condition)
