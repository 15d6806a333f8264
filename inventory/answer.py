"""What asking for a stock command takes and what it answers: shared by every verb and every way in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from msgspec import Struct

from inventory.catalog.directory import Key, Names
from inventory.context import Context
from inventory.ledger.messages import Command, Outcome
from kit.errors import Refusal, refuse
from kit.ids import digest16
from kit.text import is_idempotency_key

Json = dict[str, Any]


class Asked(NamedTuple):
    """A stock command as it came in: the verb, the caller's key and the body, a parsed JSON object."""

    verb: str
    key: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command. Done: `status` 200 or 201 and `body`. Refused: `refusal`, and status 0, as the edge knows statuses.

    `replayed` tells that the key was answered before and nothing happened now.
    """

    status: int
    body: Json
    replayed: bool = False
    refusal: Refusal | None = None


class Verb(NamedTuple):
    """A stock verb: who may, the shape of its body, the names in it, how its command is built from them, and how its outcome is
    shown. `build` gives an awaitable where it has to ask or write something first; nothing else here waits, so that the names of
    however many commands are looked up together."""

    permission: str
    shape: type[Struct]
    names: Callable[[Any], Iterable[Key]]
    build: Callable[[Context, Asked, Any, Names], Command | Awaitable[Command]]
    show: Callable[[Outcome, Names], Json]
    status: int = 200


def head(ctx: Context, asked: Asked) -> Json:
    """What every command carries besides its own: who asks, and the hashes that recognise a repetition.

    A key belongs to its principal, so nobody can read another's answer by guessing a key.
    """
    if not is_idempotency_key(asked.key):
        raise refuse("idempotency_key_invalid", {"field": "Idempotency-Key"})
    return {
        "key": asked.key,
        "key_hash": digest16(str(ctx.actor.principal_id).encode(), asked.key.encode()),
        "body_hash": digest16(asked.verb.encode(), canonical(asked.body)),
        "principal": ctx.actor.principal_id,
        "role": int(ctx.actor.role),
    }


def canonical(body: Any) -> bytes:
    """One spelling of a JSON value: the order of fields does not matter, everything else does."""
    try:
        return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError):
        raise refuse("invalid_body") from None
