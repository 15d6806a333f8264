"""What screens, the API and buyers read of suppliers and their offers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.catalog.directory import ItemName
from inventory.catalog.queries import LIKE_ESCAPE, escaped, matches
from inventory.catalog.store import item_units, items, units
from inventory.purchasing.store import UNSETTLED, purchase_orders
from inventory.suppliers.domain import Break, effective_lead_time, price_at
from inventory.suppliers.store import item_supplier_prices, item_suppliers, suppliers
from kit.paging import LIMIT_DEFAULT, Page, paged, parse_cursor


@dataclass(frozen=True, slots=True)
class Supplier:
    """Somebody to buy from. Terms and lead time in days; `language` None: letters are in the company's."""

    id: int
    code: str
    name: str
    currency: str
    email: str
    phone: str
    contact: str
    tax_number: str
    payment_terms_days: int | None
    lead_time_days: int | None
    language: str | None
    notes: str
    archived_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Offer:
    """How a supplier sells an item. `pack` in millionths of the base unit; `multiple` and `moq` in packs; `price` of one pack.

    `lead_time_days` is the one that counts: the offer's own, else the supplier's. `breaks` ascend.
    """

    supplier_id: int
    supplier_code: str
    supplier_name: str
    item_id: int
    supplier_sku: str
    unit: str | None
    pack: int
    multiple: int
    moq: int
    price: Decimal | None
    currency: str
    breaks: tuple[Break, ...]
    lead_time_days: int | None
    preferred: bool

    def price_of(self, packs: int) -> Decimal | None:
        """What one pack costs when so many are ordered."""
        return price_at(self.breaks, packs, self.price)


@dataclass(frozen=True, slots=True)
class SupplierItem:
    """An offer beside the item it is of. `own_lead_time_days`: the offer's own, None when it says nothing."""

    offer: Offer
    sku: str
    name: str
    base_unit: str
    decimals: int
    own_lead_time_days: int | None
    version: int


@dataclass(frozen=True, slots=True)
class SupplierFilter:
    """Which suppliers a list shows: `q` looks at names, codes and tax numbers; `archived` None shows both."""

    q: str = ""
    currency: str | None = None
    archived: bool | None = False
    sort: Literal["code", "name"] = "code"
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class OfferFilter:
    """Which of a supplier's items a list shows: `q` looks at names, SKUs, barcodes and the supplier's own codes."""

    q: str = ""
    sort: Literal["sku", "name"] = "sku"
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None


async def suppliers_page(connection: AsyncConnection, tenant_id: int, asked: SupplierFilter) -> Page[Supplier]:
    """A page of suppliers. Raises ValueError `bad_cursor`."""
    by = {"code": suppliers.c.code, "name": suppliers.c.name}[asked.sort]
    query = _suppliers(tenant_id).where(*_conditions(asked)).order_by(by, suppliers.c.code).limit(asked.limit + 1)
    if asked.cursor:
        query = query.where(tuple_(by, suppliers.c.code) > parse_cursor(asked.cursor, str, str))
    rows = [Supplier(*row) for row in await connection.execute(query)]
    return paged(rows, asked.limit, 0, lambda each: (getattr(each, asked.sort), each.code))


async def suppliers_counted(connection: AsyncConnection, tenant_id: int, asked: SupplierFilter) -> int:
    """How many suppliers the filter shows on all pages."""
    query = select(func.count()).select_from(suppliers).where(suppliers.c.tenant_id == tenant_id, *_conditions(asked))
    return int((await connection.execute(query)).scalar_one())


async def supplier_by_code(connection: AsyncConnection, tenant_id: int, code: str) -> Supplier | None:
    """One supplier by its code."""
    row = (await connection.execute(_suppliers(tenant_id).where(suppliers.c.code == code))).one_or_none()
    return Supplier(*row) if row else None


async def supplier_by_id(connection: AsyncConnection, tenant_id: int, supplier_id: int) -> Supplier | None:
    """One supplier by its number."""
    row = (await connection.execute(_suppliers(tenant_id).where(suppliers.c.id == supplier_id))).one_or_none()
    return Supplier(*row) if row else None


async def supplier_has_orders(connection: AsyncConnection, tenant_id: int, supplier_id: int) -> bool:
    """True while an order of theirs is being written, decided or delivered."""
    table = purchase_orders
    unsettled = (table.c.tenant_id == tenant_id, table.c.supplier_id == supplier_id, table.c.status.in_(UNSETTLED))
    return bool((await connection.execute(select(exists().where(*unsettled)))).scalar_one())


