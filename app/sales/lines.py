"""The lines of a sales export: the rows of a table with its eight columns, by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.sales import table

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")


@dataclass(frozen=True, slots=True)
class SalesLine:
    """A line as it stands in the file, trimmed. `fault` says why it could not even be taken apart."""

    number: int
    invoice: str
    code: str
    description: str
    quantity: str
    date: str
    price: str
    customer: str
    country: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Export:
    """A whole file. `digest` stands for its content, however it was packed."""

    name: str
    digest: str
    lines: list[SalesLine]


def read(path: Path) -> Export:
    """The export in a file. Raises CannotRead with a sentence for the reader."""
    found = table.read(path, COLUMNS, "a sales export")
    return Export(found.name, found.digest, [_line(row) for row in found.rows])


def _line(row: table.Row) -> SalesLine:
    invoice, code, description, quantity, at, price, customer, country = row.fields
    return SalesLine(row.number, invoice, code, description, quantity, at, price, customer, country, row.fault)
