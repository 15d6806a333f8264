"""From what was asked to the lines of an order: names become ids, packs become base units, prices are found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from events.unit_of_work import UnitOfWork
from inventory.body import Complaints
from inventory.catalog.directory import ItemName
from inventory.catalog.domain import Factor, checked_price, factor_of
from inventory.context import Context
from inventory.ledger.resolve import base_quantity
from inventory.locations import queries as places
from inventory.locations.queries import Location, Warehouse
from inventory.purchasing.dates import day
from inventory.purchasing.domain import Line, cost_of_base
from inventory.purchasing.messages import NewOrderLine
from inventory.suppliers.queries import Offer, Supplier, items_by_sku, offers_for
from kit import quantity
from kit.errors import Fact, refuse
from kit.text import is_code


class Drafted(NamedTuple):
    """The lines of an order, and the warehouse that all of them go to."""

    warehouse_id: int
    lines: tuple[Line, ...]


class Terms(NamedTuple):
    """What an order's lines have in common: who is paid in what, and what the supplier offers of each item."""

    currency: str
    company_currency: str
    offers: Mapping[int, Offer]


async def lines_of(
    ctx: Context, work: UnitOfWork, supplier: Supplier, warehouse: str, currency: str, asked: Sequence[NewOrderLine]
) -> Drafted:
    """The lines, numbered from 1. Refuses unknown names (404), what was archived (409) and what does not fit (422), all lines at once.

    Everything is read on the transaction's own connection: it holds the numbers of documents up, and must not wait for another.
    """
    place = await _warehouse(work, warehouse)
    items = await _items(work, asked)
    locations = await _locations(work, place, asked)
    offers = await offers_for(work.connection, work.tenant_id, {item.id for item in items})
    of_supplier = {item: offer for item, each in offers.items() for offer in each if offer.supplier_id == supplier.id}
    terms = Terms(currency, ctx.tenant.currency, of_supplier)
    complaints = Complaints()
    found = enumerate(zip(asked, items, locations, strict=True))
    lines = [_line(line, item, location, number, terms, complaints) for number, (line, item, location) in found]
    complaints.raise_any()
    return Drafted(place.id, tuple(line for line in lines if line))


async def _warehouse(work: UnitOfWork, code: str) -> Warehouse:
    found = await places.warehouse(work.connection, work.tenant_id, code if is_code(code) else "")
    if found is None:
        raise refuse("unknown_warehouse", {"field": "warehouse", "warehouse": code[:64]})
    if found.archived_at:
        raise refuse("warehouse_archived", {"field": "warehouse", "warehouse": code})
    return found


async def _items(work: UnitOfWork, asked: Sequence[NewOrderLine]) -> list[ItemName]:
    known = await items_by_sku(work.connection, work.tenant_id, {line.sku for line in asked if is_code(line.sku)})
    unknown = [{"line": n, "field": "sku", "code": "unknown_item", "sku": x.sku[:64]} for n, x in enumerate(asked) if x.sku not in known]
    if unknown:
        raise refuse("unknown_item", *unknown)
    items = [known[line.sku] for line in asked]
    archived = [{"line": n, "field": "sku", "code": "item_archived", "sku": x.sku} for n, x in enumerate(items) if x.archived]
    if archived:
        raise refuse("item_archived", *archived)
    return items


async def _locations(work: UnitOfWork, warehouse: Warehouse, asked: Sequence[NewOrderLine]) -> list[int]:
    """Where each line is to be put, 0 for nowhere in particular."""
    wanted = {line.location for line in asked if line.location is not None}
    known = {each.code: each for each in await places.locations_of(work.connection, work.tenant_id, warehouse.id)} if wanted else {}
    wrong = [fact for number, line in enumerate(asked) if (fact := _location_fact(line, number, known))]
    if wrong:
        raise refuse(str(wrong[0]["code"]), *wrong)
    return [0 if line.location is None else known[line.location].id for line in asked]


def _location_fact(line: NewOrderLine, number: int, known: Mapping[str, Location]) -> Fact | None:
    if line.location is None:
        return None
    found = known.get(line.location)
    code = "unknown_location" if found is None else "location_archived" if found.archived_at else "location_holds_no_stock"
    good = found is not None and not found.archived_at and found.holds_stock
    return None if good else {"line": number, "field": "location", "code": code, "location": line.location[:64]}


def _line(asked: NewOrderLine, item: ItemName, location: int, place_in_list: int, terms: Terms, complaints: Complaints) -> Line | None:
    before, offer = len(complaints), terms.offers.get(item.id)
    unit = asked.unit or (offer.unit if offer else None) or item.unit
    ordered = base_quantity(item, asked.qty, unit, "qty", place_in_list, complaints)
    if len(complaints) == before and ordered <= 0:
        complaints.add("quantity_not_positive", "qty", place_in_list)
    price = _price(asked, item, unit, offer, terms, place_in_list, complaints)
    expected_on = day(asked.expected_on, "expected_on", complaints, place_in_list)
    if len(complaints) > before:
        return None
    numerator, denominator = _factor(item, unit)
    cost = cost_of_base(price, terms.currency, terms.company_currency, numerator, denominator)
    return Line(
        place_in_list + 1, item.id, location, unit, numerator, denominator, quantity.parse(asked.qty), ordered, price, cost,
        expected_on, asked.note,
    )  # fmt: skip


def _price(
    asked: NewOrderLine, item: ItemName, unit: str, offer: Offer | None, terms: Terms, line: int, complaints: Complaints
) -> Decimal | None:
    """What was said, else what the supplier's price list says for so many packs."""
    if asked.price is not None:
        price = checked_price(asked.price, complaints, "price", line)
        if price is not None and price.currency != terms.currency:
            complaints.add("other_currency", "price.currency", line, expected=terms.currency)
        return None if price is None else price.amount
    if offer is None or offer.currency != terms.currency or unit != (offer.unit or item.unit):
        return None
    return offer.price_of(-(-quantity.parse(asked.qty) // quantity.ONE))


def _factor(item: ItemName, unit: str) -> Factor:
    found = factor_of(unit, item.unit, item.factors)
    assert found is not None, "its quantity was converted"
    return found
