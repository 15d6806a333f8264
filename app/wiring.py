"""Where the parts meet: which engine stands behind `ctx.stock`, who reads the feed, who hears of a grown ledger."""

from __future__ import annotations

import functools
import hashlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from actors.cluster import Cluster, ClusterEngine
from actors.local import LocalEngine
from app.errands import errands
from app.provision import Urls
from app.settings import CannotStart, Settings
from app.smtp import Smtp
from db.engine import make_engine
from db.gcra import SharedGcra
from events.feed import Feed
from events.relay import Relay
from inventory.context import Stock
from kit.clock import Clock, now_us
from web.live.reader import Reader

log = structlog.get_logger("app")

APP_POOL = 16
"""Connections of a web process for pages and reads. Stock commits have a pool of their own in the shard."""

_cluster: Cluster | None = None


@dataclass(frozen=True, slots=True)
class Wiring:
    """The rest of the house as a web process sees it (`web.wiring.Wiring`)."""

    secret: str
    environment: str
    engine: AsyncEngine
    stock: Stock
    clock: Clock
    feed: Feed
    shared_limits: SharedGcra | None
    relay: Relay
    gauges: Callable[[], list[dict[str, Any] | None]]
    jobs_token: str | None
    run_jobs: Callable[[], Awaitable[Sequence[dict[str, Any]]]]
    mail: Smtp | None
    mail_from: str
    public_url: str
    sign_up_open: bool


def start_cluster(settings: Settings, urls: Urls) -> str:
    """Start Ray, or join the one that the settings name, and the shards; they live as long as this process.

    Blocks until the shards answer; returns the address for web processes. Raises CannotStart.
    """
    global _cluster
    _cluster = Cluster(namespace(urls.engine), settings.ray_address)
    try:
        return _cluster.start(urls.engine, settings.shards, functools.partial(_shard_hint, settings.redis_url))
    except (ConnectionError, RuntimeError, TimeoutError, ValueError) as problem:
        raise CannotStart(f"The stock engine did not start on Ray: {problem}") from problem


def stop_cluster() -> None:
    """Let the shards finish, and end them and the Ray that was started for them."""
    global _cluster
    if _cluster is not None:
        cluster, _cluster = _cluster, None
        cluster.stop(drain=True)


@asynccontextmanager
async def wired(settings: Settings) -> AsyncIterator[Wiring]:
    """Everything a web process needs, put together; taken apart in the opposite order on leaving."""
    app_url, engine_url = _urls(settings)
    async with AsyncExitStack() as parts:
        relay = Relay(settings.redis_url)
        parts.push_async_callback(relay.close)
        database = make_engine(app_url, APP_POOL)
        parts.push_async_callback(database.dispose)
        engine = await _engine(settings, engine_url, relay)
        parts.push_async_callback(engine.close)
        reader = Reader(database)
        feed = Feed(reader.head, reader.rows)
        relay.listen(feed.heard)
        parts.push_async_callback(feed.close)
        shared_limits = SharedGcra(settings.redis_url) if settings.redis_url else None
        if shared_limits is not None:
            parts.push_async_callback(shared_limits.close)
        yield Wiring(
            secret=settings.secret,
            environment=settings.environment,
            engine=database,
            stock=engine.desk,
            clock=now_us,
            feed=feed,
            shared_limits=shared_limits,
            relay=relay,
            gauges=lambda: engine.gauges,
            jobs_token=settings.jobs_token,
            run_jobs=errands(settings),
            mail=Smtp(settings.smtp_url, settings.smtp_ca) if settings.smtp_url else None,
            mail_from=settings.mail_from,
            public_url=settings.public_url,
            sign_up_open=settings.sign_up == "open",
        )


async def _engine(settings: Settings, engine_url: str, relay: Relay) -> LocalEngine | ClusterEngine:
    engine: LocalEngine | ClusterEngine
    if settings.engine == "local":
        engine = LocalEngine(engine_url, relay.hint, _fenced)
    else:
        cluster = Cluster(namespace(engine_url), settings.ray_address)
        cluster.attach(settings.shards)
        # The shards tell Redis; this process hears its own commands' rows without that detour.
        engine = ClusterEngine(cluster, relay.notify)
    await engine.start()
    return engine


def _urls(settings: Settings) -> tuple[str, str]:
    if settings.database_app_url is None or settings.database_engine_url is None:
        raise CannotStart("DATABASE_APP_URL and DATABASE_ENGINE_URL must be set for the web; `onhand run` finds them by itself.")
    return settings.database_app_url, settings.database_engine_url


def namespace(engine_url: str) -> str:
    """Ray's name for this installation: two of them may share a Ray, each with its own database."""
    place = engine_url.rpartition("@")[2]
    return f"onhand-{hashlib.sha256(place.encode()).hexdigest()[:12]}"


def _shard_hint(redis_url: str | None) -> Callable[[int, int, int], None]:
    """Made inside a shard's process."""
    return Relay(redis_url, listening=False).hint


def _fenced() -> None:
    """Another owner has a partition of ours: end this web process in order; the supervisor starts a new one."""
    log.error("fenced", meaning="another process owns this database's stock; ending this one")
    os.kill(os.getpid(), signal.SIGTERM)
