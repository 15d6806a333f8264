"""What screens and the API read of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import ARRAY, ColumnElement, Select, Text, and_, any_, exists, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from inventory.catalog.store import item_barcodes, item_limits, item_units, items, units
from inventory.ledger.store import stock_balances
from inventory.locations.store import warehouses
from inventory.suppliers.store import item_suppliers
from kit.paging import LIMIT_DEFAULT, Page, paged, parse_cursor

LIKE_ESCAPE = "\\"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit to count in; `decimals` 0 means whole numbers only."""

    code: str
    name: str
    decimals: int
    archived_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Item:
    """An item as its page shows it. `price` is exact; `names` are by language."""

    id: int
    sku: str
    name: str
    names: dict[str, str]
    kind: str
    base_unit: str
    decimals: int
    category: str
    price: Decimal | None
    currency: str | None
    metadata: dict[str, Any]
    archived_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Barcode:
    """A code that finds an item."""

    code: str
    kind: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ItemUnit:
    """A packaging: `per` of this unit are `base` base units."""

    unit: str
    base: int
    per: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Minimum and maximum of an item in a warehouse, in millionths of its base unit."""

    warehouse: str
    warehouse_name: str
    qty_min: int
    qty_max: int


@dataclass(frozen=True, slots=True)
class Category:
    """A category and how many items (not archived) are in it."""

    name: str
    items: int


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """Which items a list shows: `q` looks at names, SKUs and barcodes; `archived` None shows both."""

    q: str = ""
    category: str | None = None
    kind: str | None = None
    archived: bool | None = False
    sort: Literal["sku", "name"] = "sku"
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None


async def items_page(connection: AsyncConnection, tenant_id: int, asked: ItemFilter) -> Page[Item]:
    """A page of items. Raises ValueError `bad_cursor`."""
    by = {"sku": items.c.sku, "name": items.c.name}[asked.sort]
    query = _items(tenant_id).where(*_conditions(asked)).order_by(by, items.c.sku).limit(asked.limit + 1)
    if asked.cursor:
        query = query.where(tuple_(by, items.c.sku) > parse_cursor(asked.cursor, str, str))
    rows = [_item(tuple(row)) for row in await connection.execute(query)]
    return paged(rows, asked.limit, 0, lambda item: (getattr(item, asked.sort), item.sku))


async def items_counted(connection: AsyncConnection, tenant_id: int, asked: ItemFilter) -> int:
    """How many items the filter shows on all pages."""
    counted = await connection.execute(select(func.count()).select_from(items).where(items.c.tenant_id == tenant_id, *_conditions(asked)))
    return int(counted.scalar_one())


async def item(connection: AsyncConnection, tenant_id: int, sku: str) -> Item | None:
    """One item by its SKU."""
    row = (await connection.execute(_items(tenant_id).where(items.c.sku == sku))).one_or_none()
    return _item(tuple(row)) if row else None


async def items_of(connection: AsyncConnection, tenant_id: int, skus: Iterable[str]) -> dict[str, Item]:
    """Items by SKU."""
    rows = await connection.execute(_items(tenant_id).where(items.c.sku.in_(set(skus))))
    return {found.sku: found for found in (_item(tuple(row)) for row in rows)}


async def owners_of(connection: AsyncConnection, tenant_id: int, codes: Iterable[str]) -> dict[str, str]:
    """Which SKU each of these codes finds; a SKU wins over another item's barcode that reads the same."""
    asked = any_(literal(list(codes), ARRAY(Text)))
    on_item = and_(items.c.tenant_id == item_barcodes.c.tenant_id, items.c.id == item_barcodes.c.item_id)
    by_barcode = select(item_barcodes.c.code, items.c.sku).join(items, on_item)
    found = await connection.execute(by_barcode.where(item_barcodes.c.tenant_id == tenant_id, item_barcodes.c.code == asked))
    owners = {str(code): str(sku) for code, sku in found}
    skus = await connection.execute(select(items.c.sku).where(items.c.tenant_id == tenant_id, items.c.sku == asked))
    return owners | {str(sku): str(sku) for (sku,) in skus}


