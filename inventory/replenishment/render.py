"""Suggestions as the API gives them. Quantities are in the item's base unit, but for `qty`, which counts packs of the supplier."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from inventory.replenishment.service import Drafted
from inventory.replenishment.suggestion import Suggestion
from kit import money
from kit.ids import order_number
from kit.quantity import format_qty

Json = dict[str, Any]
FIGURES = ("available", "demand", "on_order", "in_transit", "planned", "projected")


def suggestion_json(found: Suggestion) -> Json:
    """A suggestion. What belongs to a supplier is null until the item has one."""
    position, decimals = found.position, found.decimals
    return {
        "sku": found.sku,
        "name": found.name,
        "warehouse": found.warehouse,
        "warehouse_name": found.warehouse_name,
        "reason": found.reason.value,
        **{name: format_qty(getattr(position, name), decimals) for name in FIGURES},
        "min": format_qty(position.qty_min, decimals),
        "max": format_qty(position.qty_max, decimals),
        "need": format_qty(found.need, decimals),
        "base_unit": found.unit,
        **_proposal(found),
        "offered_by": [offer.supplier_code for offer in found.offers],
        "transfers": [{"from": each.warehouse, "qty": format_qty(each.qty, decimals)} for each in found.givings],
    }


def drafted_json(drafted: Drafted) -> Json:
    """What became of suggestions."""
    return {
        "orders": [order_number(number) for number in drafted.orders],
        "unassigned": list(drafted.unassigned),
        "covered": [{"sku": sku, "warehouse": warehouse} for sku, warehouse in drafted.covered],
        "more": drafted.more,
    }


def _proposal(found: Suggestion) -> Json:
    of, decimals = found.proposal, found.decimals
    if of is None:
        return dict.fromkeys(PROPOSED)
    return {
        "supplier": of.supplier,
        "supplier_name": of.supplier_name,
        "supplier_sku": of.supplier_sku or None,
        "qty": str(of.packs),
        "unit": of.unit,
        "qty_base": format_qty(of.base, decimals),
        "pack": format_qty(of.pack, decimals),
        "multiple": of.multiple,
        "moq": of.moq,
        "price": _money(of.price, of.currency, exact=True),
        "amount": _money(of.amount, of.currency),
        "lead_time_days": of.lead_time_days,
        "expected_on": None if of.expected_on is None else of.expected_on.isoformat(),
    }


PROPOSED = (
    "supplier", "supplier_name", "supplier_sku", "qty", "unit", "qty_base", "pack", "multiple", "moq", "price", "amount", "lead_time_days",
    "expected_on",
)  # fmt: skip


def _money(amount: Decimal | None, currency: str, exact: bool = False) -> Json | None:
    if amount is None:
        return None
    digits = money.minor_digits(currency)
    return {"amount": format_qty(money.micros(amount), digits) if exact else f"{amount:.{digits}f}", "currency": currency}
