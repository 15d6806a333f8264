"""Lots come into being when their first stock is received: nobody has to announce them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from inventory.context import Context
from inventory.lots.messages import LOT_CREATED
from inventory.lots.store import lots
from kit.errors import refuse


class NewLot(NamedTuple):
    """A lot or serial number (`kind`) seen for the first time on an item."""

    item_id: int
    sku: str
    kind: str
    code: str


class Expiry(NamedTuple):
    """The day on which a lot expires, as its label says."""

    lot_id: int
    on: date


async def set_expiries(ctx: Context, expiries: Sequence[Expiry]) -> None:
    """Note when lots expire. Refuses what says otherwise than was noted before: one of the two labels was misread."""
    if not expiries:
        return
    ctx.permit("stock.receive")
    async with ctx.writing() as work:
        for expiry in sorted(set(expiries)):
            mine = (lots.c.tenant_id == ctx.tenant.id, lots.c.id == expiry.lot_id)
            same = func.coalesce(lots.c.expires_on, expiry.on) == expiry.on
            statement = update(lots).where(*mine, same).values(expires_on=expiry.on).returning(lots.c.id)
            if (await work.connection.execute(statement)).scalar_one_or_none() is None:
                known = (await work.connection.execute(select(lots.c.code, lots.c.expires_on).where(*mine))).one()
                raise refuse(
                    "lot_expires_otherwise", {"field": "expires_on", "lot": known.code, "expires_on": known.expires_on.isoformat()}
                )


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
