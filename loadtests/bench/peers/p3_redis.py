"""P3, stock in Redis: one Lua script per request in a Redis-compatible server. *P3* keeps nothing, *P3d* flushes before it answers.

The script claims the idempotency key (SET NX), checks, raises `reserved` (HINCRBY), appends to a stream (XADD) and stores the reply
under the key. It speaks RESP over few connections with requests on their way side by side, as the engine's desk does, so the client
is no slower than ours; with `appendfsync always` the server flushes once for all that arrived together. No reservation that can expire
and no answer about its lines: less than the engine does.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import hiredis
from redis import asyncio as redis

from loadtests.bench.ground import PLENTY, Company
from loadtests.bench.load import Callers, Turn
from loadtests.bench.messages import Spread, chooser, reserve_one

_RETRIES = "86400"
"""Seconds that a key is remembered."""


class RedisScript:
    """EVALSHA, pipelined over one connection."""

    unit = "callers"
    sizes: Sequence[int] = (64, 512)

    def __init__(self, name: str, url: str, company: Company) -> None:
        self.name = name
        self._durable = name == "P3d"
        self.title = f"Redis script, {'always flushed' if self._durable else 'nothing kept'}"
        self._url = url
        self._company = company

    async def prepare(self) -> None:
        """Room enough, durability as the name says, and the company's stock."""
        async with redis.from_url(self._url) as client:
            await client.config_set("maxmemory", 0)
            await client.config_set("appendfsync", "always")
            await client.config_set("appendonly", "yes" if self._durable else "no")
            pipeline = client.pipeline(transaction=False)
            for item in self._company.items:
                pipeline.hset(f"stock:{item}", mapping={"on_hand": PLENTY, "reserved": 0})
            await pipeline.execute()
            self._sha = await client.script_load(_SCRIPT)

    def turner(self, spread: Spread) -> Callable[[int, float], Awaitable[Turn]]:
        """Reserve one piece, again and again."""
        choose = chooser(self._company.items, spread)
        sha = self._sha.encode() if isinstance(self._sha, str) else self._sha

        async def turn(callers: int, seconds: float) -> Turn:
            async with AsyncExitStack() as opened:
                link = await Link.open(self._url, opened)

                def ask() -> asyncio.Future[Any]:
                    command = reserve_one(choose(), self._company.warehouse)
                    line = command.lines[0]
                    item = str(line.item)
                    return link.ask(
                        b"EVALSHA", sha, b"3", f"stock:{item}", b"key:" + command.key_hash, b"ledger",
                        str(line.qty), command.key, item, _RETRIES,
                    )  # fmt: skip

                return await Callers(ask, lambda answer: isinstance(answer, int) and answer > 0).run(callers, seconds)

        return turn

    async def faults(self) -> list[str]:
        """Whether what is reserved is what the stream says."""
        async with redis.from_url(self._url) as client:
            pipeline = client.pipeline(transaction=False)
            for item in self._company.items:
                pipeline.hget(f"stock:{item}", "reserved")
            reserved = sum(map(int, await pipeline.execute()))
            entries = await client.xlen("ledger")
            persisted = not self._durable or (await client.info("persistence"))["aof_last_write_status"] == "ok"
        same = reserved == entries * reserve_one(0, 0).lines[0].qty
        return [] if same and persisted else [f"{self.name}: {reserved} reserved by {entries} entries"]


class Link(asyncio.Protocol):
    """One connection; what is asked in one turn of the event loop leaves in one write, answers come in order."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader()
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._out: list[bytes] = []

    @classmethod
    async def open(cls, url: str, opened: AsyncExitStack) -> Link:
        """Connect and sign in; closed with the stack."""
        target = redis.ConnectionPool.from_url(url).connection_kwargs
        _, link = await asyncio.get_running_loop().create_connection(cls, target["host"], target["port"])
        opened.callback(link.close)
        await link.ask(b"AUTH", target["password"])
        return link

    def connection_made(self, transport: Any) -> None:
        """Keep the way out."""
        self._transport = transport

    def ask(self, *words: bytes | str) -> asyncio.Future[Any]:
        """The future of the answer."""
        loop = asyncio.get_running_loop()
        if not self._out:
            loop.call_soon(self._flush)
        self._out.append(hiredis.pack_command(words))  # type: ignore[arg-type]
        future: asyncio.Future[Any] = loop.create_future()
        self._waiting.append(future)
        return future

    def data_received(self, data: bytes) -> None:
        """Hand answers to whoever asked, oldest first."""
        self._reader.feed(data)
        while (answer := self._reader.gets()) is not False:
            future = self._waiting.popleft()
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def close(self) -> None:
        """Hang up; nothing is under way."""
        self._transport.close()

    def _flush(self) -> None:
        self._transport.write(b"".join(self._out))
        self._out.clear()


_SCRIPT = """
local known = redis.call('SET', KEYS[2], '', 'NX', 'EX', ARGV[4])
if not known then return redis.call('GET', KEYS[2]) end
local stock = redis.call('HMGET', KEYS[1], 'on_hand', 'reserved')
if tonumber(stock[1]) - tonumber(stock[2]) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[2], 'insufficient_stock', 'EX', ARGV[4])
  return 0
end
local reserved = redis.call('HINCRBY', KEYS[1], 'reserved', ARGV[1])
local id = redis.call('XADD', KEYS[3], '*', 'item', ARGV[3], 'delta', ARGV[1], 'reserved', reserved, 'key', ARGV[2])
redis.call('SET', KEYS[2], id, 'EX', ARGV[4])
return 1
"""
