"""Schemas of what the API answers about suggestions; a part of `web.api.schemas`."""

from __future__ import annotations

from inventory.replenishment.domain import Reason
from inventory.replenishment.render import FIGURES
from web.api.schema import NULLABLE, NULLABLE_DAY, NULLABLE_WHOLE, QUANTITY, TEXT, TRUTH, WHOLE, Schema, listed, obj, one_of, ref

_MAYBE_QUANTITY = {**QUANTITY, "type": ["string", "null"]}

SUGGESTING: dict[str, Schema] = {
    "Suggestion": obj(
        sku=TEXT,
        name=TEXT,
        warehouse=TEXT,
        warehouse_name=TEXT,
        reason=one_of(*(reason.value for reason in Reason)),
        **dict.fromkeys(FIGURES, QUANTITY),
        min=QUANTITY,
        max=QUANTITY,
        need=QUANTITY,
        base_unit=TEXT,
        supplier=NULLABLE,
        supplier_name=NULLABLE,
        supplier_sku=NULLABLE,
        qty=_MAYBE_QUANTITY,
        unit=NULLABLE,
        qty_base=_MAYBE_QUANTITY,
        pack=_MAYBE_QUANTITY,
        multiple=NULLABLE_WHOLE,
        moq=NULLABLE_WHOLE,
        price=ref("Price"),
        amount=ref("Price"),
        lead_time_days=NULLABLE_WHOLE,
        expected_on=NULLABLE_DAY,
        offered_by=listed(TEXT),
        transfers=listed(obj(**{"from": TEXT, "qty": QUANTITY})),
    ),
    "Drafted": obj(orders=listed(TEXT), unassigned=listed(TEXT), covered=listed(obj(sku=TEXT, warehouse=TEXT)), more=TRUTH),
    "Assigned": obj(assigned=WHOLE),
}
