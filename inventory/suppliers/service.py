"""The verbs people perform on suppliers and their offers. Each runs inside the caller's open transaction and records its fact there."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, structs
from sqlalchemy import func

from events.unit_of_work import UnitOfWork
from inventory.body import Complaints
from inventory.catalog.directory import ItemName
from inventory.catalog.domain import NAME_LENGTH_MAX, checked_code, checked_currency, checked_text
from inventory.context import Context
from inventory.rows import change_one, insert_one
from inventory.suppliers import domain, offers, queries
from inventory.suppliers import messages as m
from inventory.suppliers.offers import NewTerms
from inventory.suppliers.queries import Supplier, SupplierItem
from inventory.suppliers.store import suppliers
from kit.errors import refuse
from kit.text import is_code


async def create_supplier(ctx: Context, work: UnitOfWork, new: m.NewSupplier) -> Supplier:
    """Somebody new to buy from. Refuses what does not fit, and a code that is taken (409)."""
    ctx.permit("suppliers.write")
    complaints = Complaints()
    code = checked_code(new.code, "code", complaints)
    told = structs.asdict(new) | {"currency": ctx.tenant.currency if new.currency is None else new.currency}
    del told["code"]
    values = _checked(told, complaints)
    complaints.raise_any()
    await insert_one(work, suppliers, {"code": code, **values}, "code_taken", field="code", value=code)
    await work.record(m.SUPPLIER_CREATED, code, name=values["name"], currency=values["currency"])
    return await _supplier(work, code)


async def change_supplier(ctx: Context, work: UnitOfWork, code: str, change: m.SupplierChange, version: int) -> Supplier:
    """Change what is named. Refuses `version_conflict` when somebody changed the supplier since `version` was read."""
    ctx.permit("suppliers.write")
    complaints = Complaints()
    values = _checked({name: value for name, value in structs.asdict(change).items() if value is not UNSET}, complaints)
    complaints.raise_any()
    await _supplier(work, code)
    await change_one(work, suppliers, suppliers.c.code == code, version, **values, updated_at=func.now())
    await work.record(m.SUPPLIER_CHANGED, code, fields=sorted(values))
    return await _supplier(work, code)


async def archive_supplier(ctx: Context, work: UnitOfWork, code: str) -> Supplier:
    """Buy from it no more: what it offers no longer counts. Doing it again changes nothing.

    Refuses `supplier_has_orders` while an order is being written, decided or delivered (409).
    """
    ctx.permit("suppliers.write")
    supplier = await _supplier(work, code)
    if supplier.archived_at:
        return supplier
    if await queries.supplier_has_orders(work.connection, work.tenant_id, supplier.id):
        raise refuse("supplier_has_orders", {"field": "supplier", "supplier": code})
    await change_one(work, suppliers, suppliers.c.code == code, supplier.version, archived_at=func.now(), updated_at=func.now())
    await work.record(m.SUPPLIER_ARCHIVED, code)
    return await _supplier(work, code)


async def add_item(ctx: Context, work: UnitOfWork, code: str, new: m.NewOffer) -> SupplierItem:
    """An item that the supplier sells from now on. Refuses one that it sells already, and archived things (409)."""
    ctx.permit("suppliers.write")
    supplier, item = await _pair(work, code, new.sku)
    if await queries.supplier_item(work.connection, work.tenant_id, supplier.id, item.id):
        raise refuse("offer_taken", {"field": "sku", "supplier": code, "sku": new.sku})
    for archived, refusal, field, word in (
        (supplier.archived_at is not None, "supplier_archived", "supplier", code),
        (item.archived, "item_archived", "sku", new.sku),
    ):
        if archived:
            raise refuse(refusal, {"field": field, field: word})
    return await _set(work, supplier, item, new)


async def set_item(ctx: Context, work: UnitOfWork, code: str, sku: str, terms: m.OfferTerms, version: int) -> SupplierItem:
    """Replace an offer's terms. Refuses `version_conflict` when somebody changed the offer since `version` was read."""
    ctx.permit("suppliers.write")
    supplier, item = await _pair(work, code, sku)
    there = await _offer(work, supplier, item)
    if there.version != version:
        raise refuse("version_conflict", {"field": "If-Match", "expected": version, "actual": there.version})
    return await _set(work, supplier, item, terms)


async def prefer_item(ctx: Context, work: UnitOfWork, code: str, sku: str) -> SupplierItem:
    """Buy the item from this supplier first. Doing it again changes nothing. Refuses archived suppliers (409)."""
    ctx.permit("suppliers.write")
    supplier, item = await _pair(work, code, sku)
    there = await _offer(work, supplier, item)
    if supplier.archived_at:
        raise refuse("supplier_archived", {"field": "supplier", "supplier": code})
    if not there.offer.preferred:
        await offers.prefer(work, there)
    return await _offer(work, supplier, item)


async def remove_item(ctx: Context, work: UnitOfWork, code: str, sku: str) -> None:
    """The supplier sells the item no more. Refuses `not_found` when it did not."""
    ctx.permit("suppliers.write")
    supplier, item = await _pair(work, code, sku)
    await offers.remove(work, await _offer(work, supplier, item))


async def _set(work: UnitOfWork, supplier: Supplier, item: ItemName, asked: m.OfferTerms) -> SupplierItem:
    complaints = Complaints()
    terms = domain.checked_terms(asked, item, supplier.currency, complaints)
    complaints.raise_any()
    await offers.write_offers(work, [NewTerms(supplier, item, terms)])
    return await _offer(work, supplier, item)


async def _supplier(work: UnitOfWork, code: str) -> Supplier:
    found = await queries.supplier_by_code(work.connection, work.tenant_id, code)
    if found is None:
        raise refuse("unknown_supplier", {"field": "supplier", "supplier": code})
    return found


async def _pair(work: UnitOfWork, code: str, sku: str) -> tuple[Supplier, ItemName]:
    """A supplier, and an item that nobody else changes meanwhile."""
    supplier = await _supplier(work, code)
    item = (await offers.items_held(work, filter(is_code, [sku]))).get(sku)
    if item is None:
        raise refuse("unknown_item", {"field": "sku", "sku": sku})
    return supplier, item


async def _offer(work: UnitOfWork, supplier: Supplier, item: ItemName) -> SupplierItem:
    found = await queries.supplier_item(work.connection, work.tenant_id, supplier.id, item.id)
    if found is None:
        raise refuse("not_found", {"field": "sku", "sku": item.sku, "supplier": supplier.code})
    return found


def _checked(told: dict[str, Any], complaints: Complaints) -> dict[str, Any]:
    """What was told of a supplier, field by field."""
    return {name: _CHECKS[name](value, complaints) if name in _CHECKS else value for name, value in told.items()}


_CHECKS: dict[str, Any] = {
    "name": lambda value, complaints: checked_text(value, "name", NAME_LENGTH_MAX, complaints),
    "currency": lambda value, complaints: checked_currency(value, "currency", complaints),
    "email": domain.checked_email,
    "phone": lambda value, complaints: checked_text(value, "phone", domain.NUMBER_LENGTH_MAX, complaints, required=False),
    "contact": lambda value, complaints: checked_text(value, "contact", domain.CONTACT_LENGTH_MAX, complaints, required=False),
    "tax_number": lambda value, complaints: checked_text(value, "tax_number", domain.NUMBER_LENGTH_MAX, complaints, required=False),
    "notes": domain.checked_notes,
}
