"""Fills memory with what a batch needs: at most two round trips for what was not seen lately, none when all is resident."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

import asyncpg

from actors import orders
from actors.cell import Cell, Memory
from actors.documents import Reservation, ReservationLine, Transfer, TransferLine
from inventory.decision import CellKey, Needs
from inventory.ledger.messages import AnyCommand
from inventory.registry import HANDLERS

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


async def nothing_in_flight() -> None:
    """What to wait for where batches are committed one by one."""


async def load(
    pool: Pool, memory: Memory, commands: Sequence[AnyCommand], landing: Callable[[], Awaitable[None]] = nothing_in_flight
) -> None:
    """Make resident every document and cell that the commands need. A cell that never held anything is made empty.

    `landing` waits until no batch is in flight: only then can reservations be counted, and orders be read.
    """
    cells, reservations, transfers, holders, about_orders = _wanted(commands)
    missing = [seq for seq in reservations if seq not in memory.reservations]
    if missing:
        await _load_reservations(pool, memory, missing)
    for seq in reservations:
        reservation = memory.reservations[seq]
        if reservation is not None:
            cells.update([(line.item, line.warehouse) for line in reservation.lines])
    if transfers:
        cells.update(await _transfers_cells(pool, memory, transfers))
    if about_orders:
        await landing()
        cells.update(await orders.load(pool, memory, about_orders))
    uncounted = holders.difference(memory.holders) if holders else ()
    if uncounted:
        await landing()
        await _count_holds(pool, memory, list(uncounted))
    absent = [key for key in cells if key not in memory.cells]
    if absent:
        await _load_cells(pool, memory, absent)


def _wanted(commands: Sequence[AnyCommand]) -> tuple[set[CellKey], set[int], set[int], set[int], list[Needs]]:
    """What the commands need: cells, reservations, transfers, principals whose reservations are counted, and orders."""
    cells: set[CellKey] = set()
    reservations: set[int] = set()
    transfers: set[int] = set()
    holders: set[int] = set()
    about_orders: list[Needs] = []
    for command in commands:
        needs = HANDLERS[type(command)].needs(command)
        cells.update(needs.cells)
        if needs.reservation:
            reservations.add(needs.reservation)
        elif needs.transfer:
            transfers.add(needs.transfer)
        elif needs.holder:
            holders.add(needs.holder)
        elif needs.order or needs.receipt:
            about_orders.append(needs)
    return cells, reservations, transfers, holders, about_orders


async def due(pool: Pool, memory: Memory, until_us: int, limit: int) -> list[tuple[int, int]]:
    """(expiry, reservation) of open soft holds that end by `until_us`, soonest first."""
    rows = await pool.fetch("SELECT * FROM stock_due($1, $2, $3, $4)", memory.tenant, memory.part, until_us, limit)
    return [(row[0], row[1]) for row in rows]


async def _load_reservations(pool: Pool, memory: Memory, seqs: list[int]) -> None:
    rows = await pool.fetch("SELECT * FROM stock_reservations($1, $2, $3)", memory.tenant, memory.part, seqs)
    memory.reservations.update(dict.fromkeys(seqs))
    for seq, lines in groupby(rows, itemgetter("seq")):
        memory.reservations[seq] = _reservation(list(lines))


async def _transfers_cells(pool: Pool, memory: Memory, seqs: set[int]) -> list[CellKey]:
    """The cells where these transfers go, which are made resident."""
    missing = [seq for seq in seqs if seq not in memory.transfers]
    rows = await pool.fetch("SELECT * FROM stock_transfers_of($1, $2, $3)", memory.tenant, memory.part, missing) if missing else ()
    memory.transfers.update(dict.fromkeys(missing))
    for seq, lines in groupby(rows, itemgetter("seq")):
        memory.transfers[seq] = _transfer(list(lines))
    return [(line.item, line.to) for seq in seqs if (known := memory.transfers[seq]) for line in known.lines]


async def _count_holds(pool: Pool, memory: Memory, principals: list[int]) -> None:
    rows = await pool.fetch("SELECT * FROM stock_open_holds($1, $2, $3)", memory.tenant, memory.part, principals)
    memory.holders.update(dict.fromkeys(principals, 0))
    memory.holders.update({row["principal_id"]: row["held"] for row in rows})


async def _load_cells(pool: Pool, memory: Memory, keys: list[CellKey]) -> None:
    rows = await pool.fetch(
        "SELECT * FROM stock_cells($1, $2, $3)", memory.tenant, [item for item, _ in keys], [warehouse for _, warehouse in keys]
    )
    for key in keys:
        memory.cells[key] = Cell(*key)
    for row in rows:
        cell = memory.cells[row["item_id"], row["warehouse_id"]]
        cell.on_hand, cell.reserved, cell.blocked = row["on_hand"], row["reserved"], row["blocked"]
        cell.in_transit, cell.on_order, cell.short = row["in_transit"], row["on_order"], row["short"]
        cell.version, cell.seq = row["version"], row["seq"]
        if row["location_id"] is not None:
            grain = (row["location_id"], row["lot_id"], row["owner_id"], row["condition"])
            cell.buckets[grain] = (row["qty"], row["pinned"])


def _reservation(rows: list[Any]) -> Reservation:
    head, lines = rows[0], tuple([_line(row) for row in rows])
    return Reservation(
        head["seq"], bool(head["hard"]), head["expires_at_us"], head["reference"], head["created_at_us"], head["created_by"], lines
    )


def _line(row: Any) -> ReservationLine:
    return ReservationLine(
        row["item_id"], row["warehouse_id"], row["location_id"], row["lot_id"], row["owner_id"],
        row["qty"], row["open"], row["committed"], row["released"], row["expired"],
    )  # fmt: skip


def _transfer(rows: list[Any]) -> Transfer:
    head, lines = rows[0], tuple([_transfer_line(row) for row in rows])
    return Transfer(head["seq"], head["reference"], head["created_at_us"], head["created_by"], lines)


def _transfer_line(row: Any) -> TransferLine:
    return TransferLine(
        row["item_id"], row["source_id"], row["warehouse_id"], row["lot_id"], row["owner_id"], row["condition"],
        row["qty"], row["open"], row["received"], row["written_off"],
    )  # fmt: skip
