"""Open-loop load: operations leave when they are due, answered or not, and their time counts from when they were due.

So a stall is felt by everyone who would have come meanwhile, as in life; a closed loop would politely stop asking.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from inventory.context import Unavailable
from loadtests.bench.load import Ask, Good

_TICK_S = 0.001


@dataclass(slots=True)
class Arrival:
    """One operation: when it was due and when it was answered (seconds from the start), and whether it was done."""

    due: float
    answered: float
    good: bool

    @property
    def took(self) -> float:
        """From due to answered, in seconds."""
        return self.answered - self.due


@dataclass(slots=True)
class Flow:
    """What became of a schedule: every answer, and how many were turned away at the door (`Unavailable`), by what they were told
    where they were told different things."""

    seconds: float
    arrivals: list[Arrival] = field(default_factory=list)
    turned_away: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    def took(self, since: float = 0.0, until: float = float("inf")) -> list[float]:
        """Times of what was done, of those due in the interval."""
        return [each.took for each in self.arrivals if each.good and since <= each.due < until]

    def done_within(self) -> int:
        """Operations done before the schedule was over: what was answered later was no use any more."""
        return sum(each.good and each.answered <= self.seconds for each in self.arrivals)


async def scheduled(ask: Ask, good: Good, per_second: float, seconds: float) -> Flow:
    """Send `per_second` operations for so long, then wait for what is under way."""
    flow = Flow(seconds)
    start = time.perf_counter()
    waiting: set[asyncio.Future[Any]] = set()
    total = int(per_second * seconds)
    sent = 0
    while sent < total:
        due_by_now = min(total, int((time.perf_counter() - start) * per_second) + 1)
        while sent < due_by_now:
            _send(ask, good, flow, waiting, start, sent / per_second)
            sent += 1
        await asyncio.sleep(_TICK_S)
    while waiting:
        await asyncio.wait(waiting)
    return flow


def _send(ask: Ask, good: Good, flow: Flow, waiting: set[asyncio.Future[Any]], start: float, due: float) -> None:
    try:
        answer = ask()
    except Unavailable:
        flow.turned_away += 1
        return

    def answered(future: asyncio.Future[Any]) -> None:
        waiting.discard(future)
        if isinstance(future.exception(), Unavailable):
            flow.turned_away += 1
        else:
            flow.arrivals.append(Arrival(due, time.perf_counter() - start, future.exception() is None and good(future.result())))

    waiting.add(answer)
    answer.add_done_callback(answered)
