"""One-dimensional arrays on their way to Postgres, encoded flat.

asyncpg's own array encoder asks every element whether it is itself a sequence; with some thirty arrays in a stock batch
that was the largest single cost of a command in the shard (`docs/decisions/0004-where-the-time-goes.md`). These encoders
know that theirs are flat lists without nulls, except where a null is allowed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg

_HEAD = struct.Struct(">iii").pack
_DIMENSION = struct.Struct(">ii").pack
_NULL = (-1).to_bytes(4, "big", signed=True)

Encoder = Callable[[Sequence[Any]], bytes]


def integers(oid: int, width: int, code: str) -> Encoder:
    """Encoder of an array of fixed-width integers without nulls."""

    def encode(values: Sequence[int]) -> bytes:
        count = len(values)
        if not count:
            return _HEAD(0, 0, oid)
        head = _HEAD(1, 0, oid) + _DIMENSION(count, 1)
        first = values[0]
        if first == values[-1] and values.count(first) == count:
            # Most columns of a batch say the same in every row; repeating bytes costs a fiftieth of packing numbers.
            return head + element(width, first) * count
        flat = [width] * (2 * count)
        flat[1::2] = values
        return head + struct.pack(">" + ("i" + code) * count, *flat)

    element = struct.Struct(">i" + code).pack
    return encode


def octets(oid: int, to_bytes: Callable[[Any], bytes]) -> Encoder:
    """Encoder of an array of byte strings or texts without nulls."""

    def encode(values: Sequence[Any]) -> bytes:
        count = len(values)
        if not count:
            return _HEAD(0, 0, oid)
        flat: list[bytes] = [b""] * (2 * count)
        encoded = [to_bytes(value) for value in values]
        flat[::2] = [len(value).to_bytes(4, "big") for value in encoded]
        flat[1::2] = encoded
        return _HEAD(1, 0, oid) + _DIMENSION(count, 1) + b"".join(flat)

    return encode


_CODECS: dict[str, tuple[int, Encoder]] = {
    "_int8": (1016, integers(20, 8, "q")),
    "_int4": (1007, integers(23, 4, "i")),
    "_int2": (1005, integers(21, 2, "h")),
    "_text": (1009, octets(25, str.encode)),
    "_bytea": (1001, octets(17, bytes)),
}


async def use_flat_arrays(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Register the encoders on a connection that sends arrays and reads none back.

    asyncpg offers custom codecs publicly only for scalar types, so this goes to the method behind its public one. If a
    later asyncpg lacks it, its own encoders stay in place: slower, equally right.
    """
    settings = getattr(getattr(connection, "_protocol", None), "get_settings", lambda: None)()
    register = getattr(settings, "add_python_codec", None)
    if register is None:
        return
    for name, (oid, encoder) in _CODECS.items():
        register(oid, name, "pg_catalog", [], "scalar", encoder, bytes, "binary")
