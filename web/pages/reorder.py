"""Ordering a shortage with one click, where this program knows how."""

from __future__ import annotations

from quart import current_app, url_for

from inventory.ledger.queries import Cell
from web.access import ctx, permission_of

DRAFT_ONE = "replenishment.draft_one"
"""The route that puts one item of one warehouse (`sku`, `warehouse`) into a draft order."""


def draft_url() -> str | None:
    """Where the click goes; None while there is no such route, or it is not for this person."""
    permission = permission_of(current_app, DRAFT_ONE) if DRAFT_ONE in current_app.view_functions else None
    if permission is None or not ctx().actor.may(permission):
        return None
    return url_for(DRAFT_ONE, tenant=ctx().tenant.slug)


def order_qty(cell: Cell) -> int:
    """What brings the cell to its maximum, or its minimum where it has none, in millionths: with what is coming."""
    wanted = cell.qty_max or cell.qty_min or 0
    return max(0, wanted - cell.available - cell.in_transit - cell.on_order)
