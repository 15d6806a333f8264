"""Shipments over REST, by the people of `tests.purchasing`."""

from __future__ import annotations

from typing import Any

from tests.purchasing.conftest import Buyer, Said, alice, app, bob, carol, clock, edge, local, manager, stock, world

__all__ = ["alice", "app", "bob", "carol", "clock", "edge", "local", "manager", "stock", "world"]


async def announces(who: Buyer, order: str, *lines: tuple[int, Any], **more: Any) -> Said:
    """What is coming: (line, quantity)."""
    return await who.post("purchasing/shipments", {"order": order, "lines": [{"line": line, "qty": qty} for line, qty in lines], **more})


async def on_its_way(who: Buyer, order: str) -> list[tuple[str, str]]:
    """(open, inbound) of each line of an order."""
    return [(line["open"], line["inbound"]) for line in (await who.order(order))["lines"]]
