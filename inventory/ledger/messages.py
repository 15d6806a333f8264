"""Commands and outcomes of the stock engine: what crosses from a web process to a shard, as msgpack arrays.

Ids are internal integers, quantities int64 millionths of the base unit, times int64 microseconds. Structs are arrays on
the wire (no key strings): fields may be appended, never reordered.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec
from msgspec import Struct


class Kind(IntEnum):
    """Kind of a ledger row. Numbers are stored; names are the wire's."""

    RECEIVE = 1
    ISSUE = 2
    ADJUST = 3
    RESERVE = 4
    COMMIT = 5
    RELEASE = 6
    EXPIRE = 7
    SHIP = 8
    ARRIVE = 9
    WRITE_OFF = 10
    CORRECT = 11

    @property
    def label(self) -> str:
        """The wire's name."""
        return self.name.lower()


def is_fact(kind: int, effective_at_us: int, recorded_at_us: int) -> bool:
    """Whether a row says what has happened already, outside: a count, or goods that left before it was recorded.

    Only such a row may leave more promised than is there (semantics.md, I3): what is so cannot be refused.
    """
    return kind == Kind.ADJUST or (kind == Kind.ISSUE and effective_at_us < recorded_at_us)


class Condition(IntEnum):
    """Condition of stock. Only good stock is sellable; the rest is on hand but blocked."""

    GOOD = 0
    QUARANTINE = 1
    DAMAGED = 2

    @property
    def label(self) -> str:
        """The wire's name."""
        return self.name.lower()


class Line(Struct, array_like=True, frozen=True, gc=False):
    """So much of an item in a warehouse. Zero ids mean "not pinned": no location, no lot, our own, good."""

    item: int
    warehouse: int
    qty: int
    location: int = 0
    lot: int = 0
    owner: int = 0
    condition: int = 0
    unit_cost: int | None = None


class AdjustLine(Struct, array_like=True, frozen=True, gc=False):
    """A change by `delta`, or a count: `set_to` if the stock is still `expected`."""

    item: int
    warehouse: int
    delta: int | None
    set_to: int | None = None
    expected: int | None = None
    location: int = 0
    lot: int = 0
    owner: int = 0
    condition: int = 0


class Command(Struct, array_like=True, frozen=True, kw_only=True):
    """What every stock command carries. `key_hash` covers principal and key, `body_hash` verb and body (16 bytes each)."""

    key: str
    key_hash: bytes
    body_hash: bytes
    principal: int
    role: int
    reference: str = ""
    reason: str = ""
    effective_at_us: int = 0  # 0: when it is recorded


class Receive(Command, tag=1, frozen=True, kw_only=True):
    """Stock comes in."""

    lines: tuple[Line, ...]


class Issue(Command, tag=2, frozen=True, kw_only=True):
    """Stock leaves without having been reserved. Takes only what is available, unless `late`: then it has left already."""

    lines: tuple[Line, ...]
    late: bool = False


class Adjust(Command, tag=3, frozen=True, kw_only=True):
    """Stock is put right. A physical fact: it may leave less than is promised, never less than nothing."""

    lines: tuple[AdjustLine, ...]


class Reserve(Command, tag=4, frozen=True, kw_only=True):
    """Stock is promised: soft for `expires_in_us`, or hard. `holds_max`: how many the principal may have open, 0 without limit."""

    lines: tuple[Line, ...]
    hard: bool
    expires_in_us: int
    holds_max: int = 0


class PartLine(Struct, array_like=True, frozen=True, gc=False):
    """Part of a document's line, named by item and warehouse. Of a transfer: its destination, and the location it arrives at."""

    item: int
    warehouse: int
    qty: int
    location: int = 0
    lot: int = 0
    condition: int | None = None


class Commit(Command, tag=5, frozen=True, kw_only=True):
    """Promised stock leaves: the named parts, or all that is open."""

    reservation: int
    lines: tuple[PartLine, ...] | None = None


class Release(Command, tag=6, frozen=True, kw_only=True):
    """A promise is given back: the named parts, or all that is open."""

    reservation: int
    lines: tuple[PartLine, ...] | None = None


class Extend(Command, tag=7, frozen=True, kw_only=True):
    """A soft hold gets a new end: `expires_in_us` from now."""

    reservation: int
    expires_in_us: int