async def offers_for(connection: AsyncConnection, tenant_id: int, item_ids: Iterable[int]) -> dict[int, list[Offer]]:
    """For each item what suppliers in use offer, the preferred one first, then by code. Items nobody offers are absent."""
    found: defaultdict[int, list[Offer]] = defaultdict(list)
    for each in await _of_items(connection, tenant_id, set(item_ids)):
        found[each.offer.item_id].append(each.offer)
    return dict(found)


async def suppliers_of_item(connection: AsyncConnection, tenant_id: int, item_id: int) -> list[SupplierItem]:
    """What suppliers in use offer of one item, the preferred one first, then by code."""
    return await _of_items(connection, tenant_id, {item_id})


async def items_of_supplier(connection: AsyncConnection, tenant_id: int, supplier_id: int, asked: OfferFilter) -> Page[SupplierItem]:
    """A page of what a supplier offers. Raises ValueError `bad_cursor`."""
    by = {"sku": items.c.sku, "name": items.c.name}[asked.sort]
    query = _offers(tenant_id).where(item_suppliers.c.supplier_id == supplier_id, *_sought(asked)).order_by(by, items.c.sku)
    if asked.cursor:
        query = query.where(tuple_(by, items.c.sku) > parse_cursor(asked.cursor, str, str))
    rows = await _with_breaks(connection, tenant_id, query.limit(asked.limit + 1))
    return paged(rows, asked.limit, 0, lambda each: (getattr(each, asked.sort), each.sku))


async def items_of_supplier_counted(connection: AsyncConnection, tenant_id: int, supplier_id: int, asked: OfferFilter) -> int:
    """How many of the supplier's items the filter shows on all pages."""
    query = _offers(tenant_id).where(item_suppliers.c.supplier_id == supplier_id, *_sought(asked))
    return int((await connection.execute(select(func.count()).select_from(query.subquery()))).scalar_one())


async def offers_page(connection: AsyncConnection, tenant_id: int, asked: OfferFilter) -> Page[SupplierItem]:
    """A page of everything that suppliers in use offer, by supplier and SKU. Raises ValueError `bad_cursor`."""
    query = _offers(tenant_id).where(suppliers.c.archived_at.is_(None), *_sought(asked)).order_by(suppliers.c.code, items.c.sku)
    if asked.cursor:
        query = query.where(tuple_(suppliers.c.code, items.c.sku) > parse_cursor(asked.cursor, str, str))
    rows = await _with_breaks(connection, tenant_id, query.limit(asked.limit + 1))
    return paged(rows, asked.limit, 0, lambda each: (each.offer.supplier_code, each.sku))


async def currencies(connection: AsyncConnection, tenant_id: int) -> list[str]:
    """The currencies that suppliers are paid in."""
    query = select(suppliers.c.currency).where(suppliers.c.tenant_id == tenant_id).distinct().order_by(suppliers.c.currency)
    return [str(row.currency) for row in await connection.execute(query)]


async def supplier_item(connection: AsyncConnection, tenant_id: int, supplier_id: int, item_id: int) -> SupplierItem | None:
    """What one supplier offers of one item."""
    query = _offers(tenant_id).where(item_suppliers.c.supplier_id == supplier_id, item_suppliers.c.item_id == item_id)
    return next(iter(await _with_breaks(connection, tenant_id, query)), None)


async def all_of_items(connection: AsyncConnection, tenant_id: int, item_ids: Iterable[int]) -> list[SupplierItem]:
    """What suppliers offer of these items, those that were archived as well: what is compared with before something is written."""
    return await _with_breaks(connection, tenant_id, _offers(tenant_id).where(item_suppliers.c.item_id.in_(set(item_ids))))


async def items_by_sku(connection: AsyncConnection, tenant_id: int, skus: Iterable[str]) -> dict[str, ItemName]:
    """Items by SKU, with their exact packagings, as they are now."""
    packagings = func.json_agg(func.json_build_array(item_units.c.unit, item_units.c.numerator, item_units.c.denominator))
    of_item = and_(item_units.c.tenant_id == items.c.tenant_id, item_units.c.item_id == items.c.id)
    factors = select(packagings).where(of_item).scalar_subquery()
    in_unit = and_(units.c.tenant_id == items.c.tenant_id, units.c.code == items.c.base_unit)
    archived = items.c.archived_at.is_not(None)
    columns = (items.c.id, items.c.sku, items.c.name, items.c.base_unit, units.c.decimals, archived, factors)
    query = select(*columns).join(units, in_unit).where(items.c.tenant_id == tenant_id, items.c.sku.in_(set(skus)))
    return {row.sku: _item_name(tuple(row)) for row in await connection.execute(query)}


