"""The books of a run: what the acknowledged commands add up to, kept apart from the server's own.

A command without an answer may or may not have happened. It stays open until it is asked again under its key (`settle`), which tells;
then every level must be what the books say, to the piece.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from app.sales.rest import Rest
from loadtests.scenarios.company import Company, Json

Line = tuple[str, str, int]
"""SKU, warehouse, pieces; signed where an adjustment says by how much."""
AGAIN = (0, 429, 500, 502, 503, 504)
"""Statuses that leave open what happened; 0 is no answer at all."""


@dataclass(frozen=True, slots=True)
class Command:
    """What is asked of a company under a key, and the lines it moves when it is done. `role` says whose key asks."""

    company: Company
    role: str
    verb: str
    key: str
    body: Json
    lines: tuple[Line, ...]
    source: str = ""


class Levels(NamedTuple):
    """Pieces of an item in a warehouse."""

    on_hand: int = 0
    reserved: int = 0
    in_transit: int = 0

    def plus(self, each: Levels, times: int) -> Levels:
        """Moved by so many times `each`."""
        return Levels(*[mine + times * more for mine, more in zip(self, each, strict=True)])


MOVES = {
    "receive": Levels(on_hand=1),
    "adjust": Levels(on_hand=1),
    "reserve": Levels(reserved=1),
    "commit": Levels(on_hand=-1, reserved=-1),
    "release": Levels(reserved=-1),
    "transfer": Levels(in_transit=1),
    "transfer/receive": Levels(on_hand=1, in_transit=-1),
}
"""What a piece of a line does to the level of its warehouse; a transfer's lines name where it goes, `source` where it leaves."""
_LEAVES = Levels(on_hand=-1)


@dataclass(slots=True)
class Books:
    """`levels` by company, item and warehouse. `accepted` and `refused` hold the keys that were answered."""

    levels: dict[tuple[str, str, str], Levels] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    open: dict[str, Command] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    companies: dict[str, Company] = field(default_factory=dict)

    def asked(self, command: Command) -> None:
        """It is under way: from now on it may have happened."""
        if command.key not in self.accepted and command.key not in self.refused:
            self.open[command.key] = command

    def answered(self, command: Command, status: int) -> None:
        """Enter what an answer says, once per key; a status of `AGAIN` leaves the command open."""
        if status in AGAIN:
            return
        self.open.pop(command.key, None)
        if status >= 400:
            self.refused.add(command.key)
        elif command.key not in self.accepted:
            self.accepted.add(command.key)
            self._enter(command)

    def settle(self) -> int:
        """Ask for every open command until it is answered; returns how many there were. Raises Stuck."""
        pending = list(self.open.values())
        for command in pending:
            rest = Rest(command.company.target(command.role))
            status, _ = rest.post(f"stock/{command.verb}", command.body, command.key)
            rest.close()
            self.answered(command, status)
        return len(pending)

    def differences(self, run: str) -> list[str]:
        """Where the company's levels are not what the books say. Raises Stuck."""
        return [
            f"{'/'.join(cell)}: {expected} by the books, {found.get(cell, Levels())} there"
            for found in [self._there(run)]
            for cell, expected in sorted(self.levels.items())
            if found.get(cell, Levels()) != expected
        ]

    def _there(self, run: str) -> dict[tuple[str, str, str], Levels]:
        found = {}
        for slug, company in self.companies.items():
            rest = Rest(company.target("admin"))
            for page in rest.pages("stock/levels", q=run):
                for level in page:
                    found[slug, level["sku"], level["warehouse"]] = Levels(*[int(level[name]) for name in Levels._fields])
            rest.close()
        return found

    def _enter(self, command: Command) -> None:
        self.companies[command.company.slug] = command.company
        for sku, warehouse, pieces in command.lines:
            self._move(command, sku, warehouse, MOVES[command.verb], pieces)
            if command.source:
                self._move(command, sku, command.source, _LEAVES, pieces)

    def _move(self, command: Command, sku: str, warehouse: str, each: Levels, pieces: int) -> None:
        cell = (command.company.slug, sku, warehouse)
        self.levels[cell] = self.levels.get(cell, Levels()).plus(each, pieces)
