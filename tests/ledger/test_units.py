"""Quantities on their way into the ledger: exact where things are counted, rounded once where another system measures them."""

from __future__ import annotations

import pytest

from inventory.body import Complaints
from inventory.catalog.directory import ItemName
from inventory.ledger.resolve import base_quantity
from kit.errors import Refused
from kit.quantity import format_qty

CUP = ItemName(1, "CUP", "Cup", "pcs", 0, False, {"case": (12, 1), "box": (9, 1), "third": (1, 3)})
FLOUR = ItemName(2, "FLOUR", "Flour", "kg", 3, False, {"bag": (1, 3), "lb_cut": (454, 1000)})
EXPORT = ItemName(3, "EXPORT", "Walnuts", "lb", 3, False, {})
CLOTH = ItemName(4, "CLOTH", "Cloth", "m", 1, False, {})
GOLD = ItemName(5, "GOLD", "Gold", "g", 0, False, {"oz": (31, 1)})


@pytest.mark.parametrize(
    ("item", "qty", "unit", "base"),
    [
        (CUP, "2.5", "case", "30"),
        (CUP, "1", "box", "9"),
        (CUP, "-1", "box", "-9"),
        (CUP, "3", "third", "1"),
        (CUP, "1.50", "case", "18"),
        (FLOUR, "150", "g", "0.150"),
        (FLOUR, "0.1", "kg", "0.100"),
        (FLOUR, "2138.484", "lb", "970.000"),
        (FLOUR, "2138.484", "lb_cut", None),  # a packaging of one's own is as exact as pieces are
        (EXPORT, "970", "kg", "2138.484"),
        (EXPORT, "16", "oz", "1.000"),
        (FLOUR, "1", "oz", "0.028"),
        (CLOTH, "10", "ft", "3.0"),
        (CLOTH, "100", "in", "2.5"),
        (CLOTH, "1", "yd", "0.9"),
        (CLOTH, "250", "cm", "2.5"),
        (GOLD, "2", "oz", "62"),  # what the item itself says goes before the definition
    ],
)
def test_come_out_in_the_base_unit(item: ItemName, qty: str, unit: str, base: str | None) -> None:
    complaints = Complaints()
    found = base_quantity(item, qty, unit, "qty", 0, complaints)
    assert (format_qty(found, item.decimals) if not len(complaints) else None) == base


@pytest.mark.parametrize(
    ("item", "qty", "unit", "code"),
    [
        (CUP, "2.5", "pcs", "too_many_decimals"),
        (CUP, "2.4", "case", "too_many_decimals"),
        (CUP, "0.5", "box", "too_many_decimals"),
        (CUP, "1", "third", "not_whole_millionths"),
        (FLOUR, "1", "bag", "not_whole_millionths"),
        (FLOUR, "0.5", "g", "too_many_decimals"),
        (CLOTH, "1", "cm", "too_many_decimals"),
        (FLOUR, "1", "ft", "unknown_unit"),
        (FLOUR, "1e3", "lb", "not_a_quantity"),
    ],
)
def test_or_are_refused_rather_than_rounded(item: ItemName, qty: str, unit: str, code: str) -> None:
    complaints = Complaints()
    base_quantity(item, qty, unit, "qty", 0, complaints)
    with pytest.raises(Refused) as caught:
        complaints.raise_any()
    assert [error["code"] for error in caught.value.refusal.errors] == [code]


def test_three_tenths_are_three_times_a_tenth() -> None:
    """Worked example E11: 0.1 kg three times, then 0.3 out: nothing is left."""
    tenth, three = (base_quantity(FLOUR, qty, None, "qty", 0, Complaints()) for qty in ("0.1", "0.3"))
    assert 3 * tenth - three == 0
