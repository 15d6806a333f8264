"""A suggestion with all it is shown and ordered with, made from what was read. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from inventory.replenishment import domain
from inventory.replenishment.domain import ByTheUnit, Position, Reason
from inventory.suppliers.queries import Offer, Supplier
from kit import money
from kit.clock import from_us


class Elsewhere(NamedTuple):
    """Another warehouse that has some of the item."""

    warehouse: str
    warehouse_name: str
    available: int
    qty_min: int
    qty_max: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would be ordered: so many packs of `unit`, which are `base` in the item's base unit. Price and amount are None when nobody
    has said a price, the day when nobody has said how long it takes."""

    supplier: str
    supplier_name: str
    supplier_sku: str
    unit: str
    pack: int
    multiple: int
    moq: int
    packs: int
    base: int
    price: Decimal | None
    amount: Decimal | None
    currency: str
    lead_time_days: int | None
    expected_on: date | None


@dataclass(frozen=True, slots=True)
class Giving:
    """Another warehouse that can send `qty` of it."""

    warehouse: str
    warehouse_name: str
    qty: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An item that a warehouse is short of. `proposal` is None until somebody says whom it is bought from; `offers` are all there are,
    `givings` come nearest first. `today` is the day in the warehouse."""

    item_id: int
    sku: str
    name: str
    unit: str
    decimals: int
    warehouse_id: int
    warehouse: str
    warehouse_name: str
    today: date
    position: Position
    need: int
    reason: Reason
    offers: tuple[Offer, ...]
    proposal: Proposal | None
    givings: tuple[Giving, ...] = ()


def suggestion_of(row: Mapping[str, Any], now_us: int, offers: Sequence[Offer], elsewhere: Sequence[Elsewhere]) -> Suggestion:
    """The suggestion of a row that is short: see `positions.short`. `elsewhere`: nearest first, this warehouse may be among them."""
    free = row["free"]
    position = Position(max(0, free), max(0, -free), row["on_order"], row["in_transit"], row["planned"], row["qty_min"], row["qty_max"])
    need = domain.need_of(position)
    assert need > 0, "a row that was found is short"
    names = (row["warehouse_id"], row["warehouse"], row["warehouse_name"])
    today = from_us(now_us).astimezone(ZoneInfo(row["time_zone"])).date()
    bare = Suggestion(
        row["item_id"], row["sku"], row["name"], row["unit"], row["decimals"], *names, today, position, need, domain.reason_of(position),
        tuple(offers), None, _givings(need, [each for each in elsewhere if each.warehouse != row["warehouse"]]),
    )  # fmt: skip
    offer = domain.chosen_offer(offers)
    return bare if offer is None else replace(bare, proposal=proposal_of(bare, offer))


def proposal_of(suggestion: Suggestion, offer: Offer, packs: int | None = None) -> Proposal:
    """What would be ordered of an offer; as many packs as said, else as are needed."""
    packs = domain.packs_of(suggestion.need, offer) if packs is None else packs
    price = offer.price_of(packs)
    return Proposal(
        offer.supplier_code, offer.supplier_name, offer.supplier_sku, offer.unit or suggestion.unit, offer.pack, offer.multiple, offer.moq,
        packs, packs * offer.pack, price, None if price is None else money.rounded(price * packs, offer.currency), offer.currency,
        offer.lead_time_days, domain.expected_on(suggestion.today, offer.lead_time_days),
    )  # fmt: skip


def proposal_by_the_unit(suggestion: Suggestion, supplier: Supplier, packs: int | None = None) -> Proposal:
    """What would be ordered of a supplier who has not said how it sells the item."""
    terms = ByTheUnit()
    packs = domain.packs_of(suggestion.need, terms) if packs is None else packs
    return Proposal(
        supplier.code, supplier.name, "", suggestion.unit, terms.pack, terms.multiple, terms.moq, packs, packs * terms.pack, None, None,
        supplier.currency, supplier.lead_time_days, domain.expected_on(suggestion.today, supplier.lead_time_days),
    )  # fmt: skip


def _givings(need: int, elsewhere: Sequence[Elsewhere]) -> tuple[Giving, ...]:
    able = ((each, domain.surplus_of(each.available, each.qty_min, each.qty_max)) for each in elsewhere)
    return tuple(Giving(each.warehouse, each.warehouse_name, min(need, surplus)) for each, surplus in able if surplus)
