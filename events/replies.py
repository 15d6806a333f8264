"""Once per key: a request that changes things is done one time, however often it is sent, and answered the same each time.

The answer is written in the transaction of the change, so one cannot exist without the other. Two requests with one key at
once wait for each other on the unique index: the second finds the first's answer.
Old answers are forgotten by a job (`jobs/prune_replies.py`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Index, LargeBinary, SmallInteger, Table, Text, select, update
from sqlalchemy.dialects.postgresql import insert

from db.metadata import metadata, tenant_id, timestamp
from events.unit_of_work import UnitOfWork
from kit.errors import Refusal, Refused, refuse

request_replies = Table(
    "request_replies",
    metadata,
    tenant_id(),
    Column("key_hash", LargeBinary, primary_key=True),
    Column("body_hash", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),  # 0: a refusal, its code and facts in `reply`
    Column("reply", Text, nullable=False),  # JSON
    timestamp("recorded_at"),
    ForeignKeyConstraint(["tenant_id"], ["tenants.id"]),
    Index("ix_request_replies_recorded", "tenant_id", "recorded_at"),
)


@dataclass(frozen=True, slots=True)
class Key:
    """Hashes of who asks under which key (`key_hash`), and of what is asked (`body_hash`)."""

    key_hash: bytes
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer under a key: `status` and the JSON text `body`, or a `refusal`. `replayed`: nothing happened now."""

    status: int
    body: str
    refusal: Refusal | None = None
    replayed: bool = False


Act = Callable[[UnitOfWork], Awaitable[tuple[int, Any]]]
"""Does the work in the open transaction and returns status and JSON body."""


async def once(writing: AbstractAsyncContextManager[UnitOfWork], key: Key, act: Act, is_outcome: Callable[[Refusal], bool]) -> Reply:
    """Do it, or say what was answered when it was done.

    Refusals that are outcomes are answers too: they undo the work and are kept. Others are raised and leave the key free.
    Raises the refusal `idempotency_key_reused` when the key was used for something else.
    """
    # In a task of its own: a client that leaves cancels its request, and must not cut a transaction in half.
    task = asyncio.create_task(_once(writing, key, act, is_outcome))
    _running.add(task)
    task.add_done_callback(_running.discard)
    return await asyncio.shield(task)


async def _once(writing: AbstractAsyncContextManager[UnitOfWork], key: Key, act: Act, is_outcome: Callable[[Refusal], bool]) -> Reply:
    async with writing as work:
        if not await _claim(work, key):
            return await _recall(work, key)
        try:
            async with work.connection.begin_nested():
                status, body = await act(work)
            reply = Reply(status, json.dumps(body, ensure_ascii=False, separators=(",", ":")))
        except Refused as refused:
            if not is_outcome(refused.refusal):
                raise
            reply = Reply(0, "", refused.refusal)
        await _keep(work, key, reply)
        return reply


_running: set[asyncio.Task[Reply]] = set()


async def _claim(work: UnitOfWork, key: Key) -> bool:
    """True for the first with this key. Waits for another that is under way."""
    table = request_replies
    row = {"tenant_id": work.tenant_id, "key_hash": key.key_hash, "body_hash": key.body_hash, "status": 0, "reply": ""}
    statement = insert(table).values(row).on_conflict_do_nothing().returning(table.c.tenant_id)
    return (await work.connection.execute(statement)).scalar_one_or_none() is not None


async def _recall(work: UnitOfWork, key: Key) -> Reply:
    table = request_replies
    query = select(table.c.body_hash, table.c.status, table.c.reply).where(_of(work, key))
    body_hash, status, reply = (await work.connection.execute(query)).one()
    if body_hash != key.body_hash:
        raise refuse("idempotency_key_reused")
    if status:
        return Reply(status, reply, replayed=True)
    told = json.loads(reply)
    return Reply(0, "", Refusal(told["code"], tuple(told["errors"]), told["facts"]), replayed=True)


async def _keep(work: UnitOfWork, key: Key, reply: Reply) -> None:
    table = request_replies
    told, no = reply.body, reply.refusal
    if no is not None:
        told = json.dumps({"code": no.code, "errors": list(no.errors), "facts": dict(no.facts)}, default=str)
    await work.connection.execute(update(table).where(_of(work, key)).values(status=reply.status, reply=told))


def _of(work: UnitOfWork, key: Key) -> Any:
    return (request_replies.c.tenant_id == work.tenant_id) & (request_replies.c.key_hash == key.key_hash)
