"""Recognising who calls, when many come at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tenants.callers import AHEAD, REMEMBERED_S
from tenants.messages import SignIn
from tests.people import PASSWORD, World
from tests.tenants.clocks import MovableClock


async def counted(world: World, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The proofs that are looked up from now on."""
    asked: list[bytes] = []
    find = world.callers._find

    async def noted(slug: str, proof: bytes, how: Any) -> Any:
        asked.append(proof)
        return await find(slug, proof, how)

    monkeypatch.setattr(world.callers, "_find", noted)
    return asked


async def test_asks_once_for_all_who_come_with_one_key(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = await counted(world, monkeypatch)
    found = await asyncio.gather(*(world.callers.of_key(world.bob.key) for _ in range(50)))
    assert len(asked) == 1
    assert {caller.actor.label for caller in found if caller} == {"Bob's key"}


async def test_who_comes_after_a_change_is_not_given_an_answer_from_before(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = await counted(world, monkeypatch)
    before = asyncio.create_task(world.callers.of_key(world.bob.key))
    await asyncio.sleep(0)
    world.callers.forget(world.bob.tenant.id, world.bob.actor.principal_id)
    after = asyncio.create_task(world.callers.of_key(world.bob.key))
    assert all(await asyncio.gather(before, after))
    assert len(asked) == 2


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others(world: World) -> None:
    first, second = (asyncio.create_task(world.callers.of_key(world.bob.key)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second) is not None


def held(world: World, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """So many seconds have passed for what is remembered."""
    now = world.callers._known[next(iter(world.callers._known))].at + seconds
    monkeypatch.setattr("tenants.callers.time", SimpleNamespace(monotonic=lambda: now))


async def test_looks_up_ahead_who_comes_again_and_lets_them_in_meanwhile(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await world.callers.of_key(world.bob.key) is not None
    asked = await counted(world, monkeypatch)
    held(world, monkeypatch, REMEMBERED_S * AHEAD * 0.99)
    assert await world.callers.of_key(world.bob.key) is not None
    assert not world.callers._asked
    held(world, monkeypatch, REMEMBERED_S * AHEAD)
    for _ in range(3):
        assert await world.callers.of_key(world.bob.key) is not None
    (ahead,) = world.callers._asked.values()
    assert not ahead.done(), "nobody has waited for it"
    await ahead
    assert len(asked) == 1
    held(world, monkeypatch, REMEMBERED_S * AHEAD * 0.99)
    assert await world.callers.of_key(world.bob.key) is not None
    assert len(asked) == 1, "what was found holds as long as what was found first"


async def test_who_is_looked_up_ahead_and_not_found_is_out(world: World, clock: MovableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = (await world.sessions.sign_in(SignIn(world.bob.tenant.slug, world.bob.email, PASSWORD))).cookie
    assert await world.callers.of_session(cookie) is not None
    clock.forward(timedelta(days=8))
    held(world, monkeypatch, REMEMBERED_S * AHEAD)
    assert await world.callers.of_session(cookie) is not None
    (ahead,) = world.callers._asked.values()
    assert await ahead is None
    assert not world.callers._known
    assert await world.callers.of_session(cookie) is None


async def test_nobody_is_known_for_longer_because_the_database_does_not_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await world.callers.of_key(world.bob.key) is not None

    async def broken(*_: Any) -> None:
        raise OSError("gone")

    monkeypatch.setattr(world.callers, "_find", broken)
    held(world, monkeypatch, REMEMBERED_S * 0.99)
    assert await world.callers.of_key(world.bob.key) is not None
    held(world, monkeypatch, REMEMBERED_S)
    with pytest.raises(OSError, match="gone"):
        await world.callers.of_key(world.bob.key)
