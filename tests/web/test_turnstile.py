"""Turns: a company has so many commands in hand; the others of it wait in line, and other companies do not."""

from __future__ import annotations

import asyncio

import pytest

from kit.errors import Refused
from web.turnstile import Turnstile


class Crowd:
    """Callers that hold their turns until they are told to leave."""

    def __init__(self, turnstile: Turnstile) -> None:
        self.turnstile = turnstile
        self.inside: list[str] = []
        self._leave: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, name: str, tenant: int = 1, commands: int = 1) -> None:
        self._leave[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._visit(name, tenant, commands))
        await asyncio.sleep(0)

    async def go(self, name: str) -> None:
        self._leave[name].set()
        await self.tasks[name]
        await asyncio.sleep(0)

    async def _visit(self, name: str, tenant: int, commands: int) -> None:
        async with self.turnstile.turn(tenant, commands):
            self.inside.append(name)
            await self._leave[name].wait()
        self.inside.remove(name)


async def test_lets_in_who_comes_first_and_the_next_when_one_leaves() -> None:
    crowd = Crowd(Turnstile(2))
    for name in ("a", "b", "c", "d"):
        await crowd.come(name)
    assert crowd.inside == ["a", "b"]
    await crowd.go("a")
    assert crowd.inside == ["b", "c"]
    await crowd.go("b")
    await crowd.go("c")
    await crowd.go("d")


async def test_does_not_let_one_company_wait_for_another() -> None:
    crowd = Crowd(Turnstile(1))
    await crowd.come("a1", tenant=1)
    await crowd.come("a2", tenant=1)
    await crowd.come("b1", tenant=2)
    assert crowd.inside == ["a1", "b1"]
    for name in ("a1", "a2", "b1"):
        await crowd.go(name)


async def test_counts_a_bulk_by_its_commands_and_lets_a_large_one_in_alone() -> None:
    crowd = Crowd(Turnstile(10))
    await crowd.come("one")
    await crowd.come("bulk", commands=500)
    assert crowd.inside == ["one", "bulk"]
    await crowd.come("next")
    await crowd.go("one")
    assert crowd.inside == ["bulk"]
    await crowd.go("bulk")
    assert crowd.inside == ["next"]
    await crowd.go("next")


async def test_who_gives_up_waiting_leaves_no_gap() -> None:
    crowd = Crowd(Turnstile(1))
    for name in ("a", "b", "c"):
        await crowd.come(name)
    crowd.tasks["b"].cancel()
    await asyncio.gather(crowd.tasks["b"], return_exceptions=True)
    await crowd.go("a")
    assert crowd.inside == ["c"]
    await crowd.go("c")


async def test_who_gives_up_just_as_they_are_called_passes_the_turn_on() -> None:
    crowd = Crowd(Turnstile(1))
    for name in ("a", "b", "c"):
        await crowd.come(name)
    crowd._leave["a"].set()
    await asyncio.sleep(0)  # a leaves: b is called, and has not moved yet
    crowd.tasks["b"].cancel()
    for _ in range(3):
        await asyncio.sleep(0)
    assert crowd.inside == ["c"]
    await crowd.go("c")


async def test_refuses_when_too_many_wait() -> None:
    crowd = Crowd(Turnstile(1, waiting_max=1))
    await crowd.come("a")
    await crowd.come("b")
    with pytest.raises(Refused) as refused:
        async with crowd.turnstile.turn(1):
            raise AssertionError("nobody gets past")
    assert (refused.value.refusal.code, refused.value.refusal.facts) == ("rate_limited", {"retry_after_s": 1})
    await crowd.go("a")
    await crowd.go("b")


async def test_forgets_companies_that_have_left() -> None:
    turnstile = Turnstile()
    for tenant in range(50):
        async with turnstile.turn(tenant):
            pass
    assert not turnstile._lines
