"""P2, what an expert writes: one statement per request. A conditional UPDATE takes the stock, and what it returns feeds the inserts.

The same rows as P1 in one round trip and one commit, so the row is locked for hardly longer than the flush takes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from loadtests.bench.ground import Company, Ground
from loadtests.bench.load import Turn
from loadtests.bench.messages import Spread, chooser, reserve_one
from loadtests.bench.peers.clients import by_statement, closed_loop, reserve_by
from loadtests.bench.peers.tables import copy_with_stock, drift


class OneStatement:
    """UPDATE … WHERE there is enough … RETURNING, with the inserts in the same statement."""

    name = "P2"
    title = "one conditional statement"
    unit = "clients"

    def __init__(self, ground: Ground, company: Company, sizes: Sequence[int]) -> None:
        self._url = ground.ray.admin
        self._company = company
        self.sizes = sizes

    async def prepare(self) -> None:
        """Its tables and the company's stock."""
        await copy_with_stock(self._url, "p2", self._company)

    def turner(self, spread: Spread) -> Callable[[int, float], Awaitable[Turn]]:
        """Reserve one piece, again and again."""
        choose = chooser(self._company.items, spread)
        return closed_loop(self._url, by_statement(_RESERVE, self._company.tenant, lambda: reserve_one(choose(), self._company.warehouse)))

    async def faults(self) -> list[str]:
        """Where balance, ledger and reservations disagree."""
        return await drift(self._url, "p2", self.name)


_RESERVE = reserve_by(
    """
  UPDATE p2.stock_balances SET reserved = reserved + $4, version = version + 1, seq = nextval('p2.seq')
  WHERE tenant_id = $1 AND item_id = $2 AND warehouse_id = $3 AND on_hand - blocked - reserved >= $4
  RETURNING seq, on_hand, reserved, blocked, in_transit, version""",
    "p2",
)
