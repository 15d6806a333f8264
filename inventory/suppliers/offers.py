"""How offers are written: one from a form or many from a file, in the same few statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from events.unit_of_work import UnitOfWork
from inventory.catalog.directory import ItemName
from inventory.catalog.store import items
from inventory.suppliers import messages as m
from inventory.suppliers import queries
from inventory.suppliers.domain import Break, Terms
from inventory.suppliers.queries import Supplier, SupplierItem
from inventory.suppliers.store import item_supplier_prices, item_suppliers

Key = tuple[int, int]
"""(item, supplier)."""


class NewTerms(NamedTuple):
    """What an offer is to become."""

    supplier: Supplier
    item: ItemName
    terms: Terms

    @property
    def key(self) -> Key:
        """Which offer it is."""
        return self.item.id, self.supplier.id


class Written(NamedTuple):
    """How many offers were added, changed, or were so already."""

    added: int
    changed: int
    unchanged: int


async def items_held(work: UnitOfWork, skus: Iterable[str]) -> dict[str, ItemName]:
    """The items of these SKUs, by SKU. Until the transaction ends nobody else changes their packagings or offers."""
    wanted = set(skus)
    mine = (items.c.tenant_id == work.tenant_id, items.c.sku.in_(wanted))
    # In one order for everybody, so that two files with the same items wait for each other instead of locking up.
    await work.connection.execute(select(items.c.id).where(*mine).order_by(items.c.id).with_for_update(key_share=True))
    return await queries.items_by_sku(work.connection, work.tenant_id, wanted)


async def write_offers(work: UnitOfWork, wanted: Sequence[NewTerms], dry_run: bool = False) -> Written:
    """Make the offers what they should be and record a fact for each that was not. Their items must be held, each key once.

    `dry_run`: only say how many that would be.
    """
    tenant_id, item_ids = work.tenant_id, {each.item.id for each in wanted}
    there = {(row.offer.item_id, row.offer.supplier_id): row for row in await queries.all_of_items(work.connection, tenant_id, item_ids)}
    in_use = await queries.offers_for(work.connection, tenant_id, item_ids)
    settled = _settled(wanted, there, set(in_use))
    changed = [(each, preferred) for each, preferred in settled if not _is_so(each.terms, preferred, there.get(each.key))]
    if changed and not dry_run:
        await _write(work, changed)
    added = sum(each.key not in there for each in wanted)
    return Written(added, len(changed) - added, len(wanted) - len(changed))


async def prefer(work: UnitOfWork, offer: SupplierItem) -> None:
    """Let this be the item's preferred supplier. The item must be held."""
    key = (offer.offer.item_id, offer.offer.supplier_id)
    await _prefer_only(work, dict([key]))
    which = (item_suppliers.c.tenant_id == work.tenant_id, item_suppliers.c.item_id == key[0], item_suppliers.c.supplier_id == key[1])
    await work.connection.execute(update(item_suppliers).where(*which).values(preferred=True, version=item_suppliers.c.version + 1))
    await work.record(m.SUPPLIER_ITEM_SET, f"{offer.offer.supplier_code}/{offer.sku}", preferred=True)


async def remove(work: UnitOfWork, offer: SupplierItem) -> None:
    """The supplier sells the item no more."""
    key = (offer.offer.item_id, offer.offer.supplier_id)
    for table in (item_supplier_prices, item_suppliers):
        which = (table.c.tenant_id == work.tenant_id, table.c.item_id == key[0], table.c.supplier_id == key[1])
        await work.connection.execute(delete(table).where(*which))
    await work.record(m.SUPPLIER_ITEM_REMOVED, f"{offer.offer.supplier_code}/{offer.sku}")


def _settled(wanted: Sequence[NewTerms], there: Mapping[Key, SupplierItem], offered: set[int]) -> list[tuple[NewTerms, bool]]:
    """Each with whether it is its item's preferred one: as was said, else as it was, else the first supplier of an item is."""
    named = {each.item.id for each in wanted if each.terms.preferred}
    settled = []
    for each in wanted:
        preferred = each.terms.preferred
        if preferred is None and each.item.id in named:
            preferred = False
        elif preferred is None:
            preferred = there[each.key].offer.preferred if each.key in there else each.item.id not in offered
        offered.add(each.item.id)
        settled.append((each, preferred))
    return settled


