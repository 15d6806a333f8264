"""What every peer is to a contest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from loadtests.bench.load import Turn
from loadtests.bench.messages import Spread


class Peer(Protocol):
    """Reserves one piece at a time of the items of a company, in a world of its own."""

    name: str
    title: str
    unit: str  # of what there are several: clients, connections, callers
    sizes: Sequence[int]

    async def prepare(self) -> None:
        """Make its tables and put the stock in."""
        ...

    def turner(self, spread: Spread) -> Callable[[int, float], Awaitable[Turn]]:
        """What measures one turn of so many clients for so many seconds."""
        ...

    async def faults(self) -> list[str]:
        """What does not hold in its books afterwards."""
        ...
