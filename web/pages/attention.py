"""What needs a person, worst first, each with the one deed that is next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quart import url_for
from quart_babel import gettext, ngettext
from sqlalchemy.ext.asyncio import AsyncConnection

from events import jobs
from events.jobs import JobHealth
from inventory.catalog import queries as catalog
from inventory.context import Context
from inventory.exceptions import queries as exceptions
from inventory.exceptions.messages import Exceptional
from inventory.ledger.history import LastProof
from inventory.ledger.render import item_of, warehouse_of
from inventory.purchasing import queries as purchasing
from inventory.purchasing.queries import OrderFilter
from inventory.transfers import queries as transfers
from kit.clock import SECOND, from_us, to_us
from kit.ids import order_number
from tenants import queries as tenants
from tenants.queries import Key
from web import filters
from web.pages.jobs import name_of
from web.pages.rows import show_transfers

SHOWN_MAX = 5
UNPROVEN_US = 5 * 60 * SECOND
"""The watch proves within seconds; after so long it is not at work."""
ON_ITS_WAY_US = 3 * 86_400 * SECOND
"""Longer than goods are on the road between warehouses of one company."""
SEEN_US = 6 * 60 * SECOND
"""A till's line is looked at every 20 s, and noted on its key when that was 5 minutes ago."""
MISSED_US = 86_400 * SECOND
"""A till that was not seen for a day has been put away, or the shop is closed."""


@dataclass(frozen=True, slots=True)
class Need:
    """`tone`: out, low or coming. `key` tells it from others when it is shown again."""

    key: str
    tone: str
    icon: str
    title: str
    detail: str
    verb: str
    url: str


async def needs_of(
    context: Context, connection: AsyncConnection, proof: LastProof | None, as_of_seq: int, warehouse: str | None
) -> tuple[list[Need], int]:
    """The worst few, and how many there are."""
    now_us = context.clock()
    found = _of_ledger(context, proof, as_of_seq, now_us)
    wrong, count = await exceptions.worst(connection, context.tenant.id, warehouse, SHOWN_MAX)
    exceptional = await _of_exceptions(context, connection, wrong)
    found += exceptional
    found += await _of_jobs(context, connection, now_us)
    found += _of_tills(context, await tills_of(context, connection, warehouse), now_us)
    found += await _of_orders(context, connection, warehouse)
    found += await _of_transfers(context, connection, warehouse, now_us)
    return found[:SHOWN_MAX], len(found) + count - len(exceptional)


async def tills_of(context: Context, connection: AsyncConnection, warehouse: str | None) -> list[Key]:
    """Tills with a key of their own that stand in the warehouse, or anywhere."""
    keys = await tenants.keys(connection, context.tenant.id)
    tills = [key for key in keys if key.kind == "device" and key.state(from_us(context.clock())) == "active"]
    if warehouse is None:
        return tills
    there = await catalog.warehouse_id(connection, context.tenant.id, warehouse)
    return [till for till in tills if there in (till.warehouses or ())]


def is_online(till: Key, now_us: int) -> bool:
    """Whether a till was at work just now."""
    return till.used_at is not None and now_us - to_us(till.used_at) < SEEN_US


def _of_ledger(context: Context, proof: LastProof | None, as_of_seq: int, now_us: int) -> list[Need]:
    url = url_for("ledger.show_list", tenant=context.tenant.slug)
    if proof is not None and not proof.ok:
        words = gettext("Ledger does not prove"), gettext("Nothing is written until somebody has looked")
        return [Need("halted", "out", "shield-x", *words, gettext("Look"), url)]
    if proof is not None and proof.seq < as_of_seq and now_us - proof.checked_at_us > UNPROVEN_US:
        detail = gettext("The last proof was %(when)s", when=filters.ago(proof.checked_at_us, now_us))
        return [Need("unproven", "low", "shield", gettext("Nobody proves the ledger"), detail, gettext("Look"), url)]
    return []


