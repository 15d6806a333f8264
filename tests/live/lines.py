"""Live lines from the client's side: SSE as browsers read it, WebSockets as tills speak it, and the stock commands between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import orjson
from websockets.asyncio.client import ClientConnection, connect

from tests.people import Person
from tests.serving import Server

WAIT_S = 10.0


def lines(qty: Any, warehouse: str = "osh", sku: str = "CUP") -> dict[str, Any]:
    return {"lines": [{"sku": sku, "warehouse": warehouse, "qty": qty}]}


async def post(server: Server, who: Person, path: str, body: Any, key: str) -> httpx2.Response:
    async with httpx2.AsyncClient(base_url=server.url) as client:
        headers = {**who.bearer, "Idempotency-Key": key}
        return await client.post(f"/v1/{who.tenant.slug}/{path}", json=body, headers=headers)


async def receive(server: Server, who: Person, times: int, warehouse: str = "osh", key: str = "r") -> None:
    for number in range(times):
        said = await post(server, who, "stock/receive", lines(1, warehouse), f"{key}{number}")
        assert said.status_code == 200


@asynccontextmanager
async def feed(server: Server, who: Person, query: str = "", **headers: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """The events of an SSE line, as a browser reads them."""
    async with httpx2.AsyncClient(base_url=server.url, timeout=WAIT_S) as client:
        address = f"/v1/{who.tenant.slug}/events{query}"
        async with client.stream("GET", address, headers={**who.bearer, **headers}) as response:
            assert response.status_code == 200
            assert response.headers["Content-Type"].startswith("text/event-stream")
            yield _events(response)


async def _events(response: httpx2.Response) -> AsyncIterator[dict[str, Any]]:
    event: dict[str, Any] = {}
    async for text in response.aiter_lines():
        if not text:
            if "event" in event:
                yield event
            event = {}
        elif not text.startswith(":"):
            name, _, value = text.partition(": ")
            event[name] = orjson.loads(value) if name == "data" else value


async def some(events: AsyncIterator[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(WAIT_S):
        return [await anext(events) for _ in range(count)]


@asynccontextmanager
async def till(server: Server, who: Person, **hello: Any) -> AsyncIterator[ClientConnection]:
    """A till's line; with `hello` it follows the feed at once."""
    async with connect(f"{server.live_url}/v1/{who.tenant.slug}/live", additional_headers=who.bearer) as line:
        if hello:
            await say(line, op="hello", **hello)
        yield line


async def say(line: ClientConnection, **frame: Any) -> None:
    await line.send(orjson.dumps(frame).decode())


async def hear(line: ClientConnection, op: str | None = None) -> dict[str, Any]:
    """The next frame, or the next of a kind."""
    async with asyncio.timeout(WAIT_S):
        while True:
            frame: dict[str, Any] = orjson.loads(await line.recv())
            if op is None or frame["op"] == op:
                return frame
