"""Mistakes planted in our own rules, to see which guard catches them."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

from actors import cycle
from inventory.ledger import domain as ledger
from inventory.reservations import domain as reservations
from tests.simulation.clients import GREEDY


def promise_whatever_the_greedy_ask() -> AbstractContextManager[Any]:
    """A wrong decision. It is about more than can come in later in its batch: a CHECK sees only how a batch ends."""

    def short(state: Any, lines: Any) -> list[Any]:
        return [] if lines[0].qty == GREEDY else ledger.short_of_available(state, lines)

    return patch.object(reservations, "short_of_available", short)


def send_whatever_became_of_the_batch_before() -> AbstractContextManager[Any]:
    """Batches wait for the one before them, and go on top of it even if it failed."""
    return patch.object(cycle, "_after", _done)


async def _done(batch: asyncio.Future[None]) -> None:
    await asyncio.wait([batch])
