"""What people ask of requisitions, as it travels on the wire, and the names of the facts recorded about them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from inventory.ledger.bodies import Quantity
from inventory.purchasing.messages import LINES_MAX, Text

REQUISITION_DRAFTED = "requisition_drafted"
REQUISITION_ASKED = "requisition_asked"
REQUISITION_APPROVED = "requisition_approved"
REQUISITION_REJECTED = "requisition_rejected"
REQUISITION_ORDERED = "requisition_ordered"


class WantedLine(Struct, frozen=True, forbid_unknown_fields=True):
    """So much of an item, in `unit` (default: its base unit)."""

    sku: str
    qty: Quantity
    unit: str | None = None
    note: Text = ""


class NewRequisition(Struct, frozen=True, forbid_unknown_fields=True):
    """What is wanted where, and by when. `ask`: put it forward at once."""

    warehouse: str
    lines: Annotated[tuple[WantedLine, ...], Meta(min_length=1, max_length=LINES_MAX)]
    needed_on: str | None = None
    note: Text = ""
    ask: bool = False


class Ordering(Struct, frozen=True, forbid_unknown_fields=True):
    """Where its lines go: into the draft `order`, or into new drafts, of `supplier` or else of each item's preferred supplier."""

    order: str | None = None
    supplier: str | None = None
