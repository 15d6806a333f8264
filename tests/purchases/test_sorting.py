"""What a line of a delivery history is…"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app.purchases.lines import PurchaseLine, read
from app.purchases.sorting import Fate, Sorted, day, sort
from app.sales.table import CannotRead
from tests.purchases.conftest import history, row

TODAY = date(2026, 11, 30)


def sorted_of(*rows: dict[str, str]) -> list[Sorted]:
    return sort([PurchaseLine(number, each) for number, each in enumerate(rows, 2)], TODAY)


def test_imports_a_usual_line_without_a_word() -> None:
    (found,) = sorted_of(row())
    assert (found.fate, found.remarks, found.reason) == (Fate.IMPORTED, (), "")
    assert found.bought is not None
    assert (found.bought.sent_on, found.bought.delivered_on, found.bought.pack) == (date(2006, 5, 1), date(2006, 6, 3), 20)


@pytest.mark.parametrize(
    ("changed", "remark"),
    [
        ({"SENT": "Date Not Captured"}, "PO Sent to Vendor Date: Date Not Captured"),
        ({"SENT": "N/A - From RDC"}, "PO Sent to Vendor Date: N/A - From RDC"),
        ({"QUOTED": "Pre-PQ Process"}, "PQ First Sent to Client Date: Pre-PQ Process"),
        ({"SCHEDULED": "31-Feb-06"}, "Scheduled Delivery Date: 31-Feb-06"),
        ({"FREIGHT": "Freight Included in Commodity Cost"}, "Freight Cost (USD): Freight Included in Commodity Cost"),
        ({"FREIGHT": "Invoiced Separately"}, "Freight Cost (USD): Invoiced Separately"),
        ({"WEIGHT": "Weight Captured Separately"}, "Weight (Kilograms): Weight Captured Separately"),
        ({"WEIGHT": "See ASN-93 (ID#:1281)"}, "Weight (Kilograms): See ASN-93 (ID#:1281): no such line in the file"),
        ({"FREIGHT": "See ASN-2 (ID#:7)"}, "Freight Cost (USD): See ASN-2 (ID#:7): line 3"),
        ({"FREIGHT": "See ASN-9 (ID#:7)"}, "Freight Cost (USD): See ASN-9 (ID#:7): line 3, which is of ASN-2"),
        ({"VALUE": "49.59"}, "value 49.59 is not quantity × pack price"),
        ({"COUNTRY": "CÃ´te d'Ivoire"}, "Country: encoding repaired: Côte d'Ivoire"),
        ({"SENT": "6/4/06"}, "delivered before it was ordered"),
        ({"ASN": ""}, "ASN/DN #: empty"),
    ],
)
def test_imports_what_is_odd_and_says_so(changed: dict[str, str], remark: str) -> None:
    found, _ = sorted_of(row(**changed), row(ID="7", ASN="ASN-2"))
    assert (found.fate, found.remarks, found.reason) == (Fate.REMARKED, (remark,), "")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"ID": ""}, "no ID"),
        ({"ID": "7"}, "duplicate ID 7, first on line 2"),
        ({"ORDER": ""}, "no PO"),
        ({"VENDOR": ""}, "no vendor"),
        ({"COUNTRY": ""}, "no country"),
        ({"ITEM": ""}, "no item"),
        ({"ITEM": "x" * 101}, "Item Description too long or unprintable"),
        ({"QUANTITY": ""}, "no quantity"),
        ({"QUANTITY": "0"}, "quantity not positive"),
        ({"QUANTITY": "-4"}, "quantity not a positive whole number"),
        ({"QUANTITY": "1.5"}, "quantity not a positive whole number"),
        ({"PACK": "0"}, "pack not positive"),
        ({"PRICE": "free"}, "price is not an amount"),
        ({"DELIVERED": "2-Jun-99"}, "delivered before 2000"),
        ({"DELIVERED": "soon"}, "delivery date cannot be read"),
        ({"DELIVERED": ""}, "no delivery date"),
        ({"DELIVERED": "1-Dec-26"}, "delivered in the future"),
    ],
)
def test_refuses_what_cannot_be_used_and_says_why(changed: dict[str, str], reason: str) -> None:
    _, found = sorted_of(row(ID="7"), row(**changed))
    assert (found.fate, found.reason, found.bought) == (Fate.REFUSED, reason, None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2-Jun-06", date(2006, 6, 2)),
        ("6/2/06", date(2006, 6, 2)),
        ("12/14/2006", date(2006, 12, 14)),
        ("14/12/06", None),
        ("2-Xyz-06", None),
        ("2006-06-02", None),
        ("", None),
    ],
)
def test_tells_two_ways_of_writing_a_date_apart(text: str, found: date | None) -> None:
    assert day(text) == found


def test_keeps_a_line_with_too_few_fields(tmp_path: Path) -> None:
    path = history(tmp_path, row())
    path.write_text(path.read_text() + "1,2,3\n")
    _, short = sort(read(path).lines, TODAY)
    assert (short.fate, short.reason) == (Fate.REFUSED, "3 fields instead of 33")


def test_refuses_another_file(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("InvoiceNo,StockCode\n1,2\n")
    with pytest.raises(CannotRead, match="columns of a delivery history"):
        read(path)