def _is_so(terms: Terms, preferred: bool, there: SupplierItem | None) -> bool:
    """Whether the offer says this already."""
    if there is None:
        return False
    old = there.offer
    asked = (terms.supplier_sku, terms.unit, terms.pack, terms.multiple, terms.moq, terms.price, terms.currency, preferred)
    kept = (old.supplier_sku, old.unit, old.pack, old.multiple, old.moq, old.price, old.currency, old.preferred)
    return asked == kept and terms.lead_time_days == there.own_lead_time_days and terms.breaks in (None, old.breaks)


async def _write(work: UnitOfWork, changed: Sequence[tuple[NewTerms, bool]]) -> None:
    await _prefer_only(work, {each.item.id: each.supplier.id for each, preferred in changed if preferred})
    await _upsert(work, [_row(work.tenant_id, each, preferred) for each, preferred in changed])
    await _set_breaks(work, {each.key: each.terms.breaks for each, _ in changed if each.terms.breaks is not None})
    for each, preferred in changed:
        await work.record(m.SUPPLIER_ITEM_SET, f"{each.supplier.code}/{each.item.sku}", **_said(each.terms, preferred))


async def _prefer_only(work: UnitOfWork, chosen: Mapping[int, int]) -> None:
    """Of each item's suppliers none but the chosen one may be the preferred one when it is written."""
    if not chosen:
        return
    table = item_suppliers
    others = (table.c.tenant_id == work.tenant_id, table.c.item_id.in_(chosen), table.c.preferred)
    not_chosen = tuple_(table.c.item_id, table.c.supplier_id).not_in(list(chosen.items()))
    await work.connection.execute(update(table).where(*others, not_chosen).values(preferred=False, version=table.c.version + 1))


async def _upsert(work: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    statement = insert(item_suppliers)
    keys = {column.name for column in item_suppliers.primary_key}
    new = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    replacing = statement.on_conflict_do_update(
        constraint=item_suppliers.primary_key, set_={**new, "version": item_suppliers.c.version + 1}
    )
    # Those that give the preference up go first: an item has one preferred supplier at any moment.
    await work.connection.execute(replacing, sorted(rows, key=lambda row: bool(row["preferred"])))


async def _set_breaks(work: UnitOfWork, breaks: Mapping[Key, tuple[Break, ...] | None]) -> None:
    table = item_supplier_prices
    of_keys = tuple_(table.c.item_id, table.c.supplier_id).in_(list(breaks))
    if breaks:
        await work.connection.execute(delete(table).where(table.c.tenant_id == work.tenant_id, of_keys))
    rows = [
        {"tenant_id": work.tenant_id, "item_id": key[0], "supplier_id": key[1], "from_qty": each.from_qty, "price": each.price}
        for key, of_key in breaks.items()
        for each in of_key or ()
    ]
    if rows:
        await work.connection.execute(insert(table), rows)


def _row(tenant_id: int, wanted: NewTerms, preferred: bool) -> dict[str, Any]:
    terms = wanted.terms
    return {
        "tenant_id": tenant_id,
        "item_id": wanted.item.id,
        "supplier_id": wanted.supplier.id,
        "supplier_sku": terms.supplier_sku,
        "unit": terms.unit,
        "pack": terms.pack,
        "multiple": terms.multiple,
        "moq": terms.moq,
        "price": terms.price,
        "currency": terms.currency,
        "lead_time_days": terms.lead_time_days,
        "preferred": preferred,
    }


def _said(terms: Terms, preferred: bool) -> dict[str, Any]:
    """What the fact keeps of an offer."""
    breaks = {} if terms.breaks is None else {"breaks": {str(each.from_qty): str(each.price) for each in terms.breaks}}
    return {
        "supplier_sku": terms.supplier_sku,
        "unit": terms.unit,
        "multiple": terms.multiple,
        "moq": terms.moq,
        "price": None if terms.price is None else str(terms.price),
        "currency": terms.currency,
        "lead_time_days": terms.lead_time_days,
        "preferred": preferred,
        **breaks,
    }
