"""A shard: many partitions in one process. Takes messages of bytes, answers with bytes; knows nothing of Ray."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import structlog

from actors.commit import UNREACHABLE
from actors.cycle import Hint
from actors.gauges import Gauges
from actors.lease import Elsewhere, Halted, Owner
from actors.loader import Pool
from actors.mailbox import Full
from actors.partition import Closing, Partition
from inventory.ledger.messages import AnyCommand
from inventory.purchasing.receiving import recount
from kit.clock import Clock

log = structlog.get_logger("actors")

ANSWER_S = 10.0
"""How long a message may wait for its outcomes. After it the caller is told to ask again; the commands go on."""
SWEEP_S = 2.0
"""How often partitions without traffic are looked through for holds past their end."""
CLOSE_S = 4.0

Message = list[tuple[int, int, list[AnyCommand]]]
"""(tenant, part, commands) of one message."""
decode_message = msgspec.msgpack.Decoder(Message).decode
encode_answer = msgspec.msgpack.Encoder().encode

OK, BUSY, LATE, AGAIN, HALTED, MOVED = "", "busy", "late", "again", "halted", "moved:"
"""What became of a partition's commands: decided; not taken, the mailbox is full; not known in time; the partition began
anew and has forgotten them, send them again; not done, its ledger does not prove; not done, send them to the shard whose
number follows."""


class Shard:
    """Hosts the partitions that live on it: those placed on its number, and those whose tenant's number falls to it."""

    def __init__(self, pool: Pool, owner: Owner, clock: Clock, hint: Hint, fenced: Callable[[], None]) -> None:
        self._pool = pool
        self._owner = owner
        self._clock = clock
        self._hint = hint
        self._fenced = fenced
        self._closing = False
        self._partitions: dict[tuple[int, int], Partition] = {}
        self.gauges = Gauges()
        self._leaving: dict[tuple[int, int], asyncio.Task[None]] = {}
        self._sweeper = asyncio.create_task(self._sweep())

    async def submit(self, message: bytes) -> bytes:
        """Answer a message: for each partition in it a status and, if decided, the outcomes in order."""
        serving = [self._serve((tenant, part), commands) for tenant, part, commands in decode_message(message)]
        # Most messages are of one partition, and a lone command feels the task that gathering would make.
        return encode_answer([await serving[0]] if len(serving) == 1 else await asyncio.gather(*serving))

    async def close(self) -> None:
        """Finish what has arrived and give up all partitions."""
        self._closing = True
        self._sweeper.cancel()
        await asyncio.gather(*[partition.close(CLOSE_S) for partition in list(self._partitions.values())])

    def stats(self) -> dict[str, Any]:
        """Gauges for the metrics page."""
        return {**dataclasses.asdict(self.gauges), "partitions": len(self._partitions)}

    async def _serve(self, key: tuple[int, int], commands: list[AnyCommand]) -> tuple[str, list[msgspec.Raw]]:
        try:
            group = self._partition(key).put(commands)
        except Full:
            return BUSY, []
        except Closing:
            return AGAIN, []
        await asyncio.wait([group.done], timeout=ANSWER_S)
        return _told(group.done)

    def _partition(self, key: tuple[int, int]) -> Partition:
        partition = self._partitions.get(key)
        if partition is None:
            partition = Partition(key, self._owner, self._pool, self._clock, self._hint, self.gauges, self._on_ended)
            self._partitions[key] = partition
        return partition

    def _on_ended(self, partition: Partition, fenced: bool) -> None:
        self._partitions.pop(partition.key, None)
        if fenced:
            # Another owner is at work. Whatever else this process believes may be as old: end it, never own again.
            self._fenced()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                await self._give_up_moved()
                await self._wake_due()
                await self._count_orders()
                await self._count_unproven()
            except UNREACHABLE as problem:
                log.warning("sweep_skipped", problem=repr(problem))

    async def _give_up_moved(self) -> None:
        """Hand over partitions that were placed on another shard meanwhile."""
        for row in await self._pool.fetch(_MOVED, self._owner.shard, self._owner.shards, self._owner.name):
            key = (row["tenant_id"], row["part"])
            if key in self._partitions and key not in self._leaving:
                log.info("handing_over", tenant=key[0], part=key[1])
                self._leaving[key] = task = asyncio.create_task(self._partitions[key].give_up(CLOSE_S))
                task.add_done_callback(lambda _, key=key: self._leaving.pop(key))  # type: ignore[misc]

    async def _wake_due(self) -> None:
        """Wake partitions that have holds past their end: owning one is enough, its first batch writes them down."""
        for row in await self._pool.fetch(_DUE, self._owner.shard, self._owner.shards, self._clock()):
            if not self._closing:
                self._partition((row["tenant_id"], row["part"]))

    async def _count_orders(self) -> None:
        """Count what is on order where whoever changed an order died before telling. Never of a partition that another owner has: it
        does so itself, and would be outranked for a number."""
        for row in await self._pool.fetch(_UNCOUNTED, self._owner.shard, self._owner.shards, self._owner.name):
            if not self._closing:
                with suppress(Full, Closing):  # the next round will do
                    group = self._partition((row["tenant_id"], 0)).put([recount(row["order_id"])])
                    group.done.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _count_unproven(self) -> None:
        row = await self._pool.fetchrow(_PROVEN, self._owner.shard, self._owner.shards)
        assert row is not None
        self.gauges.halted, self.gauges.unproven_rows = row


def _told(done: asyncio.Future[list[bytes]]) -> tuple[str, list[msgspec.Raw]]:
    """What the waiting callers are told."""
    if not done.done():
        return LATE, []
    if done.cancelled():  # the partition ended with them in its hands
        return AGAIN, []
    match done.exception():
        case None:
            return OK, [msgspec.Raw(outcome) for outcome in done.result()]
        case Halted():
            return HALTED, []
        case Elsewhere(shard=shard):
            return f"{MOVED}{shard}", []
        case problem:
            raise problem


_LIVES_HERE = "COALESCE(p.placed_on, p.tenant_id) % $2 = $1"
"""As `stock_acquire` has it."""
_MOVED = f"""
SELECT p.tenant_id, p.part FROM stock_partitions p WHERE p.owner = $3 AND NOT {_LIVES_HERE}
"""  # noqa: S608 - the words are ours
_DUE = f"""
SELECT p.tenant_id, p.part FROM stock_partitions p
WHERE {_LIVES_HERE} AND p.halted_rule IS NULL AND EXISTS (
  SELECT 1 FROM stock_holds h WHERE h.tenant_id = p.tenant_id AND h.part = p.part AND h.open > 0 AND h.expires_at_us <= $3)
"""  # noqa: S608 - the words are ours
_UNCOUNTED = """
SELECT DISTINCT l.tenant_id, l.order_id FROM purchase_order_lines l
LEFT JOIN stock_partitions p ON p.tenant_id = l.tenant_id AND p.part = 0
WHERE l.open <> l.counted AND p.halted_rule IS NULL AND COALESCE(p.placed_on, l.tenant_id) % $2 = $1
  AND COALESCE(p.owner, '') IN ('', $3)
"""
_PROVEN = f"""
SELECT count(p.halted_rule), COALESCE(sum(GREATEST(p.seq - COALESCE(v.seq, 0), 0)), 0)::bigint
FROM stock_partitions p LEFT JOIN stock_proofs v USING (tenant_id, part) WHERE {_LIVES_HERE}
"""  # noqa: S608 - the words are ours
