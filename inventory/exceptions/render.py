"""Exceptions as the wire has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from inventory.catalog.directory import Key, Names
from inventory.exceptions.messages import Exceptional
from inventory.ledger.render import item_of, warehouse_of
from kit.clock import rfc3339
from kit.ids import exception_id
from kit.quantity import format_qty

Json = dict[str, Any]


def keys_of_exceptions(found: Iterable[Exceptional]) -> set[Key]:
    """What must be looked up to show exceptions."""
    keys: set[Key] = set()
    for each in found:
        keys |= {("item", each.item), ("warehouse_id", each.warehouse)}
        keys |= {("principal", who) for who in (each.principal, each.settled_by) if who is not None}
    return keys


def exception_json(found: Exceptional, names: Names) -> Json:
    """The exception. Only what was oversold has an id: what is overpromised is not settled but supplied."""
    item = item_of(found.item, names)
    return {
        "id": exception_id(found.seq) if found.kind == "oversold" else None,
        "kind": found.kind,
        "sku": item.sku,
        "warehouse": warehouse_of(found.warehouse, names).code,
        "qty": format_qty(found.qty, item.decimals),
        "unit": item.unit,
        "seq": found.seq,
        "effective_at": _time(found.effective_at_us),
        "recorded_at": _time(found.recorded_at_us),
        "by": _name(found.principal, names),
        "reference": found.reference or None,
        "settled_at": _time(found.settled_at_us),
        "settled_by": _name(found.settled_by, names),
        "note": found.note or None,
    }


def _time(moment_us: int | None) -> str | None:
    return None if moment_us is None else rfc3339(moment_us)


def _name(principal: int | None, names: Names) -> str | None:
    return None if principal is None else str(names.get(("principal", principal), ""))
