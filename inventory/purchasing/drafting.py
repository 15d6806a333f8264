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
from inventory.ledger.bodies import LineBody
from inventory.ledger.resolve import Place, base_quantity, places
from inventory.purchasing.dates import day
from inventory.purchasing.domain import Line, cost_of_base
from inventory.purchasing.messages import NewOrderLine
from inventory.suppliers.queries import Offer, Supplier, offers_for
from kit import quantity


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
    """The lines, numbered from 1. Refuses unknown names (404), what was archived (409) and what does not fit (422), all lines at once."""
    found = await places(ctx, [LineBody(x.sku, warehouse, x.qty, x.location) for x in asked], adds=True)
    offers = await offers_for(work.connection, work.tenant_id, {place.item.id for place in found})
    of_supplier = {item: offer for item, each in offers.items() for offer in each if offer.supplier_id == supplier.id}
    terms = Terms(currency, ctx.tenant.currency, of_supplier)
    complaints = Complaints()
    lines = [_line(line, place, number, terms, complaints) for number, (line, place) in enumerate(zip(asked, found, strict=True))]
    complaints.raise_any()
    return Drafted(found[0].warehouse.id, tuple(line for line in lines if line))


def _line(asked: NewOrderLine, place: Place, place_in_list: int, terms: Terms, complaints: Complaints) -> Line | None:
    before, item, offer = len(complaints), place.item, terms.offers.get(place.item.id)
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
        place_in_list + 1, item.id, place.location, unit, numerator, denominator, quantity.parse(asked.qty), ordered, price, cost,
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
