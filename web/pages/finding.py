"""Finding an item to order: by its name, SKU or barcode, or by the supplier's own code; what the supplier offers comes first."""

from __future__ import annotations

from dataclasses import dataclass

from inventory.catalog import queries as catalog
from inventory.catalog.queries import ItemFilter
from inventory.suppliers import queries as suppliers
from inventory.suppliers.domain import packs_for
from inventory.suppliers.queries import Offer, OfferFilter
from web.access import ctx

FOUND_MAX = 8
"""Items that a search shows: as many as fit under the field."""


@dataclass(frozen=True, slots=True)
class Found:
    """An item that was found. `unit` is as the supplier sells it, `least` the fewest packs of it that they sell; `exact`: its own
    code was typed."""

    sku: str
    name: str
    unit: str
    least: str
    supplier_sku: str
    exact: bool


async def search(supplier_code: str, q: str) -> list[Found]:
    """What may have been meant, the exact ones first."""
    context = ctx()
    if not q:
        return []
    async with context.reading() as connection:
        supplier = await suppliers.supplier_by_code(connection, context.tenant.id, supplier_code)
        asked, seller = OfferFilter(q, limit=FOUND_MAX), supplier.id if supplier else 0
        offered = (await suppliers.items_of_supplier(connection, context.tenant.id, seller, asked)).items
        by_code = await catalog.item_by_code(connection, context.tenant.id, q)
        others = (await catalog.items_page(connection, context.tenant.id, ItemFilter(q, limit=FOUND_MAX))).items
    coded = by_code.sku if by_code else None
    found = {x.sku: _found(x.sku, x.name, x.base_unit, x.offer, x.sku == coded or x.offer.supplier_sku == q) for x in offered}
    for item in ([by_code] if by_code and not by_code.archived_at else []) + list(others):
        found.setdefault(item.sku, _found(item.sku, item.name, item.base_unit, None, item.sku == coded))
    return sorted(found.values(), key=lambda each: not each.exact)[:FOUND_MAX]


def _found(sku: str, name: str, base_unit: str, offer: Offer | None, exact: bool) -> Found:
    least = packs_for(1, 1, offer.multiple, offer.moq) if offer else 0
    return Found(sku, name, (offer and offer.unit) or base_unit, str(least or ""), offer.supplier_sku if offer else "", exact)
