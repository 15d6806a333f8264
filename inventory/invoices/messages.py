"""What people ask of invoices, as it travels on the wire, and the names of the facts recorded about them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from inventory.catalog.messages import Money
from inventory.ledger.bodies import Quantity
from inventory.purchasing.messages import LINES_MAX, LineNumber, Text

INVOICE_ENTERED = "invoice_entered"
INVOICE_EXCEPTION_APPROVED = "invoice_exception_approved"
Paper = Annotated[str, Meta(min_length=1, max_length=100)]


class InvoicedLine(Struct, frozen=True, forbid_unknown_fields=True):
    """So much at a price each. `line` is the order's line it asks money for, in whose unit `qty` is; without one it was not ordered.
    Without an amount it is quantity x price."""

    qty: Quantity
    price: Money
    line: LineNumber | None = None
    description: Text = ""
    amount: Money | None = None


class NewInvoice(Struct, frozen=True, forbid_unknown_fields=True):
    """A supplier's invoice for an order, with the number on their paper. Without a currency it is the order's."""

    order: str
    number: Paper
    lines: Annotated[tuple[InvoicedLine, ...], Meta(min_length=1, max_length=LINES_MAX)]
    currency: str | None = None
    invoiced_on: str | None = None
    due_on: str | None = None
    note: Text = ""


class Approving(Struct, frozen=True, forbid_unknown_fields=True):
    """A line, by its number on our copy, is right although it does not match, and why."""

    line: LineNumber
    note: Text
