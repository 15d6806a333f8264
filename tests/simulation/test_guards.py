"""Every guard is seen to matter: with it, a planted fault is harmless; without it, the simulation notices."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import pytest

from actors import lease
from actors.cell import Memory
from tests.simulation.checks import FAILED, Forgive, Violation
from tests.simulation.database import Guards
from tests.simulation.plants import promise_whatever_the_greedy_ask, send_whatever_became_of_the_batch_before
from tests.simulation.server import Faults
from tests.simulation.world import World

LIFE = 20_000
LIVES_ON, LIVES_OFF = 4, 25
"""Lives that must pass with the guard, and lives within which its absence must show."""


@dataclass(frozen=True)
class Case:
    """A guard, the fault that it stands against, and answers which that fault excuses."""

    without: Guards
    faults: Faults = field(default_factory=Faults)
    plant: Callable[[], AbstractContextManager[Any]] = nullcontext
    forgive: Forgive = lambda told: False


CASES = {
    # An owner that hangs with a batch under way, and goes on when another has the partition.
    "fence": Case(Guards(fence=False), Faults(strike=0.005)),
    # An attempt that was believed lost, and comes through beside the next one.
    "confirm": Case(Guards(confirm=False), Faults(stray=0.05)),
    # A batch that is sent although the one before it has failed. One of refusals alone leaves no hole in the sequence, so their
    # repeats may be answered without a record.
    "order": Case(
        Guards(order=False),
        Faults(serialization=0.05),
        plant=send_whatever_became_of_the_batch_before,
        forgive=lambda told: bool(told.outcome.code),
    ),
    # Memory that differs from the database: cells are read as they were before the last commit.
    "version": Case(Guards(version=False), Faults(stale=0.1), forgive=lambda told: told.outcome.code == "insufficient_stock"),
    # A wrong decision.
    "covered": Case(Guards(covered=False), plant=promise_whatever_the_greedy_ask, forgive=lambda told: told.outcome.code == FAILED),
    # A repeat of what was forgotten.
    "key": Case(Guards(key=False)),
}


@pytest.mark.parametrize("name", CASES)
def test_guard_makes_the_fault_harmless(name: str) -> None:
    case = CASES[name]
    with case.plant():
        assert _first_violation(case, Guards(), LIVES_ON) is None


@pytest.mark.parametrize("name", CASES)
def test_missing_guard_is_noticed(name: str) -> None:
    case = CASES[name]
    with case.plant():
        assert _first_violation(case, case.without, LIVES_OFF), f"nobody misses the guard {name}"


async def _acquire_by_own_clock(pool: Any, tenant: int, part: int, owner: lease.Owner) -> Memory:
    """As it once was: the new owner knows nothing of the last row's time."""
    memory = await _acquire(pool, tenant, part, owner)
    memory.clock_us = 0
    return memory


_acquire = lease.acquire
MISTAKES = {
    "sending on top of what failed": Case(Guards(), Faults(serialization=0.2, twice=0.3), send_whatever_became_of_the_batch_before),
    "a new owner's own clock": Case(Guards(), plant=lambda: patch.object(lease, "acquire", _acquire_by_own_clock)),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_of_the_past_would_be_noticed_again(name: str) -> None:
    case = MISTAKES[name]
    with case.plant():
        assert _first_violation(case, Guards(), LIVES_OFF), f"nobody notices {name}"


def _first_violation(case: Case, guards: Guards, lives: int) -> Violation | None:
    for seed in range(lives):
        try:
            World(seed, case.faults, guards, case.forgive).run(LIFE)
        except Violation as problem:
            return problem
    return None
