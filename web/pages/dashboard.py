"""The dashboard: totals and how they went, what is short, what needs a person, what just happened, what can be relied on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from quart import Blueprint, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from events import jobs
from inventory.context import Context
from inventory.ledger import history
from inventory.ledger import queries as ledger
from inventory.ledger.history import LedgerFilter, Point, Series
from inventory.ledger.queries import LevelFilter, Total
from inventory.locations import queries as places
from inventory.purchasing import queries as purchasing
from inventory.purchasing.queries import OrderFilter
from inventory.reservations import queries as reservations
from inventory.transfers import queries as transfers
from kit.clock import SECOND
from web import asking, respond, spark
from web.access import allow, ctx
from web.forms import Form
from web.pages.attention import is_online, needs_of, tills_of
from web.pages.reorder import reorders_of
from web.pages.rows import show_holds, show_rows, show_transfers

pages = Blueprint("dashboard", __name__, url_prefix="/t/<tenant>")

DAYS = ("7", "30", "90")
MEASURES = {"on_hand": "free", "reserved": "hold", "available": "free", "in_transit": "coming", "on_order": ""}
"""What the strip shows, in this order, and the tone of its line. What is on order has no past: the ledger does not tell of it."""
_WEEK_US = 7 * 86_400 * SECOND
_DAY_US = 86_400 * SECOND
_FEED_ROWS = 10
_FEED_REACH = 20_000
"""Rows back to which the feed looks for those of one warehouse: a quiet one must not cost a walk through the whole ledger."""
_WORK_ROWS = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: a warehouse, or None for all; how many days the chart shows."""

    warehouse: str | None
    days: str


@dataclass(frozen=True, slots=True)
class Tile:
    """One number of the strip in the unit that the company counts most in: what it is, how much in other units, and how it went.

    `change` is against the level at `since_us`, a week ago or when there first was any; None where nothing is known of then.
    """

    measure: str
    unit: str
    decimals: int
    value: int
    rest: Sequence[tuple[int, str, int]]
    change: int | None
    since_us: int
    line: Markup


@pages.get("/")
@allow("stock.read")
async def show(tenant: str) -> Response:
    """The whole page, or the part of it that has changed."""
    part = asking.one_of("part", tuple(PARTS), "")
    asked = Asked(asking.arg_or_none("warehouse"), asking.one_of("days", DAYS, DAYS[0]))
    if respond.is_fragment() and part:
        return await respond.fragment(f"dashboard/_{part}.html", **await _values((part,), asked))
    return await respond.page("dashboard/page.html", **await _values(tuple(PARTS), asked))


async def _values(wanted: Sequence[str], asked: Asked) -> dict[str, Any]:
    context = ctx()
    values: dict[str, Any] = {"warehouse": asked.warehouse, "days": asked.days, "all_days": DAYS, "form": Form()}
    async with context.reading() as connection:
        values["as_of_seq"] = await ledger.as_of_seq(connection, context.tenant.id)
        values["proof"] = await history.last_proof(connection, context.tenant.id)
        if len(wanted) > 1:
            values["warehouses"] = await places.warehouses_of(connection, context.tenant.id)
        for part in wanted:
            values |= await PARTS[part](context, connection, asked, values)
    return values


async def _totals(context: Context, connection: AsyncConnection, asked: Asked, _: Mapping[str, Any]) -> dict[str, Any]:
    tenant, now_us = context.tenant, context.clock()
    totals = await ledger.totals(connection, tenant.id, now_us, asked.warehouse)
    week = await history.series(connection, tenant.id, now_us, 8, tenant.time_zone, asked.warehouse)
    return {
        "tiles": _tiles(totals, week, now_us),
        "states": await ledger.states(connection, tenant.id, now_us, LevelFilter(warehouse=asked.warehouse)),
        "holds": await reservations.counted(connection, tenant.id, now_us, asked.warehouse),
        "under_way": await transfers.open_count(connection, tenant.id, asked.warehouse),
        "orders": await _orders(connection, tenant.id, OrderFilter(warehouse=asked.warehouse, open=True)),
        "orders_late": await _orders(connection, tenant.id, OrderFilter(warehouse=asked.warehouse, overdue=True)),
    }


async def _orders(connection: AsyncConnection, tenant_id: int, asked: OrderFilter) -> int:
    return sum((await purchasing.orders_counted(connection, tenant_id, asked)).values())


