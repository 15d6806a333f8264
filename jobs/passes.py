"""The two ways to prove a partition, each in one snapshot, so that the engine may go on writing meanwhile.

The fast pass goes on from the row that was proven last: chain, order and running totals of the rows since, balances and
promises of the cells they touch, reservations made in them. The deep pass begins at the first row and compares everything.
The chain of a company's facts is proven in the same two ways, as a partition of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg

from inventory.ledger.proof import BEARABLE, DERIVED, Fault, Proof, Record
from inventory.purchasing import proof as purchasing
from inventory.transfers import proof as transfers
from jobs import facts
from jobs.anchors import Anchors, Connection, Partition
from jobs.facts import FACTS, FactProof

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
CHUNK = 2_000
"""Rows fetched at a time: a few hundred kilobytes."""
PATIENCE_S = 600.0
"""Longest that one question of a deep pass may take."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a pass: rows proven from `since` to `seq`, what does not hold, and the rows around each fault.

    `halted` is the rule and row for which the partition is read-only.
    """

    partition: Partition
    since: int
    seq: int
    head: bytes
    faults: list[Fault]
    neighbours: Mapping[int, Record]
    halted: tuple[str, int] | None = None

    @property
    def broken(self) -> Fault | None:
        """The first fault that makes the numbers wrong."""
        return next((fault for fault in self.faults if fault.rule not in BEARABLE), None)

    @property
    def rows_at_fault(self) -> bool:
        """Whether something other than what is made of the rows does not hold: then nothing can be made of them."""
        return any(fault.rule not in BEARABLE | DERIVED for fault in self.faults)

    @property
    def lacks_anchors(self) -> bool:
        """Whether more was anchored than the anchors at hand say."""
        return any(fault.rule == "anchor_missing" for fault in self.faults)


async def fast(pool: Pool, partition: Partition, anchors: Anchors, rows_max: int | None = None) -> Verdict:
    """Prove up to `rows_max` rows after the last proof. A proof that does not fit its row any more is worth nothing: then deep."""
    async with _snapshot(pool, partition) as connection:
        proof = _proof(partition)
        last = await connection.fetchrow("SELECT * FROM stock_proofs WHERE tenant_id = $1 AND part = $2", *partition)
        if last is not None and not last["ok"]:
            return await _deeply(connection, proof, anchors, last)
        if last is not None and last["seq"]:
            row = await _row(connection, partition, last["seq"])
            if row is None or row["hash"] != last["hash"]:
                return await _deeply(connection, proof, anchors, last)
            proof.go_on(row)
        return await _onwards(connection, proof, anchors, rows_max)


async def deep(pool: Pool, partition: Partition, anchors: Anchors, *, checkpoint: bool = True) -> Verdict:
    """Prove everything from the first row. Without `checkpoint`, whatever was proven before does not count."""
    async with _snapshot(pool, partition) as connection:
        proof = _proof(partition)
        last = await connection.fetchrow("SELECT * FROM stock_proofs WHERE tenant_id = $1 AND part = $2", *partition)
        return await _deeply(connection, proof, anchors, last if checkpoint else None)


async def proven(connection: Connection, partition: Partition, anchors: Anchors) -> Verdict:
    """Prove everything from the first row in a transaction of the caller's, with what it has written; nothing proven before counts."""
    return await _deeply(connection, Proof(*partition), anchors, None)


def _proof(partition: Partition) -> Proof:
    return FactProof(*partition) if partition[1] == FACTS else Proof(*partition)


async def _onwards(connection: Connection, proof: Proof, anchors: Anchors, rows_max: int | None) -> Verdict:
    partition = (proof.tenant, proof.part)
    if isinstance(proof, FactProof):
        return await _facts_onwards(connection, proof, anchors, rows_max)
    cells: set[tuple[int, int]] = set()
    seen = 0
    rows = await connection.cursor(_ROWS, *partition, proof.since, rows_max, timeout=PATIENCE_S)
    while chunk := await rows.fetch(CHUNK, timeout=PATIENCE_S):
        seen += len(chunk)
        cells |= await _tell_held(connection, proof, chunk)
        for row in chunk:
            proof.row(row)
    items, warehouses = [cell[0] for cell in cells], [cell[1] for cell in cells]
    proof.touched(await connection.fetch(_TOUCHED, *partition, items, warehouses, timeout=PATIENCE_S))
    head = await _head(connection, partition)
    whole = rows_max is None or seen < rows_max or proof.seq >= head["seq"]
    if whole:
        made = "SELECT * FROM stock_holds WHERE tenant_id = $1 AND part = $2 AND seq > $3"
        proof.holds(await connection.fetch(made, *partition, proof.since, timeout=PATIENCE_S))
        proof.end(head["seq"], head["head_hash"])
    return await _verdict(connection, proof, anchors, head, whole=whole)


