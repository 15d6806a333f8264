"""The dashboard: totals, what is short, how the level went, what just happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quart import Blueprint, Response

from inventory.ledger import history
from inventory.ledger import queries as ledger
from inventory.ledger.history import LedgerFilter, Series
from inventory.ledger.queries import LevelFilter
from inventory.locations import queries as places
from inventory.reservations import queries as reservations
from kit.quantity import ONE
from web import asking, respond
from web.access import allow, ctx
from web.pages.rows import show_rows

pages = Blueprint("dashboard", __name__, url_prefix="/t/<tenant>")

DAYS = ("7", "30", "90")
PARTS = ("totals", "shortages", "feed", "chart", "proof")
"""What the page asks for again by itself, each a template of its own."""
_FEED_ROWS = 13


@pages.get("/")
@allow("stock.read")
async def show(tenant: str) -> Response:
    """The whole page, or the part of it that has changed."""
    part = asking.one_of("part", PARTS, "")
    if respond.is_fragment() and part:
        return await respond.fragment(f"dashboard/_{part}.html", **await _values((part,)))
    return await respond.page("dashboard/page.html", **await _values(PARTS))


async def _values(wanted: Sequence[str]) -> dict[str, Any]:
    context, warehouse, days = ctx(), asking.arg_or_none("warehouse"), asking.one_of("days", DAYS, DAYS[0])
    tenant, now_us = context.tenant, context.clock()
    values: dict[str, Any] = {"warehouse": warehouse, "days": days, "all_days": DAYS}
    async with context.reading() as connection:
        values["as_of_seq"] = await ledger.as_of_seq(connection, tenant.id)
        values["warehouses"] = await places.warehouses_of(connection, tenant.id)
        values["proof"] = await history.last_proof(connection, tenant.id)
        if "totals" in wanted:
            values["totals"] = await ledger.totals(connection, tenant.id, now_us, warehouse)
            values["states"] = await ledger.states(connection, tenant.id, now_us, LevelFilter(warehouse=warehouse))
            values["holds"] = await reservations.counted(connection, tenant.id, now_us)
        if "shortages" in wanted:
            values["shortages"] = await ledger.shortages(connection, tenant.id, now_us, warehouse)
        if "feed" in wanted:
            rows = await history.rows(connection, tenant.id, LedgerFilter(warehouse=warehouse, limit=_FEED_ROWS))
            values["rows"] = await show_rows(context, connection, rows)
        if "chart" in wanted:
            values["series"] = await history.series(connection, tenant.id, now_us, int(days), tenant.time_zone, warehouse)
            values["chart"] = _chart(values["series"])
    return values


def _chart(series: Sequence[Series]) -> dict[str, Any] | None:
    """The series of pieces, or of whatever the company counts in, as the chart draws it: seconds and plain numbers."""
    shown = next((each for each in series if each.unit == "pcs"), series[0] if series else None)
    if shown is None:
        return None
    return {
        "unit": shown.unit,
        "decimals": shown.decimals,
        "at": [point.at_us / 1_000_000 for point in shown.points],
        "on_hand": [point.on_hand / ONE for point in shown.points],
        "reserved": [point.reserved / ONE for point in shown.points],
        "available": [point.available / ONE for point in shown.points],
    }
