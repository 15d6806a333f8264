"""The edge's clients against bytes as they come: in pieces, broken off, of others' making."""

from __future__ import annotations

import asyncio
import time

import orjson
import pytest
from websockets.asyncio.server import ServerConnection, serve

from loadtests.bench.edge.asking import Seen, Till, understand_bulk, understand_reserved
from loadtests.bench.edge.frames import TEXT, Socket, frame, take
from loadtests.bench.edge.readers import Ear, Reader, chunks
from loadtests.bench.edge.rest import Connection, content_length


async def test_readers_notice_rows_that_are_missing_or_come_twice() -> None:
    reader = Reader("ws", "shop", "key", Ear(), slow=False)
    reader.first = reader.last = 4
    for seq in (5, 7, 7, 8):
        reader._frame(b'{"op":"event","seq":%d,"event":"x","data":{"recorded_at":"2026-11-21T08:00:00.000000Z"}}' % seq)
    assert (reader.heard, reader.gaps, reader.doubles, reader.last) == (4, 1, 1, 8)


async def test_hands_over_an_answer_that_comes_in_pieces_and_tells_of_a_broken_line() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in (b"HTTP/1.1 201 \r\nconte", b"nt-length: 5\r\n\r\nhe", b"llo"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    heard: list[tuple[int, bytes]] = []
    connection = Connection("127.0.0.1", server.sockets[0].getsockname()[1])
    for _ in range(2):
        answered = asyncio.Event()
        connection.ask(b"GET / HTTP/1.1\r\n\r\n", lambda status, body, answered=answered: (heard.append((status, body)), answered.set()))
        await asyncio.wait_for(answered.wait(), 5)
    assert heard == [(201, b"hello"), (0, b"")]
    server.close()


async def test_speaks_websocket_with_a_server_of_others() -> None:
    heard: list[bytes] = []
    sizes = (5, 300, 70_000)
    all_heard = asyncio.Event()

    def hear(text: bytes) -> None:
        heard.append(text)
        if len(heard) == len(sizes):
            all_heard.set()

    async def echo(line: ServerConnection) -> None:
        async for text in line:
            await line.send(text)

    async with serve(echo, "127.0.0.1", 0) as server:
        line = Socket(hear, lambda: None)
        await line.open("127.0.0.1", server.sockets[0].getsockname()[1], "/", "key")
        for size in sizes:
            line.say(b"x" * size)
        await asyncio.wait_for(all_heard.wait(), 10)
        line.close()
    assert [len(text) for text in heard] == list(sizes)


def test_takes_whole_frames_and_chunks_only() -> None:
    sent = bytes([0x81, 3]) + b"one" + bytes([0x81, 126, 0, 200]) + b"y" * 200
    buffer = bytearray(sent[:-1])
    assert take(buffer) == (TEXT, b"one")
    assert take(buffer) is None
    buffer += sent[-1:]
    assert take(buffer) == (TEXT, b"y" * 200)
    assert frame(TEXT, b"hi") == bytes([0x81, 0x82, 0, 0, 0, 0]) + b"hi"
    raw = bytearray(b"4\r\nid: \r\n3\r\n1\n\n\r\n5\r\nhal")
    assert list(chunks(raw)) == [b"id: ", b"1\n\n"]
    assert raw == b"5\r\nhal"


def test_reads_the_length_of_an_answer() -> None:
    assert content_length(b"http/1.1 200 \r\ncontent-length: 17\r\nx: y") == 17
    with pytest.raises(ValueError, match="Content-Length"):
        content_length(b"http/1.1 200 \r\nx: y")


def test_believes_only_an_answer_to_what_was_asked() -> None:
    line = {"sku": "S1", "qty": "1"}
    right = orjson.dumps({"reservation": {"lines": [line]}, "seq": 7})
    assert understand_reserved(201, right, "S1") == [7]
    assert understand_reserved(201, right, "S2") is None
    assert understand_reserved(409, b"{}", "S1") is None
    both = orjson.dumps({"results": [{"key": "a", "status": 201, "seq": 8}, {"key": "b", "status": 409}]})
    assert understand_bulk(200, both, ["a", "b"]) is None
    assert understand_bulk(200, orjson.dumps({"results": [{"key": "a", "status": 201, "seq": 8}]}), ["a"]) == [8]


def test_never_uses_a_key_twice() -> None:
    till = Till("host", {"slug": "shop", "keys": ["key"], "items": 2}, 0, "uniform")
    assert len({till.reserve().request.partition(b"Idempotency-Key: ")[2].partition(b"\r")[0] for _ in range(100)}) == 100


def test_counts_commands_in_and_outside_of_the_measured_time() -> None:
    seen, till = Seen(), Till("host", {"slug": "shop", "keys": ["key"], "items": 1}, 0, "hot")
    answer = orjson.dumps({"reservation": {"lines": [{"sku": "S1", "qty": "1"}]}, "seq": 7})
    now = time.perf_counter()
    for counts in (False, True):
        seen.understand(till.reserve(), 201, answer, now, now + 0.5, counts)
    seen.understand(till.reserve(), 503, b"", now, now, True)
    assert (seen.warm, seen.done, seen.refused, len(seen.due)) == (1, 1, {"503": 1}, 1)
