"""What the users of a run share: the goods, the books, and when each command was sent."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field

from loadtests.scenarios.books import Books, Command
from loadtests.scenarios.goods import Goods, Shelves

REMEMBERED = 20_000
"""Commands whose sending is remembered for those who watch the feed: minutes of them."""


@dataclass(slots=True)
class Stage:
    """One run, which `began` (`time.monotonic`) and lasted so many `seconds` with so many `users` by scenario.

    `begin` is called with every command before it is sent.
    """

    shelves: Shelves
    books: Books
    began: float = 0.0
    seconds: float = 0.0
    users: dict[str, int] = field(default_factory=dict)
    _sent: dict[str, float] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def key(self, scenario: str) -> str:
        """A key that nobody used before."""
        return f"{self.shelves.run}:{scenario}:{next(self._numbers)}"

    def begin(self, command: Command) -> None:
        """It is being sent now, perhaps again."""
        self.books.asked(command)
        self._sent.setdefault(command.key, time.perf_counter())
        if len(self._sent) > REMEMBERED:
            del self._sent[next(iter(self._sent))]

    def seen_after_ms(self, key: str | None) -> float | None:
        """Milliseconds since a command of this run was first sent, for whoever now sees its effect; None when it is not ours."""
        sent = self._sent.get(key or "")
        return None if sent is None else (time.perf_counter() - sent) * 1_000

    def end_of_hold(self, goods: Goods, role: str, verb: str, reserve: Command, reservation: str) -> Command:
        """The command that commits or releases all of a reservation."""
        return Command(goods.company, role, verb, f"{reserve.key}:{verb}", {"reservation": reservation}, reserve.lines)
