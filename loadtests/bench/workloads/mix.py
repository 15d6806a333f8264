"""The commands of an ordinary day: 60 % reserve, 25 % commit, 10 % release, 3 % receive, 2 % adjust, over items by Zipf's law."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from inventory.ledger.messages import Adjust, AdjustLine, Commit, Line, Outcome, Receive, Release
from kit.clock import SECOND
from kit.quantity import ONE
from loadtests.bench.engine import Product
from loadtests.bench.ground import Company
from loadtests.bench.messages import chooser, head, reserve, reserve_one

_KINDS = ("reserve", "commit", "release", "receive", "adjust")
_SHARES = (60, 25, 10, 3, 2)
FORGOTTEN = 0.05
"""Share of reservations that nobody comes back for: they end by themselves after a second."""


class Mix:
    """Draws commands and keeps the reservations that are open for those that end one."""

    def __init__(self, product: Product, company: Company) -> None:
        self._desk = product.desk
        self._company = company
        self._choose = chooser(company.items, "zipf")
        self._open: list[int] = []
        self._makers: dict[str, Callable[[], Any]] = {
            "commit": lambda: Commit(**head(), reservation=self._take()),
            "release": lambda: Release(**head(), reservation=self._take()),
            "receive": lambda: Receive(**head(), lines=(Line(self._choose(), company.warehouse, ONE),)),
            "adjust": lambda: Adjust(**head(), lines=(AdjustLine(self._choose(), company.warehouse, ONE),), reason="counted"),
        }
        self.done: Counter[str] = Counter()

    def ask(self) -> asyncio.Future[Outcome]:
        """Send the next command."""
        kind = random.choices(_KINDS, _SHARES)[0]
        if kind in ("commit", "release") and not self._open:
            kind = "reserve"
        if kind == "reserve":
            return self._reserve()
        answer = self._desk.send(self._company.tenant, self._makers[kind]())
        answer.add_done_callback(lambda future: self._count(kind, future))
        return answer

    def _reserve(self) -> asyncio.Future[Outcome]:
        item, warehouse = self._choose(), self._company.warehouse
        forgotten = random.random() < FORGOTTEN
        command = reserve((item,), warehouse, SECOND) if forgotten else reserve_one(item, warehouse)
        answer = self._desk.send(self._company.tenant, command)
        answer.add_done_callback(lambda future: self._count("reserve", future, keep=not forgotten))
        return answer

    def _count(self, kind: str, future: asyncio.Future[Outcome], keep: bool = False) -> None:
        if future.cancelled() or future.exception() is not None or future.result().code:
            return
        self.done[kind] += 1
        if keep:
            self._open.append(future.result().seq)

    def _take(self) -> int:
        """Any of the open reservations; it is nobody else's from now on."""
        place = random.randrange(len(self._open))
        self._open[place], self._open[-1] = self._open[-1], self._open[place]
        return self._open.pop()
