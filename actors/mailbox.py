"""What waits to be decided in one partition, and who waits for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence

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

    def resolve(self, index: int, outcome: bytes) -> None:
        """Record one outcome; the last one wakes whoever waits."""
        self.outcomes[index] = outcome
        self.left -= 1
        if not self.left and not self.done.done():
            self.done.set_result(self.outcomes)


class Letter:
    """A command on its way. The engine's own commands have no group: nobody waits for them."""

    __slots__ = ("attempts", "command", "group", "index")

    def __init__(self, command: AnyCommand, group: Group | None, index: int) -> None:
        self.command = command
        self.group = group
        self.index = index
        self.attempts = 0

    def answer(self, outcome: bytes) -> None:
        """Give the outcome to whoever waits, if anyone does."""
        if self.group is not None:
            self.group.resolve(self.index, outcome)


class Mailbox:
    """First in, first out. `arrived` is set while there is something in it, or something else to look at."""

    def __init__(self) -> None:
        self._letters: deque[Letter] = deque()
        self.arrived = asyncio.Event()

    def __len__(self) -> int:
        return len(self._letters)

    def put(self, commands: Sequence[AnyCommand]) -> Group:
        """Queue the commands of a message. Raises Full."""
        if len(self._letters) + len(commands) > MAILBOX_MAX:
            raise Full
        group = Group(len(commands))
        self._letters.extend([Letter(command, group, index) for index, command in enumerate(commands)])
        self.arrived.set()
        return group

    def put_back(self, letters: Iterable[Letter]) -> None:
        """Return letters to the front, in their order: their batch was undone."""
        self._letters.extendleft(reversed(list(letters)))
        self.arrived.set()

    def take(self, limit: int) -> list[Letter]:
        """Up to `limit` letters, oldest first."""
        if len(self._letters) <= limit:
            taken = list(self._letters)
            self._letters.clear()
        else:
            taken = [self._letters.popleft() for _ in range(limit)]
        return taken
