"""What waits to be decided in one partition, and who waits for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from inventory.ledger.messages import AnyCommand

MAILBOX_MAX = 20_000
"""Commands that may wait in one partition: half a second of work at full speed. Beyond it the answer is "try again"."""


class Full(Exception):
    """The mailbox is full; nothing of the group was taken."""


class Group:
    """The commands of one message for one partition. `done` resolves when every one of them has an outcome."""

    __slots__ = ("done", "left", "outcomes")

    def __init__(self, count: int) -> None:
        self.outcomes: list[bytes] = [b""] * count
        self.left = count
        self.done: asyncio.Future[list[bytes]] = asyncio.get_running_loop().create_future()

    def resolve(self, start: int, outcomes: Sequence[bytes]) -> None:
        """Record the outcomes of a run of its commands; the last one wakes whoever waits."""
        self.outcomes[start : start + len(outcomes)] = outcomes
        self.left -= len(outcomes)
        if not self.left and not self.done.done():
            self.done.set_result(self.outcomes)


class Letter:
    """A run of commands on their way, decided together: a message's, or part of one. The engine's own commands have no
    group: nobody waits for them."""

    __slots__ = ("attempts", "commands", "group", "start")

    def __init__(self, commands: Sequence[AnyCommand], group: Group | None, start: int = 0) -> None:
        self.commands = commands
        self.group = group
        self.start = start
        self.attempts = 0

    def __len__(self) -> int:
        return len(self.commands)

    def answer(self, outcomes: Sequence[bytes]) -> None:
        """Give the outcomes to whoever waits, if anyone does."""
        if self.group is not None:
            self.group.resolve(self.start, outcomes)

    def split(self, count: int) -> tuple[Letter, Letter]:
        """Its first `count` commands, and the others."""
        first, rest = Letter(self.commands[:count], self.group, self.start), Letter(self.commands[count:], self.group, self.start + count)
        first.attempts = rest.attempts = self.attempts
        return first, rest


class Mailbox:
    """First in, first out. `arrived` is set while there is something in it, or something else to look at."""

    def __init__(self) -> None:
        self._letters: deque[Letter] = deque()
        self._count = 0
        self.arrived = asyncio.Event()

    def __len__(self) -> int:
        """Commands waiting."""
        return self._count

    def put(self, commands: Sequence[AnyCommand]) -> Group:
        """Queue the commands of a message. Raises Full."""
        if self._count + len(commands) > MAILBOX_MAX:
            raise Full
        group = Group(len(commands))
        self._letters.append(Letter(commands, group))
        self._count += len(commands)
        self.arrived.set()
        return group

    def put_back(self, letters: Sequence[Letter]) -> None:
        """Return letters to the front, in their order: their batch was undone."""
        self._letters.extendleft(reversed(letters))
        self._count += sum(map(len, letters))
        self.arrived.set()

    def take(self, limit: int) -> list[Letter]:
        """Letters of up to `limit` commands together, oldest first. Only one that is too long by itself is split."""
        taken: list[Letter] = []
        room = limit
        while self._letters and len(self._letters[0]) <= room:
            taken.append(self._letters.popleft())
            room -= len(taken[-1])
        if self._letters and not taken:
            first, rest = self._letters.popleft().split(limit)
            self._letters.appendleft(rest)
            taken.append(first)
        self._count -= sum(map(len, taken))
        return taken