async def _of_exceptions(context: Context, connection: AsyncConnection, found: Sequence[Exceptional]) -> list[Need]:
    codes = await exceptions.name_exceptions(context.engine, context.tenant.id, found)
    names = await catalog.names_of(connection, context.tenant.id, (each.item for each in found))
    needs = []
    for each in found:
        item, place = item_of(each.item, codes), warehouse_of(each.warehouse, codes)
        said = {"item": names.get(each.item, item.sku), "place": place.name, "qty": filters.qty(each.qty, item.unit, item.decimals)}
        if each.kind == "overpromised":
            title = gettext("%(item)s in %(place)s is %(qty)s short", **said)
            url = url_for("stock.show_item", tenant=context.tenant.slug, sku=item.sku)
            detail = gettext("More is promised than is there")
            needs.append(Need(f"P{each.seq}", "out", "alert-triangle", title, detail, gettext("Resolve"), url))
        else:
            title = gettext("%(item)s in %(place)s: %(qty)s sold, not there", **said)
            by = str(codes.get(("principal", each.principal), "")) if each.principal is not None else ""
            when = filters.when(each.recorded_at_us or 0, context.clock())
            url = url_for("exceptions.show_list", tenant=context.tenant.slug)
            needs.append(Need(f"X{each.seq}", "low", "clipboard-check", title, f"{by}, {when}", gettext("Settle"), url))
    return needs


async def _of_jobs(context: Context, connection: AsyncConnection, now_us: int) -> list[Need]:
    """Jobs that do not do their work, for those who may see jobs."""
    if not context.actor.may("jobs.read"):
        return []
    found = await jobs.health(connection, now_us)
    needs = [_of_job(context, job, now_us) for job in found if job.state in ("given_up", "retrying")]
    if late := [job for job in found if job.state == "late"]:
        detail = ngettext("%(num)s job waits for one", "%(num)s jobs wait for one", len(late))
        url = url_for("jobs.show_list", tenant=context.tenant.slug)
        needs.append(Need("late", "low", "clock-play", gettext("No worker is at work"), detail, gettext("Open"), url))
    return needs


def _of_job(context: Context, job: JobHealth, now_us: int) -> Need:
    name = name_of(job.job)
    title = gettext("%(job)s: given up", job=name) if job.state == "given_up" else gettext("%(job)s: failed, tried again soon", job=name)
    done = gettext("Last done %(when)s", when=filters.ago(to_us(job.done_at), now_us)) if job.done_at else gettext("It was never done")
    url = url_for("jobs.show", tenant=context.tenant.slug, job=job.job)
    return Need(f"job-{job.job}", "low", "clock-play", title, done, gettext("Open"), url)


def _of_tills(context: Context, tills: Sequence[Key], now_us: int) -> list[Need]:
    """Tills that were at work today and are not now."""
    if not context.actor.may("keys.write"):
        return []
    url = url_for("keys.show_list", tenant=context.tenant.slug)
    needs = []
    for till in tills:
        if till.used_at is not None and not is_online(till, now_us) and now_us - to_us(till.used_at) < MISSED_US:
            title = gettext("%(till)s was last seen %(when)s", till=till.name, when=filters.ago(to_us(till.used_at), now_us))
            detail = gettext("It may be selling without a line")
            needs.append(Need(f"till-{till.id}", "low", "cash-register", title, detail, gettext("Open"), url))
    return needs


async def _of_orders(context: Context, connection: AsyncConnection, warehouse: str | None) -> list[Need]:
    """Orders that should have come, for those who may see orders."""
    if not context.actor.may("purchasing.read"):
        return []
    late = await purchasing.orders_page(connection, context.tenant.id, OrderFilter(warehouse=warehouse, overdue=True, limit=SHOWN_MAX))
    needs = []
    for head in (order.head for order in late.items):
        number = order_number(head.id)
        title = gettext("%(order)s is late", order=number)
        detail = gettext("%(supplier)s, for %(place)s", supplier=head.supplier_name, place=head.warehouse_name)
        url = url_for("orders.show", tenant=context.tenant.slug, number=number)
        needs.append(Need(number, "low", "truck-delivery", title, detail, gettext("Open"), url))
    return needs


async def _of_transfers(context: Context, connection: AsyncConnection, warehouse: str | None, now_us: int) -> list[Need]:
    late = [
        each
        for each in await transfers.oldest(connection, context.tenant.id, warehouse, SHOWN_MAX)
        if now_us - each.created_at_us > ON_ITS_WAY_US
    ]
    needs = []
    for each in await show_transfers(context, connection, late):
        days = (now_us - each.created_at_us) // (86_400 * SECOND)
        title = gettext("%(transfer)s to %(place)s has not arrived", transfer=each.reference or each.id, place=each.to)
        detail = ngettext("%(num)s day on its way from %(place)s", "%(num)s days on its way from %(place)s", days, place=each.source)
        url = url_for("transfers.show", tenant=context.tenant.slug, transfer=each.id)
        needs.append(Need(each.id, "coming", "truck-delivery", title, detail, gettext("Receive"), url))
    return needs
