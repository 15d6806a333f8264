"""What is made of the rows is made anew: balances, buckets, reservations and transfers of a halted partition whose rows prove.

One transaction: it outranks whoever owned the partition, writes what differs, posts a correction row for each balance that did,
leaves a fact, and proves everything from the first row. It commits only if all of it holds, and only if that was wanted: without,
it is the dry look.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import orjson

from inventory.ledger import rebuild as ledger
from inventory.ledger.messages import decode_outcome
from inventory.ledger.proof import Record
from inventory.reservations import rebuild as reservations
from inventory.transfers import rebuild as transfers
from jobs.anchors import Anchors, Connection, Partition
from jobs.passes import PATIENCE_S, Pool, Verdict, proven
from tenants.domain import SYSTEM

TOLD_MAX = 100
"""Changes that the fact lists one by one; it counts all of them."""

Correct = Callable[[Connection, Partition, Mapping[str, Any], Sequence[Mapping[str, Any]]], Awaitable[None]]
"""Posts correction rows in the connection's transaction: partition, fence (epoch, seq, head hash), balances."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was kept otherwise than the rows have it: of which table, what it is of, as it was kept and as it is now."""

    table: str
    of: Mapping[str, int]
    kept: Any
    rows: Any


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild changes, and how everything proves with it. `done`: it has been written; else nothing has."""

    changes: list[Change]
    verdict: Verdict
    done: bool


async def rebuild(pool: Pool, partition: Partition, anchors: Anchors, by: str, correct: Correct, *, write: bool) -> Rebuilt | None:
    """Make anew what is made of the rows, or with `write` unset only find out what that would change. None: it is not halted."""
    async with pool.acquire() as connection:
        transaction = connection.transaction(isolation="repeatable_read")
        await transaction.start()
        done = False
        try:
            await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(partition[0]))
            fence = await connection.fetchrow(_FENCE, *partition)
            if fence is None:
                return None
            changes = await _rebuilt(connection, partition, fence, correct)
            await _tell(connection, partition, by, changes)
            verdict = await proven(connection, partition, anchors)
            done = write and verdict.broken is None
            return Rebuilt(changes, verdict, done)
        finally:
            await (transaction.commit() if done else transaction.rollback())


async def _rebuilt(connection: Connection, partition: Partition, fence: Record, correct: Correct) -> list[Change]:
    """Reservations before buckets: what they have open is what is pinned. Balances last, each with its correction row."""
    changes = await _reservations(connection, partition)
    changes += await _transfers(connection, partition)
    changes += await _buckets(connection, partition)
    balances = await _all(connection, ledger.BALANCES, *partition)
    written = [(*partition, row["item_id"], row["warehouse_id"], *(row[name] for name in ledger.MEASURES)) for row in balances]
    await connection.executemany(ledger.WRITE_BALANCE, written, timeout=PATIENCE_S)
    await correct(connection, partition, fence, balances)
    return changes + [_change("balance", row, ("item_id", "warehouse_id"), ledger.MEASURES) for row in balances]


async def _reservations(connection: Connection, partition: Partition) -> list[Change]:
    seqs = [row["seq"] for row in await _all(connection, reservations.DRIFTED, *partition)]
    rows = _by(await _all(connection, reservations.ROWS, *partition, seqs), "document")
    kept = _by(await _all(connection, reservations.KEPT, *partition, seqs), "seq")
    await connection.execute(reservations.REMOVE, *partition, seqs, timeout=PATIENCE_S)
    changes = []
    for seq in seqs:
        of_rows, of_kept = rows.get(seq, []), kept.get(seq, [])
        answers = await connection.fetch(reservations.ANSWERS, *partition, [row["seq"] for row in of_rows])
        term = reservations.term_of(of_kept, [decode_outcome(row["reply"]) for row in answers], seq)
        lines = reservations.lines_of(of_rows, term)
        await _insert(connection, reservations.WRITE, partition, reservations.COLUMNS, lines)
        changes.append(Change("reservation", {"seq": seq}, _shown(of_kept, _OF_HOLDS), _shown(lines, _OF_HOLDS)))
    return changes


async def _transfers(connection: Connection, partition: Partition) -> list[Change]:
    seqs = [row["document"] for row in await _all(connection, transfers.DRIFTED, *partition)]
    rows = _by(await _all(connection, transfers.ROWS, *partition, seqs), "document")
    kept = _by(await _all(connection, transfers.KEPT, *partition, seqs), "seq")
    await connection.execute(transfers.REMOVE, *partition, seqs, timeout=PATIENCE_S)
    changes = []
    for seq in seqs:
        lines = transfers.lines_of(rows.get(seq, []))
        await _insert(connection, transfers.WRITE, partition, transfers.COLUMNS, lines)
        changes.append(Change("transfer", {"seq": seq}, _shown(kept.get(seq, []), _OF_TRANSFERS), _shown(lines, _OF_TRANSFERS)))
    return changes


async def _buckets(connection: Connection, partition: Partition) -> list[Change]:
    found = await _all(connection, ledger.BUCKETS, partition[0])
    written = [(partition[0], *(row[name] for name in ledger.GRAIN), row["qty"], row["pinned"]) for row in found]
    await connection.executemany(ledger.WRITE_BUCKET, written, timeout=PATIENCE_S)
    return [_change("bucket", row, ledger.GRAIN, ("qty", "pinned")) for row in found]


async def _tell(connection: Connection, partition: Partition, by: str, changes: Sequence[Change]) -> None:
    """The fact: what was changed is not lost with what it was changed from."""
    told = [{"table": each.table, **each.of, "kept": each.kept, "rows": each.rows} for each in changes[:TOLD_MAX]]
    body = orjson.dumps({"by": by, "changes": len(changes), "told": told}).decode()
    await connection.execute(_TELL, *partition, body, SYSTEM.principal_id, int(SYSTEM.role))


async def _insert(
    connection: Connection, query: str, partition: Partition, columns: Sequence[str], lines: Iterable[Mapping[str, Any]]
) -> None:
    await connection.executemany(query, [(*partition, *(line[name] for name in columns)) for line in lines], timeout=PATIENCE_S)


def _change(table: str, row: Record, of: Sequence[str], measures: Sequence[str]) -> Change:
    there = row[f"kept_{measures[0]}"] is not None
    kept = {name: row[f"kept_{name}"] for name in measures} if there else None
    return Change(table, {name: row[name] for name in of}, kept, {name: row[name] for name in measures})


def _shown(lines: Iterable[Mapping[str, Any]], measures: Sequence[str]) -> list[dict[str, Any]]:
    return [{name: line[name] for name in ("line", *measures)} for line in lines]


def _by(rows: Iterable[Record], column: str) -> dict[int, list[Record]]:
    return {seq: list(group) for seq, group in groupby(rows, lambda row: row[column])}


async def _all(connection: Connection, query: str, *args: object) -> list[Record]:
    found: list[Record] = await connection.fetch(query, *args, timeout=PATIENCE_S)
    return found


_OF_HOLDS = ("item_id", "warehouse_id", "qty", "open", "committed", "released", "expired")
_OF_TRANSFERS = ("item_id", "warehouse_id", "qty", "open", "received", "written_off")
_FENCE = """
UPDATE stock_partitions SET epoch = epoch + 1, owner = '' WHERE tenant_id = $1 AND part = $2 AND halted_rule IS NOT NULL
RETURNING epoch, seq, head_hash
"""
_TELL = """
INSERT INTO facts (tenant_id, name, subject, body, principal_id, role)
VALUES ($1, 'ledger_rebuilt', $2::smallint::text, $3::text::jsonb, $4, $5)
"""
