"""What people ask of shipments, as it travels on the wire, and the names of the facts recorded about them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from inventory.ledger.bodies import Quantity
from inventory.purchasing.messages import LINES_MAX, LineNumber, Text

SHIPMENT_ANNOUNCED = "shipment_announced"
SHIPMENT_CANCELLED = "shipment_cancelled"
Word = Annotated[str, Meta(max_length=100)]


class AnnouncedLine(Struct, frozen=True, forbid_unknown_fields=True):
    """So much of an order's line, in its unit. `line` is its number on paper; the `sku` will do where only one line has it."""

    qty: Quantity
    line: LineNumber | None = None
    sku: str | None = None


class NewShipment(Struct, frozen=True, forbid_unknown_fields=True):
    """What a supplier says is coming of an order, by whom, and when."""

    order: str
    lines: Annotated[tuple[AnnouncedLine, ...], Meta(min_length=1, max_length=LINES_MAX)]
    carrier: Word = ""
    tracking: Word = ""
    due_on: str | None = None
    note: Text = ""


class Arrival(Struct, frozen=True, forbid_unknown_fields=True):
    """All of a shipment came. `delivery_note` is the paper's number, else the shipment's tracking number."""

    delivery_note: Text = ""
    reason: Text = ""
    effective_at: str | None = None


class ShipmentArrival(Arrival, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The same with the shipment's number, which is part of the address over REST."""

    shipment: str


class ShipmentFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A CSV file of announced lines, with a header. Lines of one order, due day and tracking number are one shipment.

    `dry_run`: say only what would be done.
    """

    csv: str
    dry_run: bool = False
