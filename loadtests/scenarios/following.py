"""Whether a feed tells everything once and in order. Pure: rows come in, complaints come out."""

from __future__ import annotations

from dataclasses import dataclass, field

from kit import quantity
from loadtests.scenarios.company import Json


@dataclass(slots=True)
class Following:
    """One reader's view, kept over all its connections. `after` is the last sequence seen, `dense` says that it sees every row.

    A reader who filters sees gaps in the sequence, but none in the story of an item: each row's balances are those of the
    row before it, moved by this row.
    """

    dense: bool
    after: int | None = None
    resyncs: int = 0
    _balances: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def hello(self, as_of_seq: int) -> str:
        """The line stands: from here on, or on from where it was lost."""
        if self.after is None:
            self.after = as_of_seq
        return "" if as_of_seq >= self.after else f"the feed is at {as_of_seq}, {self.after} was seen before"

    def resync(self, as_of_seq: int) -> None:
        """The server gave up telling everything: allowed, but it is counted."""
        self.resyncs += 1
        self.after = as_of_seq
        self._balances.clear()

    def event(self, seq: int, row: Json) -> str:
        """What is wrong with the next event; empty when nothing is."""
        last, self.after = self.after or 0, seq
        if seq <= last:
            return "an event twice or out of order"
        if self.dense and seq != last + 1:
            return "events are missing in the sequence"
        cell = (row["sku"], row["warehouse"])
        now = (quantity.parse(row["on_hand"]), quantity.parse(row["reserved"]))
        moved = (quantity.parse(row["delta_on_hand"]), quantity.parse(row["delta_reserved"]))
        before = self._balances.get(cell)
        self._balances[cell] = now
        if before is not None and (before[0] + moved[0], before[1] + moved[1]) != now:
            return "events are missing in the story of an item"
        return ""
