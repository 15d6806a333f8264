"""Correction rows posted where there is no shard: in the transaction of whoever has fenced a halted partition to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg

from actors import commit
from actors.cell import Cell, Memory, decide_batch
from actors.cycle import BATCH_MAX
from inventory.ledger.messages import Correct
from kit.clock import now_us
from tenants.domain import SYSTEM

REASON = "rebuilt from the ledger"
_KEPT = ("on_hand", "reserved", "blocked", "in_transit", "short", "version", "seq")
_LAST = "SELECT recorded_at_us FROM stock_ledger WHERE tenant_id = $1 AND part = $2 AND seq = $3"


async def post(
    connection: asyncpg.Connection[asyncpg.Record], partition: tuple[int, int], fence: Mapping[str, Any], cells: Iterable[Mapping[str, Any]]
) -> None:
    """A row for each cell that says what it holds, decided and committed as a shard would under the epoch of the fence.

    The cells are balances as the rows have them, and have been written. Raises what `commit.commit` raises.
    """
    memory = Memory(*partition, fence["epoch"], fence["seq"], fence["head_hash"])
    memory.clock_us = await connection.fetchval(_LAST, *partition, fence["seq"]) or 0
    for row in cells:
        kept = {name: row[name] for name in _KEPT}
        memory.cells[row["item_id"], row["warehouse_id"]] = Cell(row["item_id"], row["warehouse_id"], **kept)
    corrections = [_correct(cell) for cell in memory.cells.values()]
    for start in range(0, len(corrections), BATCH_MAX):
        batch = decide_batch(memory, corrections[start : start + BATCH_MAX], {}, now_us())
        assert not batch.failures, batch.failures
        await commit.commit(connection, commit.arguments(memory, batch))


def _correct(cell: Cell) -> Correct:
    """Nobody asked for it under a key: it is the engine's own."""
    return Correct(
        key="", key_hash=b"", body_hash=b"", principal=SYSTEM.principal_id, role=SYSTEM.role, reason=REASON,
        item=cell.item, warehouse=cell.warehouse, version=cell.version,
        on_hand=cell.on_hand, reserved=cell.reserved, blocked=cell.blocked, in_transit=cell.in_transit,
    )  # fmt: skip
