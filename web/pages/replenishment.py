"""Replenishment: what should be ordered, ticked and ready to become drafts; suppliers for what has none; what others can send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import Any

from quart import Blueprint, Response, url_for
from quart_babel import gettext, ngettext

from events.unit_of_work import UnitOfWork
from inventory.context import Context
from inventory.locations import queries as places
from inventory.replenishment import messages as m
from inventory.replenishment import queries, service
from inventory.replenishment.queries import Counts, SuggestionFilter
from inventory.replenishment.render import FIGURES, suggestion_json
from inventory.replenishment.service import Drafted
from inventory.replenishment.suggestion import Suggestion, proposal_of
from inventory.suppliers import queries as suppliers
from inventory.suppliers.queries import SupplierFilter
from kit.errors import Refusal, refuse, unless
from kit.ids import order_number
from kit.paging import LIMIT_MAX, Page
from web import asking, errors, respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.once import led_to, once
from web.wiring import parts

pages = Blueprint("replenishment", __name__, url_prefix="/t/<tenant>/replenishment")

ROWS = 100
"""Suggestions of a page: each has fields, and all of them are sent together."""
DRAFTS = 12
"""Open drafts that the page names; the list of orders has them all."""
_PICK = "pick|"
_COLUMNS = (
    "supplier", "supplier_name", "warehouse", "sku", "name", "reason", *FIGURES, "min", "max", "need", "base_unit", "qty", "unit",
    "qty_base", "price", "amount", "lead_time_days", "expected_on",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Group:
    """What would be one draft: suggestions of a supplier for a warehouse, and what they cost, by currency. `unpriced`: how many of them
    nobody has said a price for."""

    supplier: str
    supplier_name: str
    warehouse: str
    warehouse_name: str
    rows: Sequence[Suggestion]
    amounts: Sequence[tuple[str, Decimal]]
    unpriced: int


@pages.get("")
@allow("purchasing.read")
async def show(tenant: str) -> Response:
    """All that should be ordered, grouped as it would be drafted."""
    if asking.wants_csv():
        found = await asking.every_page(_asked(), _read)
        return respond.csv(f"replenishment-{tenant}", _COLUMNS, [_csv_row(each) for each in found])
    return await _page(Form(), Form())


@pages.post("")
@allow("purchasing.write")
async def create(tenant: str) -> Response:
    """What is ticked becomes drafts, or all there is (`all`, of one `warehouse` or `supplier` where that is said)."""
    form = await typed()
    lines: list[m.ChosenLine] = []
    with refusals_of(form):
        lines = [] if form["all"] else _lines(form)
        whole = m.Drafting(all=True, warehouse=form["warehouse"] or None, supplier=form["supplier"] or None)
        asked = whole if form["all"] else m.Drafting(lines=tuple(lines))

        async def make(work: UnitOfWork) -> tuple[str, str]:
            return _url(), _said(await service.draft(ctx(), work, asked))

        async with parts().replenishing.turn(ctx().tenant.id):
            return await once(form, make)
    _blame_rows(form, lines)
    return await _page(form, Form())


@pages.post("/suppliers")
@allow("suppliers.write")
async def assign(tenant: str) -> Response:
    """Items that nobody sells get the suppliers that were chosen for them."""
    form = await typed()
    with refusals_of(form):
        chosen = [
            m.AssignedSupplier(name.removeprefix("of|"), code) for name, code in form.values.items() if name.startswith("of|") and code
        ]
        if not chosen:
            raise refuse("nothing_chosen")

        async def save(work: UnitOfWork) -> tuple[str, str]:
            count = await service.assign(ctx(), work, m.Assigning(tuple(chosen)))
            return _url(), ngettext("%(num)s item has a supplier now.", "%(num)s items have a supplier now.", count)

        return await once(form, save)
    form.blame("", supplier="", sku="")
    return await _page(Form(), form)


@pages.post("/transfer")
@allow("stock.transfer")
async def send(tenant: str) -> Response:
    """Another warehouse sends what it has too much of, instead of an order."""
    form = await typed()
    with refusals_of(form):
        asked = m.Sending(form.text("sku", 64), form.text("warehouse", 64), form.text("source", 64))

        async def ship(work: UnitOfWork) -> tuple[str, str]:
            answer = await service.send(ctx(), work, asked, form.key)
            unless(answer.refusal)
            transfer = str(answer.body["transfer"]["id"])
            return url_for("transfers.show", tenant=tenant, transfer=transfer), gettext("On its way.")

        async with parts().replenishing.turn(ctx().tenant.id), parts().turnstile.turn(ctx().tenant.id):
            return await once(form, ship)
    form.errors = {"": next(iter(form.errors.values()))}
    return await _page(form, Form())


@pages.post("/draft-one")
@allow("purchasing.write")
async def draft_one(tenant: str) -> Response:
    """One suggestion goes into a draft; the row that asked says into which, or why not."""
    form = await typed()
    with refusals_of(form):
        sku, warehouse = form.text("sku", 64), form.text("warehouse", 64)

        async def put(work: UnitOfWork) -> tuple[str, str]:
            return _url(), order_number(await service.draft_one(ctx(), work, sku, warehouse))

        async with parts().replenishing.turn(ctx().tenant.id):
            to, number = await led_to(form, put)
        if respond.is_fragment():
            return await respond.fragment("replenishment/_drafted.html", number=number, problem="")
        return await respond.done(to, gettext("In draft %(number)s.", number=number))
    form.errors = {"": next(iter(form.errors.values()))}
    if respond.is_fragment():
        return await respond.fragment("replenishment/_drafted.html", number="", problem=form.problem)
    return await _page(form, Form())


def _asked() -> SuggestionFilter:
    return SuggestionFilter(asking.arg_or_none("warehouse"), asking.arg_or_none("supplier"), asking.arg("q"), cursor=asking.cursor())


async def _read(asked: SuggestionFilter) -> Page[Suggestion]:
    context = ctx()
    async with context.reading() as connection:
        return await queries.page(connection, context.tenant.id, context.clock(), asked)


async def _page(form: Form, assigned: Form) -> Response:
    context, asked = ctx(), _asked()
    return await respond.page(
        "replenishment/page.html", max(form.status, assigned.status), **await _values(context, asked), form=form, assigned=assigned
    )


async def _values(context: Context, asked: SuggestionFilter) -> dict[str, Any]:
    tenant_id, now = context.tenant.id, context.clock()
    async with context.reading() as connection:
        with asking.address_read():
            shown = await queries.page(connection, tenant_id, now, replace(asked, limit=ROWS))
        unassigned, counts = [each for each in shown.items if each.proposal is None], _counted(shown.items)
        if shown.next or asked.cursor:
            # Those without a supplier come last, and should be seen first.
            unassigned = list(
                (await queries.page(connection, tenant_id, now, replace(asked, assigned=False, cursor=None, limit=ROWS))).items
            )
            counts = await queries.counted(connection, tenant_id, now, asked)
        drafts = await queries.open_drafts(connection, tenant_id, DRAFTS)
        sellers = await suppliers.suppliers_page(connection, tenant_id, SupplierFilter(limit=LIMIT_MAX))
        warehouses = await places.warehouses_of(connection, tenant_id)
    return {
        "groups": _groups([each for each in shown.items if each.proposal]), "shown": shown, "unassigned": _by_item(unassigned),
        "counts": counts, "more": bool(shown.next or asked.cursor), "asked": asked, "sellers": sellers.items, "warehouses": warehouses,
        "warehouse": asked.warehouse, "proposal_of": proposal_of, "drafts": [(order_number(each.number), each) for each in drafts],
    }  # fmt: skip


def _counted(rows: Sequence[Suggestion]) -> Counts:
    return Counts(len(rows), len({row.sku for row in rows}), len({row.sku for row in rows if row.proposal is None}))


def _groups(rows: Sequence[Suggestion]) -> list[Group]:
    """The rows come sorted by supplier and warehouse."""
    return [_group(list(each)) for _, each in groupby(rows, lambda row: (row.proposal and row.proposal.supplier, row.warehouse))]


def _group(rows: Sequence[Suggestion]) -> Group:
    amounts: dict[str, Decimal] = {}
    proposals = [row.proposal for row in rows if row.proposal]
    for proposal in proposals:
        if proposal.amount is not None:
            amounts[proposal.currency] = amounts.get(proposal.currency, Decimal(0)) + proposal.amount
    unpriced = sum(proposal.amount is None for proposal in proposals)
    first = proposals[0]
    return Group(
        first.supplier, first.supplier_name, rows[0].warehouse, rows[0].warehouse_name, rows, sorted(amounts.items()), unpriced
    )  # fmt: skip


def _by_item(rows: Sequence[Suggestion]) -> list[list[Suggestion]]:
    """One row for each item, however many warehouses are short of it."""
    found: dict[str, list[Suggestion]] = {}
    for row in rows:
        found.setdefault(row.sku, []).append(row)
    return list(found.values())


def _lines(form: Form) -> list[m.ChosenLine]:
    """The rows that are ticked. A row whose supplier was changed and whose quantity was not is ordered as that supplier sells it."""
    found = []
    for name in form.values:
        if name.startswith(_PICK) and len(row := name.removeprefix(_PICK).rsplit("|", 1)) == 2:
            sku, warehouse = row
            supplier, qty = form[f"supplier|{sku}|{warehouse}"], form.quantity(f"qty|{sku}|{warehouse}")
            as_suggested = form[f"as|{sku}|{warehouse}"].rsplit("|", 1)
            other = len(as_suggested) == 2 and supplier != as_suggested[0] and qty == as_suggested[1]
            found.append(m.ChosenLine(sku, warehouse, supplier or None, None if other else qty))
    if not found:
        raise refuse("nothing_chosen")
    return found


def _blame_rows(form: Form, lines: Sequence[m.ChosenLine]) -> None:
    """Say beside its row what is wrong with a line."""
    if form.refusal is None or not lines:
        return
    form.errors = {}
    for error in form.refusal.errors or ({},):
        code = str(error.get("code", form.refusal.code))
        number = error.get("line")
        line = lines[number] if isinstance(number, int) and number < len(lines) else None
        field = f"qty|{line.sku}|{line.warehouse}" if line else ""
        form.errors.setdefault(field, errors.say(Refusal(code, (error,), form.refusal.facts)).detail)


def _said(drafted: Drafted) -> str:
    """What was drafted, in a sentence."""
    if not drafted.orders:
        return gettext("Nothing needs ordering any more.")
    numbers = [order_number(number) for number in drafted.orders]
    shown = numbers[0] if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"
    return ngettext("Draft %(numbers)s is made.", "%(num)s drafts are made: %(numbers)s.", len(numbers), numbers=shown)


def _csv_row(found: Suggestion) -> list[object]:
    shown = suggestion_json(found)
    return [shown[name]["amount"] if isinstance(shown[name], dict) else shown[name] for name in _COLUMNS]


def _url() -> str:
    return url_for("replenishment.show", tenant=ctx().tenant.slug)
