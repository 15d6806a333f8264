"""The words at the heads of columns, in files that people take away. Programs get field names instead, from the API."""

from __future__ import annotations

from collections.abc import Sequence

from quart_babel import lazy_gettext

_ = lazy_gettext

COLUMNS = {
    "About": _("About"),
    "Address": _("Address"),
    "After": _("After"),
    "Amount": _("Amount"),
    "Archived": _("Archived"),
    "Available": _("Available"),
    "Before": _("Before"),
    "By": _("By"),
    "Category": _("Category"),
    "Change": _("Change"),
    "Change reserved": _("Change reserved"),
    "Code": _("Code"),
    "Contact": _("Contact"),
    "Created": _("Created"),
    "Currency": _("Currency"),
    "Days late": _("Days late"),
    "Due": _("Due"),
    "E-mail": _("E-mail"),
    "Ends": _("Ends"),
    "Exception": _("Exception"),
    "Fact": _("Fact"),
    "Facts": _("Facts"),
    "From": _("From"),
    "Happened": _("Happened"),
    "Hash": _("Hash"),
    "Hold": _("Hold"),
    "In transit": _("In transit"),
    "Item": _("Item"),
    "Kind": _("Kind"),
    "Lead time, days": _("Lead time, days"),
    "Lines": _("Lines"),
    "Max": _("Max"),
    "Min": _("Min"),
    "Name": _("Name"),
    "Note": _("Note"),
    "Number": _("Number"),
    "On hand": _("On hand"),
    "On order": _("On order"),
    "Open": _("Open"),
    "Order": _("Order"),
    "Ordered": _("Ordered"),
    "Payment terms, days": _("Payment terms, days"),
    "Phone": _("Phone"),
    "Price": _("Price"),
    "Quantity": _("Quantity"),
    "Reason": _("Reason"),
    "Received": _("Received"),
    "Received %": _("Received %"),
    "Recorded": _("Recorded"),
    "Reference": _("Reference"),
    "Reservation": _("Reservation"),
    "Reserved": _("Reserved"),
    "Role": _("Role"),
    "SKU": _("SKU"),
    "Seq": _("Seq"),
    "Settled": _("Settled"),
    "Settled by": _("Settled by"),
    "State": _("State"),
    "Status": _("Status"),
    "Subject": _("Subject"),
    "Supplier": _("Supplier"),
    "Supplier name": _("Supplier name"),
    "Tax number": _("Tax number"),
    "Time zone": _("Time zone"),
    "To": _("To"),
    "Transfer": _("Transfer"),
    "Unit": _("Unit"),
    "Warehouse": _("Warehouse"),
    "What": _("What"),
    "When": _("When"),
    "Where": _("Where"),
    "Who": _("Who"),
    "Written off": _("Written off"),
}
"""By the word that a page names a column with."""


def heads(header: Sequence[str]) -> list[str]:
    """The heads of a file in the reader's language; the name of a field of the API is the same in each."""
    return [str(COLUMNS.get(name, name)) for name in header]
