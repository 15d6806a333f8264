"""The proof: every balance recomputed from the file alone equals the ledger, and the ledger equals the balance table.

Three figures for each item and warehouse of the file. *File*: opening stock and events, from the plan. *Ledger*: the sum of the
rows that bear this replay's keys. *Balance*: what the balance table says, against the sum of all rows up to the sequence that the
balance itself names; so other people may go on working with the same items, before, meanwhile and after.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.sales.plan import Cell
from kit.quantity import ONE, format_qty, parse

Json = Mapping[str, Any]


class Difference(NamedTuple):
    """Two figures of an item in a warehouse that should be the same, in millionths of its unit."""

    cell: Cell
    what: str
    expected: int
    found: int

    def told(self) -> str:
        """In words."""
        return f"{self.cell[0]} in {self.cell[1]}: {self.what}: {format_qty(self.expected)} expected, {format_qty(self.found)} found"


@dataclass(slots=True)
class Sums:
    """What is known of one item in one warehouse. Quantities are millionths."""

    seq: int = 0
    on_hand: int = 0
    reserved: int = 0
    ours: int = 0
    ours_reserved: int = 0
    all: int = 0
    all_reserved: int = 0


@dataclass(slots=True)
class Proof:
    """Gathers levels first, then ledger rows in any order, then compares. `rows` counts ours, `foreign` those of others."""

    expected: Mapping[Cell, int]
    prefix: str
    rows: int = 0
    foreign: int = 0
    _sums: dict[Cell, Sums] = field(default_factory=dict)

    def levels(self, levels: Iterable[Json]) -> None:
        """Balances as the levels list shows them. Those of other items and warehouses are passed over."""
        for level in levels:
            cell = (level["sku"], level["warehouse"])
            if cell in self.expected:
                self._sums[cell] = Sums(int(level["seq"]), parse(level["on_hand"]), parse(level["reserved"]))

    def ledger(self, rows: Iterable[Json]) -> None:
        """Ledger rows. One that is newer than its balance was when read counts for the file, not against the balance."""
        for row in rows:
            cell = (row["sku"], row["warehouse"])
            sums = self._sums.get(cell)
            if sums is None:
                continue
            on_hand, reserved = parse(row["delta_on_hand"]), parse(row["delta_reserved"])
            if str(row["key"] or "").startswith(self.prefix):
                self.rows += 1
                sums.ours += on_hand
                sums.ours_reserved += reserved
            else:
                self.foreign += 1
            if int(row["seq"]) <= sums.seq:
                sums.all += on_hand
                sums.all_reserved += reserved

    def differences(self, held: Mapping[Cell, int] | None = None) -> list[Difference]:
        """Everything that does not agree. `held`: pieces that a refused sale left promised."""
        found: list[Difference] = []
        for cell, pieces in self.expected.items():
            sums = self._sums.get(cell, Sums())
            pairs = (
                ("the ledger of this replay against the file", pieces * ONE, sums.ours),
                ("reserved by this replay", (held or {}).get(cell, 0) * ONE, sums.ours_reserved),
                ("on hand in the balance table against the ledger", sums.all, sums.on_hand),
                ("reserved in the balance table against the ledger", sums.all_reserved, sums.reserved),
            )
            found += [Difference(cell, what, expected, actual) for what, expected, actual in pairs if expected != actual]
        return found