async def item_by_code(connection: AsyncConnection, tenant_id: int, code: str) -> Item | None:
    """One item by SKU, barcode or PLU; a SKU wins over another item's barcode that reads the same."""
    by_barcode = select(item_barcodes.c.item_id).where(item_barcodes.c.tenant_id == tenant_id, item_barcodes.c.code == code)
    query = _items(tenant_id).where(or_(items.c.sku == code, items.c.id.in_(by_barcode)))
    found = [_item(tuple(row)) for row in await connection.execute(query)]
    return next((each for each in found if each.sku == code), found[0] if found else None)


async def names_of(connection: AsyncConnection, tenant_id: int, item_ids: Iterable[int]) -> dict[int, str]:
    """Names of items by their number, for lists of what happened to them."""
    query = select(items.c.id, items.c.name).where(items.c.tenant_id == tenant_id, items.c.id.in_(set(item_ids)))
    return {int(row.id): str(row.name) for row in await connection.execute(query)}


async def barcodes(connection: AsyncConnection, tenant_id: int, item_id: int) -> list[Barcode]:
    """The item's barcodes and PLUs, oldest first."""
    table = item_barcodes
    query = select(table.c.code, table.c.kind, table.c.created_at).where(table.c.tenant_id == tenant_id, table.c.item_id == item_id)
    return [Barcode(*row) for row in await connection.execute(query.order_by(table.c.created_at, table.c.code))]


async def barcodes_of(connection: AsyncConnection, tenant_id: int, item_ids: Iterable[int]) -> dict[int, list[str]]:
    """The barcodes of some items by their number, oldest first."""
    table = item_barcodes
    query = select(table.c.item_id, table.c.code).where(table.c.tenant_id == tenant_id, table.c.item_id.in_(set(item_ids)))
    found: dict[int, list[str]] = {}
    for item_id, code in await connection.execute(query.order_by(table.c.created_at, table.c.code)):
        found.setdefault(item_id, []).append(code)
    return found


async def item_units_of(connection: AsyncConnection, tenant_id: int, item_id: int) -> list[ItemUnit]:
    """The item's packagings."""
    table = item_units
    query = select(table.c.unit, table.c.numerator, table.c.denominator).where(table.c.tenant_id == tenant_id, table.c.item_id == item_id)
    return [ItemUnit(*row) for row in await connection.execute(query.order_by(table.c.unit))]


async def limits(connection: AsyncConnection, tenant_id: int, item_id: int) -> list[Limits]:
    """The item's minimum and maximum, by warehouse."""
    query = (
        select(warehouses.c.code, warehouses.c.name, item_limits.c.qty_min, item_limits.c.qty_max)
        .join(warehouses, and_(warehouses.c.tenant_id == item_limits.c.tenant_id, warehouses.c.id == item_limits.c.warehouse_id))
        .where(item_limits.c.tenant_id == tenant_id, item_limits.c.item_id == item_id)
    )
    return [Limits(*row) for row in await connection.execute(query.order_by(warehouses.c.code))]


async def limits_of(connection: AsyncConnection, tenant_id: int, item_ids: Sequence[int]) -> dict[tuple[int, int], tuple[int, int]]:
    """Minimum and maximum in millionths, by item and warehouse."""
    table = item_limits
    query = select(table.c.item_id, table.c.warehouse_id, table.c.qty_min, table.c.qty_max)
    found = await connection.execute(query.where(table.c.tenant_id == tenant_id, table.c.item_id.in_(item_ids)))
    return {(item_id, warehouse_id): (low, high) for item_id, warehouse_id, low, high in found}


async def categories(connection: AsyncConnection, tenant_id: int) -> list[Category]:
    """Categories in use, by name."""
    in_use = (items.c.tenant_id == tenant_id, items.c.category != "", items.c.archived_at.is_(None))
    query = select(items.c.category, func.count()).where(*in_use)
    return [Category(*row) for row in await connection.execute(query.group_by(items.c.category).order_by(items.c.category))]


