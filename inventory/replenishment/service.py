"""The verbs of replenishment: draft orders from suggestions, assign suppliers, send what another warehouse has too much of.

Each runs inside the caller's open transaction. Suggestions are read again there, one caller of a company at a time, so that of many
who press the button together one orders, and the others find nothing left to order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import insert

from db.tenancy import alone_at
from events.unit_of_work import UnitOfWork
from inventory.answer import Answer, Asked
from inventory.catalog.messages import Money
from inventory.context import Context
from inventory.ledger.performing import perform
from inventory.purchasing import messages as orders
from inventory.purchasing import queries as order_queries
from inventory.purchasing import service as purchasing
from inventory.purchasing.queries import ShownOrder
from inventory.purchasing.status import Status
from inventory.purchasing.store import purchase_orders
from inventory.replenishment import messages as m
from inventory.replenishment import queries
from inventory.replenishment.choosing import Chosen, Wanted, cells_of, check_names, chosen_lines, refuse_twice
from inventory.replenishment.domain import grouped
from inventory.replenishment.queries import SuggestionFilter
from inventory.replenishment.store import replenishment_drafts
from inventory.replenishment.suggestion import Suggestion
from inventory.rows import lock_one
from inventory.suppliers import offers
from inventory.suppliers import queries as supplier_queries
from inventory.suppliers import service as suppliers
from inventory.suppliers.messages import NewOffer
from inventory.transfers.service import VERBS as TRANSFERS
from kit.errors import refuse
from kit.ids import order_number
from kit.quantity import format_qty
from kit.text import is_code


class Drafted(NamedTuple):
    """Numbers of the orders that were drafted; SKUs that nobody sells; what needs nothing any more, as (SKU, warehouse).

    `more`: there is more than fits into one transaction; asking again drafts that.
    """

    orders: tuple[int, ...] = ()
    unassigned: tuple[str, ...] = ()
    covered: tuple[tuple[str, str], ...] = ()
    more: bool = False


async def draft(ctx: Context, work: UnitOfWork, asked: m.Drafting) -> Drafted:
    """Make suggestions drafts of orders, one for each supplier and warehouse: all of them or none.

    What needs nothing any more is left out, and so is what nobody sells. Refuses what cannot be ordered as it was asked for.
    """
    ctx.permit("purchasing.write")
    if (asked.lines is None) is not asked.all or (asked.lines is not None and (asked.warehouse or asked.supplier)):
        raise refuse("lines_or_all", {"field": "lines"})
    if asked.lines is None:
        await check_names(work, asked.warehouse, asked.supplier)
        await _alone(work)
        return await _draft_all(ctx, work, asked)
    return await _draft_lines(ctx, work, asked.lines)


async def draft_one(ctx: Context, work: UnitOfWork, sku: str, warehouse: str) -> int:
    """Put one suggestion into the open draft for its supplier and warehouse, or into a new one; the order's number.

    When it is in a draft already, that one's. Refuses `nothing_to_order` and `supplier_missing`.
    """
    ctx.permit("purchasing.write")
    suggestion = await _suggested(ctx, work, sku, warehouse)
    if isinstance(suggestion, int):
        return suggestion
    proposal = suggestion.proposal
    if proposal is None:
        raise refuse("supplier_missing", {"field": "sku", "sku": sku})
    wanted = Wanted(suggestion, proposal)
    order = await _open_draft(work, wanted)
    if order is None:
        return await _draft_order(ctx, work, [wanted])
    lines = (*(_line_again(each, order.head.currency) for each in order.lines), _line(wanted))
    expected = _latest([order.head.expected_on, proposal.expected_on])
    await purchasing.change(ctx, work, order.head.id, orders.OrderChanged(lines=lines, expected_on=expected), order.head.version)
    return order.head.id


async def send(ctx: Context, work: UnitOfWork, asked: m.Sending, key: str) -> Answer:
    """Have another warehouse send what it has too much of, instead of ordering it; the answer of the transfer.

    The company's turn is kept until the stock engine has answered: the next who asks sees the goods on their way.
    """
    ctx.permit("stock.transfer")
    suggestion = await _suggested(ctx, work, asked.sku, asked.warehouse)
    if isinstance(suggestion, int):
        raise _nothing(asked.sku, asked.warehouse)
    giving = next((each for each in suggestion.givings if each.warehouse == asked.source), None)
    if giving is None:
        raise refuse("no_surplus", {"field": "source", "sku": asked.sku, "warehouse": asked.source[:64]})
    line = {"sku": asked.sku, "qty": format_qty(giving.qty, suggestion.decimals)}
    return await perform(ctx, TRANSFERS["transfer"], Asked("transfer", key, {"from": asked.source, "to": asked.warehouse, "lines": [line]}))


async def assign(ctx: Context, work: UnitOfWork, asked: m.Assigning) -> int:
    """Let each item be bought from this supplier first, who offers it from now on if it did not; how many. All of them or none."""
    ctx.permit("suppliers.write")
    refuse_twice([(each.sku,) for each in asked.lines])
    # All at once, in one order for everybody; the verbs below find them held.
    held = await offers.items_held(work, filter(is_code, (each.sku for each in asked.lines)))
    found = await supplier_queries.all_of_items(work.connection, work.tenant_id, (item.id for item in held.values()))
    offered = {(each.sku, each.offer.supplier_code) for each in found}
    for each in asked.lines:
        if (each.sku, each.supplier) in offered:
            await suppliers.prefer_item(ctx, work, each.supplier, each.sku)
        else:
            code = each.supplier if is_code(each.supplier) else ""
            await suppliers.add_item(ctx, work, code, NewOffer(sku=each.sku, preferred=True))
    return len(asked.lines)


async def _alone(work: UnitOfWork) -> None:
    await alone_at(work.connection, work.tenant_id, "replenishment")


async def _draft_all(ctx: Context, work: UnitOfWork, asked: m.Drafting) -> Drafted:
    wanted = SuggestionFilter(asked.warehouse, asked.supplier, limit=m.LINES_MAX)
    found = await queries.page(work.connection, work.tenant_id, ctx.clock(), wanted)
    chosen = Chosen()
    for each in found.items:
        chosen.take(each, each.proposal)
    return await _drafted(ctx, work, chosen, more=found.next is not None)


async def _draft_lines(ctx: Context, work: UnitOfWork, lines: Sequence[m.ChosenLine]) -> Drafted:
    refuse_twice([(each.sku, each.warehouse) for each in lines])
    cells = await cells_of(work, [(each.sku, each.warehouse) for each in lines])
    codes = {each.supplier for each in lines if each.supplier is not None}
    known = await supplier_queries.suppliers_by_code(work.connection, work.tenant_id, filter(is_code, codes))
    await _alone(work)
    short = await queries.of_cells(work.connection, work.tenant_id, ctx.clock(), cells)
    chosen = chosen_lines(lines, [short.get(cell) for cell in cells], known)
    return await _drafted(ctx, work, chosen)


async def _drafted(ctx: Context, work: UnitOfWork, chosen: Chosen, more: bool = False) -> Drafted:
    groups = grouped(((each.group, each) for each in sorted(chosen.wanted, key=lambda each: each.group)), orders.LINES_MAX)
    numbers = [await _draft_order(ctx, work, lines) for _, lines in groups]
    if numbers:
        told = [order_number(number) for number in numbers]
        await work.record(m.SUGGESTIONS_DRAFTED, ctx.tenant.slug, orders=told, unassigned=len(chosen.unassigned))
    return Drafted(tuple(numbers), tuple(sorted(chosen.unassigned)), tuple(chosen.covered), more)


async def _draft_order(ctx: Context, work: UnitOfWork, lines: Sequence[Wanted]) -> int:
    """One draft; all lines are of one supplier, warehouse and currency."""
    supplier, warehouse, currency = lines[0].group
    expected = _latest([each.proposal.expected_on for each in lines])
    new = orders.NewOrder(supplier, warehouse, tuple(_line(each) for each in lines), currency, expected_on=expected)
    number = await purchasing.draft(ctx, work, new)
    await work.connection.execute(insert(replenishment_drafts).values(tenant_id=work.tenant_id, order_id=number))
    return number


def _line(wanted: Wanted) -> orders.NewOrderLine:
    proposal = wanted.proposal
    return orders.NewOrderLine(wanted.suggestion.sku, str(proposal.packs), unit=proposal.unit, expected_on=_iso(proposal.expected_on))


def _line_again(shown: order_queries.ShownLine, currency: str) -> orders.NewOrderLine:
    """A line of a draft as it would be asked for."""
    line = shown.line
    price = None if line.price is None else Money(str(line.price), currency)
    return orders.NewOrderLine(
        shown.sku,
        format_qty(line.qty),
        unit=line.unit,
        price=price,
        expected_on=_iso(line.expected_on),
        location=shown.location,
        note=line.note,
    )


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _latest(days: Sequence[date | None]) -> str | None:
    """When all of it should be there; None when nobody knows of any."""
    return _iso(max((day for day in days if day is not None), default=None))


async def _suggested(ctx: Context, work: UnitOfWork, sku: str, warehouse: str) -> Suggestion | int:
    """What is suggested for a cell, or the number of the draft that it is in already. Takes the company's turn."""
    (cell,) = await cells_of(work, [(sku, warehouse)])
    await _alone(work)
    found = (await queries.of_cells(work.connection, work.tenant_id, ctx.clock(), [cell])).get(cell)
    number = None if found else (await queries.drafts_with(work.connection, work.tenant_id, [cell])).get(cell)
    if found is None and number is None:
        raise _nothing(sku, warehouse)
    return found or number  # type: ignore[return-value]


def _nothing(sku: str, warehouse: str) -> Exception:
    return refuse("nothing_to_order", {"field": "sku", "sku": sku, "warehouse": warehouse})


async def _open_draft(work: UnitOfWork, wanted: Wanted) -> ShownOrder | None:
    """The draft that one more line can go into. It stays one until this transaction has ended."""
    number = await queries.open_draft(work.connection, work.tenant_id, *wanted.group, orders.LINES_MAX)
    if number is None:
        return None
    await lock_one(work, purchase_orders, purchase_orders.c.id == number)
    order = await order_queries.shown(work.connection, work.tenant_id, number)
    return order if order and order.head.status is Status.DRAFT and len(order.lines) < orders.LINES_MAX else None
