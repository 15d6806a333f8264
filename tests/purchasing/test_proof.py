"""Receipts, orders and what is on order prove from the ledger's rows; what somebody changed behind the product's back is found."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from actors.local import LocalEngine
from db.engine import make_pool
from jobs.anchors import Anchorer
from jobs.passes import Pool, deep
from tests.conftest import Database
from tests.purchasing.conftest import Buyer


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    """Connections of the engine's role, as the watch has them."""
    pool = await make_pool(database.engine, 1)
    yield pool
    await pool.close()


async def lived(alice: Buyer) -> str:
    """An order that was received in parts, in part rejected, undone, returned and closed short."""
    number = await alice.ordered(("CUP", "100"), ("ROPE", "20"), warehouse="main")
    undone = (await alice.receives(number, (1, "10"))).body["receipt"]["id"]
    assert (await alice.post(f"purchasing/receipts/{undone}/undo", {})).status == 201
    body = {"lines": [{"line": 1, "qty": "60", "rejected": "5"}, {"line": 2, "qty": "4.5"}]}
    kept = (await alice.post(f"purchasing/orders/{number}/receive", body)).body["receipt"]["id"]
    back = await alice.post(f"purchasing/receipts/{kept}/return", {"lines": [{"line": 2, "qty": "3"}], "reason": "chipped"})
    assert back.status == 201, back.body
    assert (await alice.post(f"purchasing/orders/{number}/close", {"lines": [{"line": 2}]})).status == 200
    return number


async def faults(pool: Pool, tenant: int, folder: Path) -> set[str]:
    """The rules that do not hold."""
    verdict = await deep(pool, (tenant, 0), Anchorer(folder, folder / "anchor.key").anchors)
    assert verdict.broken is None, "none of these makes the stock's numbers wrong"
    return {fault.rule for fault in verdict.faults}


async def test_a_life_of_an_order_proves(alice: Buyer, pool: Pool, tmp_path: Path) -> None:
    await lived(alice)
    assert await faults(pool, alice.who.tenant.id, tmp_path) == set()


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ("UPDATE purchase_receipts SET qty = qty + 1000000 WHERE tenant_id = $1 AND NOT rejected AND kind = 1", {"receipt", "order_line"}),
        ("UPDATE purchase_receipts SET taken = 0 WHERE tenant_id = $1", {"receipt"}),
        ("DELETE FROM purchase_receipts WHERE tenant_id = $1 AND kind = 3", {"receipt", "order_line"}),
        ("UPDATE purchase_order_lines SET received = received + 1000000, open = 0 WHERE tenant_id = $1 AND line = 1", {"order_line"}),
        ("UPDATE purchase_orders SET status = 6 WHERE tenant_id = $1", {"order_status"}),
        ("UPDATE stock_balances SET on_order = on_order + 1 WHERE tenant_id = $1", {"on_order"}),
    ],
)
async def test_finds_what_was_changed(alice: Buyer, pool: Pool, database: Database, tmp_path: Path, planted: str, found: set[str]) -> None:
    await lived(alice)
    connection = await asyncpg.connect(database.admin)
    await connection.execute(planted, alice.who.tenant.id)
    await connection.close()
    assert await faults(pool, alice.who.tenant.id, tmp_path) == found


async def test_counts_what_nobody_told_the_engine(alice: Buyer, local: LocalEngine, database: Database) -> None:
    """The web died between an approval and its telling: the shard finds the order by itself."""
    number = await alice.drafted(("CUP", "7"))
    assert (await alice.post(f"purchasing/orders/{number}/submit")).status == 200
    connection = await asyncpg.connect(database.admin)
    await connection.execute(
        "WITH o AS (UPDATE purchase_orders SET status = 3, version = version + 1 WHERE tenant_id = $1) "
        "UPDATE purchase_order_lines SET open = ordered WHERE tenant_id = $1",
        alice.who.tenant.id,
    )
    await connection.close()
    await local.shard._count_orders()
    await alice.received("1", warehouse="main")  # whatever comes later is decided behind it
    assert await alice.level() == ("0", "0", "7")


async def test_leaves_what_another_owner_will_count_to_it(alice: Buyer, local: LocalEngine, database: Database) -> None:
    """Looking after orders is no reason to take a company from the shard that works for it."""
    await alice.received("1")
    other = LocalEngine(database.engine, lambda *_: None, lambda: None)
    await other.start()
    connection = await asyncpg.connect(database.admin)
    number = await alice.ordered(("CUP", "7"))
    await connection.execute("UPDATE purchase_order_lines SET counted = 0 WHERE tenant_id = $1", alice.who.tenant.id)
    await other.shard._count_orders()
    assert other.shard.stats()["partitions"] == 0
    await local.shard._count_orders()
    assert (await alice.receives(number, (1, "1"))).status == 201, "nobody was outranked"
    await connection.close()
    await other.close()