async def _chart(context: Context, connection: AsyncConnection, asked: Asked, _: Mapping[str, Any]) -> dict[str, Any]:
    """The series of what the company counts most in: pieces, if anything."""
    tenant = context.tenant
    series = await history.series(connection, tenant.id, context.clock(), int(asked.days), tenant.time_zone, asked.warehouse)
    return {"series": _first(series)}


async def _shortages(context: Context, connection: AsyncConnection, asked: Asked, _: Mapping[str, Any]) -> dict[str, Any]:
    found = await ledger.shortages(connection, context.tenant.id, context.clock(), asked.warehouse)
    return {"shortages": found, "reorders": await reorders_of(context, connection, found)}


async def _feed(context: Context, connection: AsyncConnection, asked: Asked, values: Mapping[str, Any]) -> dict[str, Any]:
    reach = max(0, values["as_of_seq"] - _FEED_REACH)
    rows = await history.rows(connection, context.tenant.id, LedgerFilter(warehouse=asked.warehouse, after_seq=reach, limit=_FEED_ROWS))
    return {"rows": await show_rows(context, connection, rows)}


async def _needs(context: Context, connection: AsyncConnection, asked: Asked, values: Mapping[str, Any]) -> dict[str, Any]:
    found, count = await needs_of(context, connection, values["proof"], values["as_of_seq"], asked.warehouse)
    return {"needs": found, "needs_count": count}


async def _work(context: Context, connection: AsyncConnection, asked: Asked, _: Mapping[str, Any]) -> dict[str, Any]:
    tenant, now_us = context.tenant.id, context.clock()
    ending = await reservations.ending(connection, tenant, now_us, _DAY_US, asked.warehouse, _WORK_ROWS)
    under_way = await transfers.oldest(connection, tenant, asked.warehouse, _WORK_ROWS)
    return {
        "ending": await show_holds(context, connection, ending),
        "transfers": await show_transfers(context, connection, under_way),
    }


async def _proof(context: Context, connection: AsyncConnection, asked: Asked, _: Mapping[str, Any]) -> dict[str, Any]:
    now_us = context.clock()
    tills = await tills_of(context, connection, asked.warehouse)
    return {
        "tills": tills,
        "tills_online": sum(is_online(till, now_us) for till in tills),
        "jobs": await jobs.health(connection, now_us),
    }


PARTS: dict[str, Callable[[Context, AsyncConnection, Asked, Mapping[str, Any]], Awaitable[dict[str, Any]]]] = {
    "totals": _totals,
    "chart": _chart,
    "needs": _needs,
    "shortages": _shortages,
    "feed": _feed,
    "work": _work,
    "proof": _proof,
}
"""What the page asks for again by itself, each a template of its own, and what that shows."""


def _tiles(totals: Sequence[Total], week: Sequence[Series], now_us: int) -> list[Tile]:
    """A tile for each measure. Pieces, kilograms and metres are never added together: the first unit is the large number."""
    main = next((each for each in totals if each.unit == "pcs"), totals[0] if totals else Total("pcs", 0, 0, 0, 0, 0, 0))
    points = next((each.points for each in week if each.unit == main.unit), ())
    return [_tile(measure, tone, main, totals, points, now_us) for measure, tone in MEASURES.items()]


def _tile(measure: str, tone: str, main: Total, totals: Sequence[Total], points: Sequence[Point], now_us: int) -> Tile:
    rest = [(getattr(each, measure), each.unit, each.decimals) for each in totals if each is not main and getattr(each, measure)]
    value = getattr(main, measure)
    week = _week(points, now_us) if tone else ()
    change = value - getattr(week[0], measure) if week else None
    line = spark.trend([getattr(point, measure) for point in week], tone)
    return Tile(measure, main.unit, main.decimals, value, rest, change, week[0].at_us if week else 0, line)


def _week(points: Sequence[Point], now_us: int) -> Sequence[Point]:
    """From a week ago on; of a company that is younger, from the first moment at which there was any."""
    ago = max((number for number, point in enumerate(points) if point.at_us <= now_us - _WEEK_US), default=0)
    begun = next((number for number, point in enumerate(points) if point.on_hand), len(points))
    return points[max(ago, begun) :] if begun < len(points) - 1 else ()


def _first(series: Sequence[Series]) -> Series | None:
    return next((each for each in series if each.unit == "pcs"), series[0] if series else None)
