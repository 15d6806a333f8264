"""Requisitions as the API gives them."""

from __future__ import annotations

from typing import Any

from inventory.purchasing.render import day_text
from inventory.requisitions.queries import ShownRequisition
from kit.clock import rfc3339
from kit.ids import order_number, requisition_number
from kit.quantity import format_qty

Json = dict[str, Any]


def requisition_json(found: ShownRequisition) -> Json:
    """A requisition with its lines."""
    return {
        "number": requisition_number(found.id),
        "status": found.status.label,
        "warehouse": found.warehouse,
        "needed_on": day_text(found.needed_on),
        "note": found.note or None,
        "reason": found.reason or None,
        "lines": [
            {
                "line": line.number,
                "sku": line.sku,
                "name": line.name,
                "qty": format_qty(line.qty),
                "unit": line.unit,
                "note": line.note or None,
                "order": None if line.order_id is None else order_number(line.order_id),
            }
            for line in found.lines
        ],
        "created_at": rfc3339(int(found.created_at.timestamp() * 1_000_000)),
        "created_by": found.created_by,
        "decided_at": None if found.decided_at is None else rfc3339(int(found.decided_at.timestamp() * 1_000_000)),
        "decided_by": found.decided_by,
    }