async def units_of(connection: AsyncConnection, tenant_id: int) -> list[Unit]:
    """All units, by code."""
    return [Unit(*row) for row in await connection.execute(_units(tenant_id).order_by(units.c.code))]


async def unit(connection: AsyncConnection, tenant_id: int, code: str) -> Unit | None:
    """One unit."""
    row = (await connection.execute(_units(tenant_id).where(units.c.code == code))).one_or_none()
    return Unit(*row) if row else None


async def item_holds_stock(connection: AsyncConnection, tenant_id: int, item_id: int) -> bool:
    """True while any warehouse has the item on hand, promised, under way or on order."""
    table = stock_balances
    moving = or_(table.c.on_hand != 0, table.c.reserved != 0, table.c.in_transit != 0, table.c.on_order != 0)
    query = select(exists().where(table.c.tenant_id == tenant_id, table.c.item_id == item_id, moving))
    return bool((await connection.execute(query)).scalar_one())


async def unit_is_bought(connection: AsyncConnection, tenant_id: int, item_id: int, unit: str) -> bool:
    """True while a supplier sells the item in this packaging."""
    table = item_suppliers
    query = select(exists().where(table.c.tenant_id == tenant_id, table.c.item_id == item_id, table.c.unit == unit))
    return bool((await connection.execute(query)).scalar_one())


async def warehouse_id(connection: AsyncConnection, tenant_id: int, code: str) -> int | None:
    """The number of the warehouse with this code."""
    table = warehouses
    return (await connection.execute(select(table.c.id).where(table.c.tenant_id == tenant_id, table.c.code == code))).scalar_one_or_none()


async def warehouse_ids(connection: AsyncConnection, tenant_id: int) -> dict[str, int]:
    """The numbers of the warehouses in use, by code."""
    mine = (warehouses.c.tenant_id == tenant_id, warehouses.c.archived_at.is_(None))
    query = select(warehouses.c.code, warehouses.c.id).where(*mine).order_by(warehouses.c.code)
    return {str(code): int(number) for code, number in await connection.execute(query)}


def matches(q: str) -> ColumnElement[bool]:
    """Items whose name, SKU or barcode has what was typed."""
    like = f"%{escaped(q)}%"
    by_barcode = select(item_barcodes.c.item_id).where(item_barcodes.c.tenant_id == items.c.tenant_id, item_barcodes.c.code == q)
    return or_(items.c.name.ilike(like, escape=LIKE_ESCAPE), items.c.sku.ilike(like, escape=LIKE_ESCAPE), items.c.id.in_(by_barcode))


def escaped(q: str) -> str:
    """Text to be found as it stands inside a LIKE pattern."""
    return q.replace(LIKE_ESCAPE, LIKE_ESCAPE * 2).replace("%", LIKE_ESCAPE + "%").replace("_", LIKE_ESCAPE + "_")


def _conditions(asked: ItemFilter) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if asked.archived is not None:
        conditions.append(items.c.archived_at.is_not(None) if asked.archived else items.c.archived_at.is_(None))
    if asked.category is not None:
        conditions.append(items.c.category == asked.category)
    if asked.kind is not None:
        conditions.append(items.c.kind == asked.kind)
    if asked.q:
        conditions.append(matches(asked.q))
    return conditions


def _items(tenant_id: int) -> Select[Any]:
    columns = select(
        items.c.id,
        items.c.sku,
        items.c.name,
        items.c.names,
        items.c.kind,
        items.c.base_unit,
        units.c.decimals,
        items.c.category,
        items.c.price,
        items.c.currency,
        items.c.metadata,
        items.c.archived_at,
        items.c.version,
        items.c.created_at,
        items.c.updated_at,
    )
    in_unit = and_(units.c.tenant_id == items.c.tenant_id, units.c.code == items.c.base_unit)
    return columns.join(units, in_unit).where(items.c.tenant_id == tenant_id)


def _units(tenant_id: int) -> Select[Any]:
    columns = select(units.c.code, units.c.name, units.c.decimals, units.c.archived_at, units.c.version)
    return columns.where(units.c.tenant_id == tenant_id)


def _item(row: Sequence[Any]) -> Item:
    return Item(*row)
