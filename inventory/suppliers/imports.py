"""Offers of suppliers from a CSV file: checked line by line, then all of them or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import Struct

from events.unit_of_work import UnitOfWork
from inventory.body import Complaints, fit
from inventory.catalog.directory import ItemName
from inventory.context import Context
from inventory.files import COMPLAINTS_MAX, lines_of
from inventory.suppliers import offers, queries
from inventory.suppliers.domain import checked_terms
from inventory.suppliers.messages import OfferTerms
from inventory.suppliers.offers import NewTerms, Written
from inventory.suppliers.queries import Supplier, SupplierItem
from kit import csvs
from kit.csvs import Line
from kit.errors import Refused
from kit.money import micros
from kit.quantity import format_qty
from kit.text import is_code

COLUMNS = ("supplier", "sku", "supplier_sku", "unit", "multiple", "moq", "price", "currency", "lead_time_days", "preferred")
REQUIRED = ("supplier", "sku")

_YES, _NO = ("yes", "true", "1", "да", "ооба"), ("no", "false", "0", "нет", "жок")
_WHOLE = ("multiple", "moq", "lead_time_days")


class OfferFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A CSV file of offers, with a header. A row replaces what its supplier offered of its item; prices by quantity stay.

    `dry_run`: say only what would be done.
    """

    csv: str
    dry_run: bool = False


class _Known(NamedTuple):
    """What the names in a file mean."""

    suppliers: dict[str, Supplier]
    items: dict[str, ItemName]
    there: dict[tuple[int, int], SupplierItem]


async def import_offers(ctx: Context, work: UnitOfWork, file: OfferFile) -> Written:
    """Do what the file says, all of it or nothing. Refuses `file_refused` with complaints by line of the file (the header is 1)."""
    ctx.permit("suppliers.write")
    lines = lines_of(file.csv, COLUMNS, REQUIRED)
    known = await _look(work, lines)
    complaints = Complaints()
    wanted: dict[tuple[int, int], NewTerms] = {}
    preferred: set[int] = set()
    for line in lines:
        offer = _offer(line, known, complaints)
        if offer is not None:
            _check_once(offer, wanted, preferred, line.number, complaints)
            wanted[offer.key] = offer
        if len(complaints) >= COMPLAINTS_MAX:
            break
    complaints.raise_any("file_refused")
    return await offers.write_offers(work, list(wanted.values()), dry_run=file.dry_run)


def rows_of(found: Sequence[SupplierItem]) -> list[tuple[object, ...]]:
    """Offers as rows of such a file, so that what was taken out can be put back in."""
    return [
        (
            each.offer.supplier_code,
            each.sku,
            each.offer.supplier_sku,
            each.offer.unit or each.base_unit,
            each.offer.multiple,
            each.offer.moq,
            plain_price(each.offer.price),
            each.offer.currency,
            "" if each.own_lead_time_days is None else each.own_lead_time_days,
            "yes" if each.offer.preferred else "no",
        )
        for each in found
    ]


def plain_price(price: Decimal | None) -> str:
    """A price without the zeros that the table keeps behind it."""
    return "" if price is None else format_qty(micros(price))


async def _look(work: UnitOfWork, lines: Sequence[Line]) -> _Known:
    """What cannot be a code is not asked for, and so it is unknown."""
    codes, skus = ({each.cells.get(column, "") for each in lines} for column in REQUIRED)
    items = await offers.items_held(work, filter(is_code, skus))
    suppliers = await queries.suppliers_by_code(work.connection, work.tenant_id, filter(is_code, codes))
    found = await queries.all_of_items(work.connection, work.tenant_id, (item.id for item in items.values()))
    return _Known(suppliers, items, {(each.offer.item_id, each.offer.supplier_id): each for each in found})


def _offer(line: Line, known: _Known, complaints: Complaints) -> NewTerms | None:
    """What a line asks for, or nothing and a complaint of why not."""
    before = len(complaints)
    supplier, item = known.suppliers.get(line.cells.get("supplier", "")), known.items.get(line.cells.get("sku", ""))
    for column, found, archived in (("supplier", supplier, supplier and supplier.archived_at), ("sku", item, item and item.archived)):
        word = {column: line.cells.get(column, "")[:64]}
        if found is None:
            complaints.add("unknown_supplier" if column == "supplier" else "unknown_item", column, line.number, **word)
        elif archived:
            complaints.add("supplier_archived" if column == "supplier" else "item_archived", column, line.number, **word)
    if supplier is None or item is None:
        return None
    asked = _asked(line, supplier, complaints)
    if asked is None:
        return None
    terms = replace(checked_terms(asked, item, supplier.currency, complaints, line.number), breaks=None)
    offer = NewTerms(supplier, item, terms)
    _check_breaks(offer, known, line.number, complaints)
    return offer if len(complaints) == before else None


def _asked(line: Line, supplier: Supplier, complaints: Complaints) -> OfferTerms | None:
    """The cells as the API's body would say them: so they are checked the same way."""
    cells = {name: value for name, value in line.cells.items() if value}
    body: dict[str, Any] = {name: cells[name] for name in ("supplier_sku", "unit") if name in cells}
    body |= {name: int(cells[name]) if _is_whole(cells[name]) else cells[name] for name in _WHOLE if name in cells}
    if "price" in cells:
        body["price"] = {"amount": csvs.decimal_point(cells["price"]), "currency": cells.get("currency", supplier.currency)}
    if "preferred" in cells:
        word = cells["preferred"].lower()
        body["preferred"] = word in _YES if word in _YES + _NO else word
    try:
        return fit(body, OfferTerms)
    except Refused as refused:
        complaints.take(refused.refusal.errors, line.number)
        return None


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _check_breaks(offer: NewTerms, known: _Known, number: int, complaints: Complaints) -> None:
    """Prices by quantity stand above a price in the same currency; a file that knows nothing of them does not turn them."""
    there = known.there.get(offer.key)
    if there and there.offer.breaks and (offer.terms.price is None or offer.terms.currency != there.offer.currency):
        complaints.add("has_breaks", "price", number)


def _check_once(
    offer: NewTerms, wanted: Mapping[tuple[int, int], NewTerms], preferred: set[int], number: int, complaints: Complaints
) -> None:
    """A file says one thing of an offer, and names one preferred supplier of an item."""
    if offer.key in wanted:
        complaints.add("line_twice", "sku", number, supplier=offer.supplier.code, sku=offer.item.sku)
    elif offer.terms.preferred and offer.item.id in preferred:
        complaints.add("preferred_twice", "preferred", number, sku=offer.item.sku)
    if offer.terms.preferred:
        preferred.add(offer.item.id)
