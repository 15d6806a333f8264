"""Items from a CSV file: looked at line by line, then all of them or none.

A cell that is empty, like a column that is not there, leaves what it would say as it is; barcodes only come, and none is taken away.
So a file may name no more than what is to change, and the same file a second time changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from msgspec import Struct

from events.unit_of_work import UnitOfWork
from inventory.body import Complaints, fit
from inventory.catalog import bulk, domain, queries
from inventory.catalog import messages as m
from inventory.catalog.bulk import Bounds, Wanted
from inventory.catalog.queries import Item
from inventory.context import Context
from inventory.files import COMPLAINTS_MAX, lines_of
from kit import csvs
from kit.csvs import Line
from kit.errors import Refusal, Refused, unless
from kit.money import micros
from kit.quantity import format_qty
from kit.text import is_code

COLUMNS = ("sku", "name", "category", "unit", "kind", "price", "barcode")
"""Beside them, two for each warehouse: `min` and `max` before its code."""
REQUIRED = ("sku",)
_FIELDS = {"base_unit": "unit", "code": "barcode"}
"""What is called otherwise in a file than where it is checked."""


class ItemFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A CSV file of items, with a header. `dry_run`: say only what would be done."""

    csv: str
    dry_run: bool = False


class Written(NamedTuple):
    """How many items were added, changed, or were so already."""

    added: int
    changed: int
    unchanged: int


class Change(NamedTuple):
    """What a line changes: the column, and its words before and after."""

    column: str
    was: str
    becomes: str


@dataclass(slots=True)
class Row:
    """A line that was looked at: what it wants, or the complaints of why it cannot be had."""

    line: int
    sku: str
    name: str
    wanted: Wanted | None = None
    changes: list[Change] = field(default_factory=list)
    complaints: Complaints = field(default_factory=Complaints)

    @property
    def outcome(self) -> str:
        """`refused`, `added`, `changed` or `unchanged`."""
        if self.wanted is None:
            return "refused"
        return "added" if self.wanted.item is None else "changed" if self.changes else "unchanged"


class Known(NamedTuple):
    """What there is of that which a file names. `owners`: which SKU a code finds; `units`: their decimals, of those in use."""

    items: Mapping[str, Item]
    owners: Mapping[str, str]
    limits: Mapping[tuple[int, int], Bounds]
    units: Mapping[str, int]
    warehouses: Mapping[str, int]
    currency: str


async def import_items(ctx: Context, work: UnitOfWork, file: ItemFile) -> Written:
    """Do what the file says, all of it or nothing. Refuses `file_refused` with complaints by line of the file (the header is 1)."""
    ctx.permit("catalog.write")
    rows = await look(ctx, work, file)
    unless(refusal_of(rows))
    if not file.dry_run:
        await bulk.write_items(ctx, work, [row.wanted for row in rows if row.wanted and row.outcome != "unchanged"])
    counted = Counter(row.outcome for row in rows)
    return Written(counted["added"], counted["changed"], counted["unchanged"])


async def look(ctx: Context, work: UnitOfWork, file: ItemFile) -> list[Row]:
    """What every line of the file would do. Until the transaction ends nobody else changes these items. Refuses what is no such file."""
    warehouses = told_apart(await queries.warehouse_ids(work.connection, work.tenant_id))
    lines = lines_of(file.csv, columns_for(warehouses), REQUIRED)
    return decide(lines, await _known(work, lines, warehouses, ctx.tenant.currency))


def decide(lines: Sequence[Line], known: Known) -> list[Row]:
    """What each line wants. Ends where there is more to complain about than anybody mends at once."""
    rows: list[Row] = []
    taken: dict[str, str] = {}
    seen: set[str] = set()
    complaints = 0
    for line in lines:
        row = _row(line, known, taken, seen)
        rows.append(row)
        complaints += len(row.complaints)
        if complaints >= COMPLAINTS_MAX:
            break
    return rows


