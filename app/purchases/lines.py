"""The lines of a delivery history: the rows of a table with its thirty-three columns, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.sales import table

ID = "ID"
ORDER = "PO / SO #"
ASN = "ASN/DN #"
COUNTRY = "Country"
VENDOR = "Vendor"
ITEM = "Item Description"
PACK = "Unit of Measure (Per Pack)"
QUANTITY = "Line Item Quantity"
VALUE = "Line Item Value"
PRICE = "Pack Price"
SENT = "PO Sent to Vendor Date"
QUOTED = "PQ First Sent to Client Date"
SCHEDULED = "Scheduled Delivery Date"
DELIVERED = "Delivered to Client Date"
RECORDED = "Delivery Recorded Date"
WEIGHT = "Weight (Kilograms)"
FREIGHT = "Freight Cost (USD)"
QUOTE = "PQ #"
TERM = "Vendor INCO Term"
COLUMNS = (
    ID, "Project Code", QUOTE, ORDER, ASN, COUNTRY, "Managed By", "Fulfill Via", TERM, "Shipment Mode", QUOTED, SENT, SCHEDULED, DELIVERED,
    RECORDED, "Product Group", "Sub Classification", VENDOR, ITEM, "Molecule/Test Type", "Brand", "Dosage", "Dosage Form", PACK, QUANTITY,
    VALUE, PRICE, "Unit Price", "Manufacturing Site", "First Line Designation", WEIGHT, FREIGHT, "Line Item Insurance (USD)",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """A line as it stands in the file, by column. `fault` says why it could not even be taken apart."""

    number: int
    of: Mapping[str, str]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """A whole file. `digest` stands for its content, however it was packed."""

    name: str
    digest: str
    lines: list[PurchaseLine]


def read(path: Path) -> History:
    """The history in a file. Raises CannotRead with a sentence for the reader."""
    found = table.read(path, COLUMNS, "a delivery history")
    lines = [PurchaseLine(row.number, dict(zip(COLUMNS, row.fields, strict=True)), row.fault) for row in found.rows]
    return History(found.name, found.digest, lines)
