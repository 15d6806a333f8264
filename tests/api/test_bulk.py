"""A bulk costs what one command costs once: its names are looked up together and the engine is asked once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from quart import Quart
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from inventory.catalog.directory import directory_of
from inventory.context import Stock, Unavailable
from inventory.ledger.messages import Command
from tests.api.conftest import Client, line


class Asked:
    """How many commands the engine was asked for, each time."""

    def __init__(self, stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
        self.counts: list[int] = []
        submit_each = stock.submit_each

        async def counted(tenant_id: int, commands: Sequence[Command]) -> Any:
            self.counts.append(len(commands))
            return await submit_each(tenant_id, commands)

        monkeypatch.setattr(stock, "submit_each", counted)


class LookUps:
    """Statements that read names."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.count = 0
        event.listen(engine.sync_engine, "before_cursor_execute", self._see)

    def _see(self, connection: object, cursor: object, statement: str, *rest: object) -> None:
        self.count += "jsonb_build_array" in statement


def reserve(key: str, qty: Any = "1", sku: str = "CUP", warehouse: str = "osh", **more: Any) -> dict[str, Any]:
    return {"verb": "reserve", "key": key, "lines": [line(qty, sku, warehouse)], **more}


async def test_looks_names_up_together_and_asks_the_engine_once(
    app: Quart, alice: Client, engine: AsyncEngine, stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alice.received("20")
    directory_of(engine).forget(alice.who.tenant.id)
    asked, look_ups = Asked(stock, monkeypatch), LookUps(engine)
    wrong = [reserve("w-0", sku="NOSUCH"), reserve("w-1", qty="1.5"), reserve("w-2", sku="NOPE", warehouse="nowhere")]
    commands = [reserve(f"b-{number}", sku=("CUP", "ROPE")[number % 2]) for number in range(20)] + wrong
    said = await alice.post("stock/bulk", {"commands": commands})
    statuses = [each["status"] for each in said.body["results"]]
    assert statuses == [201, 409] * 10 + [404, 422, 404]
    assert asked.counts == [20], "what names nothing, or does not fit, never reaches it"
    assert look_ups.count <= 2, "the names in all bodies, then those in all answers"


async def test_each_command_stands_alone(alice: Client) -> None:
    await alice.received("2")
    commands = [
        reserve("s-0"),
        {"verb": "fly", "key": "s-1"},
        {"verb": "receive", "key": "s-2", "lines": [line("1", lot="NEW-1")]},
        {"verb": "reconcile", "key": "s-3"},
        {"verb": "transfer/receive", "key": "s-4", "transfer": "T999", "lines": [{"sku": "CUP", "qty": "1"}]},
        reserve("s-0", qty="2"),
        reserve("", qty="1"),
        reserve("s-5"),
    ]
    said = await alice.post("stock/bulk", {"commands": commands})
    found = [(each["status"], each.get("problem", {}).get("code")) for each in said.body["results"]]
    assert found == [
        (201, None),
        (404, "unknown_verb"),
        (200, None),
        (200, None),
        (404, "transfer_not_found"),
        (422, "idempotency_key_reused"),
        (400, "idempotency_key_invalid"),
        (201, None),
    ]


async def test_who_may_not_is_refused_for_that_verb_alone(app: Quart, world: Any) -> None:
    alice, bob = Client(app, world.alice), Client(app, world.bob)
    await alice.received("1")
    said = await bob.post("stock/bulk", {"commands": [{"verb": "receive", "key": "p-0", "lines": [line("1")]}, reserve("p-1")]})
    assert [each["status"] for each in said.body["results"]] == [403, 201]


async def test_what_the_engine_cannot_answer_is_said_command_by_command(
    alice: Client, stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alice.received("5")
    submit_each = stock.submit_each

    async def half(tenant_id: int, commands: Sequence[Command]) -> Any:
        (done,) = await submit_each(tenant_id, commands[:1])
        return [done, Unavailable("too many commands are waiting")]

    monkeypatch.setattr(stock, "submit_each", half)
    said = await alice.post("stock/bulk", {"commands": [reserve("u-0"), reserve("u-1")]})
    assert [each["status"] for each in said.body["results"]] == [201, 503]


async def test_a_large_bulk_is_answered_in_the_order_asked(alice: Client) -> None:
    await alice.received("300")
    said = await alice.post("stock/bulk", {"commands": [reserve(f"l-{number}") for number in range(300)]})
    assert [each["key"] for each in said.body["results"]] == [f"l-{number}" for number in range(300)]
    assert {each["status"] for each in said.body["results"]} == {201}
