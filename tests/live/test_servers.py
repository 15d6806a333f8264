"""Whichever server carries the web…"""

from __future__ import annotations

import asyncio
import itertools
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import httpx2
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from wsproto.connection import Connection, ConnectionType

from app.servers import limits
from app.servers.hypercorn import Context, Socket, _config
from tests.conftest import Database
from tests.live.lines import feed, hear, lines, post, receive, say, some, till
from tests.serving import Server, serving
from web.app import BODY_MAX
from web.live import socket as live_socket

UPGRADE = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
SLACK_S = 1.5
"""What a stop may take beyond its grace on a busy machine."""


@pytest_asyncio.fixture(params=["hypercorn", "uvicorn"])
async def server(request: pytest.FixtureRequest, database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server of this test alone: it may be stopped, and its limits are looked at when it starts."""
    async with serving(database, tmp_path_factory.mktemp("var"), server_name=request.param) as found:
        yield found


async def test_answers_pages_reads_and_commands_and_the_same_to_the_same_key(server: Server) -> None:
    alice = server.world.alice
    async with httpx2.AsyncClient(base_url=server.url) as client:
        door = await client.get(f"/t/{alice.tenant.slug}/sign-in")
        assert (door.status_code, "text/html" in door.headers["Content-Type"]) == (200, True)
        await receive(server, alice, 1)
        first = await post(server, alice, "stock/reserve", lines("1"), "s1")
        again = await post(server, alice, "stock/reserve", lines("1"), "s1")
        assert (first.status_code, again.status_code, first.content) == (201, 201, again.content)
        assert again.headers["Idempotent-Replayed"] == "true"
        level = await client.get(f"/v1/{alice.tenant.slug}/stock/levels?sku=CUP", headers=alice.bearer)
        assert level.status_code == 200, level.text
        for answer in (door, first, level):
            assert "server" not in answer.headers


async def test_refuses_a_body_that_is_too_large(server: Server) -> None:
    said = await post(server, server.world.alice, "stock/receive", {"note": "x" * (BODY_MAX + 1)}, "big")
    assert said.status_code == 413


async def test_refuses_a_head_that_is_too_large(server: Server) -> None:
    async with stranger(server) as (reader, writer):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n")
        for number in range(9):
            writer.write(b"X-%d: %s\r\n" % (number, b"x" * (limits.HEADERS_MAX // 8)))
            await asyncio.sleep(0.02)
        assert b" 431 " in await reader.readline()


async def test_cuts_who_does_not_finish_a_head(
    monkeypatch: pytest.MonkeyPatch, database: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(limits, "KEEP_ALIVE_S", 1.0)
    for name in ("hypercorn", "uvicorn"):
        var = tmp_path_factory.mktemp("var")
        async with serving(database, var, server_name=name) as server, stranger(server) as (reader, writer), asyncio.timeout(20):
            writer.write(b"GET /healthz HTTP/1.1\r\n")
            dripping = asyncio.create_task(_drip(writer))
            assert await reader.read() == b"", name
            dripping.cancel()


async def test_closes_a_line_that_sends_too_much_at_once(server: Server) -> None:
    async with till(server, server.world.alice) as line:
        await say(line, op="ping", pad="x" * limits.MESSAGE_MAX)
        with pytest.raises(ConnectionClosed) as closed:
            await hear(line)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009


async def test_holds_who_sends_faster_than_it_reads_and_loses_nothing(server: Server) -> None:
    """The server stops reading, so that the sender waits; the frames are not heaped up in its memory."""
    alice = server.world.alice
    address = f"{server.live_url}/v1/{alice.tenant.slug}/live"
    names = [f"{number}{'x' * 4_000}" for number in range(3_000)]
    with stuck(server) as narrow:
        async with connect(address, sock=narrow, additional_headers=alice.bearer, max_queue=1) as line:
            sending = asyncio.gather(*[say(line, op="fly", id=name) for name in names])
            await asyncio.sleep(2)
            assert not sending.done()
            seen = [(await hear(line, "refused"))["id"] for _ in names]
            await sending
    assert sorted(seen) == sorted(names)


async def test_stops_within_its_grace_with_lines_open(server: Server) -> None:
    alice = server.world.alice
    async with AsyncExitStack() as open_lines:
        tills = [await open_lines.enter_async_context(till(server, alice, after=0)) for _ in range(5)]
        feeds = [await open_lines.enter_async_context(feed(server, alice)) for _ in range(5)]
        for each in feeds:
            await some(each, 1)
        for line in tills:
            await hear(line, "hello")
        began = time.monotonic()
        server.closing.set()
        await server.ended()
        assert time.monotonic() - began < limits.GRACE_S + SLACK_S
        for line in tills:
            with pytest.raises(ConnectionClosed) as closed:
                await hear(line)
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 1001
        for each in feeds:
            assert [event async for event in each] == []


async def test_cuts_a_reader_that_takes_nothing(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    """Whether it follows by SSE or by WebSocket; and whoever reads is not held up."""
    monkeypatch.setattr(limits, "STALL_S", 1.0)
    monkeypatch.setattr(live_socket, "STALL_S", 0.5)
    alice = server.world.alice
    slug, bearer = alice.tenant.slug.encode(), b"Host: a\r\nAuthorization: Bearer %s\r\n" % alice.key.encode()
    fifty = {"lines": lines(1)["lines"] * 50}
    async with feed(server, alice) as quick:
        await some(quick, 1)
        with stuck(server) as sse, stuck(server) as ws:
            sse.sendall(b"GET /v1/%s/events HTTP/1.1\r\n%s\r\n" % (slug, bearer))
            ws.sendall(b"GET /v1/%s/live HTTP/1.1\r\n%s%s\r\n" % (slug, bearer, UPGRADE))
            await asyncio.sleep(0.5)
            ws.sendall(_masked(b'{"op":"hello"}'))
            async with asyncio.timeout(50):
                while await server.readers() < 3:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
                for number in itertools.count():
                    await post(server, alice, "stock/receive", fifty, f"k{number}")
                    await some(quick, 50)
                    if await server.readers() == 1:  # ours alone is left
                        break


@asynccontextmanager
async def stranger(server: Server) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection on which anything may be said."""
    parts = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    yield reader, writer
    writer.transport.abort()


@contextmanager
def stuck(server: Server) -> Iterator[socket.socket]:
    """A connection that nobody reads, with little room in between."""
    parts = urlsplit(server.url)
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        line.connect((parts.hostname, parts.port))
        yield line


async def _drip(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"X: y\r\n")
        await asyncio.sleep(0.1)


def _masked(text: bytes) -> bytes:
    """A short text frame of a client, with a mask of zeros."""
    return bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text


async def test_a_line_that_closes_late_does_not_hold_up_the_end() -> None:
    """Pings end with the server: without a pause between them nothing else would run."""
    context, pings = Context(), []

    async def send(event: object) -> None:
        pings.append(event)
        assert len(pings) < 100, "it pings for ever"
        await context.end()

    line = Socket(None, _config(), context, None, False, None, None, send, 1)  # type: ignore[arg-type]
    line.connection = Connection(ConnectionType.SERVER)
    await line._send_pings()
    assert len(pings) == 1
