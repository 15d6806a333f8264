"""A world of people on the shared database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from db.engine import make_engine
from tests.conftest import Database
from tests.people import World, populate
from tests.tenants.clocks import MovableClock
from tests.tenants.entry import Ways


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    """The app role's engine."""
    engine = make_engine(database.app, pool_size=4)
    yield engine
    await engine.dispose()


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
