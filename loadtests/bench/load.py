"""Closed-loop load: so many callers, each asking again as soon as it has its answer. For what the machine can do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

WARM_S = 0.25
"""Asked before counting begins: connections, prepared statements and resident cells are there when it does."""

Ask = Callable[[], "asyncio.Future[Any]"]
"""Sends one operation and returns the future of its result."""
Good = Callable[[Any], bool]
"""Whether a result says that the operation was done."""
Operation = Callable[[], Awaitable[bool]]
"""One operation from beginning to end; False when it was refused."""


@dataclass(slots=True)
class Turn:
    """What one turn measured: operations that were done, those that were not, and how long each took (seconds).

    `warm` are those answered outside of the measured time. `facts` are what its meters said.
    """

    done: int = 0
    warm: int = 0
    failed: int = 0
    seconds: float = 0.0
    took: list[float] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def ops_s(self) -> float:
        """Operations done per second."""
        return self.done / self.seconds if self.seconds else 0.0


class Callers:
    """Callers without a task each: a callback asks the next time, so the generator costs little of the machine it shares."""

    def __init__(self, ask: Ask, good: Good) -> None:
        self._ask = ask
        self._good = good

    async def run(self, callers: int, seconds: float) -> Turn:
        """Warm up, then measure for `seconds`; returns when nothing is under way any more."""
        self._turn = Turn(seconds=seconds)
        self._left = callers
        self._over = asyncio.Event()
        self._from = time.perf_counter() + WARM_S
        self._until = self._from + seconds
        for _ in range(callers):
            self._next()
        await self._over.wait()
        return self._turn

    def _next(self) -> None:
        began = time.perf_counter()
        self._ask().add_done_callback(lambda answer: self._answered(answer, began))

    def _answered(self, answer: asyncio.Future[Any], began: float) -> None:
        now = time.perf_counter()
        good = answer.exception() is None and self._good(answer.result())
        if not self._from <= now < self._until:
            self._turn.warm += 1
        elif good:
            self._turn.done += 1
            self._turn.took.append(now - began)
        else:
            self._turn.failed += 1
        if now < self._until:
            self._next()
            return
        self._left -= 1
        if not self._left:
            self._over.set()


async def run_tasks(operations: list[Operation], seconds: float, weight: int = 1) -> Turn:
    """The same with a task for each operation, for peers that wait several times in one. Each success counts `weight`."""
    turn = Turn(seconds=seconds)
    begin = time.perf_counter() + WARM_S
    until = begin + seconds

    async def caller(operation: Operation) -> None:
        while (began := time.perf_counter()) < until:
            good = await operation()
            now = time.perf_counter()
            if not begin <= now < until:
                turn.warm += weight
            elif good:
                turn.took.append(now - began)
                turn.done += weight
            else:
                turn.failed += weight

    await asyncio.gather(*(caller(operation) for operation in operations))
    return turn


def percentile_ms(took: list[float], share: float) -> float:
    """The time that `share` of the operations stayed below, in milliseconds."""
    if not took:
        return 0.0
    ordered = sorted(took)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1_000, 3)
