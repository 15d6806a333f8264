"""Reconciling over REST: balances against the sums of their rows."""

from __future__ import annotations

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from actors.local import LocalEngine
from db.engine import make_pool
from inventory.answer import Asked, head
from inventory.context import Stock
from inventory.ledger import reconcile
from inventory.stock import perform
from jobs import passes
from jobs.anchors import Anchors
from tests.api.conftest import BOTH_EDGES, Client, line
from tests.conftest import Database

pytestmark = BOTH_EDGES

TOTALS = {"on_hand": "10", "reserved": "0", "blocked": "0", "in_transit": "0"}


async def drift(database: Database, client: Client) -> None:
    """What no role of ours may do: a balance says more than its rows."""
    connection = await asyncpg.connect(database.admin)
    try:
        await connection.execute("UPDATE stock_balances SET on_hand = on_hand + 3000000 WHERE tenant_id = $1", client.who.tenant.id)
    finally:
        await connection.close()


async def faults(database: Database, client: Client) -> list[str]:
    """What does not hold, found without halting the partition for it."""
    pool = await make_pool(database.engine, 1)
    try:
        return [fault.rule for fault in (await passes.deep(pool, (client.who.tenant.id, 0), Anchors())).faults]
    finally:
        await pool.close()


async def test_finds_nothing_where_all_agrees(alice: Client) -> None:
    await alice.received("10")
    await alice.received("2.5", "ROPE", "main")
    said = await alice.post("stock/reconcile", {})
    assert (said.status, said.body) == (200, {"checked": 2, "drift": [], "corrections": []})
    assert (await alice.post("stock/reconcile", {"sku": "CUP", "warehouse": "osh"})).body["checked"] == 1
    assert (await alice.post("stock/reconcile", {"warehouse": "main"})).body["checked"] == 1


async def received_by_an_owner_of_before(database: Database, alice: Client, engine: AsyncEngine) -> None:
    """Ten cups, by an engine that has ended: the one of the app has not seen the cell."""
    before = LocalEngine(database.engine, lambda *_: None, lambda: None)
    ctx = alice.who.context(engine, await before.start())
    answer = await perform(ctx, "receive", "before", {"lines": [line("10")]})
    assert answer.refusal is None
    await before.close()


async def test_puts_a_drifted_balance_right_by_a_row(alice: Client, database: Database, engine: AsyncEngine) -> None:
    await received_by_an_owner_of_before(database, alice, engine)
    await drift(database, alice)
    assert await faults(database, alice) == ["balance"]
    said = await alice.post("stock/reconcile", {}, key="put right")
    found = {"sku": "CUP", "warehouse": "osh", "ledger": TOTALS, "balance": {**TOTALS, "on_hand": "13"}, "corrected": True}
    assert (said.status, said.body["checked"], said.body["drift"]) == (200, 1, [found])
    row = said.body["corrections"][0]
    assert (row["kind"], row["delta_on_hand"], row["on_hand"], row["reason"]) == ("correct", "0", "10", "reconciled with the ledger")
    assert (row["by"], row["role"], row["key"]) == ("Alice's key", "admin", "put right")
    assert await faults(database, alice) == []
    assert (await alice.get("stock/levels?sku=CUP")).body["items"][0]["on_hand"] == "10"
    again = await alice.post("stock/reconcile", {}, key="put right")
    assert (again.body, again.headers["Idempotent-Replayed"]) == (said.body, "true")
    other = await alice.post("stock/reconcile", {"sku": "CUP"}, key="put right")
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert (await alice.post("stock/reconcile", {})).body["drift"] == []


async def test_puts_right_what_the_engine_remembers_rightly(alice: Client, database: Database) -> None:
    """The cell is in the engine's memory with the right numbers; only the database says otherwise."""
    await alice.received("10")
    await alice.reserved("4")
    await drift(database, alice)
    assert (await alice.post("stock/reconcile", {"sku": "CUP"})).body["drift"][0]["corrected"] is True
    assert await faults(database, alice) == []
    assert (await alice.get("stock/levels?sku=CUP")).body["items"][0]["available"] == "6"


async def test_leaves_alone_a_cell_that_has_moved_on(alice: Client, engine: AsyncEngine, stock: Stock) -> None:
    """What was compared is no longer how it is: nothing is written, and nothing is lost."""
    await alice.received("10")
    await alice.received("1")
    ctx = alice.who.context(engine, stock)
    told = head(ctx, Asked(reconcile.VERB, "k", {}))
    async with ctx.reading() as connection:
        (cell,) = await reconcile._compared(connection, {"tenant_id": ctx.tenant.id, "item": None, "warehouse": None})
    outcome = await stock.submit(ctx.tenant.id, reconcile._correction(told, cell._replace(version=1)))
    fact = {"item": cell.item, "warehouse": cell.warehouse, "version": 1, "found": 2}
    assert (outcome.code, outcome.errors) == ("version_conflict", (fact,))


async def test_refuses_what_it_does_not_know(alice: Client) -> None:
    for body, code in (({"sku": "NONE"}, "unknown_item"), ({"warehouse": "moon"}, "unknown_warehouse")):
        said = await alice.post("stock/reconcile", body)
        assert (said.status, said.code) == (404, code)
    assert (await alice.post("stock/reconcile", {"lines": [line("1")]})).status == 422
    assert (await alice.post("stock/reconcile", {}, key="")).status == 400


async def test_only_an_admin_reconciles(bob: Client) -> None:
    assert (await bob.post("stock/reconcile", {})).status == 403
