"""Mistakes planted in our own rules, to see which guard catches them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

from inventory.ledger import domain as ledger
from inventory.reservations import domain as reservations
from tests.simulation.clients import GREEDY


def promise_whatever_the_greedy_ask() -> AbstractContextManager[Any]:
    """A wrong decision. It is about more than can come in later in its batch: a CHECK sees only how a batch ends."""

    def short(state: Any, lines: Any) -> list[Any]:
        return [] if lines[0].qty == GREEDY else ledger.short_of_available(state, lines)

    return patch.object(reservations, "short_of_available", short)
