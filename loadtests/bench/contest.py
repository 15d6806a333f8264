"""A contest: the product and its peers take turns, there and back again (ABBA), each peer with the number of clients that suits it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Protocol

from loadtests.bench.load import Turn
from loadtests.bench.stage import Stage

Turner = Callable[[int, float], Awaitable[Turn]]
"""One turn of so many callers (or clients, or connections) for so many seconds."""


class Pace(Protocol):
    """How long a turn and a try are, and how often everyone has one."""

    @property
    def seconds(self) -> float: ...
    @property
    def sweep_seconds(self) -> float: ...
    @property
    def rounds(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Contender:
    """Who takes part. With `best_of` only the best of the sizes stays in; else each size is a contender of its own."""

    name: str
    turner: Turner
    sizes: Sequence[int]
    best_of: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """All turns of a contender by size, and what a short try at each size had given."""

    turns: dict[int, list[Turn]]
    swept: dict[int, int]


async def contest(stage: Stage, workload: str, contenders: Sequence[Contender], pace: Pace | None = None) -> dict[str, Score]:
    """Find each peer's best size, then let everyone take turns, at the stage's pace unless another is given."""
    pace = pace or stage.size
    scores = {each.name: Score({}, await _sweep(pace, each)) for each in contenders}
    turns = [(each, size) for each in contenders for size in _sizes(each, scores[each.name])]
    for number in range(pace.rounds):
        for each, size in turns if number % 2 == 0 else reversed(turns):
            turn = await stage.metered(partial(each.turner, size, pace.seconds))
            scores[each.name].turns.setdefault(size, []).append(turn)
            stage.say(f"{workload:<4}{each.name:<6}{size:>5}  {turn.ops_s:>10,.0f}/s")
    return scores


def best(score: Score) -> tuple[int, list[Turn]]:
    """The size with the highest median rate, and its turns."""
    size = max(score.turns, key=lambda size: median(turn.ops_s for turn in score.turns[size]))
    return size, score.turns[size]


async def _sweep(pace: Pace, each: Contender) -> dict[int, int]:
    if not each.best_of or len(each.sizes) == 1:
        return {}
    return {size: round((await each.turner(size, pace.sweep_seconds)).ops_s) for size in each.sizes}


def _sizes(each: Contender, score: Score) -> Sequence[int]:
    return [max(score.swept, key=score.swept.__getitem__)] if score.swept else each.sizes
