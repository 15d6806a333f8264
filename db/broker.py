"""Redis as a hint: short messages that something happened, lost without harm.

Publishing never waits and never fails the caller; what cannot be sent is dropped. Listening reconnects by itself. The log is told
once when Redis is lost and once when it is back, however long that takes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

log = structlog.get_logger("db")

PAUSE_MAX_S = 2.0
SETTLED_S = 10.0
"""A connection of before may fail so long after Redis is back: that is the same outage, told already."""
QUIET_S = 10.0
"""After so long without a message the listener asks whether anybody is there; a connection may be dead and open."""
WAIT_S = 5.0


class Broker:
    """One connection to publish on, one to listen on. Messages are short texts on channels."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(url, decode_responses=True, socket_timeout=WAIT_S, socket_connect_timeout=2)
        self._pending: dict[str, str] = {}
        self._wake = asyncio.Event()
        self._lost: set[str] = set()
        self._settled_at = 0.0
        self._tasks = [asyncio.create_task(self._publish())]

    def publish(self, channel: str, message: str) -> None:
        """Send soon. Only the latest message of a channel is kept while one is on its way."""
        self._pending[channel] = message
        self._wake.set()

    def listen(self, pattern: str, heard: Callable[[str, str], None]) -> None:
        """Call `heard(channel, message)` for every message on channels that match, for as long as the broker is open."""
        self._tasks.append(asyncio.create_task(self._listen(pattern, heard)))

    async def close(self) -> None:
        """Stop publishing and listening."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._redis.aclose()

    async def _publish(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            sending, self._pending = self._pending, {}
            try:
                async with self._redis.pipeline(transaction=False) as pipe:
                    for channel, message in sending.items():
                        pipe.publish(channel, message)
                    await pipe.execute()
            except (RedisError, OSError) as problem:
                await self._lose("publish", problem)
                await asyncio.sleep(PAUSE_MAX_S)
            else:
                self._note("publish")

    async def _listen(self, pattern: str, heard: Callable[[str, str], None]) -> None:
        pause = 0.1
        while True:
            try:
                async with self._redis.pubsub() as channels:
                    await channels.psubscribe(pattern)
                    while True:
                        message = await _next(channels)
                        pause = 0.1
                        self._note("listen")
                        if message["type"] == "pmessage":
                            heard(message["channel"], message["data"])
            except (RedisError, OSError) as problem:
                await self._lose("listen", problem)
                await asyncio.sleep(pause)
                pause = min(PAUSE_MAX_S, pause * 2)

    async def _lose(self, way: str, problem: Exception) -> None:
        """A connection failed: those that rest are as dead, and would only say so when they are next needed."""
        self._note(way, problem)
        await self._redis.connection_pool.disconnect(inuse_connections=False)

    def _note(self, way: str, problem: Exception | None = None) -> None:
        """Tell the log when Redis goes and when it comes back."""
        before = bool(self._lost)
        self._lost.discard(way) if problem is None else self._lost.add(way)
        if self._lost and not before and time.monotonic() > self._settled_at:
            log.warning("redis_lost", problem=repr(problem), meaning="others look once a second")
        elif before and not self._lost:
            self._settled_at = time.monotonic() + SETTLED_S
            log.info("redis_back")


async def _next(channels: PubSub) -> dict[str, Any]:
    """The next message, of whatever type. Raises TimeoutError when nobody is there any more."""
    message = await channels.get_message(timeout=QUIET_S)
    if message is None:
        await channels.ping()
        message = await channels.get_message(timeout=WAIT_S)
    if message is None:
        raise TimeoutError("no answer")
    found: dict[str, Any] = message
    return found
