"""Who is asking, and tickets for connections that cannot carry a header."""

from __future__ import annotations

from quart import Blueprint, Response

from tenants.domain import TICKET_LIFE
from web import respond
from web.access import ANYONE_HERE, allow, caller, ctx
from web.api import shapes
from web.api.operation import operation
from web.live.wanted import seen_by
from web.wiring import parts

routes = Blueprint("api_me", __name__, url_prefix="/v1/<tenant>")


@routes.get("/me")
@allow(ANYONE_HERE)
@operation("Who is asking", answer="Me")
async def me(tenant: str) -> Response:
    """The company, the name, the role, what it may do and where: `warehouses` is null for whoever is not limited to some."""
    seen = await seen_by(ctx())
    return respond.json(shapes.me(caller(), None if seen is None else sorted(seen)))


@routes.post("/live/ticket")
@allow("stock.read")
@operation("A ticket for one live connection", answer="Ticket", status=201)
async def ticket(tenant: str) -> Response:
    """Good once, for half a minute. Changes nothing, so it needs no Idempotency-Key: each call is another ticket."""
    made = await parts().sessions.ticket(caller())
    response = respond.json({"ticket": made, "expires_in": int(TICKET_LIFE.total_seconds())}, 201)
    response.headers["Cache-Control"] = "no-store"
    return response
