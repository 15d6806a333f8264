"""P1, what one would write first: one transaction per request, the balance rows locked while it decides.

The engine's rows: for each line a ledger row, the balance and a reservation line; for the request one recorded reply. Less is
asked of it than of the engine: no hash chain, no sequence without holes, and a repeated key is simply an error.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from inventory.ledger.messages import Hold, HoldLine, Kind, Level, Outcome, Reserve, encode_outcome
from kit.clock import now_us
from loadtests.bench.ground import Company, Ground
from loadtests.bench.load import Operation, Turn
from loadtests.bench.messages import Spread, chooser, reserve_one
from loadtests.bench.peers.clients import closed_loop
from loadtests.bench.peers.tables import Connection, copy_with_stock, drift, row_hash


class LockPerRequest:
    """SELECT … FOR UPDATE, look, UPDATE, three INSERTs, COMMIT. A round trip each."""

    name = "P1"
    title = "lock per request"
    unit = "clients"

    def __init__(self, ground: Ground, company: Company, sizes: Sequence[int]) -> None:
        self._url = ground.ray.admin
        self._company = company
        self.sizes = sizes

    async def prepare(self) -> None:
        """Its tables and the company's stock."""
        await copy_with_stock(self._url, "p1", self._company)

    def turner(self, spread: Spread) -> Callable[[int, float], Awaitable[Turn]]:
        """Reserve one piece, again and again."""
        choose = chooser(self._company.items, spread)
        return self.turner_of(lambda: reserve_one(choose(), self._company.warehouse))

    def turner_of(self, next_command: Callable[[], Reserve]) -> Callable[[int, float], Awaitable[Turn]]:
        """Carry out these commands, each client one at a time over its own connection."""

        async def client(connection: Connection) -> Operation:
            return lambda: reserve(connection, self._company.tenant, next_command())

        return closed_loop(self._url, client)

    async def faults(self) -> list[str]:
        """Where balance, ledger and reservations disagree."""
        return await drift(self._url, "p1", self.name)


async def reserve(connection: Connection, tenant: int, command: Reserve) -> bool:
    """One reservation in one transaction, its lines locked in order of item."""
    now = now_us()
    expires = now + command.expires_in_us
    levels, held, document = [], [], 0
    async with connection.transaction():
        for number, line in enumerate(command.lines):
            row = await connection.fetchrow(_LOCK, tenant, line.item, line.warehouse)
            assert row is not None, "every item was stocked"
            seq, on_hand, reserved, blocked, in_transit, version = row
            assert on_hand - blocked - reserved >= line.qty, "the stock never ends"
            document, reserved, version = document or seq, reserved + line.qty, version + 1
            await connection.execute(_BALANCE, tenant, line.item, line.warehouse, reserved, version, seq)
            await connection.execute(
                _LEDGER, tenant, seq, now, now, line.qty, on_hand, reserved, blocked, in_transit, version, document, line.item,
                line.warehouse, command.principal, int(Kind.RESERVE), command.role, command.key, row_hash(command),
            )  # fmt: skip
            await connection.execute(_HOLD, tenant, document, number, expires, now, line.qty, line.item, line.warehouse, command.principal)
            levels.append(Level(line.item, line.warehouse, on_hand, reserved, blocked, in_transit, 0, seq))
            held.append(HoldLine(line.item, line.warehouse, 0, 0, line.qty, line.qty, 0, 0, 0))
        hold = Hold(document, False, expires, "", now, command.principal, tuple(held))
        reply = encode_outcome(Outcome("", document, tuple(levels), (), hold))
        await connection.execute(_REPLY, tenant, command.key_hash, command.body_hash, document, now, reply)
    return True


_LOCK = """
SELECT nextval('p1.seq'), on_hand, reserved, blocked, in_transit, version FROM p1.stock_balances
WHERE tenant_id = $1 AND item_id = $2 AND warehouse_id = $3 FOR UPDATE
"""
_BALANCE = """
UPDATE p1.stock_balances SET reserved = $4, version = $5, seq = $6 WHERE tenant_id = $1 AND item_id = $2 AND warehouse_id = $3
"""
_LEDGER = """
INSERT INTO p1.stock_ledger (tenant_id, part, seq, epoch, recorded_at_us, effective_at_us, delta_on_hand, delta_reserved, delta_blocked,
  delta_in_transit, on_hand, reserved, blocked, in_transit, cell_version, document, unit_cost, item_id, warehouse_id, location_id, lot_id,
  owner_id, principal_id, condition, kind, role, key, reference, reason, hash)
VALUES ($1, 0, $2, 0, $3, $4, 0, $5, 0, 0, $6, $7, $8, $9, $10, $11, NULL, $12, $13, 0, 0, 0, $14, 0, $15, $16, $17, '', '', $18)
"""
_HOLD = """
INSERT INTO p1.stock_holds (tenant_id, part, seq, line, expires_at_us, created_at_us, qty, open, committed, released, expired, item_id,
  warehouse_id, location_id, lot_id, owner_id, created_by, hard, reference)
VALUES ($1, 0, $2, $3, $4, $5, $6, $6, 0, 0, 0, $7, $8, 0, 0, 0, $9, 0, '')
"""
_REPLY = (
    "INSERT INTO p1.stock_replies (tenant_id, part, key_hash, body_hash, seq, recorded_at_us, reply) VALUES ($1, 0, $2, $3, $4, $5, $6)"
)
