"""Orders and receipts as the API gives them. Quantities of a line are in its own unit; the base unit's stand beside them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from inventory.catalog.directory import LocationName, LotName, Names
from inventory.ledger.messages import Condition, OrderedLine, Receipt, ReceiptLine
from inventory.ledger.render import item_of, warehouse_of
from inventory.purchasing.domain import amount_of, credit_of, in_unit, line_amount
from inventory.purchasing.queries import LeadTime, OrderHead, ShownLine, ShownOrder, ShownReceipt, ShownReceiptLine
from inventory.purchasing.receiving import ReceiptKind
from inventory.purchasing.status import Status
from kit.clock import rfc3339
from kit.ids import order_number, receipt_id
from kit.quantity import format_qty

Json = dict[str, Any]
MEASURES = ("received", "rejected", "returned", "cancelled", "open")


def order_json(order: ShownOrder) -> Json:
    """An order with its lines."""
    head, lines = order.head, [shown.line for shown in order.lines]
    return {
        "number": order_number(head.id),
        "status": head.status.label,
        "supplier": head.supplier,
        "supplier_name": head.supplier_name,
        "warehouse": head.warehouse,
        "currency": head.currency,
        "amount": money_json(amount_of(lines, head.currency), head.currency),
        "credit_expected": money_json(credit_of(lines, head.currency), head.currency),
        "ordered_on": day_text(head.ordered_on),
        "expected_on": day_text(head.expected_on),
        "overdue": head.overdue,
        "reference": head.reference or None,
        "note": head.note or None,
        "reason": head.reason or None,
        "lines": [line_json(line, head.currency) for line in order.lines],
        **_history(head),
        "version": head.version,
    }


def line_json(shown: ShownLine, currency: str) -> Json:
    """A line of an order."""
    line = shown.line
    in_its_unit = {name: format_qty(line.in_unit(getattr(line, name))) for name in MEASURES}
    in_base = {f"{name}_base": format_qty(getattr(line, name), shown.decimals) for name in ("ordered", *MEASURES)}
    return {
        "line": line.number,
        "sku": shown.sku,
        "name": shown.name,
        "supplier_sku": shown.supplier_sku or None,
        "qty": format_qty(line.qty),
        "unit": line.unit,
        **in_its_unit,
        "inbound": format_qty(line.in_unit(shown.inbound)),
        "over": format_qty(line.in_unit(line.over)),
        "base_unit": shown.base_unit,
        **in_base,
        "inbound_base": format_qty(shown.inbound, shown.decimals),
        "price": None if line.price is None else money_json(line.price, currency),
        "amount": None if (amount := line_amount(line, currency)) is None else money_json(amount, currency),
        "expected_on": day_text(line.expected_on),
        "location": shown.location,
        "note": line.note or None,
    }


def receipt_json(receipt: ShownReceipt) -> Json:
    """A receipt with its lines."""
    return {
        "id": receipt_id(receipt.seq),
        "kind": receipt.kind.label,
        "of": receipt_id(receipt.of) if receipt.of else None,
        "order": order_number(receipt.order),
        "supplier": receipt.supplier,
        "warehouse": receipt.warehouse,
        "delivery_note": receipt.note or None,
        "lines": [_receipt_line(line) for line in receipt.lines],
        "created_at": rfc3339(receipt.created_at_us),
        "effective_at": rfc3339(receipt.effective_at_us),
        "created_by": receipt.created_by,
    }


def lead_time_json(found: tuple[str, str, LeadTime]) -> Json:
    """How long a supplier takes."""
    code, name, taken = found
    return {
        "supplier": code,
        "supplier_name": name,
        "deliveries": taken.deliveries,
        "median_days": taken.median_days,
        "slow_days": taken.slow_days,
    }


def outcome_json(receipt: Receipt, names: Names) -> Json:
    """The receipt of an outcome, and the order as it left it: the same however often it is asked for."""
    return {
        "receipt": {
            "id": receipt_id(receipt.seq),
            "kind": ReceiptKind(receipt.kind).label,
            "of": receipt_id(receipt.of) if receipt.of else None,
            "order": order_number(receipt.order),
            "warehouse": warehouse_of(receipt.order_lines[0].warehouse, names).code,
            "delivery_note": receipt.note or None,
            "lines": [_moved(number, line, names) for number, line in enumerate(receipt.lines, 1)],
            "created_at": rfc3339(receipt.created_at_us),
            "created_by": names.get(("principal", receipt.created_by), ""),
        },
        "order": {
            "number": order_number(receipt.order),
            "status": Status(receipt.order_status).label,
            "lines": [_counted(line, names) for line in receipt.order_lines],
        },
    }


def money_json(amount: Decimal, currency: str) -> Json:
    """An amount of the contract, without needless zeros beyond two places."""
    text = f"{amount.normalize():f}"
    whole, _, cents = text.partition(".")
    return {"amount": f"{whole}.{cents.ljust(2, '0')}", "currency": currency}


def day_text(at: date | None) -> str | None:
    """`2026-11-30`."""
    return None if at is None else at.isoformat()


def _history(head: OrderHead) -> Json:
    return {
        "created_at": _time(head.created_at),
        "created_by": head.created_by,
        "submitted_at": _time(head.submitted_at),
        "submitted_by": head.submitted_by,
        "decided_at": _time(head.decided_at),
        "decided_by": head.decided_by,
        "sent_at": _time(head.sent_at),
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(int(at.timestamp() * 1_000_000))


def _receipt_line(line: ShownReceiptLine) -> Json:
    return {
        "line": line.number,
        "order_line": line.order_line,
        "sku": line.sku,
        "name": line.name,
        "qty": format_qty(line.qty, line.decimals),
        "left": format_qty(line.left, line.decimals),
        "unit": line.unit,
        "rejected": line.rejected,
        "condition": Condition(line.condition).label,
        "location": line.location,
        "lot": line.lot,
        "reason": line.reason or None,
    }


def _moved(number: int, line: ReceiptLine, names: Names) -> Json:
    item = item_of(line.item, names)
    location, lot = names.get(("location_id", line.location)), names.get(("lot_id", line.lot))
    return {
        "line": number,
        "order_line": line.line,
        "sku": item.sku,
        "qty": format_qty(line.qty, item.decimals),
        "unit": item.unit,
        "rejected": line.rejected,
        "condition": Condition(line.condition).label,
        "location": location.code if isinstance(location, LocationName) else None,
        "lot": lot.code if isinstance(lot, LotName) else None,
        "reason": line.reason or None,
    }


def _counted(line: OrderedLine, names: Names) -> Json:
    def told(base: int) -> str:
        return format_qty(in_unit(base, line.numerator, line.denominator))

    return {
        "line": line.line,
        "sku": item_of(line.item, names).sku,
        "qty": told(line.ordered),
        "unit": line.unit,
        **{name: told(getattr(line, name)) for name in MEASURES},
        "over": told(max(0, line.received - line.ordered + line.cancelled)),
    }
