"""What people ask of purchasing, as it travels on the wire, and the names of the facts recorded about it."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from inventory.catalog.messages import Money
from inventory.ledger.bodies import ConditionName, Quantity

LINES_MAX = 500
Text = Annotated[str, Meta(max_length=500)]
LineNumber = Annotated[int, Meta(ge=1, le=32_767)]

ORDER_DRAFTED = "order_drafted"
ORDER_CHANGED = "order_changed"
ORDER_SUBMITTED = "order_submitted"
ORDER_APPROVED = "order_approved"
ORDER_REJECTED = "order_rejected"
ORDER_CLOSED = "order_closed"
ORDER_CANCELLED = "order_cancelled"
ORDER_SENT = "order_sent"
ORDER_NOTED = "order_noted"
ORDER_FILE_ADDED = "order_file_added"
ORDER_FILE_REMOVED = "order_file_removed"


class NewOrderLine(Struct, frozen=True, forbid_unknown_fields=True):
    """So much of an item, in `unit` (default: as the supplier sells it, else the base unit). Without a price the supplier's counts."""

    sku: str
    qty: Quantity
    unit: str | None = None
    price: Money | None = None
    expected_on: str | None = None
    location: str | None = None
    note: Text = ""


OrderLines = Annotated[tuple[NewOrderLine, ...], Meta(min_length=1, max_length=LINES_MAX)]


class NewOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """A draft of an order. Without a currency it is the supplier's. `ordered_on` is the day on which the supplier was told, where that
    has been already; else it is the day of approval."""

    supplier: str
    warehouse: str
    lines: OrderLines
    currency: str | None = None
    ordered_on: str | None = None
    expected_on: str | None = None
    reference: Text = ""
    note: Text = ""


class OrderChanged(Struct, frozen=True, forbid_unknown_fields=True):
    """Only what is named is changed; lines are replaced as a whole."""

    lines: OrderLines | UnsetType = UNSET
    expected_on: str | UnsetType | None = UNSET
    reference: Text | UnsetType = UNSET
    note: Text | UnsetType = UNSET


class Because(Struct, frozen=True, forbid_unknown_fields=True):
    """Why something is done."""

    reason: Text = ""


class Noted(Struct, frozen=True, forbid_unknown_fields=True):
    """Something worth knowing about an order."""

    note: Text


class ClosedLine(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the order, by its number on paper."""

    line: LineNumber


class Closing(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing more is to come: of the named lines, or of the whole order, which is closed for good then."""

    lines: Annotated[tuple[ClosedLine, ...], Meta(min_length=1, max_length=LINES_MAX)] | None = None
    reason: Text = ""


class DeliveredLine(Struct, frozen=True, forbid_unknown_fields=True):
    """So much of an order's line came, of which `rejected` cannot be sold. `line` is its number on paper; the `sku` will do where only
    one line has it. `unit` is the line's unless given. Lines of nothing are skipped."""

    qty: Quantity
    line: LineNumber | None = None
    sku: str | None = None
    rejected: Quantity = "0"
    unit: str | None = None
    location: str | None = None
    lot: str | None = None
    serial: str | None = None
    expires_on: str | None = None
    condition: ConditionName | None = None
    reason: Text = ""


class Delivery(Struct, frozen=True, forbid_unknown_fields=True):
    """What a supplier delivered; without lines all that is open. `delivery_note` is the paper's number. `allow_over`: take more than
    was ordered and is tolerated, for whoever may."""

    lines: Annotated[tuple[DeliveredLine, ...], Meta(min_length=1, max_length=LINES_MAX)] | None = None
    delivery_note: Text = ""
    reason: Text = ""
    allow_over: bool = False
    effective_at: str | None = None


class OrderDelivery(Delivery, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The same with the number of its order, which is part of the address over REST."""

    order: str


class ReturnedLine(Struct, frozen=True, forbid_unknown_fields=True):
    """So much of a receipt's line, counted from 1, in the item's base unit unless given."""

    line: LineNumber
    qty: Quantity
    unit: str | None = None


class Returning(Struct, frozen=True, forbid_unknown_fields=True):
    """What goes back to the supplier, and why."""

    lines: Annotated[tuple[ReturnedLine, ...], Meta(min_length=1, max_length=LINES_MAX)]
    reason: Text
    effective_at: str | None = None


class Undoing(Struct, frozen=True, forbid_unknown_fields=True):
    """A receipt that was entered by mistake."""

    reason: Text = ""


class ReceiptReturning(Returning, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The same with the receipt's id."""

    receipt: str


class ReceiptUndoing(Undoing, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The same with the receipt's id."""

    receipt: str
