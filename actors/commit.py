"""The one transaction that moves stock: a batch becomes durable, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from actors import orders
from actors.cell import Batch, Memory

LEDGER_COLUMNS = 25
_BUCKET_COLUMNS = 8
_HOLD_COLUMNS = 12
_CHANGE_COLUMNS = 8
_ARGUMENTS = 6 + LEDGER_COLUMNS + 10 + _BUCKET_COLUMNS + _HOLD_COLUMNS + _CHANGE_COLUMNS + 4
_SHIPPED_COLUMNS = 11
_ARRIVED_COLUMNS = 5
_ORDER_COLUMNS = (4, 7, 20, 3, 3)
_TRANSFER_ARGUMENTS = _SHIPPED_COLUMNS + _ARRIVED_COLUMNS


def _statement(transfers: bool, orders: bool) -> str:
    """One statement, and so one transaction. Orders are written by a second function: one takes no more than 100 arguments."""
    last = _ARGUMENTS + transfers * _TRANSFER_ARGUMENTS
    call = f"SELECT stock_commit({_numbered(1, last)})"
    return f"{call}, stock_commit_orders($1, $2, $6, {_numbered(last + 1, last + sum(_ORDER_COLUMNS))})" if orders else call


def _numbered(first: int, last: int) -> str:
    return ", ".join(f"${number}" for number in range(first, last + 1))


STATEMENT = _statement(transfers=False, orders=False)
_STATEMENTS = {
    _ARGUMENTS + transfers * _TRANSFER_ARGUMENTS + orders * sum(_ORDER_COLUMNS): _statement(transfers, orders)
    for transfers in (False, True)
    for orders in (False, True)
}
"""By how many values they take."""


class Fenced(Exception):
    """Another owner has the partition. Nothing of this batch was written, and nothing more may be."""


class OutOfOrder(Exception):
    """The batch before this one did not commit, so this one could not."""


class KeysKnown(Exception):
    """A command's key already has a recorded outcome: read it and decide the batch again."""


class Unknown(Exception):
    """The connection failed on the way: the batch may or may not be durable. Only the record can tell."""


def arguments(memory: Memory, batch: Batch) -> list[Any]:
    """The statement's arguments: arrays, transposed from rows in one go. Taken when the batch is decided, because the
    cells it points to go on changing with the next batch."""
    cells = list(batch.cells.values())
    return [
        memory.tenant,
        memory.part,
        memory.epoch,
        batch.base_seq,
        batch.head,
        batch.recorded_at_us,
        *_columns(batch.rows, LEDGER_COLUMNS),
        *_columns(
            [(c.item, c.warehouse, c.on_hand, c.reserved, c.blocked, c.in_transit, c.short, c.version, c.base, c.seq) for c in cells],
            10,
        ),
        *_columns([(*key, *grain, *_bucket(batch, key, grain)) for key, grain in batch.buckets], _BUCKET_COLUMNS),
        *_columns(
            [
                (
                    r.seq,
                    number,
                    r.expires_at_us,
                    x.qty,
                    x.item,
                    x.warehouse,
                    x.location,
                    x.lot,
                    x.owner,
                    r.created_by,
                    int(r.hard),
                    r.reference,
                )
                for r in batch.holds
                for number, x in enumerate(r.lines)
            ],
            _HOLD_COLUMNS,
        ),
        *_columns(
            [
                (r.seq, number, r.expires_at_us, int(r.hard), x.open, x.committed, x.released, x.expired)
                for r in batch.changed.values()
                for number, x in enumerate(r.lines)
            ],
            _CHANGE_COLUMNS,
        ),
        *_columns(batch.replies, 4),
        *(_transfers(batch) if batch.shipped or batch.arrived else ()),
        *(_orders(batch) if batch.orders else ()),
    ]


async def commit(connection: asyncpg.Connection[asyncpg.Record], values: list[Any]) -> None:
    """Run the statement in a transaction of its own. Raises Fenced, OutOfOrder, KeysKnown, Unknown, or asyncpg's own
    error when a value or a constraint is at fault (then nothing was written)."""
    try:
        await connection.fetchval(_STATEMENTS[len(values)], *values)
    except asyncpg.UniqueViolationError as problem:
        if problem.constraint_name == "pk_stock_replies":
            raise KeysKnown from problem
        raise
    except UNREACHABLE as problem:
        raise Unknown(repr(problem)) from problem
    except asyncpg.PostgresError as problem:
        if kind := _ERRORS.get(problem.sqlstate or ""):
            raise kind(str(problem)) from problem
        raise


UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection cut in the middle of something; the pool throws it away
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutting down, crashed, starting, cancelled
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.LockNotAvailableError,  # somebody holds our rows for longer than the role's lock_timeout
)
"""What asyncpg raises when the server, or the way to it, is gone or exhausted: try again, nothing is wrong with the data."""

_ERRORS: dict[str, type[Exception]] = {
    "OH001": Fenced,
    "OH002": OutOfOrder,
    "OH004": OutOfOrder,  # memory and database differ: reading again is the cure for both
    "40001": OutOfOrder,
    "40P01": OutOfOrder,
}


def _transfers(batch: Batch) -> list[Sequence[Any]]:
    """What only a batch that moves stock between warehouses sends besides: the others keep their shorter statement."""
    shipped = [
        (t.seq, number, x.qty, x.item, x.source, x.to, x.lot, x.owner, x.condition, t.created_by, t.reference)
        for t in batch.shipped
        for number, x in enumerate(t.lines)
    ]
    arrived = [(t.seq, number, x.open, x.received, x.written_off) for t in batch.arrived.values() for number, x in enumerate(t.lines)]
    return [*_columns(shipped, _SHIPPED_COLUMNS), *_columns(arrived, _ARRIVED_COLUMNS)]


def _orders(batch: Batch) -> list[Sequence[Any]]:
    """What only a batch about purchase orders sends besides."""
    return [column for rows, width in zip(orders.arguments(batch), _ORDER_COLUMNS, strict=True) for column in _columns(rows, width)]


def _columns(rows: Sequence[Sequence[Any]], width: int) -> Sequence[Sequence[Any]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width


def _bucket(batch: Batch, key: tuple[int, int], grain: tuple[int, int, int, int]) -> tuple[int, int]:
    return batch.cells[key].buckets[grain]
