"""What a reader of the feed asked to see."""

from __future__ import annotations

from collections.abc import Collection

from events.feed import Filter
from events.recent import FeedEvent
from inventory.catalog.directory import WarehouseName, directory_of
from inventory.context import Context

LIST_MAX = 200
"""Warehouses or SKUs that one reader may name."""
SEQ_MAX = 2**63 - 1


async def wanted(
    ctx: Context, warehouses: Collection[str] | None, skus: Collection[str] | None, kinds: Collection[str] | None
) -> Filter | None:
    """The filter of a reader: what they asked for (None names everything) of what they may see."""
    seen = await seen_by(ctx)
    if seen is None and warehouses is None and skus is None and kinds is None:
        return None

    def fits(event: FeedEvent) -> bool:
        return (
            (seen is None or event.warehouse in seen)
            and (warehouses is None or event.warehouse in warehouses)
            and (skus is None or event.sku in skus)
            and (kinds is None or event.kind in kinds)
        )

    return fits


async def seen_by(ctx: Context) -> Collection[str] | None:
    """The codes of the warehouses that the actor is limited to, None when they see all of them."""
    limited = ctx.actor.warehouses
    if limited is None:
        return None
    names = await directory_of(ctx.engine).look(ctx.tenant.id, {("warehouse_id", each) for each in limited})
    return frozenset(name.code for name in names.values() if isinstance(name, WarehouseName))


def parse_seq(text: str) -> int | None:
    """A sequence a reader says it has seen, or None when it is not one."""
    if not text.isascii() or not text.isdigit() or len(text) > 19 or int(text) > SEQ_MAX:
        return None
    return int(text)
