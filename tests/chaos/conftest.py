"""A PostgreSQL for the cases alone: they crash it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.places import Place
from tests.chaos.places import place as make_place


@pytest.fixture(scope="session")
def place() -> Iterator[Place]:
    """One for the session; every case has companies of its own in it."""
    with make_place() as made:
        yield made
