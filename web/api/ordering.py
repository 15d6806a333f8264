"""Schemas of what the API answers about orders and receipts; a part of `web.api.schemas`."""

from __future__ import annotations

from inventory.ledger.messages import Condition
from inventory.purchasing.receiving import ReceiptKind
from inventory.purchasing.status import Status
from web.api.schema import NULLABLE, NULLABLE_DAY, NULLABLE_TIME, QUANTITY, TEXT, TIME, TRUTH, WHOLE, Schema, listed, obj, one_of, ref

_STATUS = one_of(*(status.label for status in Status))
_KIND = one_of(*(kind.label for kind in ReceiptKind))
_CONDITION = one_of(*(condition.label for condition in Condition))
_MEASURES = dict.fromkeys(("received", "rejected", "returned", "cancelled", "open"), QUANTITY)
_MOVED = {
    "line": WHOLE,
    "order_line": WHOLE,
    "sku": TEXT,
    "qty": QUANTITY,
    "unit": TEXT,
    "rejected": TRUTH,
    "condition": _CONDITION,
    "location": NULLABLE,
    "lot": NULLABLE,
    "reason": NULLABLE,
}
_RECEIPT = {
    "id": TEXT,
    "kind": _KIND,
    "of": NULLABLE,
    "order": TEXT,
    "warehouse": TEXT,
    "delivery_note": NULLABLE,
    "created_at": TIME,
    "created_by": TEXT,
}

ORDERING: dict[str, Schema] = {
    "Amount": obj(amount=TEXT, currency=TEXT),
    "OrderLine": obj(
        line=WHOLE,
        sku=TEXT,
        name=TEXT,
        supplier_sku=NULLABLE,
        qty=QUANTITY,
        unit=TEXT,
        **_MEASURES,
        inbound=QUANTITY,
        over=QUANTITY,
        base_unit=TEXT,
        ordered_base=QUANTITY,
        **{f"{name}_base": QUANTITY for name in _MEASURES},
        inbound_base=QUANTITY,
        price=ref("Price"),
        amount=ref("Price"),
        expected_on=NULLABLE_DAY,
        location=NULLABLE,
        note=NULLABLE,
    ),
    "Order": obj(
        number=TEXT,
        status=_STATUS,
        supplier=TEXT,
        supplier_name=TEXT,
        warehouse=TEXT,
        currency=TEXT,
        amount=ref("Amount"),
        credit_expected=ref("Amount"),
        ordered_on=NULLABLE_DAY,
        expected_on=NULLABLE_DAY,
        overdue=TRUTH,
        reference=NULLABLE,
        note=NULLABLE,
        reason=NULLABLE,
        lines=listed(ref("OrderLine")),
        created_at=TIME,
        created_by=TEXT,
        submitted_at=NULLABLE_TIME,
        submitted_by=NULLABLE,
        decided_at=NULLABLE_TIME,
        decided_by=NULLABLE,
        sent_at=NULLABLE_TIME,
        version=WHOLE,
    ),
    "ReceiptLine": obj(**_MOVED, name=TEXT, left=QUANTITY),
    "Receipt": obj(**_RECEIPT, supplier=TEXT, effective_at=TIME, lines=listed(ref("ReceiptLine"))),
    "ReceivedLine": obj(**_MOVED),
    "OrderLineCount": obj(line=WHOLE, sku=TEXT, qty=QUANTITY, unit=TEXT, **_MEASURES, over=QUANTITY),
    "OrderCount": obj(number=TEXT, status=_STATUS, lines=listed(ref("OrderLineCount"))),
    "LeadTime": obj(supplier=TEXT, supplier_name=TEXT, deliveries=WHOLE, median_days=WHOLE, slow_days=WHOLE),
    "Received": obj(
        receipt=obj(**_RECEIPT, lines=listed(ref("ReceivedLine"))),
        order=ref("OrderCount"),
        movements=listed(ref("LedgerRow")),
        levels=listed(ref("Level")),
        seq=WHOLE,
    ),
}
