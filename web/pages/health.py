"""Whether this process is alive, and whether it can serve."""

from __future__ import annotations

from quart import Blueprint, Response
from sqlalchemy import text

from kit.errors import refuse
from web import respond
from web.access import public
from web.api.metrics import shards_of
from web.api.operation import operation
from web.wiring import parts

pages = Blueprint("health", __name__)


@pages.get("/healthz")
@public
@operation("Whether this process is alive", answer="Status", public=True)
async def healthz() -> Response:
    """Alive: the process answers. Asks nothing of anybody else, so a slow database does not get it restarted."""
    return respond.json({"status": "ok"})


@pages.get("/readyz")
@public
@operation("Whether this process can serve", answer="Status", public=True)
async def readyz() -> Response:
    """Ready: the database and every shard of the engine answer. What the database raises becomes 503."""
    wiring = parts().wiring
    async with wiring.engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    if any(shard is None for shard in shards_of(wiring)):
        raise refuse("unavailable")
    return respond.json({"status": "ready"})
