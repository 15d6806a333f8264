"""What tests of the catalogue begin with."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from inventory.catalog import service
from tests.people import World, populate


@pytest.fixture
async def world(engine: AsyncEngine) -> World:
    """Alice, Bob (an operator) and Carol."""
    return await populate(engine, prepare=service.found_units)
