"""What must hold of a company's books and of every answer its callers were given, whatever went wrong meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import msgspec

from inventory.ledger.messages import AnyCommand, Command, Expire, Issue, Outcome, Reserve, ReserveSplit, decode_outcome
from inventory.ledger.proof import Proof
from kit.ids import digest16
from tests.simulation.clients import NOBODYS, History, Told
from tests.simulation.model import Model

Rows = list[Mapping[str, Any]]
Forgive = Callable[[Told], bool]
"""Answers that are not held against the engine, because a test has planted their cause."""
REUSED, FAILED = "idempotency_key_reused", "internal_error"


class Violation(AssertionError):
    """Something that must never be, and the facts."""


def demand(holds: bool, rule: str, *facts: object) -> None:
    """Raise unless it holds."""
    if not holds:
        raise Violation(f"{rule}: {', '.join(map(repr, facts))}")


@dataclass
class Books:
    """A company's rows as they are in a database, real or simulated."""

    tenant: int
    partition: Mapping[str, Any]
    ledger: Rows
    balances: Rows
    buckets: Rows
    holds: Rows
    replies: Rows

    def promised(self) -> Rows:
        """What the holds of every cell have open together."""
        sums: dict[tuple[int, int], int] = {}
        for row in self.holds:
            cell = (row["item_id"], row["warehouse_id"])
            sums[cell] = sums.get(cell, 0) + row["open"]
        return [{"item_id": item, "warehouse_id": warehouse, "open": qty} for (item, warehouse), qty in sums.items()]

    def recorded(self) -> dict[bytes, tuple[bytes, Outcome]]:
        """Recorded answers: key hash -> (body hash, outcome)."""
        return {row["key_hash"]: (row["body_hash"], decode_outcome(row["reply"])) for row in self.replies}


def check(books: Books, history: History, forgive: Forgive = lambda told: False) -> None:
    """Everything about one company. Raises Violation."""
    _check_proof(books)
    told = [each for each in history.told if each.tenant == books.tenant and not forgive(each)]
    _check_answers(books, told)
    _check_story(books, history, told)


def _check_proof(books: Books) -> None:
    """Dense sequence, monotone epoch and time, chain, running totals, balances, buckets, holds, head."""
    proof = Proof(books.tenant, 0)
    for row in books.ledger:
        proof.row(row)
    proof.balances(books.balances)
    proof.buckets(books.buckets)
    proof.holds(books.holds)
    proof.promises(books.promised())
    proof.end(books.partition["seq"], books.partition["head_hash"])
    demand(not proof.faults, "the proof fails", *proof.faults[:3])


def _check_answers(books: Books, told: Iterable[Told]) -> None:
    """Every answer is the recorded one; done means rows, refused means none."""
    recorded = books.recorded()
    last = {row["key"]: row["seq"] for row in books.ledger}
    for each in told:
        command, outcome = each.command, each.outcome
        if outcome.code == FAILED:
            demand(_is_poison(command), "a sound command failed", command)
            continue
        demand(command.key_hash in recorded, "an answer is not recorded", command, outcome)
        body, answer = recorded[command.key_hash]
        if outcome.code == REUSED:
            demand(body != command.body_hash, "a repeat was taken for another command", command)
            continue
        demand(body == command.body_hash, "another body was answered under the key", command, outcome)
        demand(msgspec.structs.replace(outcome, replayed=False) == answer, "one key, two answers", command, outcome, answer)
        if outcome.code:
            demand(command.key not in last, "a refused command has a row", command, outcome)
        else:
            demand(last.get(command.key) == outcome.seq, "an acknowledged command is not in the ledger", command, outcome)


def _check_story(books: Books, history: History, told: Iterable[Told]) -> None:
    """Every row comes from exactly one command or expiry, and the model agrees with it; every refusal was true."""
    model, executed, levels = Model(), set[str](), dict[tuple[int, int], Mapping[str, Any]]()
    refusals = _by_seq(told)
    _check_refusals(model, refusals.pop(0, []))
    for command, rows in _deeds(books, history):
        demand(not command.key or command.key not in executed, "a command has two effects", command, rows[0]["seq"])
        executed.add(command.key)
        try:
            model.apply(command, rows[0]["seq"], rows[0]["recorded_at_us"])
        except (AssertionError, KeyError) as problem:
            raise Violation(f"the model refuses row {rows[0]['seq']}: {problem!r}: {command!r}") from problem
        levels.update({(row["item_id"], row["warehouse_id"]): row for row in rows})
        for cell in {(row["item_id"], row["warehouse_id"]): 0 for row in rows}:
            counted = (model.on_hand[cell], model.reserved[cell], model.blocked[cell])
            stored = tuple(levels[cell][name] for name in ("on_hand", "reserved", "blocked"))
            demand(counted == stored, "the ledger differs from the model", command, counted, stored)
        _check_refusals(model, refusals.pop(rows[-1]["seq"], []))
    demand(not refusals, "refused as of a row that no command ended with", *list(refusals.items())[:1])


def _deeds(books: Books, history: History) -> Iterator[tuple[AnyCommand, Rows]]:
    """The rows of the ledger, grouped by what made them."""
    recorded = books.recorded()
    for (key, document), rows in groupby(books.ledger, key=lambda row: (row["key"], 0 if row["key"] else row["document"])):
        yield _author(books.tenant, key, document, history, recorded), list(rows)


def _author(tenant: int, key: str, document: int, history: History, recorded: Mapping[bytes, tuple[bytes, Outcome]]) -> AnyCommand:
    if not key:
        return Expire(key="", key_hash=b"", body_hash=b"", principal=0, role=0, reservation=document)
    demand(digest16(key.encode()) in recorded, "a row without a recorded answer", key)
    body = recorded[digest16(key.encode())][0]
    authors = [command for command in history.sent.get((tenant, key), []) if command.body_hash == body]
    demand(len(authors) == 1, "a row that nobody asked for", key, authors)
    return authors[0]  # type: ignore[return-value]


def _by_seq(told: Iterable[Told]) -> dict[int, list[Told]]:
    short = [each for each in told if each.outcome.code == "insufficient_stock"]
    return {seq: [each for each in short if each.outcome.seq == seq] for seq in {each.outcome.seq for each in short}}


def _check_refusals(model: Model, told: Iterable[Told]) -> None:
    """Nobody was told that there is too little when there was enough."""
    for each in told:
        if isinstance(each.command, ReserveSplit):
            given, missing = model.split(each.command.lines)
            demand(bool(missing) and not (each.command.partial and given), "refused though there was enough", each.command, each.outcome)
        if isinstance(each.command, (Reserve, Issue)) and not any(line.location for line in each.command.lines):
            wanted: dict[tuple[int, int], int] = {}
            for line in each.command.lines:
                wanted[line.item, line.warehouse] = wanted.get((line.item, line.warehouse), 0) + line.qty
            enough = all(qty <= model.free(cell) for cell, qty in wanted.items())
            pinned = isinstance(each.command, Issue)  # what is free in the cell may be pinned in its buckets
            demand(pinned or not enough, "refused though there was enough", each.command, each.outcome)


def _is_poison(command: Command) -> bool:
    """What only the database can refuse: a negative promise, an item of nobody."""
    return any(line.qty < 0 or line.item == NOBODYS for line in getattr(command, "lines", None) or ())
