"""Shipments from a CSV file: checked line by line, then all of them or none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from events.unit_of_work import UnitOfWork
from inventory.body import Complaints, fit
from inventory.context import Context
from inventory.files import lines_of
from inventory.purchasing.queries import ShownOrder
from inventory.shipments import messages as m
from inventory.shipments.domain import left_of
from inventory.shipments.service import announce
from kit import csvs
from kit.csvs import Line
from kit.errors import Refused
from kit.ids import order_number, shipment_number
from kit.quantity import format_qty

COLUMNS = ("order", "line", "sku", "qty", "due_on", "carrier", "tracking")
REQUIRED = ("order", "qty")


class Announcements(NamedTuple):
    """What a file makes: `made` shipments of so many `lines`; `shipments` are their numbers, once they are there."""

    shipments: list[str]
    made: int
    lines: int


async def import_shipments(ctx: Context, work: UnitOfWork, file: m.ShipmentFile) -> Announcements:
    """Do what the file says, all of it or nothing. Refuses `file_refused` with complaints by line of the file (the header is 1)."""
    lines = lines_of(file.csv, COLUMNS, REQUIRED)
    together: dict[tuple[str, ...], list[Line]] = {}
    for line in lines:
        together.setdefault(tuple(line.cells.get(name, "") for name in ("order", "due_on", "carrier", "tracking")), []).append(line)
    complaints, made = Complaints(), []
    async with work.connection.begin_nested() as all_of_it:
        for group in together.values():
            try:
                async with work.connection.begin_nested():
                    made.append(await announce(ctx, work, _asked(group)))
            except Refused as refused:
                _complain(refused, group, complaints)
        if file.dry_run:
            await all_of_it.rollback()
    complaints.raise_any("file_refused")
    return Announcements([] if file.dry_run else [shipment_number(number) for number in made], len(made), len(lines))


def rows_of(orders: Iterable[ShownOrder]) -> Iterable[tuple[object, ...]]:
    """What is neither announced nor received of the orders, as rows of such a file."""
    for order in orders:
        for each in order.lines:
            if left := left_of(each.line, each.inbound):
                due = each.line.expected_on or order.head.expected_on
                yield order_number(order.head.id), each.line.number, each.sku, format_qty(left), due.isoformat() if due else "", "", ""


def _complain(refused: Refused, group: list[Line], complaints: Complaints) -> None:
    """What a shipment was refused for, by the lines of the file."""
    for error in refused.refusal.errors:
        place = error.get("line")
        told = {name: value for name, value in error.items() if name not in ("line", "field", "code")}
        number = group[place if isinstance(place, int) else 0].number
        complaints.add(str(error.get("code", refused.refusal.code)), str(error.get("field", "order")), number, **told)


def _asked(group: list[Line]) -> m.NewShipment:
    """The cells as the API's body would say them: so they are checked the same way."""
    first = group[0].cells
    body: dict[str, Any] = {name: first[name] for name in ("carrier", "tracking", "due_on") if first.get(name)}
    return fit({"order": first.get("order", ""), "lines": [_line(each) for each in group], **body}, m.NewShipment)


def _line(line: Line) -> dict[str, Any]:
    cells = {name: value for name, value in line.cells.items() if value}
    asked: dict[str, Any] = {"qty": csvs.decimal_point(cells.get("qty", ""))}
    if "line" in cells:
        asked["line"] = int(cells["line"]) if cells["line"].isdecimal() else cells["line"]
    return asked | ({"sku": cells["sku"]} if "sku" in cells else {})
