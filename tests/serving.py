"""A whole server for a test: the real web on a port of its own, with the engine in the same process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from sqlalchemy.ext.asyncio import AsyncEngine

from app.asgi import serve_until
from app.provision import Urls
from app.settings import Settings
from db.engine import make_engine
from inventory.catalog import messages as catalog
from inventory.catalog import service as catalog_service
from inventory.locations import messages as places
from inventory.locations import service as places_service
from tenants.domain import Role
from tests.conftest import Database
from tests.people import World, populate


@dataclass(frozen=True, slots=True)
class Server:
    """Where it answers, and who may come: Alice and Bob of a shop with two items and two warehouses, Carol of nowhere near."""

    url: str
    world: World
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    @property
    def live_url(self) -> str:
        """The same address for WebSockets."""
        return self.url.replace("http://", "ws://", 1)

    async def ended(self) -> None:
        """Wait until it has stopped after `closing` was set."""
        assert self.task is not None
        await asyncio.wait([self.task])

    async def readers(self) -> int:
        """How many live feeds are open in it."""
        async with httpx2.AsyncClient(base_url=self.url) as client:
            counts = (await client.get("/metrics")).text
        return int(float(next(line for line in counts.splitlines() if line.startswith("onhand_feed_readers ")).split()[1]))


@asynccontextmanager
async def serving(
    database: Database,
    var: Path,
    redis_url: str | None = None,
    bob: Role = Role.MANAGER,
    server_name: str = "hypercorn",
    port: int = 0,
    world: World | None = None,
) -> AsyncIterator[Server]:
    """Serve inside the block; on a free port unless a server of before is to come back, with the people it had."""
    settings = settings_of(database, var, redis_url, server_name, port)
    engine = make_engine(database.app, pool_size=4)
    try:
        async with answering(settings) as (closing, server):
            yield Server(f"http://{settings.host}:{settings.port}", world or await shop(engine, bob), closing, server)
    finally:
        await engine.dispose()


def settings_of(database: Urls, var: Path, redis_url: str | None, server_name: str = "hypercorn", port: int = 0) -> Settings:
    """Settings of a server of one process, on a free port unless one is named."""
    port = port or _free_port()
    return Settings(
        var=var,
        host="127.0.0.1",
        port=port,
        server=server_name,  # type: ignore[arg-type]
        web_workers=1,
        database_url=None,
        database_app_url=database.app,
        database_engine_url=database.engine,
        redis_url=redis_url,
        ray_address=None,
        engine="local",
        shards=1,
        log_level="warning",
        environment="development",
        secret="a secret of tests that is long enough",
        public_url=f"http://127.0.0.1:{port}",
        mail_from="Onhand <post@onhand.example>",
        sign_up="open",
    )


@asynccontextmanager
async def answering(settings: Settings) -> AsyncIterator[tuple[asyncio.Event, asyncio.Task[None]]]:
    """A server that answers inside the block: what ends it, and itself."""
    closing = asyncio.Event()
    server = asyncio.create_task(serve_until(closing, settings))
    try:
        await _answers(settings, server)
        yield closing, server
    finally:
        closing.set()
        await server


async def shop(engine: AsyncEngine, bob: Role = Role.MANAGER) -> World:
    """Alice's shop: items CUP and ROPE (metres), warehouses osh and main. Carol's company has the same."""
    world = await populate(engine, prepare=catalog_service.found_units, bob=bob)
    for owner in (world.alice, world.carol):
        ctx = owner.context(engine)
        async with ctx.writing() as work:
            for code in ("osh", "main"):
                await places_service.create_warehouse(ctx, work, places.NewWarehouse(code, code.title()))
            await catalog_service.create_item(ctx, work, catalog.NewItem("CUP", "Tea cup"))
            await catalog_service.create_item(ctx, work, catalog.NewItem("ROPE", "Rope", base_unit="m"))
    return world


async def _answers(settings: Settings, server: asyncio.Task[None]) -> None:
    for _ in range(400):
        if server.done():
            await server
        try:
            _, writer = await asyncio.open_connection(settings.host, settings.port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise AssertionError("the server does not answer")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
