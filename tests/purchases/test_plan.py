"""The plan of an import…"""

from __future__ import annotations

from datetime import date

from app.purchases.lines import PurchaseLine
from app.purchases.plan import Plan, code_of, lead_times, make, median_days, sku_of
from app.purchases.sorting import sort
from kit.text import is_code, unscrambled
from tests.purchases.conftest import row


def planned(*rows: dict[str, str]) -> Plan:
    return make("d", sort([PurchaseLine(number, each) for number, each in enumerate(rows, 2)], date(2026, 11, 30)))


def test_makes_one_order_of_a_po_per_vendor_and_country() -> None:
    plan = planned(row(), row(ID="2"), row(ID="3", VENDOR="Other"), row(ID="4", COUNTRY="Mali"), row(ID="5", ORDER="SCMS-2"))
    assert [(each.reference, each.supplier, each.warehouse, len(each.lines)) for each in plan.orders] == [
        ("SCMS-1", "ACME-LTD", "ZAMBIA", 2),
        ("SCMS-1", "OTHER", "ZAMBIA", 1),
        ("SCMS-1", "ACME-LTD", "MALI", 1),
        ("SCMS-2", "ACME-LTD", "ZAMBIA", 1),
    ]


def test_makes_one_receipt_of_what_came_together() -> None:
    (order,) = planned(row(), row(ID="2", ASN="ASN-2"), row(ID="3"), row(ID="4", DELIVERED="9-Jun-06")).orders
    assert [(each.note, each.on, each.lines) for each in order.deliveries] == [
        ("ASN-1", date(2006, 6, 3), [1, 3]),
        ("ASN-2", date(2006, 6, 3), [2]),
        ("ASN-1", date(2006, 6, 9), [4]),
    ]


def test_tells_items_with_another_pack_apart() -> None:
    plan = planned(row(), row(ID="2", PACK="30"))
    assert sorted(good.pack for good in plan.goods.values()) == [20, 30]


def test_makes_codes_that_are_codes_and_the_same_every_time() -> None:
    names = ("Acme, Ltd", "x" * 200, "Côte d'Ivoire", "北京", "MERCK SHARP & DOHME IDEA GMBH (FORMALLY MERCK SHARP & DOHME B.V.)")
    for name in names:
        assert is_code(code_of(name)), name
        assert is_code(sku_of(name, 10)), name
        assert (code_of(name), sku_of(name, 10)) == (code_of(name), sku_of(name, 10))
    assert code_of("Côte d'Ivoire") == "COTE-D-IVOIRE"
    assert len({code_of("x" * 100), code_of("x" * 100 + "y")}) == 2


def test_measures_lead_times_where_it_is_known_when_it_was_ordered() -> None:
    plan = planned(row(), row(ID="2", ORDER="2", SENT="N/A - From RDC"), row(ID="3", ORDER="3", SENT="6/4/06"))
    assert lead_times(plan) == {"ACME-LTD": [33]}
    assert [median_days(each) for each in ([5], [4, 8], [9, 1, 5])] == [5, 4, 5]


def test_repairs_text_that_was_read_in_the_wrong_encoding_and_no_other() -> None:
    assert unscrambled("CÃ´te d'Ivoire") == "Côte d'Ivoire"
    assert unscrambled("GrÃ\x83Â¸nland") == "Grønland"
    assert [unscrambled(text) for text in ("Côte", "Ош", "naïve", "plain")] == ["Côte", "Ош", "naïve", "plain"]
