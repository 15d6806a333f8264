"""Fills memory with what a batch needs: at most two round trips, none when everything is resident."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

import asyncpg

from actors.cell import Cell, Memory, Reservation, ReservationLine
from inventory.decision import CellKey
from inventory.ledger.messages import AnyCommand
from inventory.registry import HANDLERS

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


async def load(pool: Pool, memory: Memory, commands: Sequence[AnyCommand]) -> None:
    """Make resident every reservation and cell that the commands need. A cell that never held anything is made empty."""
    cells: set[CellKey] = set()
    reservations: set[int] = set()
    for command in commands:
        needs = HANDLERS[type(command)].needs(command)
        cells.update(needs.cells)
        if needs.reservation:
            reservations.add(needs.reservation)
    missing = [seq for seq in reservations if seq not in memory.reservations]
    if missing:
        await _load_reservations(pool, memory, missing)
    for seq in reservations:
        reservation = memory.reservations[seq]
        if reservation is not None:
            cells.update([(line.item, line.warehouse) for line in reservation.lines])
    absent = [key for key in cells if key not in memory.cells]
    if absent:
        await _load_cells(pool, memory, absent)


async def due(pool: Pool, memory: Memory, until_us: int, limit: int) -> list[tuple[int, int]]:
    """(expiry, reservation) of open soft holds that end by `until_us`, soonest first."""
    rows = await pool.fetch("SELECT * FROM stock_due($1, $2, $3, $4)", memory.tenant, memory.part, until_us, limit)
    return [(row[0], row[1]) for row in rows]


async def _load_reservations(pool: Pool, memory: Memory, seqs: list[int]) -> None:
    rows = await pool.fetch("SELECT * FROM stock_reservations($1, $2, $3)", memory.tenant, memory.part, seqs)
    memory.reservations.update(dict.fromkeys(seqs))
    for seq, lines in groupby(rows, itemgetter("seq")):
        memory.reservations[seq] = _reservation(list(lines))


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
