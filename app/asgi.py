"""The web on hypercorn: one process, one event loop, stopped in order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import structlog
import uvloop
from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config

from app.settings import Settings
from app.wiring import wired
from web.app import create_app

log = structlog.get_logger("app")

GRACE_S = 3.0
"""How long requests may go on after a stop. An open WebSocket costs all of it, so it stays short."""
HEADERS_MAX = 16 * 1024
MESSAGE_MAX = 64 * 1024
BACKLOG = 1024
REQUESTS_MAX = 1_000_000_000
"""A connection may carry as many requests as it likes; hypercorn's own limit of 1,000 cuts busy clients off."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Returns when everything is closed."""
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    closing = asyncio.Event()

    def listen() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, closing.set)

    await serve_until(closing, settings, listen)


async def serve_until(closing: asyncio.Event, settings: Settings, wired_up: Callable[[], None] = lambda: None) -> None:
    """Serve in the running loop until `closing` is set; live lines end with it too, so stopping is quick.

    `wired_up` is called when all parts are there and before the first request: joining Ray puts signal handlers of Ray's in
    place, so ours must come after.
    """
    async with wired(settings) as wiring:
        wired_up()
        app = create_app(wiring)
        app.extensions["closing"] = closing
        log.info("serving", host=settings.host, port=settings.port)
        await hypercorn_serve(app, _config(settings), shutdown_trigger=closing.wait)


def _config(settings: Settings) -> Config:
    config = Config()
    config.bind = [f"{settings.host}:{settings.port}"]
    config.graceful_timeout = GRACE_S
    config.shutdown_timeout = GRACE_S
    config.backlog = BACKLOG
    config.keep_alive_timeout = 75
    config.keep_alive_max_requests = REQUESTS_MAX
    config.read_timeout = 60
    config.h11_max_incomplete_size = HEADERS_MAX
    config.websocket_max_message_size = MESSAGE_MAX
    config.websocket_ping_interval = 20
    config.include_server_header = False
    config.accesslog = None
    config.errorlog = "-"
    return config
