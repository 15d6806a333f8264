"""What clients asked and were told, and the check of it against the record. The check is pure: rows in, broken promises out."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from inventory.ledger.messages import AnyCommand, Kind, Outcome, Reserve, decode_commands, encode_command

FAILED = "internal_error"
"""Not an outcome: nothing was stored under the key, and it may be sent again."""
Cell = tuple[int, int]


@dataclass(slots=True)
class Op:
    """One command as its client knows it. `effect` is what it should do to (on hand, reserved) if it is done."""

    command: AnyCommand
    effect: tuple[int, int]
    invoked_ns: int
    answers: list[Outcome] = field(default_factory=list)
    answered_ns: int = 0
    unknown: int = 0

    @property
    def outcome(self) -> Outcome | None:
        """The first outcome; None while it is unknown."""
        return next((answer for answer in self.answers if answer.code != FAILED), None)

    @property
    def state(self) -> str:
        """ok, refused, failed or unknown."""
        if self.outcome is None:
            return "failed" if self.answers else "unknown"
        return "refused" if self.outcome.code else "ok"


class History:
    """The log of a client. With a file, every command is written there before it is sent, so that it outlives the client."""

    def __init__(self, file: Path | None = None) -> None:
        self.ops: dict[str, Op] = {}
        self.answered = 0
        self._file = file.open("a", buffering=1) if file else None

    def invoke(self, command: AnyCommand, effect: tuple[int, int]) -> Op:
        """About to be sent, for the first time or again."""
        op = self.ops.get(command.key)
        if op is None:
            op = self.ops[command.key] = Op(command, effect, time.monotonic_ns())
            self._note(command=encode_command([command]).hex(), effect=effect, ns=op.invoked_ns)
        return op

    def answer(self, op: Op, outcome: Outcome) -> None:
        """An answer came."""
        if op.outcome is None:
            op.answered_ns = time.monotonic_ns()
        op.answers.append(outcome)
        self.answered += 1
        self._note(key=op.command.key, outcome=msgspec.msgpack.encode(outcome).hex(), ns=op.answered_ns)

    def count(self, state: str) -> int:
        """Commands in that state."""
        return sum(op.state == state for op in self.ops.values())

    @classmethod
    def read(cls, file: Path) -> History:
        """What a client that is gone had written down. A last line cut short was never sent."""
        history = cls()
        for line in file.read_text().splitlines(keepends=True):
            if line.endswith("\n"):
                history._replay(json.loads(line))
        return history

    def _replay(self, noted: Mapping[str, Any]) -> None:
        if "command" in noted:
            command = decode_commands(bytes.fromhex(noted["command"]))[0]
            self.ops[command.key] = Op(command, tuple(noted["effect"]), noted["ns"])
        else:
            op = self.ops[noted["key"]]
            op.answers.append(msgspec.msgpack.decode(bytes.fromhex(noted["outcome"]), type=Outcome))
            op.answered_ns = noted["ns"]

    def _note(self, **noted: Any) -> None:
        if self._file:
            self._file.write(json.dumps(noted) + "\n")


class Row(NamedTuple):
    """A ledger row, as far as it concerns a client."""

    seq: int
    kind: int
    key: str
    document: int
    item: int
    warehouse: int
    on_hand: int  # deltas, both
    reserved: int
    recorded_at_us: int


class Reply(NamedTuple):
    """An outcome as stored."""

    body_hash: bytes
    outcome: Outcome


def check(ops: Sequence[Op], rows: Sequence[Row], replies: Mapping[bytes, Reply]) -> list[str]:
    """Every promise that this history breaks, one line each. `rows` are a whole ledger, in order."""
    by_key: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_key[row.key].append(row)
    return [
        *(line for op in ops for line in _effect(op, by_key.get(op.command.key, []))),
        *(line for op in ops for line in _answers(op, replies.get(op.command.key_hash))),
        *_phantoms({op.command.key for op in ops}, rows),
        *_order(ops),
        *_Levels().follow(ops, rows),
    ]


def _effect(op: Op, rows: list[Row]) -> Iterable[str]:
    """Acknowledged is durable, refused is without effect, and nothing happens twice."""
    found = (sum(row.on_hand for row in rows), sum(row.reserved for row in rows))
    key, outcome = op.command.key, op.outcome
    if op.state == "ok" and not rows:
        yield f"lost: {key} was acknowledged and has no row"
    elif op.state == "ok" and outcome is not None and outcome.seq != rows[-1].seq:
        yield f"lost: {key} was acknowledged as #{outcome.seq} and is #{rows[-1].seq}"
    elif op.state in ("refused", "failed") and rows:
        yield f"effect of a refusal: {key} was answered {op.answers[0].code} and wrote #{rows[0].seq}"
    elif rows and found != op.effect:
        yield f"wrong effect: {key} should do {op.effect} and did {found} in {len(rows)} rows"


def _answers(op: Op, reply: Reply | None) -> Iterable[str]:
    """The same key gets the same answer, and it is the stored one."""
    key, outcome = op.command.key, op.outcome
    if outcome is None:
        return
    told = {_plain(answer) for answer in op.answers if answer.code != FAILED}
    if len(told) > 1:
        yield f"two answers: {key} was told {len(told)} different things"
    if reply is None:
        yield f"not recorded: the answer to {key} is not stored"
    elif reply.body_hash != op.command.body_hash or _plain(reply.outcome) != _plain(outcome):
        yield f"recorded otherwise: {key} was told {outcome.code or 'done'} #{outcome.seq}, stored is #{reply.outcome.seq}"


def _plain(outcome: Outcome) -> bytes:
    """An outcome's bytes, whether it was given for the first time or again."""
    return msgspec.msgpack.encode(msgspec.structs.replace(outcome, replayed=False))


