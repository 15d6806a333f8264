"""The proxy finds the messages of Postgres wherever the network cuts them…"""

from __future__ import annotations

import pytest

from tests.chaos.proxy import Messages

STARTUP = (12).to_bytes(4, "big") + b"12345678"
PARSE = b"P" + (9).to_bytes(4, "big") + b"hello"
SYNC = b"S" + (4).to_bytes(4, "big")


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_cuts_a_stream_into_messages(size: int) -> None:
    stream, messages = STARTUP + PARSE + SYNC, Messages(typed=False)
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert [found for piece in pieces for found in messages.feed(piece)] == [(b"", STARTUP), (b"P", PARSE), (b"S", SYNC)]
