"""How many items are written at once: what a file wants of them, in few statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from events.unit_of_work import UnitOfWork
from inventory.catalog import messages as m
from inventory.catalog import queries, service
from inventory.catalog.directory import directory_of
from inventory.catalog.queries import Item
from inventory.catalog.store import item_barcodes, item_limits, items
from inventory.context import Context
from inventory.rows import change_one
from kit.errors import refuse
from kit.quantity import format_qty

Bounds = tuple[int, int]
"""Minimum and maximum in millionths."""


class Wanted(NamedTuple):
    """What an item is to become: `new` when it is not there yet, else `values` that change; codes that come, limits by warehouse."""

    sku: str
    item: Item | None
    new: m.NewItem | None
    values: dict[str, Any]
    barcodes: tuple[str, ...]
    limits: dict[str, tuple[int, Bounds]]


async def items_held(work: UnitOfWork, skus: Iterable[str]) -> dict[str, Item]:
    """The items of these SKUs, by SKU. Until the transaction ends nobody else changes them or what hangs on them."""
    wanted = set(skus)
    mine = (items.c.tenant_id == work.tenant_id, items.c.sku.in_(wanted))
    # In one order for everybody, so that two files with the same items wait for each other instead of locking up.
    await work.connection.execute(select(items.c.id).where(*mine).order_by(items.c.id).with_for_update(key_share=True))
    return await queries.items_of(work.connection, work.tenant_id, wanted)


async def write_items(ctx: Context, work: UnitOfWork, wanted: Sequence[Wanted]) -> None:
    """Make the items what they should be, with a fact for each thing done. Those that are there must be held, each SKU once.

    Refuses `sku_taken` and `barcode_taken` when somebody was faster.
    """
    new = [each.new for each in wanted if each.new]
    lost = {each.sku for each in new} - set(await service.create_items(ctx, work, new))
    if lost:
        raise refuse("sku_taken", {"field": "sku", "sku": min(lost)})
    for each in wanted:
        if each.item and each.values:
            await change_one(work, items, items.c.id == each.item.id, each.item.version, **each.values, updated_at=func.now())
            await work.record(m.ITEM_CHANGED, each.sku, fields=sorted(each.values))
    ids = {each.sku: each.item.id for each in wanted if each.item}
    ids |= {sku: item.id for sku, item in (await queries.items_of(work.connection, work.tenant_id, (each.sku for each in new))).items()}
    await _add_barcodes(work, wanted, ids)
    await _set_limits(work, wanted, ids)
    work.after.append(lambda: directory_of(ctx.engine).forget(work.tenant_id))


async def _add_barcodes(work: UnitOfWork, wanted: Sequence[Wanted], ids: dict[str, int]) -> None:
    owners = {code: each.sku for each in wanted for code in each.barcodes}
    if not owners:
        return
    rows = [{"tenant_id": work.tenant_id, "code": code, "item_id": ids[sku], "kind": "barcode"} for code, sku in owners.items()]
    adding = insert(item_barcodes).on_conflict_do_nothing().returning(item_barcodes.c.code)
    lost = set(owners) - {str(code) for (code,) in await work.connection.execute(adding, rows)}
    if lost:
        raise refuse("barcode_taken", {"field": "code", "barcode": min(lost)})
    for code, sku in owners.items():
        await work.record(m.BARCODE_ADDED, sku, code=code, kind="barcode")


async def _set_limits(work: UnitOfWork, wanted: Sequence[Wanted], ids: dict[str, int]) -> None:
    rows = [
        {"tenant_id": work.tenant_id, "item_id": ids[each.sku], "warehouse_id": warehouse_id, "qty_min": low, "qty_max": high}
        for each in wanted
        for warehouse_id, (low, high) in each.limits.values()
    ]
    if not rows:
        return
    setting = insert(item_limits)
    bounds = {name: setting.excluded[name] for name in ("qty_min", "qty_max")}
    await work.connection.execute(setting.on_conflict_do_update(constraint=item_limits.primary_key, set_=bounds), rows)
    for each in wanted:
        for code, (_, (low, high)) in each.limits.items():
            await work.record(m.LIMITS_SET, each.sku, warehouse=code, min=format_qty(low), max=format_qty(high))
