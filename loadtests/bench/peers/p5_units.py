"""P5, a row per unit: every piece is a row, and a request takes one that nobody else has locked (`SKIP LOCKED`).

So buyers of a hot item do not queue for one balance row. The ledger row, the reservation line and the reply are written as in
P2; there is no balance, the free rows are it. All pieces are made beforehand: making more is not counted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import asyncpg

from loadtests.bench.ground import Company, Ground
from loadtests.bench.load import Turn
from loadtests.bench.messages import Spread, chooser, reserve_one
from loadtests.bench.peers.clients import by_statement, closed_loop, reserve_by
from loadtests.bench.peers.tables import copy_tables, drift
from loadtests.bench.size import Size


class RowPerUnit:
    """UPDATE of one free row found with FOR UPDATE SKIP LOCKED, and the inserts in the same statement."""

    name = "P5"
    title = "row per unit, SKIP LOCKED"
    unit = "clients"

    def __init__(self, ground: Ground, company: Company, size: Size) -> None:
        self._url = ground.ray.admin
        self._company = company
        self._size = size
        self.sizes: Sequence[int] = size.clients

    async def prepare(self) -> None:
        """Its tables, and the pieces: a few of every item, many of the hot one."""
        connection = await asyncpg.connect(self._url)
        try:
            await copy_tables(connection, "p5")
            await connection.execute(_UNITS)
            each, hot = self._size.units_each, self._size.units_hot
            await connection.execute(_FILL, self._company.warehouse, each, hot, self._company.items[0], self._company.items)
            await connection.execute("VACUUM ANALYZE p5.units")
        finally:
            await connection.close()

    def turner(self, spread: Spread) -> Callable[[int, float], Awaitable[Turn]]:
        """Take one piece, again and again."""
        choose = chooser(self._company.items, spread)
        return closed_loop(self._url, by_statement(_TAKE, self._company.tenant, lambda: reserve_one(choose(), self._company.warehouse)))

    async def faults(self) -> list[str]:
        """Where ledger and reservations disagree, and pieces taken without a row or twice."""
        connection = await asyncpg.connect(self._url)
        try:
            astray = await connection.fetchval(_ASTRAY)
        finally:
            await connection.close()
        lost = [f"P5: {astray} pieces without their ledger row, or rows without a piece"] if astray else []
        return lost + await drift(self._url, "p5", self.name, keeps_balance=False)


_UNITS = """
CREATE TABLE p5.units (item_id int NOT NULL, warehouse_id int NOT NULL, number int NOT NULL, taken_seq bigint,
  PRIMARY KEY (item_id, warehouse_id, number)) WITH (fillfactor = 60);
CREATE INDEX ix_units_free ON p5.units (item_id, warehouse_id, number) WHERE taken_seq IS NULL;
"""
_FILL = """
INSERT INTO p5.units (item_id, warehouse_id, number)
SELECT item, $1, number FROM unnest($5::int[]) item, generate_series(1, CASE WHEN item = $4 THEN $3::int ELSE $2::int END) number
"""
_TAKE = reserve_by(
    """
  UPDATE p5.units SET taken_seq = nextval('p5.seq') WHERE (item_id, warehouse_id, number) = (
    SELECT item_id, warehouse_id, number FROM p5.units WHERE item_id = $2 AND warehouse_id = $3 AND taken_seq IS NULL
    LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING taken_seq AS seq, 0 AS on_hand, 0 AS reserved, 0 AS blocked, 0 AS in_transit, number AS version""",
    "p5",
)
_ASTRAY = """
SELECT count(*) FROM (SELECT taken_seq FROM p5.units WHERE taken_seq IS NOT NULL) u
FULL JOIN (SELECT seq FROM p5.stock_ledger) l ON l.seq = u.taken_seq WHERE u.taken_seq IS NULL OR l.seq IS NULL
"""
