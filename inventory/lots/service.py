"""Lots come into being when their first stock is received: nobody has to announce them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.dialects.postgresql import insert

from inventory.context import Context
from inventory.lots.messages import LOT_CREATED
from inventory.lots.store import lots


class NewLot(NamedTuple):
    """A lot or serial number (`kind`) seen for the first time on an item."""

    item_id: int
    sku: str
    kind: str
    code: str


async def create_lots(ctx: Context, new: Sequence[NewLot]) -> None:
    """Make those that do not exist. Two receipts of the same new lot at once make one."""
    ctx.permit("stock.receive")
    # In one order for everybody, so that two receipts with the same lots wait for each other instead of locking up.
    rows = [{"tenant_id": ctx.tenant.id, "item_id": lot.item_id, "kind": lot.kind, "code": lot.code} for lot in sorted(set(new))]
    async with ctx.writing() as work:
        statement = insert(lots).on_conflict_do_nothing().returning(lots.c.item_id, lots.c.code)
        made = {(item_id, code) for item_id, code in await work.connection.execute(statement, rows)}
        for lot in sorted(set(new)):
            if (lot.item_id, lot.code) in made:
                await work.record(LOT_CREATED, lot.code, sku=lot.sku, kind=lot.kind)
