"""The people of `tests.purchasing`."""

from __future__ import annotations

from tests.purchasing.conftest import alice, app, bob, carol, clock, edge, local, manager, stock, world

__all__ = ["alice", "app", "bob", "carol", "clock", "edge", "local", "manager", "stock", "world"]