async def suppliers_by_code(connection: AsyncConnection, tenant_id: int, codes: Iterable[str]) -> dict[str, Supplier]:
    """Suppliers by code."""
    found = await connection.execute(_suppliers(tenant_id).where(suppliers.c.code.in_(set(codes))))
    return {row.code: Supplier(*row) for row in found}


async def _of_items(connection: AsyncConnection, tenant_id: int, item_ids: set[int]) -> list[SupplierItem]:
    in_use = (item_suppliers.c.item_id.in_(item_ids), suppliers.c.archived_at.is_(None))
    query = _offers(tenant_id).where(*in_use).order_by(items.c.sku, item_suppliers.c.preferred.desc(), suppliers.c.code)
    return await _with_breaks(connection, tenant_id, query)


async def _with_breaks(connection: AsyncConnection, tenant_id: int, query: Select[Any]) -> list[SupplierItem]:
    """The offers of a query, each with its breaks: two statements however many there are."""
    rows = list(await connection.execute(query))
    breaks = await _breaks(connection, tenant_id, [(row.item_id, row.supplier_id) for row in rows])
    return [_supplier_item(row, breaks.get((row.item_id, row.supplier_id), ())) for row in rows]


async def _breaks(connection: AsyncConnection, tenant_id: int, keys: Sequence[tuple[int, int]]) -> dict[tuple[int, int], tuple[Break, ...]]:
    table = item_supplier_prices
    of_keys = and_(table.c.tenant_id == tenant_id, tuple_(table.c.item_id, table.c.supplier_id).in_(keys))
    query = select(table.c.item_id, table.c.supplier_id, table.c.from_qty, table.c.price).where(of_keys).order_by(table.c.from_qty)
    found: defaultdict[tuple[int, int], tuple[Break, ...]] = defaultdict(tuple)
    if keys:
        for item_id, supplier_id, from_qty, price in await connection.execute(query):
            found[item_id, supplier_id] += (Break(from_qty, price),)
    return found


def _conditions(asked: SupplierFilter) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if asked.archived is not None:
        conditions.append(suppliers.c.archived_at.is_not(None) if asked.archived else suppliers.c.archived_at.is_(None))
    if asked.currency is not None:
        conditions.append(suppliers.c.currency == asked.currency)
    if asked.q:
        like = f"%{escaped(asked.q)}%"
        columns = (suppliers.c.name, suppliers.c.code, suppliers.c.tax_number)
        conditions.append(or_(*(column.ilike(like, escape=LIKE_ESCAPE) for column in columns)))
    return conditions


def _sought(asked: OfferFilter) -> Sequence[ColumnElement[bool]]:
    if not asked.q:
        return ()
    by_their_code = item_suppliers.c.supplier_sku.ilike(f"%{escaped(asked.q)}%", escape=LIKE_ESCAPE)
    return (or_(matches(asked.q), by_their_code),)


def _suppliers(tenant_id: int) -> Select[Any]:
    columns = [suppliers.c[name] for name in Supplier.__dataclass_fields__]
    return select(*columns).where(suppliers.c.tenant_id == tenant_id)


def _offers(tenant_id: int) -> Select[Any]:
    table = item_suppliers
    columns = select(
        table,
        suppliers.c.code.label("supplier_code"),
        suppliers.c.name.label("supplier_name"),
        suppliers.c.lead_time_days.label("supplier_lead_time_days"),
        items.c.sku,
        items.c.name,
        items.c.base_unit,
        units.c.decimals,
    )
    return (
        columns.join_from(table, items, and_(items.c.tenant_id == table.c.tenant_id, items.c.id == table.c.item_id))
        .join(suppliers, and_(suppliers.c.tenant_id == table.c.tenant_id, suppliers.c.id == table.c.supplier_id))
        .join(units, and_(units.c.tenant_id == items.c.tenant_id, units.c.code == items.c.base_unit))
        .where(table.c.tenant_id == tenant_id)
    )


def _supplier_item(row: Any, breaks: tuple[Break, ...]) -> SupplierItem:
    offer = Offer(
        row.supplier_id,
        row.supplier_code,
        row.supplier_name,
        row.item_id,
        row.supplier_sku,
        row.unit,
        row.pack,
        row.multiple,
        row.moq,
        row.price,
        row.currency,
        breaks,
        effective_lead_time(row.lead_time_days, row.supplier_lead_time_days),
        row.preferred,
    )
    return SupplierItem(offer, row.sku, row.name, row.base_unit, row.decimals, row.lead_time_days, row.version)


def _item_name(row: Sequence[Any]) -> ItemName:
    item_id, sku, name, unit, decimals, archived, factors = row
    return ItemName(item_id, sku, name, unit, decimals, archived, {code: (base, per) for code, base, per in factors or ()})
