"""WebSocket frames by the burst: what one read has brought is taken apart at once, what one write takes is put together at once.

A till keeps dozens of commands under way, a row of the feed goes to a thousand readers: per frame, a general parser and a
round through every layer cost more than the command. Only whole, unfragmented text frames are read here; everything else
goes to the server's own parser, frame by frame, so that it always stands between two frames.

The application sees it as an extension of ASGI, `onhand.burst`: `websocket.receive` may carry `texts` instead of `text`, and
`websocket.send` may, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

BURST = "onhand.burst"
_TEXT_ENDS = 0x81
_FIN, _CONTROL, _MASKED = 0x80, 0x08, 0x80
_LONG, _LONGER = 126, 127


class Burst(NamedTuple):
    """What a buffer begins with: whole texts; then one whole frame of another kind, if that comes next; and how many bytes that
    was. `lost`: what follows is nothing we take apart here, now or when more has come."""

    texts: list[str]
    other: bytes
    taken: int
    lost: bool = False


def told(app: Any) -> Any:
    """The app, told with every WebSocket that bursts are understood."""

    async def telling(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            scope.setdefault("extensions", {})[BURST] = {}
        await app(scope, receive, send)

    return telling


def joined(texts: Sequence[str]) -> bytes:
    """A frame for each text, as a server sends them."""
    parts: list[bytes] = []
    for text in texts:
        octets = text.encode()
        parts.append(_head(len(octets)))
        parts.append(octets)
    return b"".join(parts)


def taken_apart(buffer: bytes, fragmented: bool) -> Burst:
    """What a client's bytes begin with. `fragmented`: between the parts of a message that comes in several."""
    texts: list[str] = []
    at = 0
    while (ends := _extent(buffer, at)) is not None:
        start, stop = ends
        if stop < 0:
            return Burst(texts, b"", at, lost=True)
        if buffer[at] != _TEXT_ENDS or fragmented:
            return Burst(texts, buffer[at:stop], stop)
        try:
            texts.append(_unmasked(buffer, start, stop).decode())
        except UnicodeDecodeError:
            return Burst(texts, b"", at, lost=True)
        at = stop
    return Burst(texts, b"", at)


def goes_on(frame: bytes, fragmented: bool) -> bool:
    """Whether the message of this frame goes on in the next one. Control frames may stand between its parts."""
    return fragmented if frame[0] & _CONTROL else not frame[0] & _FIN


def _extent(buffer: bytes, at: int) -> tuple[int, int] | None:
    """Where the frame's mask begins and where the frame ends; None while it is not whole, (0, -1) where it cannot be one of ours: not
    masked, or longer than any message may be."""
    have = len(buffer) - at
    if have < 2:
        return None
    length, start = buffer[at + 1] & ~_MASKED, at + 2
    if not buffer[at + 1] & _MASKED or length == _LONGER:
        return 0, -1
    if length == _LONG:
        if have < 4:
            return None
        length, start = int.from_bytes(buffer[start : start + 2], "big"), start + 2
    stop = start + 4 + length
    return None if stop > len(buffer) else (start, stop)


def _unmasked(buffer: bytes, start: int, stop: int) -> bytes:
    """The payload. As one large number: a byte at a time takes Python fifty times as long."""
    length = stop - start - 4
    mask = (buffer[start : start + 4] * (length // 4 + 1))[:length]
    masked = int.from_bytes(buffer[start + 4 : stop], "little")
    return (masked ^ int.from_bytes(mask, "little")).to_bytes(length, "little")


@lru_cache(maxsize=4_096)
def _head(length: int) -> bytes:
    if length < _LONG:
        return bytes((_TEXT_ENDS, length))
    if length < 1 << 16:
        return bytes((_TEXT_ENDS, _LONG)) + length.to_bytes(2, "big")
    return bytes((_TEXT_ENDS, _LONGER)) + length.to_bytes(8, "big")
