"""The web on an ASGI server: one process, one event loop, stopped in order."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Callable

import structlog
import uvloop

from app.claims import need_port
from app.servers import server
from app.settings import Settings
from app.sockets import bound_socket, inherited_socket
from app.wiring import wired
from web import forwarded
from web.app import create_app

log = structlog.get_logger("app")


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Returns when everything is closed."""
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    closing = asyncio.Event()

    def listen() -> None:
        # What exists by now lives as long as the process; collecting it again and again would stop every request.
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
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
        forwarded.install(app, settings.trusted_proxies or ())
        app.extensions["closing"] = closing
        ending = asyncio.create_task(_hang_up(closing, wiring.feed.nudge))
        log.info("serving", host=settings.host, port=settings.port, server=settings.server)
        try:
            await server(settings.server)(app, _socket(settings), closing)
        finally:
            ending.cancel()


def _socket(settings: Settings) -> socket.socket:
    """The supervisor's, which outlives this process, or one of our own. Raises CannotStart when another program has the port."""
    inherited = inherited_socket()
    if inherited is None:
        need_port(settings.host, settings.port)
        inherited = bound_socket(settings.host, settings.port)
    inherited.setblocking(False)
    return inherited


async def _hang_up(closing: asyncio.Event, nudge: Callable[[], None]) -> None:
    """Wake the live lines that wait, so that they see the end."""
    await closing.wait()
    nudge()
