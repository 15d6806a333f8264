"""Schemas of what the API answers about the papers of buying: shipments, requisitions, invoices; a part of `web.api.schemas`."""

from __future__ import annotations

from inventory.shipments.domain import ShipmentStatus
from web.api.schema import NULLABLE, NULLABLE_DAY, QUANTITY, TEXT, TIME, TRUTH, WHOLE, Schema, listed, obj, one_of, ref

DOCUMENTING: dict[str, Schema] = {
    "ShipmentLine": obj(line=WHOLE, order_line=WHOLE, sku=TEXT, name=TEXT, qty=QUANTITY, unit=TEXT, qty_base=QUANTITY, base_unit=TEXT),
    "Shipment": obj(
        number=TEXT,
        status=one_of(*(status.label for status in ShipmentStatus)),
        order=TEXT,
        supplier=TEXT,
        supplier_name=TEXT,
        warehouse=TEXT,
        carrier=NULLABLE,
        tracking=NULLABLE,
        due_on=NULLABLE_DAY,
        late=TRUTH,
        note=NULLABLE,
        reason=NULLABLE,
        receipt=NULLABLE,
        lines=listed(ref("ShipmentLine")),
        created_at=TIME,
        created_by=TEXT,
    ),
    "Announcements": obj(shipments=listed(TEXT), lines=WHOLE, dry_run=TRUTH),
}
