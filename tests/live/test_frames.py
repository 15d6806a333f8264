"""Frames by the burst: however the network cuts them, the same texts come out; what is not plain goes to the general parser."""

from __future__ import annotations

import random

import pytest
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, Message, Ping, TextMessage

from app.servers.frames import goes_on, joined, taken_apart

TEXTS = ["", "a", "ы" * 40, "x" * 125, "x" * 126, '{"op":"ping"}', "я" * 20_000, "x" * 65_535]


def sent(*events: Message | Ping) -> bytes:
    """What a client's bytes are for these."""
    client = Connection(ConnectionType.CLIENT)
    return b"".join([client.send(event) for event in events])


def heard(chunks: list[bytes]) -> tuple[list[str], list[bytes]]:
    """The texts that were taken apart, and the frames that were passed on, as a connection goes about it."""
    texts: list[str] = []
    others: list[bytes] = []
    held, fragmented = b"", False
    for chunk in chunks:
        held += chunk
        while True:
            burst = taken_apart(held, fragmented)
            held = held[burst.taken :]
            texts += burst.texts
            assert not burst.lost
            if not burst.other:
                break
            others.append(burst.other)
            fragmented = goes_on(burst.other, fragmented)
    assert not held
    return texts, others


def pieces(octets: bytes, seed: int) -> list[bytes]:
    """Cut anywhere."""
    rng = random.Random(seed)
    cuts = sorted(rng.randrange(len(octets) + 1) for _ in range(rng.randrange(12)))
    return [octets[start:end] for start, end in zip([0, *cuts], [*cuts, len(octets)], strict=True)]


@pytest.mark.parametrize("seed", range(30))
def test_texts_come_out_however_they_were_cut(seed: int) -> None:
    octets = sent(*[TextMessage(data=text) for text in TEXTS])
    assert heard(pieces(octets, seed)) == (TEXTS, [])


@pytest.mark.parametrize("seed", range(30))
def test_other_frames_are_passed_on_whole_and_in_their_place(seed: int) -> None:
    ping, octets = sent(Ping(payload=b"p")), sent(BytesMessage(data=b"\0\xff"))
    parts = sent(TextMessage(data="he", message_finished=False), Ping(payload=b"q"), TextMessage(data="llo"))
    told = sent(TextMessage(data="one")) + ping + octets + parts + sent(TextMessage(data="two"))
    texts, others = heard(pieces(told, seed))
    assert texts == ["one", "two"]
    assert others[:2] == [ping, octets]
    assert b"".join(others[2:]) == parts, "all of a message that comes in parts, and what stands between them"


@pytest.mark.parametrize(
    "octets",
    [
        b"\x81\x02hi",
        sent(TextMessage(data="x" * 65_536)),
        b"\x81\x82\0\0\0\0\xff\xff",
    ],
    ids=["not masked", "longer than any message may be", "not UTF-8"],
)
def test_what_no_client_may_send_is_left_to_the_general_parser(octets: bytes) -> None:
    burst = taken_apart(sent(TextMessage(data="before")) + octets, fragmented=False)
    assert (burst.texts, burst.lost) == (["before"], True)


def test_a_client_reads_what_was_joined() -> None:
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(joined([*TEXTS, "x" * 70_000]))
    texts, text = [], ""
    for event in client.events():
        assert isinstance(event, TextMessage)
        text += event.data
        if event.message_finished:
            texts.append(text)
            text = ""
    assert texts == [*TEXTS, "x" * 70_000]