def _phantoms(keys: set[str], rows: Sequence[Row]) -> Iterable[str]:
    """Every row was asked for by somebody, or is an expiry."""
    for row in rows:
        if row.key not in keys and not (row.kind == Kind.EXPIRE and not row.key):
            yield f"phantom: nobody asked for #{row.seq} ({row.key})"


def _order(ops: Sequence[Op]) -> Iterable[str]:
    """What was answered before another command was sent stands before it in the ledger: one partition is one order."""
    ended = sorted((op.answered_ns, op.outcome.seq) for op in ops if op.outcome is not None)
    floor = at = 0
    for op in sorted(ops, key=lambda each: each.invoked_ns):
        while at < len(ended) and ended[at][0] < op.invoked_ns:
            floor, at = max(floor, ended[at][1]), at + 1
        if op.outcome is not None and op.outcome.seq < floor + (op.state == "ok"):
            yield f"out of order: {op.command.key} is #{op.outcome.seq}, but #{floor} was known before it was sent"


class _Levels:
    """Follows the levels row by row, as deltas alone make them."""

    def __init__(self) -> None:
        self._on_hand: dict[Cell, int] = defaultdict(int)
        self._reserved: dict[Cell, int] = defaultdict(int)
        self._open: dict[int, int] = defaultdict(int)
        self._end_us: dict[int, int] = {}

    def follow(self, ops: Sequence[Op], rows: Sequence[Row]) -> Iterable[str]:
        """No oversell at any row, no early expiry, and no refusal without its reason where it was given."""
        terms = {op.command.key: op.command.expires_in_us for op in ops if isinstance(op.command, Reserve)}
        refusals = sorted(((op.outcome.seq, op) for op in ops if op.outcome and op.outcome.code), key=lambda pair: pair[0])
        at = 0
        for row in rows:
            while at < len(refusals) and refusals[at][0] < row.seq:
                yield from self._reason(refusals[at][1])
                at += 1
            yield from self._row(row, terms)
        for _, op in refusals[at:]:
            yield from self._reason(op)

    def _row(self, row: Row, terms: Mapping[str, int]) -> Iterable[str]:
        cell = (row.item, row.warehouse)
        self._on_hand[cell] += row.on_hand
        self._reserved[cell] += row.reserved
        self._open[row.document] += row.reserved
        if min(self._on_hand[cell], self._reserved[cell], self._open[row.document]) < 0:
            yield f"below zero: #{row.seq}"
        if row.kind == Kind.RESERVE:
            self._end_us[row.document] = row.recorded_at_us + terms.get(row.key, 0)
            if self._reserved[cell] > self._on_hand[cell]:
                yield f"oversold: #{row.seq} promises more than is there"
        if row.kind == Kind.EXPIRE and row.recorded_at_us < self._end_us.get(row.document, 0):
            yield f"early expiry: #{row.seq}"

    def _reason(self, op: Op) -> Iterable[str]:
        """Why it was refused, by what was true at the row it was refused behind."""
        command, outcome = op.command, op.outcome
        assert outcome is not None
        if outcome.code == "reservation_not_found":
            yield f"lost hold: {command.key} did not find #{getattr(command, 'reservation', 0)}"
        elif outcome.code == "reservation_closed" and self._open[getattr(command, "reservation", 0)] > 0:
            yield f"refused without reason: {command.key}, the hold is open"
        elif outcome.code == "insufficient_stock" and isinstance(command, Reserve) and self._suffices(command):
            yield f"undersold: {command.key} was refused behind #{outcome.seq} with enough to promise"

    def _suffices(self, command: Reserve) -> bool:
        asked: dict[Cell, int] = defaultdict(int)
        for line in command.lines:
            asked[line.item, line.warehouse] += line.qty
        return all(self._on_hand[cell] - self._reserved[cell] >= qty for cell, qty in asked.items())
