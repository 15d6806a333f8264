"""Ledger rows, reservations and transfers with every name a screen shows beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.catalog import queries as catalog
from inventory.catalog.directory import LotName, directory_of
from inventory.context import Context
from inventory.ledger import history
from inventory.ledger.messages import Hold, Row, Transfer, TransferLine
from inventory.ledger.render import item_of, warehouse_of
from inventory.locations import queries as places
from inventory.reservations.render import has_run_out, keys_of_hold, status_of
from inventory.transfers import render as transfers
from kit.ids import reservation_id, transfer_id
from kit.paging import Page

_Shown = TypeVar("_Shown")


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A ledger row. `row` holds its numbers in millionths, its times and its words."""

    row: Row
    kind: str
    sku: str
    name: str
    unit: str
    decimals: int
    warehouse: str
    warehouse_name: str
    location: str | None
    lot: str | None
    reservation: str | None
    transfer: str | None
    by: str
    role: str


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of a reservation, in millionths, with what the clock has decided already applied."""

    sku: str
    name: str
    unit: str
    decimals: int
    warehouse: str
    warehouse_name: str
    qty: int
    open: int
    committed: int
    released: int
    expired: int


@dataclass(frozen=True, slots=True)
class ShownHold:
    """A reservation. `status` is active, committed, released or expired; a firm one has no end."""

    id: str
    status: str
    hard: bool
    expires_at_us: int
    reference: str
    created_at_us: int
    by: str
    lines: Sequence[ShownLine]


async def show_rows(ctx: Context, connection: AsyncConnection, page: Page[Row]) -> Page[ShownRow]:
    """A page of ledger rows with their names."""
    names = await catalog.names_of(connection, ctx.tenant.id, (row.item for row in page.items))
    places_named = await _places(ctx, connection)
    shown = [
        ShownRow(
            each.row,
            each.kind,
            each.item.sku,
            names.get(each.row.item, each.item.sku),
            each.item.unit,
            each.item.decimals,
            each.warehouse.code,
            places_named.get(each.warehouse.code, each.warehouse.code),
            each.location,
            each.lot.code if each.lot else None,
            each.reservation,
            each.transfer,
            each.by,
            each.role,
        )
        for each in await history.name_rows(ctx.engine, ctx.tenant.id, page.items)
    ]
    return Page(shown, page.next, page.as_of_seq)


async def show_holds(ctx: Context, connection: AsyncConnection, holds: Sequence[Hold]) -> list[ShownHold]:
    """Reservations with their names."""
    names = await catalog.names_of(connection, ctx.tenant.id, (line.item for hold in holds for line in hold.lines))
    places_named = await _places(ctx, connection)
    codes = await directory_of(ctx.engine).look(ctx.tenant.id, {key for hold in holds for key in keys_of_hold(hold)})

    def line_of(hold: Hold) -> list[ShownLine]:
        ran_out = has_run_out(hold, ctx.clock())
        lines = []
        for line in hold.lines:
            item, warehouse = item_of(line.item, codes), warehouse_of(line.warehouse, codes)
            still, gone = (0, line.expired + line.open) if ran_out else (line.open, line.expired)
            words = (item.sku, names.get(line.item, item.sku), item.unit, item.decimals, warehouse.code)
            where = places_named.get(warehouse.code, warehouse.code)
            lines.append(ShownLine(*words, where, line.qty, still, line.committed, line.released, gone))
        return lines

    return [
        ShownHold(
            reservation_id(hold.seq),
            status_of(hold, ctx.clock()),
            hold.hard,
            hold.expires_at_us,
            hold.reference,
            hold.created_at_us,
            str(codes.get(("principal", hold.created_by), "")),
            line_of(hold),
        )
        for hold in holds
    ]


@dataclass(frozen=True, slots=True)
class ShownTransferLine:
    """A line of a transfer, in millionths."""

    sku: str
    name: str
    unit: str
    decimals: int
    lot: str | None
    serial: str | None
    qty: int
    open: int
    received: int
    written_off: int


@dataclass(frozen=True, slots=True)
class ShownTransfer:
    """A transfer. `status` is in_transit, received or written_off; `source` and `to` are names of warehouses."""

    id: str
    status: str
    source: str
    source_code: str
    to: str
    to_code: str
    reference: str
    created_at_us: int
    by: str
    lines: Sequence[ShownTransferLine]


async def show_transfers(ctx: Context, connection: AsyncConnection, found: Sequence[Transfer]) -> list[ShownTransfer]:
    """Transfers with their names."""
    names = await catalog.names_of(connection, ctx.tenant.id, (line.item for each in found for line in each.lines))
    places_named = await _places(ctx, connection)
    codes = await directory_of(ctx.engine).look(ctx.tenant.id, {key for each in found for key in transfers.keys_of_transfer(each)})

    def place(warehouse: int) -> tuple[str, str]:
        code = warehouse_of(warehouse, codes).code
        return places_named.get(code, code), code

    def line_of(x: TransferLine) -> ShownTransferLine:
        item, lot = item_of(x.item, codes), codes.get(("lot_id", x.lot))
        code = lot.code if isinstance(lot, LotName) else None
        serial = isinstance(lot, LotName) and lot.kind == "serial"
        goods = (None if serial else code, code if serial else None)
        words = (item.sku, names.get(x.item, item.sku), item.unit, item.decimals, *goods)
        return ShownTransferLine(*words, x.qty, x.open, x.received, x.written_off)

    return [
        ShownTransfer(
            transfer_id(each.seq),
            transfers.status_of(each),
            *place(each.lines[0].source),
            *place(each.lines[0].to),
            each.reference,
            each.created_at_us,
            str(codes.get(("principal", each.created_by), "")),
            [line_of(line) for line in each.lines],
        )
        for each in found
    ]


async def _places(ctx: Context, connection: AsyncConnection) -> dict[str, str]:
    return {each.code: each.name for each in await places.warehouses_of(connection, ctx.tenant.id, archived=None)}
