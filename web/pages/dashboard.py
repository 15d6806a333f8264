"""The dashboard."""

from __future__ import annotations

from quart import Blueprint, Response

from web import respond
from web.access import allow

pages = Blueprint("dashboard", __name__)


@pages.get("/t/<tenant>/")
@allow("stock.read")
async def show(tenant: str) -> Response:
    """Totals, shortages, the level of the last days and what happened lately."""
    return await respond.page("dashboard/page.html")
