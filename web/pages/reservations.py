"""Reservations: who holds what until when, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quart import Blueprint, Response, url_for
from quart_babel import gettext

from inventory.locations import queries as places
from inventory.reservations import queries
from inventory.reservations.queries import HoldFilter
from kit.clock import rfc3339
from kit.errors import refuse, unless
from kit.ids import parse_reservation_id
from kit.paging import Page
from kit.quantity import format_qty
from web import asking, commands, respond
from web.access import allow, ctx
from web.forms import Form, refusals_of, typed
from web.pages.rows import ShownHold, ShownLine, show_holds

pages = Blueprint("reservations", __name__, url_prefix="/t/<tenant>/reservations")

STATUSES = ("active", "committed", "released", "expired")
EXTEND_MINUTES = ("15", "30", "60", "240", "1440")
VERBS = ("commit", "release", "extend", "harden")
_HEADER = ("Reservation", "Status", "Hold", "Ends", "Reference", "SKU", "Item", "Unit", "Warehouse", "Quantity", "Open", "Created", "By")


@pages.get("")
@allow("stock.read")
async def show_list(tenant: str) -> Response:
    """All reservations, newest first; those that are active unless asked otherwise."""
    asked, context = _asked(), ctx()
    if asking.wants_csv():
        return respond.csv(f"reservations-{tenant}", _HEADER, [row for hold in await _many(asked) for row in _csv_rows(hold)])
    async with context.reading() as connection:
        with asking.address_read():
            found = await queries.page(connection, context.tenant.id, context.clock(), asked)
        shown = Page(await show_holds(context, connection, found.items), found.next, found.as_of_seq)
        values: dict[str, Any] = {"reservations": shown, "asked": asked, "statuses": STATUSES}
        if respond.is_fragment():
            return await respond.fragment("reservations/_rows.html", **values)
        warehouses = await places.warehouses_of(connection, context.tenant.id)
        counts = await queries.counted(connection, context.tenant.id, context.clock())
    return await respond.page("reservations/list.html", warehouses=warehouses, warehouse=asked.warehouse, counts=counts, **values)


@pages.get("/<reservation>")
@allow("stock.read")
async def show(tenant: str, reservation: str) -> Response:
    """One reservation and what may be done with it."""
    return await _page(await _found(reservation), {})


@pages.post("/<reservation>/commit")
@allow("stock.commit")
async def commit(tenant: str, reservation: str) -> Response:
    """The stock leaves: all that is open, or the quantities that were typed."""
    return await _perform("commit", reservation, gettext("Done: the stock has left."))


@pages.post("/<reservation>/release")
@allow("stock.release")
async def release(tenant: str, reservation: str) -> Response:
    """The stock becomes available: all that is open, or the quantities that were typed."""
    return await _perform("release", reservation, gettext("Released: the stock is available again."))


@pages.post("/<reservation>/extend")
@allow("stock.extend")
async def extend(tenant: str, reservation: str) -> Response:
    """A soft hold gets more time, counted from now."""
    return await _perform("extend", reservation, gettext("The hold has more time."))


@pages.post("/<reservation>/harden")
@allow("stock.harden")
async def harden(tenant: str, reservation: str) -> Response:
    """A soft hold becomes firm."""
    return await _perform("harden", reservation, gettext("The hold is firm."))


async def _perform(verb: str, reservation: str, sentence: str) -> Response:
    form, shown = await typed(), await _found(reservation)
    with refusals_of(form):
        answer = await commands.perform_here(verb, form.key, {"reservation": shown.id} | _body(verb, form, shown.lines))
        unless(answer.refusal)
        back = form["back"] if respond.is_own_path(form["back"]) else ""
        return await respond.done(back or url_for("reservations.show", tenant=ctx().tenant.slug, reservation=shown.id), sentence)
    form.blame("")
    return await _page(await _found(reservation), {verb: form})


def _body(verb: str, form: Form, lines: Sequence[ShownLine]) -> dict[str, Any]:
    if verb == "extend":
        return {"expires_in": int(form.choice("minutes", EXTEND_MINUTES)) * 60}
    if verb == "harden":
        return {}
    # The fields of the lines are numbered from 0; one left empty takes nothing of its line.
    parts = [
        {"sku": line.sku, "warehouse": line.warehouse, "qty": form.quantity(f"qty_{number}")}
        for number, line in enumerate(lines)
        if form[f"qty_{number}"].strip()
    ]
    return {"lines": parts} if parts else {}


async def _found(reservation: str) -> ShownHold:
    context, named = ctx(), parse_reservation_id(reservation)
    if named is None or named[1] or named[0] >= 2**63:
        raise refuse("reservation_not_found")
    async with context.reading() as connection:
        hold = await queries.one(connection, context.tenant.id, named[0])
        if hold is None:
            raise refuse("reservation_not_found")
        return (await show_holds(context, connection, [hold]))[0]


async def _page(shown: ShownHold, refused: Mapping[str, Form]) -> Response:
    forms = {verb: refused.get(verb) or Form({"minutes": EXTEND_MINUTES[0]}) for verb in VERBS}
    status = next((form.status for form in refused.values()), 200)
    values: dict[str, Any] = {
        "reservation": shown,
        "forms": forms,
        "extend_minutes": [each for each in EXTEND_MINUTES if int(each) * 60 <= ctx().tenant.settings.hold_max_s],
    }
    if respond.is_fragment():
        return await respond.fragment("reservations/_show.html", status, **values)
    return await respond.page("reservations/show.html", status, **values)


def _asked() -> HoldFilter:
    status = asking.one_of("status", (*STATUSES, "all"), "active")
    return HoldFilter(
        status=None if status == "all" else status,  # type: ignore[arg-type]
        reference=asking.arg_or_none("reference"),
        sku=asking.arg_or_none("sku"),
        warehouse=asking.arg_or_none("warehouse"),
        limit=asking.PAGE_ROWS,
        cursor=asking.cursor(),
    )


async def _many(asked: HoldFilter) -> list[ShownHold]:
    context = ctx()
    async with context.reading() as connection:

        async def read(asked: HoldFilter) -> Page[ShownHold]:
            found = await queries.page(connection, context.tenant.id, context.clock(), asked)
            return Page(await show_holds(context, connection, found.items), found.next, found.as_of_seq)

        return await asking.every_page(asked, read)


def _csv_rows(hold: ShownHold) -> list[tuple[object, ...]]:
    head = (hold.id, hold.status, "firm" if hold.hard else "soft", "" if hold.hard else rfc3339(hold.expires_at_us), hold.reference)
    tail = (rfc3339(hold.created_at_us), hold.by)
    return [
        (*head, line.sku, line.name, line.unit, line.warehouse, *(format_qty(each, line.decimals) for each in (line.qty, line.open)), *tail)
        for line in hold.lines
    ]