class Harden(Command, tag=8, frozen=True, kw_only=True):
    """A soft hold becomes firm: it no longer ends by itself."""

    reservation: int


class Expire(Command, tag=9, frozen=True, kw_only=True):
    """The engine's own: writes the row for a hold whose time has passed. Never sent by a client."""

    reservation: int


class Ship(Command, tag=10, frozen=True, kw_only=True):
    """Stock leaves for the warehouse `to`. Takes only what is available."""

    lines: tuple[Line, ...]
    to: int


class Arrive(Command, tag=11, frozen=True, kw_only=True):
    """Stock under way arrives: the named parts, or all that is open."""

    transfer: int
    lines: tuple[PartLine, ...] | None = None


class WriteOff(Command, tag=12, frozen=True, kw_only=True):
    """Stock under way is lost: the named parts, or all that is open."""

    transfer: int
    lines: tuple[PartLine, ...] | None = None


class Correct(Command, tag=13, frozen=True, kw_only=True):
    """A balance is put back to what the ledger's rows add up to, if the cell is still at `version`."""

    item: int
    warehouse: int
    version: int
    on_hand: int
    reserved: int
    blocked: int
    in_transit: int


AnyCommand = Receive | Issue | Adjust | Reserve | Commit | Release | Extend | Harden | Expire | Ship | Arrive | WriteOff | Correct


class Level(Struct, array_like=True, frozen=True, gc=False):
    """A cell's totals as of `seq`."""

    item: int
    warehouse: int
    on_hand: int
    reserved: int
    blocked: int
    in_transit: int
    on_order: int
    seq: int

    @property
    def available(self) -> int:
        """What can be promised now: sellable less promised, never below zero."""
        return max(0, self.on_hand - self.blocked - self.reserved)


class Row(Struct, array_like=True, frozen=True, gc=False):
    """A ledger row."""

    seq: int
    kind: int
    item: int
    warehouse: int
    location: int
    lot: int
    owner: int
    condition: int
    delta_on_hand: int
    delta_reserved: int
    delta_blocked: int
    delta_in_transit: int
    on_hand: int
    reserved: int
    blocked: int
    in_transit: int
    version: int
    document: int
    unit_cost: int | None
    effective_at_us: int
    recorded_at_us: int
    principal: int
    role: int
    key: str
    reference: str
    reason: str
    hash: bytes


class HoldLine(Struct, array_like=True, frozen=True, gc=False):
    """A reservation's line as an outcome shows it."""

    item: int
    warehouse: int
    location: int
    lot: int
    qty: int
    open: int
    committed: int
    released: int
    expired: int


class Hold(Struct, array_like=True, frozen=True):
    """A reservation as an outcome shows it. `expires_at_us` is `kit.clock.NEVER` for a hard one."""

    seq: int
    hard: bool
    expires_at_us: int
    reference: str
    created_at_us: int
    created_by: int
    lines: tuple[HoldLine, ...]


class TransferLine(Struct, array_like=True, frozen=True, gc=False):
    """A transfer's line as an outcome shows it."""

    item: int
    source: int
    to: int
    lot: int
    owner: int
    condition: int
    qty: int
    open: int
    received: int
    written_off: int


class Transfer(Struct, array_like=True, frozen=True):
    """A transfer as an outcome shows it."""

    seq: int
    reference: str
    created_at_us: int
    created_by: int
    lines: tuple[TransferLine, ...]


class Outcome(Struct, array_like=True, frozen=True):
    """What became of a command, stored under its key and given again when the key comes back.

    `code` is empty when it was done, else the refusal's stable code; `errors` are the refusal's facts in internal ids.
    `seq` is the last ledger row it wrote (for a refusal, the partition's sequence when it was refused). Outcomes without
    a transfer are written without that field: they are the same bytes as before there were any, and stay readable both ways.
    """

    code: str
    seq: int
    levels: tuple[Level, ...] = ()
    rows: tuple[Row, ...] = ()
    hold: Hold | None = None
    errors: tuple[dict[str, int | str], ...] = ()
    replayed: bool = False  # set on the way out, never stored
    transfer: Transfer | None = None


encode_command = msgspec.msgpack.Encoder().encode
decode_commands = msgspec.msgpack.Decoder(list[AnyCommand]).decode
encode_outcome = msgspec.msgpack.Encoder().encode
decode_outcome = msgspec.msgpack.Decoder(Outcome).decode
