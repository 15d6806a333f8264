"""What a reader of the feed asked to see."""

from __future__ import annotations

from collections.abc import Collection

from events.feed import Filter
from events.recent import FeedEvent

LIST_MAX = 200
"""Warehouses or SKUs that one reader may name."""
SEQ_MAX = 2**63 - 1


def wanted(warehouses: Collection[str] | None, skus: Collection[str] | None, kinds: Collection[str] | None) -> Filter | None:
    """The filter of a reader; None names everything."""
    if warehouses is None and skus is None and kinds is None:
        return None

    def fits(event: FeedEvent) -> bool:
        return (
            (warehouses is None or event.warehouse in warehouses)
            and (skus is None or event.sku in skus)
            and (kinds is None or event.kind in kinds)
        )

    return fits


def parse_seq(text: str) -> int | None:
    """A sequence a reader says it has seen, or None when it is not one."""
    if not text.isascii() or not text.isdigit() or len(text) > 19 or int(text) > SEQ_MAX:
        return None
    return int(text)
