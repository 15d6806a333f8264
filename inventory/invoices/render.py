"""Invoices as the API gives them."""

from __future__ import annotations

from typing import Any

from inventory.invoices.queries import ShownInvoice, ShownInvoiceLine
from inventory.purchasing.render import day_text, money_json
from kit.clock import rfc3339
from kit.ids import invoice_id, order_number
from kit.quantity import format_qty

Json = dict[str, Any]


def invoice_json(invoice: ShownInvoice) -> Json:
    """An invoice with its lines and what came of matching them."""
    return {
        "id": invoice_id(invoice.id),
        "number": invoice.number,
        "state": invoice.state.value,
        "supplier": invoice.supplier,
        "supplier_name": invoice.supplier_name,
        "order": order_number(invoice.order_id),
        "currency": invoice.currency,
        "amount": money_json(invoice.amount, invoice.currency),
        "invoiced_on": day_text(invoice.invoiced_on),
        "due_on": day_text(invoice.due_on),
        "note": invoice.note or None,
        "lines": [_line(line, invoice.currency) for line in invoice.lines],
        "created_at": rfc3339(int(invoice.created_at.timestamp() * 1_000_000)),
        "created_by": invoice.created_by,
    }


def _line(line: ShownInvoiceLine, currency: str) -> Json:
    ordered = line.ordered
    return {
        "line": line.number,
        "order_line": line.order_line,
        "sku": line.sku or None,
        "description": line.description or None,
        "qty": format_qty(line.invoiced.qty),
        "unit": line.unit or None,
        "invoiced": format_qty(line.invoiced.upto),
        "accepted": None if ordered is None else format_qty(ordered.accepted),
        "price": money_json(line.invoiced.price, currency),
        "price_ordered": None if ordered is None or ordered.price is None else money_json(ordered.price, currency),
        "amount": money_json(line.invoiced.amount, currency),
        "state": line.state.value,
        "reasons": [reason.value for reason in line.reasons],
        "approval": line.approval or None,
        "approved_by": line.approved_by,
    }
