"""Rules of buying from a supplier: how many packs, at which price, how soon; and what an offer must look like. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from inventory.body import Complaints
from inventory.catalog.directory import ItemName
from inventory.catalog.domain import checked_price, checked_text, factor_of
from inventory.suppliers.messages import OfferTerms, PriceBreak
from kit import money, quantity
from tenants.domain import email_refusal, normal_email

SUPPLIER_SKU_LENGTH_MAX = 100
CONTACT_LENGTH_MAX = 200
NUMBER_LENGTH_MAX = 40
"""Of a phone or tax number."""
NOTES_LENGTH_MAX = 2000


class Break(NamedTuple):
    """From `from_qty` packs on, one pack costs `price`."""

    from_qty: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class Terms:
    """What an offer says, checked. `pack` in millionths of the base unit; `breaks` ascend, None leaves them as they are.

    `preferred` None: as it was, and for the first supplier of an item: yes.
    """

    supplier_sku: str
    unit: str | None
    pack: int
    multiple: int
    moq: int
    price: Decimal | None
    currency: str
    breaks: tuple[Break, ...] | None
    lead_time_days: int | None
    preferred: bool | None


def packs_for(need: int, pack: int, multiple: int, moq: int) -> int:
    """The fewest packs that cover `need` (millionths, as `pack`), at least `moq`, in whole multiples. None needed, none ordered."""
    assert pack > 0 and multiple > 0
    if need <= 0:
        return 0
    packs = max(_ceil(need, pack), moq)
    return _ceil(packs, multiple) * multiple


def price_at(breaks: Sequence[Break], packs: int, base: Decimal | None = None) -> Decimal | None:
    """What one pack costs when `packs` are ordered: the break that begins highest and is reached, else the base price."""
    reached = [each for each in breaks if each.from_qty <= packs]
    return max(reached).price if reached else base


def effective_lead_time(of_offer: int | None, of_supplier: int | None) -> int | None:
    """Days from order to delivery: the offer's own, else the supplier's. None when nobody has said."""
    return of_supplier if of_offer is None else of_offer


def checked_terms(asked: OfferTerms, item: ItemName, currency: str, complaints: Complaints, line: int | None = None) -> Terms:
    """The terms of an offer of `item`. `currency`: the supplier's, for an offer without a price."""
    priced = checked_price(asked.price, complaints, line=line)
    price, currency = (priced.amount, priced.currency) if priced else (None, currency)
    return Terms(
        supplier_sku=checked_text(asked.supplier_sku, "supplier_sku", SUPPLIER_SKU_LENGTH_MAX, complaints, required=False, line=line),
        unit=None if asked.unit == item.unit else asked.unit,
        pack=checked_pack(asked, item, complaints, line),
        multiple=asked.multiple,
        moq=asked.moq,
        price=price,
        currency=currency,
        breaks=checked_breaks(asked.breaks, price, complaints, line),
        lead_time_days=asked.lead_time_days,
        preferred=asked.preferred,
    )


def checked_pack(asked: OfferTerms, item: ItemName, complaints: Complaints, line: int | None = None) -> int:
    """Millionths of the base unit in one pack, exact; a complaint unless what can be ordered is whole in the base unit."""
    factor = factor_of(asked.unit, item.unit, item.factors)
    if factor is None:
        complaints.add("unknown_unit", "unit", line, unit=asked.unit, sku=item.sku)
        return 0
    try:
        pack = quantity.convert(quantity.ONE, *factor)
    except ValueError as problem:
        complaints.add(str(problem), "unit", line, unit=asked.unit, sku=item.sku)
        return 0
    if pack * asked.multiple % 10 ** (quantity.DECIMALS_MAX - item.decimals):
        complaints.add("pack_not_whole", "unit", line, multiple=asked.multiple, unit=asked.unit, base_unit=item.unit)
    if pack * max(asked.multiple, asked.moq) > quantity.QTY_MAX:
        complaints.add("quantity_too_large", "multiple" if asked.multiple > asked.moq else "moq", line)
    return pack


def checked_breaks(asked: Sequence[PriceBreak], base: Decimal | None, complaints: Complaints, line: int | None = None) -> tuple[Break, ...]:
    """Prices by quantity, ascending. A complaint when two begin alike, or when nothing is said of fewer packs."""
    if asked and base is None:
        complaints.add("value_missing", "price", line)
    found: dict[int, Break] = {}
    for number, each in enumerate(asked):
        if each.from_qty in found:
            complaints.add("break_twice", f"breaks[{number}].from_qty", line, from_qty=each.from_qty)
        found[each.from_qty] = Break(each.from_qty, _checked_amount(each.price, f"breaks[{number}].price", complaints, line))
    return tuple(sorted(found.values()))


def _checked_amount(value: str | int, field: str, complaints: Complaints, line: int | None) -> Decimal:
    try:
        amount = money.parse(value)
    except ValueError as problem:
        complaints.add(str(problem), field, line)
        return Decimal(0)
    if amount < 0:
        complaints.add("out_of_range", field, line, min="0")
    return amount


def checked_email(value: str, complaints: Complaints) -> str:
    """An address that letters can be sent to, or none."""
    email = normal_email(value)
    if email and email_refusal(email):
        complaints.add("not_an_email", "email")
    return email


def checked_notes(value: str, complaints: Complaints) -> str:
    """Text of several lines."""
    lines = [checked_text(each, "notes", NOTES_LENGTH_MAX, complaints, required=False) for each in value.splitlines()]
    notes = "\n".join(lines).strip()
    if len(notes) > NOTES_LENGTH_MAX:
        complaints.add("text_too_long", "notes", max=NOTES_LENGTH_MAX)
    return notes


def _ceil(amount: int, step: int) -> int:
    return -(-amount // step)