async def _facts_onwards(connection: Connection, proof: FactProof, anchors: Anchors, rows_max: int | None) -> Verdict:
    partition = (proof.tenant, proof.part)
    async for row in _one_by_one(connection, facts.ROWS, *partition, proof.since, rows_max):
        proof.row(row)
    head = await _head(connection, partition)
    whole = rows_max is None or proof.seq - proof.since < rows_max or proof.seq >= head["seq"]
    if whole:
        proof.end(head["seq"], head["head_hash"])
    return await _verdict(connection, proof, anchors, head, whole=whole)


async def _tell_held(connection: Connection, proof: Proof, chunk: list[Record]) -> set[tuple[int, int]]:
    """Tell the proof what new cells held before it began; returns them."""
    cells = proof.unknown(chunk)
    items, warehouses = [cell[0] for cell in cells], [cell[1] for cell in cells]
    for row in await connection.fetch(_HELD, proof.tenant, items, warehouses, proof.since):
        proof.held((row["of_item"], row["of_warehouse"]), row if row["seq"] is not None else None)
    return cells


async def _deeply(connection: Connection, proof: Proof, anchors: Anchors, last: Record | None) -> Verdict:
    partition = (proof.tenant, proof.part)
    if isinstance(proof, FactProof):
        return await _facts_deeply(connection, proof, anchors, last)
    async for row in _one_by_one(connection, _ROWS, *partition, 0, None):
        proof.row(row)
    proof.balances(await _all(connection, "SELECT * FROM stock_balances WHERE tenant_id = $1 AND part = $2", *partition))
    proof.buckets(await _all(connection, "SELECT * FROM stock_buckets WHERE tenant_id = $1", proof.tenant))
    proof.holds(await _all(connection, "SELECT * FROM stock_holds WHERE tenant_id = $1 AND part = $2", *partition))
    proof.promises(await _all(connection, _OPEN, *partition))
    proof.faults += await _transfers(connection, partition)
    proof.faults += await _orders(connection, partition)
    async for row in _one_by_one(connection, _REPLIES, *partition):
        proof.reply(row)
    head = await _head(connection, partition)
    proof.end(head["seq"], head["head_hash"])
    return await _verdict(connection, proof, anchors, head, last=last)


async def _facts_deeply(connection: Connection, proof: FactProof, anchors: Anchors, last: Record | None) -> Verdict:
    partition = (proof.tenant, proof.part)
    async for row in _one_by_one(connection, facts.ROWS, *partition, 0, None):
        proof.row(row)
    proof.left_out(await _all(connection, facts.LEFT_OUT, proof.tenant))
    head = await _head(connection, partition)
    proof.end(head["seq"], head["head_hash"])
    return await _verdict(connection, proof, anchors, head, last=last)


async def _transfers(connection: Connection, partition: Partition) -> list[Fault]:
    """What does not hold of stock under way."""
    return transfers.faults_of_transfers(
        await _all(connection, transfers.MOVED, *partition),
        await _all(connection, transfers.KEPT, *partition),
        await _all(connection, transfers.OWNED, *partition, transfers.EXCHANGES),
        await _all(connection, transfers.IN_TRANSIT, *partition),
    )


async def _orders(connection: Connection, partition: Partition) -> list[Fault]:
    """What does not hold of orders and what came of them."""
    return purchasing.faults_of_orders(
        await _all(connection, purchasing.RECEIPTS, *partition),
        await _all(connection, purchasing.TAKEN, *partition),
        await _all(connection, purchasing.LINES, *partition),
        await _all(connection, purchasing.ON_ORDER_CELLS, *partition),
    )


async def _verdict(
    connection: Connection, proof: Proof, anchors: Anchors, head: Record, *, whole: bool = True, last: Record | None = None
) -> Verdict:
    partition = (proof.tenant, proof.part)
    await _compare_anchors(connection, proof, anchors, None if whole else proof.seq)
    proof.anchored(head["anchored_seq"] or 0, anchors.last(partition))
    if last is not None and last["seq"]:
        row = await _row(connection, partition, last["seq"])
        proof.checkpoint(last["seq"], last["hash"], row and row["hash"])
    faults = sorted(proof.faults, key=lambda fault: fault.order)
    around = {seq + step for seq in (fault.seq for fault in faults) for step in (-1, 0, 1)}
    rows = await connection.fetch(_asked(partition, _AROUND, facts.AROUND), *partition, sorted(around))
    halted = (head["halted_rule"], head["halted_seq"]) if head["halted_rule"] else None
    return Verdict(partition, proof.since, proof.seq, proof.head, faults, {row["seq"]: row for row in rows}, halted)


