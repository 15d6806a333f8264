"""Rules of shipments: what may be announced of an order, and what may still be done with a shipment. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from inventory.purchasing.domain import Line, Order
from inventory.purchasing.status import ON_ORDER
from kit.errors import Fact, Refusal
from kit.ids import order_number, shipment_number
from kit.quantity import format_qty


class ShipmentStatus(IntEnum):
    """Where a shipment stands. Not stored: a receipt of it makes it received, the time of cancelling cancelled."""

    ANNOUNCED = 1
    RECEIVED = 2
    CANCELLED = 3

    @property
    def label(self) -> str:
        """The wire's name."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Announced:
    """So much of a line is on its way: `qty` in millionths of the line's unit, `base` of the item's."""

    line: Line
    qty: int
    base: int


def left_of(line: Line, inbound: int) -> int:
    """What of a line is neither announced nor received, in millionths of its own unit. `inbound` is base quantity."""
    left = max(0, line.open - inbound)
    return line.qty if left == line.ordered else line.in_unit(left)


def announce_refusal(order: Order, lines: Sequence[Announced], inbound: Mapping[int, int]) -> Refusal | None:
    """Why it cannot be announced: nothing can come of the order, or not so much. `inbound`: base quantity of lines on its way already."""
    if order.status not in ON_ORDER:
        return Refusal("order_not_open", ({"order": order_number(order.id), "status": order.status.label},))
    wanted: dict[int, int] = {}
    wrong: list[Fact] = []
    for place, each in enumerate(lines):
        number = each.line.number
        left = max(0, each.line.open - inbound.get(number, 0)) - wanted.get(number, 0)
        wanted[number] = wanted.get(number, 0) + each.base
        if each.base > left:
            told = {name: format_qty(each.line.in_unit(base)) for name, base in (("requested", each.base), ("open", max(0, left)))}
            wrong.append({"line": place, "field": "qty", "code": "over_announced", "order_line": number, **told, "unit": each.line.unit})
    return Refusal("over_announced", tuple(wrong)) if wrong else None


def cancel_refusal(shipment: int, status: ShipmentStatus) -> Refusal | None:
    """Why it cannot be cancelled: it came, or was cancelled."""
    if status is ShipmentStatus.ANNOUNCED:
        return None
    return Refusal("shipment_status", ({"shipment": shipment_number(shipment), "status": status.label},))
