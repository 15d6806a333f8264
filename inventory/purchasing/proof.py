"""The proof of receipts and orders: what the ledger's rows say came, compared with what is kept of it. Pure but for the statements.

Each line of a receipt is one row (invariants I12 and I15); an order's line has received what its receipts brought and no undoing took
back; where an order stands follows from its lines; and the balances count as on order what the orders do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from inventory.ledger.messages import Kind
from inventory.ledger.proof import Fault, Record
from inventory.purchasing.receiving import ReceiptKind
from inventory.purchasing.status import ON_ORDER, Counts, Status, status_of

_ALIKE = "item_id, warehouse_id, location_id, lot_id, condition"
_OF_LEDGER = ", ".join(f"l.{name}" for name in _ALIKE.split(", "))
_OF_RECEIPT = ", ".join(f"r.{name}" for name in _ALIKE.split(", "))
RECEIPTS = f"""
SELECT coalesce(l.seq, r.seq + r.line) AS seq, r.seq AS receipt, r.line, l.delta_on_hand AS moved, r.qty
FROM (SELECT * FROM stock_ledger WHERE tenant_id = $1 AND part = $2 AND document > 0
      AND kind IN ({int(Kind.RECEIVE)}, {int(Kind.ISSUE)})) l
FULL JOIN (SELECT *, seq + line AS row FROM purchase_receipts WHERE tenant_id = $1 AND part = $2) r ON r.row = l.seq
WHERE r.seq IS NULL OR l.seq IS NULL OR l.document <> r.seq OR ({_OF_LEDGER}) <> ({_OF_RECEIPT})
  OR l.delta_on_hand <> CASE WHEN r.kind = {int(ReceiptKind.RECEIPT)} THEN r.qty ELSE -r.qty END
ORDER BY 1
"""  # noqa: S608 - the numbers are ours
"""Lines of receipts that are not their rows, and rows that no receipt knows."""
TAKEN = """
SELECT r.seq, r.line, r.taken, coalesce(sum(t.qty), 0)::bigint AS summed
FROM purchase_receipts r LEFT JOIN purchase_receipts t
  ON t.tenant_id = r.tenant_id AND t.part = r.part AND t.of_seq = r.seq AND t.of_line = r.line AND t.kind <> 1
WHERE r.tenant_id = $1 AND r.part = $2 AND r.kind = 1 GROUP BY 1, 2, 3 HAVING r.taken <> coalesce(sum(t.qty), 0) ORDER BY 1, 2
"""
"""Lines of receipts of which more or less was taken back than is kept."""
LINES = f"""
SELECT l.order_id, l.line, o.status, l.ordered, l.received, l.rejected, l.returned, l.cancelled, l.open,
  coalesce(sum(r.qty * r.sign), 0)::bigint AS summed_received,
  coalesce(sum(r.qty * r.sign) FILTER (WHERE r.rejected), 0)::bigint AS summed_rejected,
  coalesce(sum(r.qty) FILTER (WHERE r.kind = {int(ReceiptKind.RETURN)}), 0)::bigint AS summed_returned,
  coalesce(max(r.seq), 0) AS last
FROM purchase_order_lines l
JOIN purchase_orders o ON o.tenant_id = l.tenant_id AND o.id = l.order_id
LEFT JOIN (SELECT *, CASE kind WHEN {int(ReceiptKind.RECEIPT)} THEN 1 WHEN {int(ReceiptKind.UNDO)} THEN -1 ELSE 0 END AS sign
           FROM purchase_receipts WHERE tenant_id = $1 AND part = $2) r ON r.order_id = l.order_id AND r.order_line = l.line
WHERE l.tenant_id = $1 GROUP BY l.tenant_id, l.order_id, l.line, o.status ORDER BY l.order_id, l.line
"""  # noqa: S608 - the numbers are ours
"""Lines of orders beside what their receipts add up to."""
ON_ORDER_CELLS = """
SELECT item_id, warehouse_id, coalesce(b.on_order, 0) AS stored, coalesce(l.counted, 0) AS counted, coalesce(b.seq, 0) AS seq
FROM (SELECT * FROM stock_balances WHERE tenant_id = $1 AND part = $2) b
FULL JOIN (SELECT item_id, warehouse_id, sum(counted)::bigint AS counted FROM purchase_order_lines WHERE tenant_id = $1 GROUP BY 1, 2) l
  USING (item_id, warehouse_id)
WHERE coalesce(b.on_order, 0) <> coalesce(l.counted, 0) ORDER BY 1, 2
"""
"""Cells whose balance counts something else as on order than the orders' lines do."""

_MEASURES = ("received", "rejected", "returned")


def faults_of_orders(receipts: Iterable[Record], taken: Iterable[Record], lines: Iterable[Record], cells: Iterable[Record]) -> list[Fault]:
    """What does not hold, given what `RECEIPTS`, `TAKEN`, `LINES` and `ON_ORDER_CELLS` find in one snapshot."""
    faults = [Fault("receipt", row["seq"], _told(row, "receipt", "line", "moved", "qty")) for row in receipts]
    faults += [Fault("receipt", row["seq"], _told(row, "line", "taken", "summed")) for row in taken]
    orders: dict[int, list[Record]] = {}
    for row in lines:
        orders.setdefault(row["order_id"], []).append(row)
        if any(row[name] != row[f"summed_{name}"] for name in _MEASURES):
            summed = (f"summed_{name}" for name in _MEASURES)
            faults.append(Fault("order_line", row["last"], _told(row, "order_id", "line", *_MEASURES, *summed)))
    faults += [fault for order, of_order in orders.items() if (fault := _status_fault(order, of_order))]
    return faults + [Fault("on_order", row["seq"], _told(row, "item_id", "warehouse_id", "stored", "counted")) for row in cells]


def _status_fault(order: int, lines: list[Record]) -> Fault | None:
    status = Status(lines[0]["status"])
    if status not in ON_ORDER:
        return None
    derived = status_of(Counts(row["ordered"], row["received"], row["cancelled"]) for row in lines)
    if status is derived:
        return None
    return Fault("order_status", max(row["last"] for row in lines), {"order": order, "status": status.label, "derived": derived.label})


def _told(row: Record, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}
