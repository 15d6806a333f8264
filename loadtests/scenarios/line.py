"""A till's WebSocket under gevent: `websockets.sync`, whose thread becomes a greenlet once locust has patched the standard library.

Of the clients that work there it costs the least, and the service uses the same library elsewhere.
"""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import NamedTuple

import gevent
import orjson
from gevent.event import AsyncResult
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from loadtests.scenarios.company import Company, Json

TIMEOUT_S = 20.0
CLOSE_S = 1.0
FRAME_MAX = 4 * 2**20
LOST = (WebSocketException, OSError)


class Heard(NamedTuple):
    """A frame, and when it came (`time.perf_counter`)."""

    frame: Json
    at: float


class Line:
    """One connection. Frames that answer nothing go to `heard`. Raises one of `LOST` when it cannot be opened or written to."""

    def __init__(self, company: Company, query: str, headers: dict[str, str], heard: Callable[[Json], None]) -> None:
        scheme, _, place = company.url.partition("://")
        address = f"{'wss' if scheme == 'https' else 'ws'}://{place.partition('/')[0]}{company.base}/live{query}"
        self._heard = heard
        self._numbers = itertools.count(1)
        self._waiting: dict[str, AsyncResult] = {}
        self._open = ExitStack()
        way = connect(
            address,
            additional_headers=headers,
            compression=None,
            open_timeout=TIMEOUT_S,
            close_timeout=CLOSE_S,
            ping_interval=None,
            max_size=FRAME_MAX,
        )
        self._socket = self._open.enter_context(way)
        self._listening = gevent.spawn(self._listen)

    def send(self, frame: Json) -> AsyncResult:
        """Send a frame. Its answer becomes what was Heard, or None when the line was lost before; many may be under way."""
        identity = str(next(self._numbers))
        waits_for = identity if frame["op"] == "do" else str(frame["op"])
        answer = self._waiting[waits_for] = AsyncResult()
        self._socket.send(orjson.dumps(frame | {"id": identity}).decode())
        return answer

    def close(self) -> None:
        """Hang up in order."""
        self._open.close()
        self._listening.join(TIMEOUT_S)

    def drop(self) -> None:
        """The cable is pulled: no good-bye."""
        with suppress(OSError):
            self._socket.socket.shutdown(socket.SHUT_RDWR)
        self.close()

    def _listen(self) -> None:
        with suppress(*LOST):
            for text in self._socket:
                heard = Heard(orjson.loads(text), time.perf_counter())
                frame = heard.frame
                # An answer to a command bears its id; a hello and a pong bear none, and come once per asking.
                answer = self._waiting.pop(str(frame["id"] if "id" in frame else _ANSWERS.get(frame["op"], "")), None)
                if frame["op"] == "hello" or answer is None:
                    self._heard(frame)
                if answer is not None:
                    answer.set(heard)
        while self._waiting:
            self._waiting.popitem()[1].set(None)


_ANSWERS = {"hello": "hello", "pong": "ping"}
