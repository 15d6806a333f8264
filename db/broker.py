"""Redis as a hint: short messages that something happened, lost without harm.

Publishing never waits and never fails the caller; what cannot be sent is dropped. Listening reconnects by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger("db")

PAUSE_MAX_S = 2.0


class Broker:
    """One connection to publish on, one to listen on. Messages are short texts on channels."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(url, decode_responses=True, socket_timeout=5, socket_connect_timeout=2)
        self._pending: dict[str, str] = {}
        self._wake = asyncio.Event()
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
                log.warning("hint_lost", problem=repr(problem), channels=len(sending))
                await asyncio.sleep(PAUSE_MAX_S)

    async def _listen(self, pattern: str, heard: Callable[[str, str], None]) -> None:
        pause = 0.1
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as channels:
                    await channels.psubscribe(pattern)
                    pause = 0.1
                    while True:
                        message = await channels.get_message(timeout=None)
                        if message is not None:
                            heard(message["channel"], message["data"])
            except (RedisError, OSError) as problem:
                log.warning("hints_interrupted", problem=repr(problem))
                await asyncio.sleep(pause)
                pause = min(PAUSE_MAX_S, pause * 2)
