"""The ASGI servers that can carry the web. Both keep the same limits (`limits.py`) and end the same way."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

Serve = Callable[[Any, socket.socket, asyncio.Event], Awaitable[None]]
"""(app, a bound socket, closing) -> serves until `closing` is set, and then ends within `limits.GRACE_S`."""


def server(name: str) -> Serve:
    """The server of that name (`ONHAND_SERVER`). Imported late: the other one is not needed."""
    if name == "uvicorn":
        from app.servers.uvicorn import serve
    else:
        from app.servers.hypercorn import serve
    return serve
