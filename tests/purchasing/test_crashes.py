"""A receipt and its movement are both there or neither is, whatever dies between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from actors import commit
from actors.local import LocalEngine
from db.engine import make_pool
from jobs.anchors import Anchorer
from jobs.passes import deep
from tests.conftest import Database
from tests.purchasing.conftest import Buyer

Commit = Callable[[Any, list[Any]], Awaitable[None]]
RECEIPT_VALUES = 100
"""A batch about orders sends more values than any other."""


def interrupting(monkeypatch: pytest.MonkeyPatch, interrupt: Callable[[Commit, Any, list[Any]], Awaitable[None]]) -> list[int]:
    """Have the first commit of a receipt go through `interrupt`, once; returns where the attempts are counted."""
    real, attempts = commit.commit, []

    async def interrupted(connection: Any, values: list[Any]) -> None:
        if len(values) > RECEIPT_VALUES:
            attempts.append(len(values))
            if len(attempts) == 1:
                return await interrupt(real, connection, values)
        return await real(connection, values)

    monkeypatch.setattr(commit, "commit", interrupted)
    return attempts


async def dies_before(real: Commit, connection: Any, values: list[Any]) -> None:
    raise commit.Unknown("the connection is gone, and nothing was sent")


async def dies_after(real: Commit, connection: Any, values: list[Any]) -> None:
    await real(connection, values)
    raise commit.Unknown("it was committed, and nobody heard of it")


async def agrees(alice: Buyer, database: Database, folder: Path, number: str, came: str) -> None:
    """Order, receipts, ledger and balances say the same."""
    order = await alice.order(number)
    receipts = (await alice.get(f"purchasing/receipts?order={number}")).body["items"]
    rows = (await alice.get("stock/ledger?sku=CUP&kind=receive")).body["items"]
    assert order["lines"][0]["received"] == came
    assert sum(int(line["qty"]) for receipt in receipts for line in receipt["lines"]) == int(came)
    assert sum(int(row["delta_on_hand"]) for row in rows) == int(came)
    assert await alice.level() == (came, came, str(10 - int(came)))
    pool = await make_pool(database.engine, 1)
    try:
        assert (await deep(pool, (alice.who.tenant.id, 0), Anchorer(folder, folder / "anchor.key").anchors)).faults == []
    finally:
        await pool.close()


@pytest.mark.parametrize(("dies", "attempts"), [(dies_before, 2), (dies_after, 1)])
async def test_a_commit_whose_end_nobody_saw(
    alice: Buyer, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dies: Any, attempts: int
) -> None:
    number = await alice.ordered(("CUP", "10"))
    tried = interrupting(monkeypatch, dies)
    said = await alice.receives(number, (1, "4"), key="van-1")
    assert (said.status, len(tried)) == (201, attempts)
    again = await alice.receives(number, (1, "4"), key="van-1")
    assert (again.status, again.body) == (201, said.body)
    await agrees(alice, database, tmp_path, number, "4")


async def test_an_owner_that_dies_between_deciding_and_committing(
    alice: Buyer, local: LocalEngine, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    number, decided, over = await alice.ordered(("CUP", "10")), asyncio.Event(), asyncio.Event()

    async def stands_still(real: Commit, connection: Any, values: list[Any]) -> None:
        decided.set()
        await over.wait()
        await real(connection, values)

    interrupting(monkeypatch, stands_still)
    monkeypatch.setattr("actors.desk.PATIENCE_S", 1.0)  # the old desk's wait for an engine that is out
    asked = asyncio.ensure_future(alice.receives(number, (1, "4"), key="van-2"))
    await decided.wait()
    asked.cancel()
    second = LocalEngine(database.engine, lambda *_: None, lambda: None)
    local.shard, before = (await second.start(), second.shard)[1], local.shard
    said = await alice.receives(number, (1, "4"), key="van-2")
    assert said.status == 201
    await agrees(alice, database, tmp_path, number, "4")
    local.shard = before
    over.set()  # the old owner comes back to life, writes nothing and finds itself fenced
    await second.close()
    await agrees(alice, database, tmp_path, number, "4")


async def test_an_order_that_changes_between_deciding_and_committing(
    alice: Buyer, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Somebody closed it short meanwhile: the batch is decided again, and refused."""
    number = await alice.ordered(("CUP", "10"))
    await alice.receives(number, (1, "1"))

    async def closed_meanwhile(real: Commit, connection: Any, values: list[Any]) -> None:
        said = await alice.post(f"purchasing/orders/{number}/close", {})
        assert said.status == 200
        await real(connection, values)

    tried = interrupting(monkeypatch, closed_meanwhile)
    monkeypatch.setattr("inventory.purchasing.service._have_counted", lambda *_: None)  # it would wait for this very batch
    refused = await alice.receives(number, (1, "4"))
    assert (refused.status, refused.code, len(tried)) == (409, "order_not_open", 1)
    order = await alice.order(number)
    assert (order["status"], order["lines"][0]["received"], order["lines"][0]["cancelled"]) == ("closed", "1", "9")
    asserted = await asyncpg.connect(database.admin)
    moved = await asserted.fetchval("SELECT sum(delta_on_hand) FROM stock_ledger WHERE tenant_id = $1", alice.who.tenant.id)
    await asserted.close()
    assert moved == 1_000_000
