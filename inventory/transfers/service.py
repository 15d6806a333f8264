"""The verbs of stock between warehouses: transfer (ship), receive what was under way, write it off."""

from __future__ import annotations

from collections.abc import Sequence

from inventory.answer import Asked, Json, Verb, head
from inventory.body import Complaints
from inventory.catalog.directory import Key, Names
from inventory.context import Context
from inventory.ledger.bodies import LineBody
from inventory.ledger.messages import Arrive, Outcome, PartLine, Ship, WriteOff
from inventory.ledger.render import level_json
from inventory.ledger.resolve import Place, look_up, names_of_lines, places, positive_quantity
from inventory.ledger.service import header, line_of, scope_of
from inventory.transfers import queries
from inventory.transfers.messages import TransferBody, TransferLineBody, TransferPartBody
from inventory.transfers.render import transfer_json
from kit.errors import refuse
from kit.ids import parse_transfer_id


def names_of_ship(body: TransferBody) -> set[Key]:
    """The names in a `transfer` body: what leaves, and where it goes."""
    leaving = [_of_warehouse(line, body.source) for line in body.lines]
    return names_of_lines(leaving) | {("warehouse", body.to)}


def names_of_part(body: TransferPartBody) -> set[Key]:
    """None: what the lines name is known when the transfer's destination is."""
    return set()


def build_ship(ctx: Context, asked: Asked, body: TransferBody, names: Names) -> Ship:
    """The command of a `transfer` body."""
    told = header(ctx, body.reference, body.reason, body.effective_at)
    if body.source == body.to:
        raise refuse("invalid_body", {"field": "to", "code": "same_warehouse", "warehouse": body.to[:64]})
    lines = _in_warehouse(body.lines, body.source)
    found = places(lines, names)
    there = places([LineBody(line.sku, body.to, line.qty) for line in lines], names, adds=True)
    measured = _measured(found, lines)
    moved = tuple(line_of(place, qty) for place, qty in zip(found, measured, strict=True))
    return Ship(**head(ctx, asked), **told, lines=moved, to=there[0].warehouse.id)


async def build_arrive(ctx: Context, asked: Asked, body: TransferPartBody, names: Names) -> Arrive:
    """The command of a `transfer/receive` body."""
    told = header(ctx, None, body.reason, body.effective_at)
    transfer = _transfer(body.transfer)
    return Arrive(**head(ctx, asked), **told, transfer=transfer, lines=await _parts(ctx, transfer, body), scope=scope_of(ctx))


async def build_write_off(ctx: Context, asked: Asked, body: TransferPartBody, names: Names) -> WriteOff:
    """The command of a `transfer/write-off` body: a reason is always given."""
    told = header(ctx, None, body.reason, body.effective_at, reason_required=True)
    transfer = _transfer(body.transfer)
    return WriteOff(**head(ctx, asked), **told, transfer=transfer, lines=await _parts(ctx, transfer, body), scope=scope_of(ctx))


def show_transfer(outcome: Outcome, names: Names) -> Json:
    """The answer of a verb of transfers."""
    transfer = outcome.transfer
    assert transfer is not None, "a verb of transfers that was done has a transfer"
    return {
        "transfer": transfer_json(transfer, names),
        "levels": [level_json(level, names) for level in outcome.levels],
        "seq": outcome.seq,
    }


VERBS = {
    "transfer": Verb("stock.transfer", TransferBody, names_of_ship, build_ship, show_transfer, 201),
    "transfer/receive": Verb("stock.transfer", TransferPartBody, names_of_part, build_arrive, show_transfer),
    "transfer/write-off": Verb("stock.transfer", TransferPartBody, names_of_part, build_write_off, show_transfer),
}


def _transfer(text: str) -> int:
    """The number of a transfer; another tenant's or a mistyped one is as if it did not exist."""
    found = parse_transfer_id(text)
    if found is None or found[1] != 0:
        raise _not_found(text)
    return found[0]


def _not_found(text: str) -> Exception:
    return refuse("transfer_not_found", {"field": "transfer", "transfer": text[:64]})


async def _parts(ctx: Context, transfer: int, body: TransferPartBody) -> tuple[PartLine, ...] | None:
    if body.lines is None:
        return None
    async with ctx.reading() as connection:
        to = await queries.destination(connection, ctx.tenant.id, transfer)
    if to is None:
        raise _not_found(body.transfer)
    lines = _in_warehouse(body.lines, to)
    found = places(lines, await look_up(ctx, names_of_lines(lines)), adds=True)
    conditions = [None if line.condition is None else place.condition for line, place in zip(body.lines, found, strict=True)]
    return tuple(
        PartLine(place.item.id, place.warehouse.id, qty, place.location, place.lot, condition)
        for place, qty, condition in zip(found, _measured(found, lines), conditions, strict=True)
    )


def _in_warehouse(lines: Sequence[TransferLineBody], warehouse: str) -> list[LineBody]:
    """The lines with their warehouse, which may be left out but not be another."""
    complaints = Complaints()
    for number, line in enumerate(lines):
        if line.warehouse not in (None, warehouse):
            complaints.add("other_warehouse", "warehouse", number, expected=warehouse)
    complaints.raise_any()
    return [_of_warehouse(line, warehouse) for line in lines]


def _of_warehouse(line: TransferLineBody, warehouse: str) -> LineBody:
    condition = line.condition or "good"
    return LineBody(line.sku, warehouse, line.qty, line.location, line.lot, line.serial, line.owner, condition, line.unit)


def _measured(found: Sequence[Place], lines: Sequence[LineBody]) -> list[int]:
    complaints = Complaints()
    measured = [
        positive_quantity(place, line, number, complaints) for number, (place, line) in enumerate(zip(found, lines, strict=True))
    ]  # fmt: skip
    complaints.raise_any()
    return measured
