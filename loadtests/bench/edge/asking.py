"""What the clients ask for and how they look at the answers: single reservations, bulks of them, frames of a till."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from loadtests.bench.edge import rest
from loadtests.bench.messages import Choose, Spread, chooser

_numbers = itertools.count(1)
_RUN = os.urandom(4).hex()

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """A request as bytes, and what makes sense of its answer: the sequences it brought, or None when it was not done."""

    request: bytes
    understood: Callable[[int, bytes], list[int] | None]
    commands: int = 1


@dataclass(slots=True)
class Seen:
    """What became of requests. `done` commands in the measured time, `warm` ones outside of it; `due` and `answered` (seconds from
    the start) of the requests that were done in it; all ledger sequences that were acknowledged; the others by status, 0 for a
    connection that broke. `unsent` were due when all was over and no connection had been free for them."""

    done: int = 0
    warm: int = 0
    due: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    unsent: int = 0

    def understand(self, question: Question, status: int, answer: bytes, due: float, answered: float, counts: bool) -> None:
        """Look at an answer and count it; `counts` says whether it came in the measured time."""
        seqs = question.understood(status, answer)
        if seqs is None:
            self.refuse(status)
            return
        self.seqs += seqs
        if counts:
            self.done += question.commands
            self.due.append(round(due, 6))
            self.answered.append(round(answered, 6))
        else:
            self.warm += question.commands

    def refuse(self, status: int) -> None:
        """Count one that was not done."""
        self.refused[str(status)] = self.refused.get(str(status), 0) + 1


class Till:
    """Asks as one till of a shop does."""

    def __init__(self, host: str, shop: Json, number: int, spread: Spread) -> None:
        bearer = shop["keys"][number % len(shop["keys"])]
        self._single = rest.posted(host, f"/v1/{shop['slug']}/stock/reserve", bearer)
        self._bulk = rest.posted(host, f"/v1/{shop['slug']}/stock/bulk", bearer)
        self._receive = rest.posted(host, f"/v1/{shop['slug']}/stock/receive", bearer)
        self._items = shop["items"]
        self._choose = _chooser(shop["items"], spread)

    def reserve(self) -> Question:
        """One piece of one item."""
        sku, key = f"S{self._choose()}", _key()
        body = b'{"lines":[{"sku":"%b","warehouse":"main","qty":1}]}' % sku.encode()
        return Question(self._single(key, body), lambda status, answer: understand_reserved(status, answer, sku))

    def bulk(self, commands: int) -> Question:
        """So many reservations of one piece, each on its own."""
        asked = [(f"S{self._choose()}", _key()) for _ in range(commands)]
        body = orjson.dumps({"commands": [{"verb": "reserve", "key": key, **_line(sku)} for sku, key in asked]})
        return Question(
            self._bulk(_key(), body), lambda status, answer: understand_bulk(status, answer, [key for _, key in asked]), commands
        )

    def receive(self, lines: int) -> Question:
        """One piece of each of so many items, in one command: as many rows."""
        chosen = [f"S{1 + number % self._items}" for number in range(lines)]
        body = orjson.dumps({"lines": [{"sku": sku, "warehouse": "main", "qty": 1} for sku in chosen]})
        return Question(self._receive(_key(), body), lambda status, answer: [] if status == 200 else None)

    def frame(self) -> tuple[str, str, bytes]:
        """(id, SKU, frame) of one reservation over a socket."""
        sku, key = f"S{self._choose()}", _key()
        return key, sku, orjson.dumps({"op": "do", "id": key, "verb": "reserve", "key": key, "body": _line(sku)})


def tills(host: str, shops: Sequence[Json], spread: Spread, count: int) -> list[Till]:
    """So many tills, spread over the shops in turn."""
    return [Till(host, shops[number % len(shops)], number // len(shops), spread) for number in range(count)]


def questions(till: Till, kind: str, each: int) -> Iterator[Question]:
    """What a till asks, without end: `reserve`, `bulk` of so many, or `receive` of so many."""
    while True:
        yield till.reserve() if kind == "reserve" else till.bulk(each) if kind == "bulk" else till.receive(each)


def understand_reserved(status: int, answer: bytes, sku: str) -> list[int] | None:
    """The sequence of a reservation that is what was asked for."""
    if status != 201:
        return None
    body = orjson.loads(answer)
    line = body["reservation"]["lines"][0]
    return [body["seq"]] if line["sku"] == sku and line["qty"] in ("1", 1) else None


def understand_bulk(status: int, answer: bytes, keys: list[str]) -> list[int] | None:
    """The sequences of a bulk that was done completely."""
    if status != 200:
        return None
    results = orjson.loads(answer)["results"]
    if [(each["key"], each["status"]) for each in results] != [(key, 201) for key in keys]:
        return None
    return [each["seq"] for each in results]


@functools.cache
def _chooser(items: int, spread: Spread) -> Choose:
    """One for all tills: drawing beforehand takes a while."""
    return chooser(range(1, items + 1), spread)


def _line(sku: str) -> Json:
    return {"lines": [{"sku": sku, "warehouse": "main", "qty": 1}]}


def _key() -> str:
    return f"{_RUN}-{next(_numbers)}"
