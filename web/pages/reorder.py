"""Ordering a shortage with one click: what would be ordered, or where it is ordered already, beside each row of what is short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quart import url_for
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.context import Context
from inventory.ledger.queries import Cell
from inventory.replenishment import queries as replenishment
from kit.ids import order_number
from web import filters


@dataclass(frozen=True, slots=True)
class Reorder:
    """What there is to do about a shortage: `qty`, in words, goes into a draft by one click; or it is in the draft `number` already;
    or, with neither, somebody has to say first whom it is bought from. `url` is where that is done or seen."""

    url: str
    qty: str = ""
    number: str = ""


async def reorders_of(context: Context, connection: AsyncConnection, cells: Sequence[Cell]) -> dict[tuple[int, int], Reorder]:
    """By item and warehouse; nothing for those that nothing is suggested for, and none for people who may not order."""
    if not context.actor.may("purchasing.write"):
        return {}
    tenant, keys = context.tenant, [(cell.item_id, cell.warehouse_id) for cell in cells]
    drafted = await replenishment.drafts_with(connection, tenant.id, keys)
    found = {
        key: Reorder(url_for("orders.show", tenant=tenant.slug, number=order_number(number)), number=order_number(number))
        for key, number in drafted.items()
    }
    for key, each in (await replenishment.of_cells(connection, tenant.id, context.clock(), keys)).items():
        if each.proposal is not None:
            qty = filters.qty(each.proposal.base, each.unit, each.decimals)
            found[key] = Reorder(url_for("replenishment.draft_one", tenant=tenant.slug), qty)
        else:
            found[key] = Reorder(url_for("replenishment.show", tenant=tenant.slug, warehouse=each.warehouse, q=each.sku))
    return found
