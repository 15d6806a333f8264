"""Callers: they reserve, sell, count and return, repeat themselves, change their minds, give up, and ask for nonsense."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from actors.desk import Desk
from inventory.context import Unavailable
from inventory.ledger.domain import ON_HAND_MAX
from inventory.ledger.messages import (
    Adjust,
    AdjustLine,
    Command,
    Commit,
    Extend,
    Harden,
    Issue,
    Line,
    Outcome,
    PartLine,
    Receive,
    Release,
    Reserve,
    ReserveSplit,
    SplitLine,
    encode_command,
)
from kit.clock import SECOND
from kit.ids import digest16

NOBODYS = 2_000_000_000
"""An item that does not exist."""
GREEDY = 1_000_000
"""More than there ever is of anything."""


@dataclass(frozen=True)
class Told:
    """An answer that a caller was given."""

    tenant: int
    command: Command
    outcome: Outcome


@dataclass
class History:
    """What was asked and what was answered, as the callers know it. `heard` is called with every answer."""

    heard: Callable[[Told], None]
    sent: dict[tuple[int, str], list[Command]] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    unknown: list[tuple[int, Command]] = field(default_factory=list)

    def send(self, tenant: int, command: Command) -> None:
        """Note what is about to be asked."""
        bodies = self.sent.setdefault((tenant, command.key), [])
        if command not in bodies:
            bodies.append(command)

    def hear(self, tenant: int, command: Command, outcome: Outcome) -> None:
        """Note an answer."""
        told = Told(tenant, command, outcome)
        self.told.append(told)
        self.heard(told)


class Wishes:
    """Draws commands for a tenant: small quantities of a few things, so that they collide.

    `partials`: also promises that may be kept in part. What they leave out touches no row, so a planted stale read would go
    unnoticed there, as it does in a refusal.
    """

    def __init__(
        self, random: Random, items: tuple[int, ...], warehouses: tuple[int, ...], holds: list[int], partials: bool = True
    ) -> None:
        self._partials = partials
        self._random = random
        self._items = items
        self._warehouses = warehouses
        self._holds = holds
        self._keys = 0

    def draw(self, name: str) -> Command:
        """A new wish, under a key that begins with `name`."""
        self._keys += 1
        verb = self._random.choices(*zip(*_WEIGHTS.items(), strict=True))[0]
        made: Command = getattr(self, verb)(f"{name}.{self._keys}")
        return made

    def receive(self, key: str) -> Command:
        lines = tuple(self.line(self.qty(12), place=True) for _ in range(self.few()))
        return sealed(Receive, key, lines=lines)

    def issue(self, key: str) -> Command:
        return sealed(Issue, key, lines=tuple(self.line(self.qty(6)) for _ in range(self.few())))

    def late(self, key: str) -> Command:
        lines = tuple(self.line(self.qty(6)) for _ in range(self.few()))
        return sealed(Issue, key, lines=lines, late=True, effective_at_us=self._random.randint(1, 10**18))

    def adjust(self, key: str) -> Command:
        return sealed(Adjust, key, lines=(AdjustLine(*self.cell(), self._random.randint(-4, 4)),))

    def count(self, key: str) -> Command:
        return sealed(Adjust, key, lines=(AdjustLine(*self.cell(), None, self.qty(9), self._random.randint(0, 12)),))

    def reserve(self, key: str) -> Command:
        lines = tuple(self.line(self.qty(4), place=True) for _ in range(self.few()))
        ends = self._random.choice([1, 5, 60, 900]) * SECOND
        return sealed(Reserve, key, lines=lines, hard=self._random.random() < 0.2, expires_in_us=ends)

    def split(self, key: str) -> Command:
        lines = []
        for _ in range(self.few()):
            multiple, (item, *_) = self._random.choice([1, 1, 2]), self.cell()
            places = self._random.sample(self._warehouses, self._random.randint(1, len(self._warehouses)))
            lines.append(SplitLine(item, tuple(places), self.qty(4) * multiple, multiple))
        ends, partial = self._random.choice([1, 5, 60, 900]) * SECOND, self._partials and self._random.random() < 0.5
        return sealed(ReserveSplit, key, lines=tuple(lines), hard=False, expires_in_us=ends, partial=partial)

    def commit(self, key: str) -> Command:
        return sealed(Commit, key, reservation=self.hold(), lines=self.parts())

    def release(self, key: str) -> Command:
        return sealed(Release, key, reservation=self.hold(), lines=self.parts())

    def extend(self, key: str) -> Command:
        return sealed(Extend, key, reservation=self.hold(), expires_in_us=self._random.choice([1, 60, 900]) * SECOND)

    def harden(self, key: str) -> Command:
        return sealed(Harden, key, reservation=self.hold())

    def nonsense(self, key: str) -> Command:
        """What a service would have refused, or the engine must: the last belt has to hold too."""
        cell = self.cell()
        wishes = [
            sealed(Reserve, key, lines=(Line(*cell, -self.qty(5)),), hard=False, expires_in_us=SECOND),
            sealed(Reserve, key, lines=(Line(*cell, 2**62), Line(*cell, 2**62)), hard=False, expires_in_us=SECOND),
            sealed(Reserve, key, lines=(Line(*cell, GREEDY),), hard=False, expires_in_us=SECOND),
            sealed(Receive, key, lines=(Line(*cell, ON_HAND_MAX + 1),)),
            sealed(Receive, key, lines=(Line(NOBODYS, cell[1], 1),)),
            sealed(Commit, key, reservation=2**62, lines=None),
            sealed(Commit, key, reservation=self.hold(), lines=(PartLine(*cell, 10**9),)),
        ]
        return self._random.choice(wishes)

    def other_body(self, command: Command) -> Command:
        """Another wish under the same key."""
        return self.receive(command.key) if isinstance(command, Reserve) else self.reserve(command.key)

    def line(self, qty: int, place: bool = False) -> Line:
        condition = 2 if place and self._random.random() < 0.05 else 0
        location = 7 if place and not condition and self._random.random() < 0.2 else 0
        return Line(*self.cell(), qty, location, 0, 0, condition)

    def parts(self) -> tuple[PartLine, ...] | None:
        return None if self._random.random() < 0.6 else (PartLine(*self.cell(), self.qty(3)),)

    def cell(self) -> tuple[int, int]:
        return self._random.choice(self._items), self._random.choice(self._warehouses)

    def hold(self) -> int:
        return self._random.choice(self._holds[-20:]) if self._holds else 1

    def few(self) -> int:
        return self._random.choice([1, 1, 1, 2, 3])

    def qty(self, most: int) -> int:
        return self._random.randint(1, most)


_WEIGHTS = {
    "receive": 14, "issue": 8, "late": 3, "adjust": 5, "count": 4, "reserve": 28, "split": 6, "commit": 14, "release": 9, "extend": 5,
    "harden": 3, "nonsense": 4,
}  # fmt: skip


def sealed(kind: type[Command], key: str, **body: Any) -> Command:
    """A command whose hashes cover its key and its body, as the services make them."""
    bare = kind(key=key, key_hash=b"", body_hash=b"", principal=1, role=1, **body)
    return kind(key=key, key_hash=digest16(key.encode()), body_hash=digest16(encode_command(bare)), principal=1, role=1, **body)


class Caller:
    """Asks one thing after the other through its desk, until it is told that it is closing time."""

    def __init__(
        self, name: str, random: Random, tenant: int, desks: list[Desk], wishes: Wishes, history: History, holds: list[int]
    ) -> None:
        self._name = name
        self._random = random
        self.tenant = tenant
        self._desks = desks
        self._wishes = wishes
        self._history = history
        self._holds = holds
        self._asked: list[Command] = []
        self.closing = False

    async def live(self) -> None:
        """Ask, pause, ask again."""
        while not self.closing:
            wishes = self._next()
            impatient = [self._again(wishes[0])] if self._random.random() < 0.2 else []
            await asyncio.gather(*[self.ask(command) for command in wishes], *impatient)
            await asyncio.sleep(self._random.random() * 0.05)

    async def ask(self, command: Command, patient: bool = False) -> None:
        """Send until answered; unless `patient`, perhaps give up and never know."""
        self._history.send(self.tenant, command)
        while True:
            try:
                async with asyncio.timeout(60 if patient or self._random.random() < 0.9 else self._random.random() * 0.02):
                    outcome = await self._random.choice(self._desks).submit(self.tenant, command)
            except (Unavailable, TimeoutError):
                if not patient and self._random.random() < 0.5:
                    self._history.unknown.append((self.tenant, command))
                    return
                await asyncio.sleep(self._random.random())
                continue
            break
        self._history.hear(self.tenant, command, outcome)
        if outcome.hold is not None:
            self._holds.append(outcome.hold.seq)

    async def _again(self, command: Command) -> None:
        """The same once more before the answer is there."""
        await asyncio.sleep(self._random.random() * 0.005)
        await self.ask(command)

    def _next(self) -> list[Command]:
        """A wish, or some at once, or one from before, or another one under a key from before."""
        chance = self._random.random()
        if self._asked and chance < 0.15:
            before = self._random.choice(self._asked)
            return [before if chance < 0.12 else self._wishes.other_body(before)]
        wishes = [self._wishes.draw(self._name) for _ in range(self._random.choice([1, 1, 2, 5]))]
        self._asked += wishes
        return wishes
