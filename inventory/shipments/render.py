"""Shipments as the API gives them. Quantities are in the unit of the order's line."""

from __future__ import annotations

from typing import Any

from inventory.purchasing.render import day_text
from inventory.shipments.queries import ShownShipment, ShownShipmentLine
from kit.clock import rfc3339
from kit.ids import order_number, receipt_id, shipment_number
from kit.quantity import format_qty

Json = dict[str, Any]


def shipment_json(shipment: ShownShipment) -> Json:
    """A shipment with its lines."""
    return {
        "number": shipment_number(shipment.id),
        "status": shipment.status.label,
        "order": order_number(shipment.order_id),
        "supplier": shipment.supplier,
        "supplier_name": shipment.supplier_name,
        "warehouse": shipment.warehouse,
        "carrier": shipment.carrier or None,
        "tracking": shipment.tracking or None,
        "due_on": day_text(shipment.due_on),
        "late": shipment.late,
        "note": shipment.note or None,
        "reason": shipment.reason or None,
        "receipt": receipt_id(shipment.receipt) if shipment.receipt else None,
        "lines": [_line(line) for line in shipment.lines],
        "created_at": rfc3339(int(shipment.created_at.timestamp() * 1_000_000)),
        "created_by": shipment.created_by,
    }


def _line(line: ShownShipmentLine) -> Json:
    return {
        "line": line.number,
        "order_line": line.order_line,
        "sku": line.sku,
        "name": line.name,
        "qty": format_qty(line.qty),
        "unit": line.unit,
        "qty_base": format_qty(line.base, line.decimals),
        "base_unit": line.base_unit,
    }
