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


Scope = tuple[int, ...]
"""The warehouses that whoever asks may touch, empty for all: a document with a line elsewhere is not there for them."""


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


class SplitLine(Struct, array_like=True, frozen=True, gc=False):
    """So much of an item from `warehouses` in order of preference, each giving a multiple of `multiple`. With one warehouse it may
    be pinned as a `Line` may."""

    item: int
    warehouses: tuple[int, ...]
    qty: int
    multiple: int = 1
    location: int = 0
    lot: int = 0
    owner: int = 0
    condition: int = 0


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
    scope: Scope = ()


class Release(Command, tag=6, frozen=True, kw_only=True):
    """A promise is given back: the named parts, or all that is open."""

    reservation: int
    lines: tuple[PartLine, ...] | None = None
    scope: Scope = ()


class Extend(Command, tag=7, frozen=True, kw_only=True):
    """A soft hold gets a new end: `expires_in_us` from now."""

    reservation: int
    expires_in_us: int
    scope: Scope = ()


class Harden(Command, tag=8, frozen=True, kw_only=True):
    """A soft hold becomes firm: it no longer ends by itself."""

    reservation: int
    scope: Scope = ()


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
    scope: Scope = ()


class WriteOff(Command, tag=12, frozen=True, kw_only=True):
    """Stock under way is lost: the named parts, or all that is open."""

    transfer: int
    lines: tuple[PartLine, ...] | None = None
    scope: Scope = ()


class Correct(Command, tag=13, frozen=True, kw_only=True):
    """A balance is put back to what the ledger's rows add up to, if the cell is still at `version`."""

    item: int
    warehouse: int
    version: int
    on_hand: int
    reserved: int
    blocked: int
    in_transit: int


class ReserveSplit(Command, tag=14, frozen=True, kw_only=True):
    """As `Reserve`, of lines that several warehouses may serve. `partial`: promise what there is, and tell what is missing.

    A message of its own, so that the plain promise stays as small as it is, and an engine of before refuses what it does not know
    instead of overlooking half of it.
    """

    lines: tuple[SplitLine, ...]
    hard: bool
    expires_in_us: int
    holds_max: int = 0
    partial: bool = False


class DeliveryLine(Struct, array_like=True, frozen=True, gc=False):
    """So much of a purchase order's line came, of which `rejected` cannot be sold; `reason` says why."""

    line: int
    qty: int
    rejected: int = 0
    location: int = 0
    lot: int = 0
    condition: int = 0
    reason: str = ""


class ReceiveOrder(Command, tag=15, frozen=True, kw_only=True):
    """What a supplier delivered of a purchase order. More than `tolerance_percent` over what was ordered only if `over`.

    `note` is the delivery note's number; `shipment` the announcement it answers, 0 for none.
    """

    order: int
    lines: tuple[DeliveryLine, ...]
    tolerance_percent: int = 0
    over: bool = False
    note: str = ""
    shipment: int = 0
    scope: Scope = ()


class TakeBackLine(Struct, array_like=True, frozen=True, gc=False):
    """So much of a receipt's line, counted from 0."""

    line: int
    qty: int


class TakeBack(Command, tag=16, frozen=True, kw_only=True):
    """What a receipt brought in leaves again: it was entered wrongly (`undo`, all of it), or goes back to its supplier."""

    receipt: int
    undo: bool
    lines: tuple[TakeBackLine, ...] = ()
    scope: Scope = ()


class Ordered(Command, tag=17, frozen=True, kw_only=True):
    """The engine's own: what is on order for the cells of a purchase order has changed. Never sent by a client."""

    order: int


AnyCommand = (
    Receive | Issue | Adjust | Reserve | Commit | Release | Extend | Harden | Expire | Ship | Arrive | WriteOff | Correct
    | ReserveSplit | ReceiveOrder | TakeBack | Ordered
)  # fmt: skip


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


class Backorder(Struct, array_like=True, frozen=True, gc=False):
    """What a line asked for and nobody could promise."""

    line: int
    item: int
    qty: int


class OrderedLine(Struct, array_like=True, frozen=True, gc=False):
    """A purchase order's line as an outcome shows it. One `unit` is numerator/denominator base units."""

    line: int
    item: int
    warehouse: int
    unit: str
    numerator: int
    denominator: int
    ordered: int
    received: int
    rejected: int
    returned: int
    cancelled: int
    open: int


class ReceiptLine(Struct, array_like=True, frozen=True, gc=False):
    """A receipt's line as an outcome shows it: one movement. `line` is the order's."""

    line: int
    item: int
    warehouse: int
    location: int
    lot: int
    condition: int
    qty: int
    rejected: bool
    reason: str


class Receipt(Struct, array_like=True, frozen=True):
    """A receipt, or what takes one back, as an outcome shows it, and the order as it left it."""

    seq: int
    order: int
    kind: int
    of: int
    note: str
    created_at_us: int
    created_by: int
    lines: tuple[ReceiptLine, ...]
    order_status: int
    order_lines: tuple[OrderedLine, ...]


class Outcome(Struct, array_like=True, frozen=True):
    """What became of a command, stored under its key and given again when the key comes back.

    `code` is empty when it was done, else the refusal's stable code; `errors` are the refusal's facts in internal ids.
    `seq` is the last ledger row it wrote (for a refusal, the partition's sequence when it was refused). Outcomes without
    a transfer are written without that field: they are the same bytes as before there were any, and stay readable both ways.
    So it is with `backordered`, which only what was asked for with `partial` has, be it empty, and with `receipt`.
    """

    code: str
    seq: int
    levels: tuple[Level, ...] = ()
    rows: tuple[Row, ...] = ()
    hold: Hold | None = None
    errors: tuple[dict[str, int | str], ...] = ()
    replayed: bool = False  # set on the way out, never stored
    transfer: Transfer | None = None
    backordered: tuple[Backorder, ...] | None = None
    receipt: Receipt | None = None


encode_command = msgspec.msgpack.Encoder().encode
decode_commands = msgspec.msgpack.Decoder(list[AnyCommand]).decode
encode_outcome = msgspec.msgpack.Encoder().encode
decode_outcome = msgspec.msgpack.Decoder(Outcome).decode
