"""Recognising who calls, when many come at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.people import World


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
