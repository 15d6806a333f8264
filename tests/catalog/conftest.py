"""What tests of the catalogue begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from db.engine import make_engine
from inventory.catalog import service
from tests.conftest import Database
from tests.people import World, populate


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    """The app role's engine."""
    engine = make_engine(database.app, pool_size=4)
    yield engine
    await engine.dispose()


@pytest.fixture
async def world(engine: AsyncEngine) -> World:
    """Alice, Bob (an operator) and Carol."""
    return await populate(engine, prepare=service.found_units)
