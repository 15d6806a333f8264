"""What the demo companies have ordered from their suppliers: something in every state, something late, something that came in parts."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from events.unit_of_work import UnitOfWork
from inventory.answer import Asked
from inventory.context import Context
from inventory.ledger import performing
from inventory.purchasing import messages as m
from inventory.purchasing import queries, receipts, service
from inventory.purchasing.queries import OrderFilter
from kit.clock import from_us
from kit.ids import order_number


class Ordered(NamedTuple):
    """An order: from whom, to which warehouse, lines of (SKU, quantity as the supplier sells it), what was done with it, due in so many
    days (before today where it is late), and what came with each delivery: (line, quantity, of it rejected)."""

    supplier: str
    warehouse: str
    reference: str
    lines: tuple[tuple[str, str], ...]
    verbs: tuple[str, ...] = ()
    due_in_days: int = 7
    came: tuple[tuple[tuple[int, str, str], ...], ...] = ()


_APPROVED = ("submit", "approve")

ORDERS: dict[str, tuple[Ordered, ...]] = {
    "ala-too": (
        Ordered(
            "ALTYN", "main", "AO-771", (("G10110", "4"), ("G10140", "2"), ("G10160", "8"), ("G10125", "40")), _APPROVED, -2,
            (((1, "2", "0"), (3, "8", "1")), ((4, "20", "0"),)),
        ),
        Ordered("KARA", "main", "K-2026-118", (("G20210", "5"), ("G20220", "2")), _APPROVED, 9),
        Ordered("BAL", "osh", "BM-64", (("G30310", "48"), ("G40420", "4")), _APPROVED, -4, (((1, "48", "0"), (2, "4", "0")),)),
        Ordered("BASMA", "main", "BP-9", (("G50520", "12"),)),
        Ordered("SHANGHAI", "main", "LRT-55", (("G50510", "20"), ("G50511", "20")), ("submit",), 45),
        Ordered("ALTYN", "bishkek", "AO-772", (("G10111", "2"),), ("submit", "reject"), 20),
    ),
    "tien-shan": (
        Ordered("UZGEN", "depot", "УР-12", (("K-201", "4"),), _APPROVED, 3),
        Ordered("OPT", "depot", "ОД-80", (("K-200", "6"), ("K-210", "5")), _APPROVED, -1, (((1, "6", "0"),),)),
        Ordered("CHUGUN", "depot", "КЧ-3", (("K-100", "5"),), (), 18),
    ),
}  # fmt: skip
"""By company."""


async def order(ctx: Context, key: str, ordered: Ordered, midnight_us: int) -> None:
    """One order, and what came of it. It is written as far as it got in one transaction, and each delivery has a key of its own."""
    async with ctx.writing() as work:
        number = await _written(ctx, work, ordered, midnight_us)
    for delivery, lines in enumerate(ordered.came):
        came = [{"line": line, "qty": qty, "rejected": rejected} for line, qty, rejected in lines]
        asked = {"order": order_number(number), "lines": came, "delivery_note": f"{ordered.reference}/{delivery + 1}"}
        answer = await performing.perform(ctx, receipts.RECEIVE, Asked("purchasing/receive", f"{key}:{delivery}", asked))
        assert answer.refusal is None, f"the plan does not work out: {ordered} → {answer.refusal}"


async def _written(ctx: Context, work: UnitOfWork, ordered: Ordered, midnight_us: int) -> int:
    """The number of the order, which a start that was cut short may have written already."""
    asked = OrderFilter(q=ordered.reference, limit=1)
    if found := (await queries.orders_page(work.connection, work.tenant_id, asked)).items:
        return found[0].head.id
    due = (from_us(midnight_us) + timedelta(days=ordered.due_in_days)).date().isoformat()
    lines = tuple(m.NewOrderLine(sku, qty) for sku, qty in ordered.lines)
    new = m.NewOrder(ordered.supplier, ordered.warehouse, lines, expected_on=due, reference=ordered.reference)
    number = await service.draft(ctx, work, new)
    for verb in ordered.verbs:
        because = (m.Because("Too dear: ask again in spring"),) if verb == "reject" else ()
        await getattr(service, verb)(ctx, work, number, *because)
    return number