def refusal_of(rows: Sequence[Row]) -> Refusal | None:
    """The complaints of all lines, if there are any."""
    facts = [fact for row in rows for fact in row.complaints.facts]
    return Refusal("file_refused", tuple(facts[:COMPLAINTS_MAX])) if facts else None


def told_apart(warehouses: Mapping[str, int]) -> dict[str, int]:
    """Those whose codes a header tells apart, where capitals do not count."""
    alike = Counter(code.lower() for code in warehouses)
    return {code: number for code, number in warehouses.items() if alike[code.lower()] == 1}


def columns_for(warehouses: Mapping[str, int]) -> tuple[str, ...]:
    """The columns of a company's file."""
    return COLUMNS + tuple(column for code in warehouses for column in _limit_columns(code))


def cells_of(item: Item, barcodes: Sequence[str], limits: Mapping[tuple[int, int], Bounds], warehouses: Mapping[str, int]) -> list[str]:
    """An item as a row of such a file, so that what was taken out can be put back in."""
    price = "" if item.price is None else format_qty(micros(item.price))
    cells = [item.sku, item.name, item.category, item.base_unit, item.kind, price, " ".join(barcodes)]
    for warehouse_id in warehouses.values():
        cells += [format_qty(bound) for bound in limits.get((item.id, warehouse_id), ())] or ["", ""]
    return cells


def _limit_columns(code: str) -> tuple[str, str]:
    return f"min {code.lower()}", f"max {code.lower()}"


async def _known(work: UnitOfWork, lines: Sequence[Line], warehouses: Mapping[str, int], currency: str) -> Known:
    """What cannot be a code is not asked for, and so it is unknown."""
    connection, tenant_id = work.connection, work.tenant_id
    skus = {sku for line in lines if is_code(sku := line.cells.get("sku", ""))}
    codes = {code for line in lines for code in _barcodes(line) if domain.is_barcode(code)}
    items = await bulk.items_held(work, skus)
    limits = await queries.limits_of(connection, tenant_id, [item.id for item in items.values()])
    units = {unit.code: unit.decimals for unit in await queries.units_of(connection, tenant_id) if not unit.archived_at}
    return Known(items, await queries.owners_of(connection, tenant_id, codes), limits, units, warehouses, currency)


def _row(line: Line, known: Known, taken: dict[str, str], seen: set[str]) -> Row:
    """`taken`: the barcodes and `seen`: the SKUs of the lines before, and then of this one too."""
    sku = line.cells.get("sku", "")
    item = known.items.get(sku)
    row = Row(line.number, sku[:64], line.cells.get("name") or (item.name if item else ""))
    if sku in seen:
        row.complaints.add("sku_twice", "sku", line.number, sku=sku)
    elif item and item.archived_at:
        row.complaints.add("item_archived", "sku", line.number, sku=sku)
    else:
        values, new = _values(line, item, known, row)
        decimals = item.decimals if item else known.units.get(new.base_unit if new else "", 0)
        barcodes = _new_barcodes(line, sku, known, taken, row)
        wanted = Wanted(sku, item, new, values, barcodes, _limits(line, item, decimals, known, row))
        row.wanted = None if len(row.complaints) else wanted
    seen.add(sku)
    return row


def _values(line: Line, item: Item | None, known: Known, row: Row) -> tuple[dict[str, Any], m.NewItem | None]:
    """The columns of the item that change; and all of it when it is new."""
    body = _body(line, known.currency)
    unit = body.get("base_unit")
    try:
        if item is None:
            new = fit({"name": "", **body}, m.NewItem)
            if new.base_unit not in known.units:
                row.complaints.add("unknown_unit", "unit", line.number, unit=new.base_unit[:16])
            return domain.item_values(new), new
        if unit not in (None, item.base_unit):
            row.complaints.add("unit_stays", "unit", line.number, sku=item.sku, unit=item.base_unit)
        return _changed(domain.change_values(fit(_without(body, "sku", "base_unit"), m.ItemChange)), item, row), None
    except Refused as refused:
        row.complaints.take(refused.refusal.errors, line.number, _FIELDS)
        return {}, None


