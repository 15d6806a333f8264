"""From names to ids: the lines of a reserve body, each with the warehouses that it may be served from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from inventory.body import Complaints
from inventory.catalog.directory import Key, Names
from inventory.ledger.bodies import LINES_MAX, LineBody
from inventory.ledger.messages import SplitLine
from inventory.ledger.resolve import Place, base_quantity, names_of_lines, places, positive_quantity
from inventory.reservations.messages import ReserveBody, ReserveLineBody
from kit.errors import Fact, Refused, refuse

_PINS = ("location", "lot", "serial")


class Choice(NamedTuple):
    """A line in ids: where it may be served from in order of preference, how much, and what each place gives a multiple of."""

    places: Sequence[Place]
    qty: int
    multiple: int


def names_of_reserve(body: ReserveBody) -> set[Key]:
    """The names in a reserve body."""
    return names_of_lines([_in_warehouse(line, warehouse) for line in body.lines for warehouse in _warehouses(line)])


def choices_of(lines: Sequence[ReserveLineBody], names: Names) -> list[Choice]:
    """What the lines ask for. Refuses what does not fit or is not there, all lines to blame together."""
    _check_forms(lines)
    bodies = [[_in_warehouse(line, warehouse) for warehouse in _warehouses(line)] for line in lines]
    found = _places(bodies, names)
    complaints = Complaints()
    choices = [
        Choice(there, positive_quantity(there[0], body[0], number, complaints), _multiple(there[0], line, number, complaints))
        for number, (line, body, there) in enumerate(zip(lines, bodies, found, strict=True))
    ]
    complaints.raise_any()
    for number, choice in enumerate(choices):
        if choice.qty % choice.multiple:
            complaints.add("not_a_multiple", "qty", number, multiple=lines[number].multiple)
    complaints.raise_any()
    return choices


def split_line(choice: Choice) -> SplitLine:
    """A command's line. Only one with a single place can be pinned."""
    first = choice.places[0]
    warehouses = tuple(place.warehouse.id for place in choice.places)
    return SplitLine(
        first.item.id, warehouses, choice.qty, choice.multiple, first.location, first.lot, first.owner, first.condition
    )  # fmt: skip


def _check_forms(lines: Sequence[ReserveLineBody]) -> None:
    """Each line says either the warehouse or the warehouses, and what goes with that."""
    if len(lines) <= LINES_MAX and all(line.warehouse is not None and line.warehouses is None and line.multiple is None for line in lines):
        return
    complaints = Complaints()
    for number, line in enumerate(lines):
        if line.warehouses is None:
            if line.warehouse is None:
                complaints.add("value_missing", "warehouse", number)
            if line.multiple is not None:
                complaints.add("with_warehouses_only", "multiple", number)
            continue
        if line.warehouse is not None:
            complaints.add("warehouse_or_warehouses", "warehouses", number)
        if len(set(line.warehouses)) < len(line.warehouses):
            complaints.add("warehouse_twice", "warehouses", number)
        for field in _PINS:
            if getattr(line, field) is not None:
                complaints.add("in_one_warehouse_only", field, number)
    complaints.raise_any()
    if sum(map(len, map(_warehouses, lines))) > LINES_MAX:
        raise refuse("too_many_lines", {"field": "lines"}, max=LINES_MAX)


def _warehouses(line: ReserveLineBody) -> Sequence[str]:
    return line.warehouses or (line.warehouse or "",)


def _in_warehouse(line: ReserveLineBody, warehouse: str) -> LineBody:
    return LineBody(line.sku, warehouse, line.qty, line.location, line.lot, line.serial, line.owner, line.condition, line.unit)


def _places(bodies: Sequence[Sequence[LineBody]], names: Names) -> list[list[Place]]:
    """The places of each line. What is to blame is named by the line that the caller wrote, once."""
    try:
        found = iter(places([each for body in bodies for each in body], names, adds=True))
    except Refused as refused:
        numbers = [number for number, body in enumerate(bodies) for _ in body]
        facts: list[Fact] = []
        for fact in refused.refusal.errors:
            named = {**fact, "line": numbers[fact["line"]]}
            facts += [] if named in facts else [named]
        raise refuse(refused.refusal.code, *facts) from None
    return [[next(found) for _ in body] for body in bodies]


def _multiple(place: Place, line: ReserveLineBody, number: int, complaints: Complaints) -> int:
    if line.multiple is None:
        return 1
    before = len(complaints)
    multiple = base_quantity(place.item, line.multiple, line.unit, "multiple", number, complaints)
    if multiple <= 0 and len(complaints) == before:
        complaints.add("quantity_not_positive", "multiple", number)
    return max(multiple, 1)
