"""Purchase orders in the engine: read anew for each batch that is about them, and written with the movements they cause.

People draft, approve and close orders without the engine, so what is remembered of one may be old. It is read when nothing is
in flight, and written only if it still has the version that was read: else the batch is decided again.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

import asyncpg

from actors.cell import Batch, Memory
from actors.documents import Order, OrderLine, Receipt, ReceiptLine
from inventory.decision import CellKey, Needs

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Rows = list[tuple[Any, ...]]


async def load(pool: Pool, memory: Memory, needs: Sequence[Needs]) -> list[CellKey]:
    """Read the orders and receipts that are needed, and forget others. Returns the orders' cells."""
    wanted = {need.order for need in needs if need.order}
    receipts = {need.receipt for need in needs if need.receipt}
    keys = [need.receipt_key for need in needs if need.receipt_key]
    memory.receipts = dict.fromkeys(receipts)
    for seq, lines in groupby(await _receipts(pool, memory, receipts), itemgetter("seq")):
        receipt = memory.receipts[seq] = _receipt(list(lines))
        wanted.add(receipt.order)
    memory.orders = dict.fromkeys(wanted)
    for number, lines in groupby(await _orders(pool, memory, wanted), itemgetter("id")):
        memory.orders[number] = _order(list(lines))
    memory.receipt_keys = dict(await _known(pool, memory, keys)) if keys else {}
    return [(line.item, line.warehouse) for order in memory.orders.values() if order for line in order.lines]


def arguments(batch: Batch) -> list[Rows]:
    """What a batch writes of orders, line by line: orders, their lines, receipts, what was taken back, cells on order."""
    orders = list(batch.orders.values())
    return [
        [(x.id, x.status, x.base, x.base + x.moved) for x in orders],
        [
            (x.id, y.number, y.received, y.rejected, y.returned, x.open_of(y), y.counted)
            for x in orders
            for y in x.lines
        ],
        [
            (x.seq, place, x.effective_at_us, x.of, y.qty, x.order, y.item, y.warehouse, y.grain[0], y.grain[1], x.created_by, x.shipment,
             y.order_line, y.of, y.grain[3], x.kind, int(y.rejected), x.note, x.key, y.reason or x.reason)
            for x in batch.receipts
            for place, y in enumerate(x.lines)
        ],
        [(x.of, y.of, y.qty) for x in batch.receipts if x.of for y in x.lines],
        [(cell.item, cell.warehouse, cell.on_order) for cell in batch.on_order.values()],
    ]  # fmt: skip


async def _orders(pool: Pool, memory: Memory, numbers: set[int]) -> list[Any]:
    return list(await pool.fetch("SELECT * FROM stock_orders_of($1, $2)", memory.tenant, list(numbers))) if numbers else []


async def _receipts(pool: Pool, memory: Memory, seqs: set[int]) -> list[Any]:
    query = "SELECT * FROM stock_receipts_of($1, $2, $3)"
    return list(await pool.fetch(query, memory.tenant, memory.part, list(seqs))) if seqs else []


async def _known(pool: Pool, memory: Memory, keys: list[str]) -> list[tuple[str, int]]:
    rows = await pool.fetch("SELECT * FROM stock_receipts_under($1, $2)", memory.tenant, keys)
    return [(row["key"], row["seq"]) for row in rows]


def _order(rows: list[Any]) -> Order:
    head = rows[0]
    return Order(head["id"], head["status"], head["version"], tuple([_line(row) for row in rows]))


def _line(row: Any) -> OrderLine:
    return OrderLine(
        row["line"], row["item_id"], row["warehouse_id"], row["location_id"], row["unit"], row["numerator"], row["denominator"],
        row["unit_cost"], row["ordered"], row["received"], row["rejected"], row["returned"], row["cancelled"], row["counted"],
    )  # fmt: skip


def _receipt(rows: list[Any]) -> Receipt:
    head = rows[0]
    return Receipt(
        head["seq"], head["order_id"], head["kind"], head["of_seq"], head["note"], head["shipment_id"], head["key"], head["reason"],
        head["created_at_us"], head["effective_at_us"], head["created_by"], tuple([_receipt_line(row) for row in rows]),
    )  # fmt: skip


def _receipt_line(row: Any) -> ReceiptLine:
    return ReceiptLine(
        row["order_line"], row["item_id"], row["warehouse_id"], (row["location_id"], row["lot_id"], 0, row["condition"]), row["qty"],
        row["rejected"], row["reason"], row["of_line"], row["taken"],
    )  # fmt: skip
