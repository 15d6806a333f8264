"""What the ledger must come to: plain integers, and the commands applied one by one in the order the ledger gives them."""

from __future__ import annotations

from collections import Counter

from inventory.ledger.messages import (
    Adjust,
    AnyCommand,
    Commit,
    Expire,
    Extend,
    Harden,
    Issue,
    PartLine,
    Receive,
    Release,
    Reserve,
    ReserveSplit,
    SplitLine,
)
from kit.clock import NEVER

Cell = tuple[int, int]


class Model:
    """A company's stock by cell, and what is open of every hold by cell, and when it ends."""

    def __init__(self) -> None:
        self.on_hand, self.reserved, self.blocked = Counter[Cell](), Counter[Cell](), Counter[Cell]()
        self.open: dict[int, Counter[Cell]] = {}
        self.ends: dict[int, int] = {}

    def free(self, cell: Cell) -> int:
        return max(0, self.on_hand[cell] - self.reserved[cell] - self.blocked[cell])

    def apply(self, command: AnyCommand, seq: int, now: int) -> None:
        """Do what the command says, asserting that it could be done. `seq` is its first row, `now` when it was recorded."""
        if isinstance(command, (Commit, Release, Extend, Harden)):
            assert self.ends[command.reservation] > now, "a hold past its end was touched"
        match command:
            case Receive(lines=lines):
                self.on_hand += Counter(_sums([(x.item, x.warehouse, x.qty) for x in lines]))
                self.blocked += Counter(_sums([(x.item, x.warehouse, x.qty) for x in lines if x.condition]))
            case Issue():
                self._issue(command)
            case Adjust(lines=lines):
                for line in lines:
                    cell = (line.item, line.warehouse)
                    assert line.expected in (None, self.on_hand[cell]), "a count was taken against other stock than expected"
                    self.on_hand[cell] = self.on_hand[cell] + line.delta if line.delta is not None else line.set_to or 0
            case Reserve() | ReserveSplit():
                self._promise(command, seq, now)
            case Commit() | Release() | Expire():
                if isinstance(command, Expire):
                    assert self.ends[command.reservation] <= now, "a hold ended before its time"
                for cell, qty in self._parts(command.reservation, getattr(command, "lines", None)).items():
                    assert 0 < qty <= self.open[command.reservation][cell], "more left a hold than was open"
                    self.open[command.reservation][cell] -= qty
                    self.reserved[cell] -= qty
                    self.on_hand[cell] -= qty if isinstance(command, Commit) else 0
            case Extend() | Harden():
                self.ends[command.reservation] = NEVER if isinstance(command, Harden) else now + command.expires_in_us

    def split(self, lines: tuple[SplitLine, ...]) -> tuple[Counter[Cell], int]:
        """What each cell gives, and what is missing."""
        given, missing = Counter[Cell](), 0
        for line in sorted(lines, key=lambda line: len(line.warehouses)):
            rest = line.qty
            for cell in [(line.item, warehouse) for warehouse in line.warehouses]:
                part = min(rest, self.free(cell) - given[cell])
                part -= part % line.multiple
                given[cell] += part
                rest -= part
            missing += rest
        return +given, missing

    def _issue(self, command: Issue) -> None:
        for cell, qty in _sums([(x.item, x.warehouse, x.qty) for x in command.lines]).items():
            if command.late:
                self.on_hand[cell] -= min(qty, self.on_hand[cell] - self.blocked[cell])  # what was missing came and went
                continue
            assert qty <= self.free(cell), "what was promised, or not there, was issued"
            self.on_hand[cell] -= qty

    def _promise(self, command: Reserve | ReserveSplit, seq: int, now: int) -> None:
        if isinstance(command, ReserveSplit):
            wanted, missing = self.split(command.lines)
            assert wanted and (command.partial or not missing), "promised what nobody has"
        else:
            wanted = _sums([(x.item, x.warehouse, x.qty) for x in command.lines])
            assert all(0 <= qty <= self.free(cell) for cell, qty in wanted.items()), "oversold"
        self.reserved += wanted
        self.open[seq] = wanted
        self.ends[seq] = NEVER if command.hard else now + command.expires_in_us

    def _parts(self, hold: int, asked: tuple[PartLine, ...] | None) -> Counter[Cell]:
        return +self.open[hold] if asked is None else _sums([(x.item, x.warehouse, x.qty) for x in asked])


def _sums(lines: list[tuple[int, int, int]]) -> Counter[Cell]:
    sums = Counter[Cell]()
    for item, warehouse, qty in lines:
        sums[item, warehouse] += qty
    return sums
