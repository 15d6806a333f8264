"""One order from draft to its last receipt. Every step has its own key, so it may be stopped anywhere and begun again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.purchases.plan import CURRENCY, UNIT, DeliveryPlan, OrderPlan
from app.sales.rest import Rest, Stuck, detail

_STEPS = {"draft": ("submit", "approve"), "submitted": ("approve",)}
_RECEIVING = ("approved", "partially_received")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of an order: its number and what the server refused of it, "" for nothing. `receipts` were made or found."""

    order: OrderPlan
    number: str
    receipts: list[str] = field(default_factory=list)
    refused: str = ""


def place(rest: Rest, order: OrderPlan, there: Json | None) -> Placed:
    """Order it and receive what came, going on from what is `there`. Raises Stuck when nobody answers."""
    status, answer = (200, there) if there else rest.post("purchasing/orders", _draft(order), f"{order.mark}:order")
    if status not in (200, 201):
        return Placed(order, "", refused=_refusal(status, answer))
    number, stands = str(answer["number"]), str(answer["status"])
    for verb in _STEPS.get(stands, ()):
        status, answer = rest.post(f"purchasing/orders/{number}/{verb}", {}, f"{order.mark}:{verb}")
        if status != 200:
            return Placed(order, number, refused=_refusal(status, answer))
        stands = str(answer["status"])
    placed = Placed(order, number)
    if there and stands not in _RECEIVING:
        return placed
    for delivery in order.deliveries:
        status, answer = rest.post(f"purchasing/orders/{number}/receive", _received(order, delivery), key_of(order, delivery))
        if status == 201:
            placed.receipts.append(answer["receipt"]["id"])
        elif answer.get("code") != "receipt_exists":
            return Placed(order, number, placed.receipts, _refusal(status, answer))
    return placed


def key_of(order: OrderPlan, delivery: DeliveryPlan) -> str:
    """A delivery's key: the file's line that began it, which no other delivery has."""
    return f"{order.mark}:receipt:{order.lines[delivery.lines[0] - 1].number}"


def _draft(order: OrderPlan) -> Json:
    return {
        "supplier": order.supplier,
        "warehouse": order.warehouse,
        "currency": CURRENCY,
        "ordered_on": order.ordered_on.isoformat() if order.ordered_on else None,
        "expected_on": order.expected_on.isoformat() if order.expected_on else None,
        "reference": order.reference,
        "note": order.mark,
        "lines": [
            {
                "sku": line.good.sku,
                "qty": str(line.qty),
                "unit": UNIT,
                "price": {"amount": f"{line.price:f}", "currency": CURRENCY},
                "expected_on": line.expected_on.isoformat() if line.expected_on else None,
            }
            for line in order.lines
        ],
    }


def _received(order: OrderPlan, delivery: DeliveryPlan) -> Json:
    """Noon in Greenwich is the same day nearly everywhere."""
    return {
        "lines": [{"line": place, "qty": str(order.lines[place - 1].qty)} for place in delivery.lines],
        "delivery_note": delivery.note,
        "effective_at": f"{delivery.on.isoformat()}T12:00:00Z",
    }


def _refusal(status: int, answer: Json) -> str:
    if status == 404 and not answer.get("code"):
        raise Stuck("The server does not know purchase orders: it is older than this command.")
    return detail(answer)