def _body(line: Line, currency: str) -> dict[str, Any]:
    """The cells as the API's body would say them: so they are checked the same way."""
    cells = {name: value for name, value in line.cells.items() if value}
    body: dict[str, Any] = {"sku": line.cells.get("sku", "")}
    body |= {name: cells[name] for name in ("name", "category", "kind") if name in cells}
    if "unit" in cells:
        body["base_unit"] = cells["unit"]
    if "price" in cells:
        body["price"] = {"amount": csvs.decimal_point(cells["price"]), "currency": currency}
    return body


def _changed(values: dict[str, Any], item: Item, row: Row) -> dict[str, Any]:
    """Those values that the item does not have yet. A price is one thing with its currency."""
    changed = {name: value for name, value in values.items() if value != getattr(item, name)}
    if "price" in changed or "currency" in changed:
        changed |= {name: values[name] for name in ("price", "currency")}
    for name in ("name", "category", "kind", "price"):
        if name in changed:
            row.changes.append(Change(name, _said(getattr(item, name)), _said(changed[name])))
    return changed


def _said(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else format_qty(micros(value))


def _barcodes(line: Line) -> list[str]:
    return list(dict.fromkeys(line.cells.get("barcode", "").split()))


def _new_barcodes(line: Line, sku: str, known: Known, taken: dict[str, str], row: Row) -> tuple[str, ...]:
    """The codes that do not find the item yet."""
    new = []
    for code in _barcodes(line):
        owner = known.owners.get(code) or taken.get(code, sku)
        if not domain.is_barcode(code):
            row.complaints.add("not_a_code", "barcode", line.number)
        elif owner != sku:
            row.complaints.add("barcode_taken", "barcode", line.number, barcode=code, sku=owner)
        elif code not in known.owners:
            new.append(code)
            row.changes.append(Change("barcode", "", code))
        taken.setdefault(code, sku)
    return tuple(new)


def _limits(line: Line, item: Item | None, decimals: int, known: Known, row: Row) -> dict[str, tuple[int, Bounds]]:
    """Minimum and maximum that change, by warehouse code with its number."""
    wanted: dict[str, tuple[int, Bounds]] = {}
    for code, warehouse_id in known.warehouses.items():
        columns = _limit_columns(code)
        cells = [csvs.decimal_point(line.cells.get(column, "")) for column in columns]
        if any(cells):
            there = known.limits.get((item.id, warehouse_id)) if item else None
            bounds = _bounds(cells, there, decimals, line.number, columns, row.complaints)
            if bounds != there:
                wanted[code] = (warehouse_id, bounds)
                row.changes += _moved(columns, there, bounds)
    return wanted


def _bounds(
    cells: Sequence[str], there: Bounds | None, decimals: int, number: int, columns: tuple[str, str], complaints: Complaints
) -> Bounds:
    """What is left empty stays; where nothing was, the minimum is 0 and the maximum has to be said."""
    low, high = (cell or (format_qty(there[place]) if there else "") for place, cell in enumerate(cells))
    if not high:
        complaints.add("value_missing", columns[1], number)
        return 0, 0
    inner = Complaints()
    bounds = domain.checked_limits(low or "0", high, decimals, inner)
    complaints.take(inner.facts, number, dict(zip(("min", "max"), columns, strict=True)))
    return bounds


def _moved(columns: tuple[str, str], there: Bounds | None, bounds: Bounds) -> list[Change]:
    before = there or (None, None)
    return [
        Change(column, "" if was is None else format_qty(was), format_qty(becomes))
        for column, was, becomes in zip(columns, before, bounds, strict=True)
        if was != becomes
    ]


def _without(body: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}
