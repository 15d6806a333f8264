"""A world of people on the shared database."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.people import World, populate
from tests.tenants.clocks import MovableClock
from tests.tenants.entry import Ways


@pytest.fixture
def clock() -> MovableClock:
    """A clock that tests may move."""
    return MovableClock()


@pytest.fixture
async def world(engine: AsyncEngine, clock: MovableClock) -> World:
    """Alice, Bob and Carol."""
    return await populate(engine, clock)


@pytest.fixture
def ways(world: World, clock: MovableClock) -> Ways:
    """Sign-up, invitations, resets, second factors; letters stay in the outbox."""
    return Ways(world, clock)