async def _compare_anchors(connection: Connection, proof: Proof, anchors: Anchors, until: int | None) -> None:
    """Those since the last proof; when one differs, all of them tell best where that begins. A pass that stops short leaves
    the anchors ahead of it to the next."""
    partition = (proof.tenant, proof.part)
    for since in (proof.since, 0):
        anchored = [anchor for anchor in anchors.of(partition, since) if until is None or anchor[0] <= until]
        hashes = await _hashes(connection, partition, [seq for seq, _ in anchored])
        if all(hashes.get(seq) == digest for seq, digest in anchored):
            return
    proof.anchors(anchored, hashes)


@asynccontextmanager
async def _snapshot(pool: Pool, partition: Partition) -> AsyncIterator[Connection]:
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(partition[0]))
        yield connection


async def _row(connection: Connection, partition: Partition, seq: int) -> Record:
    return await connection.fetchrow(_asked(partition, _ROW, facts.ROW), *partition, seq)


async def _head(connection: Connection, partition: Partition) -> Record:
    return await connection.fetchrow(_asked(partition, _HEAD, facts.HEAD), *partition)


async def _hashes(connection: Connection, partition: Partition, seqs: list[int]) -> dict[int, bytes]:
    found = await connection.fetch(_asked(partition, _AROUND, facts.AROUND), *partition, seqs)
    return {row["seq"]: row["hash"] for row in found}


def _asked(partition: Partition, of_ledger: str, of_facts: str) -> str:
    return of_facts if partition[1] == FACTS else of_ledger


async def _all(connection: Connection, query: str, *args: object) -> list[Record]:
    found: list[Record] = await connection.fetch(query, *args, timeout=PATIENCE_S)
    return found


def _one_by_one(connection: Connection, query: str, *args: object) -> AsyncIterator[Record]:
    """Rows as they are needed. The first of many may have to wait until all are sorted."""
    rows: AsyncIterator[Record] = aiter(connection.cursor(query, *args, prefetch=CHUNK, timeout=PATIENCE_S))
    return rows


_ROWS = "SELECT * FROM stock_ledger WHERE tenant_id = $1 AND part = $2 AND seq > $3 ORDER BY seq LIMIT $4"
_ROW = "SELECT * FROM stock_ledger WHERE tenant_id = $1 AND part = $2 AND seq = $3"
_AROUND = "SELECT seq, epoch, hash FROM stock_ledger WHERE tenant_id = $1 AND part = $2 AND seq = ANY ($3::bigint[])"
_HEAD = """
SELECT p.seq, p.head_hash, p.halted_rule, p.halted_seq, v.anchored_seq
FROM stock_partitions p LEFT JOIN stock_proofs v USING (tenant_id, part) WHERE p.tenant_id = $1 AND p.part = $2
"""
_HELD = """
SELECT t.item AS of_item, t.warehouse AS of_warehouse, l.*
FROM unnest($2::int[], $3::int[]) AS t (item, warehouse)
LEFT JOIN LATERAL (
  SELECT on_hand, reserved, blocked, in_transit, cell_version, seq FROM stock_ledger
  WHERE tenant_id = $1 AND item_id = t.item AND warehouse_id = t.warehouse AND seq <= $4 ORDER BY seq DESC LIMIT 1
) l ON true
"""
_OPEN = """
SELECT item_id, warehouse_id, sum(open) AS open FROM stock_holds
WHERE tenant_id = $1 AND part = $2 AND open > 0 GROUP BY item_id, warehouse_id
"""
_TOUCHED = f"""
SELECT t.item AS item_id, t.warehouse AS warehouse_id,
  b.on_hand, b.reserved, b.blocked, b.in_transit, b.short, b.version, b.seq, o.open,
  l.on_hand AS last_on_hand, l.reserved AS last_reserved, l.blocked AS last_blocked, l.in_transit AS last_in_transit,
  l.cell_version AS last_cell_version, l.seq AS last_seq
FROM unnest($3::int[], $4::int[]) AS t (item, warehouse)
CROSS JOIN LATERAL (
  SELECT * FROM stock_ledger WHERE tenant_id = $1 AND item_id = t.item AND warehouse_id = t.warehouse ORDER BY seq DESC LIMIT 1
) l
LEFT JOIN stock_balances b ON b.tenant_id = $1 AND b.item_id = t.item AND b.warehouse_id = t.warehouse AND b.part = $2
LEFT JOIN ({_OPEN}) o ON o.item_id = t.item AND o.warehouse_id = t.warehouse
"""  # noqa: S608 - the words are ours
_REPLIES = """
SELECT r.seq, r.reply, l.item_id, l.warehouse_id, l.on_hand, l.reserved, l.blocked, l.in_transit
FROM stock_replies r LEFT JOIN stock_ledger l ON l.tenant_id = r.tenant_id AND l.part = r.part AND l.seq = r.seq
WHERE r.tenant_id = $1 AND r.part = $2 ORDER BY r.seq
"""
