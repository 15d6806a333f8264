"""Transfers over REST, as `api.md` gives them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import BOTH_EDGES, Client, Said, line

pytestmark = BOTH_EDGES

TRANSFER = {"id", "status", "from", "to", "reference", "lines", "created_at", "created_by"}


async def sent(client: Client, qty: str = "8", **more: Any) -> dict[str, Any]:
    """A transfer on its way from Osh to the main warehouse."""
    said = await client.post("stock/transfer", {"from": "osh", "to": "main", "lines": [line(qty)], **more})
    assert said.status == 201, said.body
    made: dict[str, Any] = said.body["transfer"]
    return made


async def level(client: Client, warehouse: str) -> tuple[str, str]:
    """On hand and in transit."""
    found = (await client.get(f"stock/levels?sku=CUP&warehouse={warehouse}")).body["items"][0]
    return found["on_hand"], found["in_transit"]


async def test_ships_receives_and_writes_off(alice: Client) -> None:
    """Worked example E17, its quantities."""
    await alice.received("20")
    body = {"from": "osh", "to": "main", "lines": [{"sku": "CUP", "qty": "8"}], "reference": "TR-1"}
    said = await alice.post("stock/transfer", body, key="tr-1")
    assert said.status == 201
    made = said.body["transfer"]
    assert made.keys() >= TRANSFER
    assert (made["status"], made["from"], made["to"], made["reference"], made["created_by"]) == (
        "in_transit",
        "osh",
        "main",
        "TR-1",
        "Alice's key",
    )
    assert {(each["warehouse"], each["on_hand"], each["in_transit"]) for each in said.body["levels"]} == {
        ("osh", "12", "0"),
        ("main", "0", "8"),
    }

    part = await alice.post("stock/transfer/receive", {"transfer": made["id"], "lines": [line("5", warehouse="main")]})
    assert part.status == 200
    assert (part.body["transfer"]["lines"][0]["open"], part.body["transfer"]["lines"][0]["received"]) == ("3", "5")
    over = await alice.post("stock/transfer/receive", {"transfer": made["id"], "lines": [line("4", warehouse="main")]})
    assert (over.status, over.code) == (409, "over_receipt")
    assert over.body["errors"] == [{"line": 0, "sku": "CUP", "warehouse": "main", "requested": "4", "open": "3"}]

    await alice.post("stock/transfer/receive", {"transfer": made["id"], "lines": [{"sku": "CUP", "qty": 2}]})
    lost = await alice.post("stock/transfer/write-off", {"transfer": made["id"], "reason": "fell off the truck"})
    assert (lost.status, lost.body["transfer"]["status"], lost.body["transfer"]["lines"][0]["written_off"]) == (200, "received", "1")
    assert (await level(alice, "osh"), await level(alice, "main")) == (("12", "0"), ("7", "0"))
    closed = await alice.post("stock/transfer/receive", {"transfer": made["id"]})
    assert (closed.status, closed.code) == (409, "transfer_closed")


async def test_says_in_the_ledger_which_transfer_it_was(alice: Client) -> None:
    await alice.received("20")
    made = await sent(alice, reference="TR-2")
    await alice.post("stock/transfer/receive", {"transfer": made["id"], "lines": [line("3", warehouse="main")]})
    await alice.post("stock/transfer/write-off", {"transfer": made["id"], "reason": "broken"})
    rows = (await alice.get("stock/ledger?kind=ship,arrive,write_off&order=asc")).body["items"]
    assert [(row["kind"], row["warehouse"], row["delta_on_hand"], row["delta_in_transit"]) for row in rows] == [
        ("ship", "osh", "-8", "0"),
        ("ship", "main", "0", "8"),
        ("arrive", "main", "3", "-3"),
        ("write_off", "main", "0", "-5"),
    ]
    assert {(row["transfer"], row["reservation"], row["reference"]) for row in rows} == {(made["id"], None, "TR-2")}
    assert rows[-1]["reason"] == "broken"


async def test_lists_and_shows_transfers(alice: Client) -> None:
    await alice.received("20")
    first, second = await sent(alice, "8", reference="TR-1"), await sent(alice, "2")
    await alice.post("stock/transfer/write-off", {"transfer": second["id"], "reason": "lost"})

    async def listed(query: str = "") -> list[str]:
        return [each["id"] for each in (await alice.get(f"stock/transfers{query}")).body["items"]]

    assert await listed() == [second["id"], first["id"]]
    assert await listed("?status=in_transit") == [first["id"]]
    assert await listed("?status=written_off") == [second["id"]]
    assert await listed("?status=received") == []
    assert await listed("?reference=TR-1") == [first["id"]]
    assert await listed("?warehouse=main&sku=CUP") == [second["id"], first["id"]]
    assert await listed("?sku=ROPE") == []
    head = (await alice.get("stock/transfers?limit=1")).body
    assert [each["id"] for each in (await alice.get(f"stock/transfers?limit=1&cursor={head['next']}")).body["items"]] == [first["id"]]
    shown = await alice.get(f"stock/transfers/{first['id']}")
    assert (shown.status, shown.body["lines"], shown.body["as_of_seq"]) == (200, first["lines"], 6)
    assert '"id","status","from","to"' in (await alice.get("stock/transfers", Accept="text/csv")).body


async def test_the_same_key_ships_once(alice: Client) -> None:
    await alice.received("20")
    body = {"from": "osh", "to": "main", "lines": [line("8")]}
    first, again = await alice.post("stock/transfer", body, key="k1"), await alice.post("stock/transfer", body, key="k1")
    assert (again.status, again.raw) == (201, first.raw)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await alice.post("stock/transfer", {**body, "lines": [line("9")]}, key="k1")
    assert (other.status, other.code) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("body", "status", "code", "fault"),
    [
        ({"from": "osh", "to": "osh", "lines": [line("1")]}, 422, "invalid_body", "same_warehouse"),
        ({"from": "osh", "to": "main", "lines": [line("1", warehouse="main")]}, 422, "invalid_body", "other_warehouse"),
        ({"from": "osh", "to": "main", "lines": [line("0")]}, 422, "invalid_body", "quantity_not_positive"),
        ({"from": "osh", "to": "main", "lines": []}, 422, "invalid_body", "out_of_range"),
        ({"from": "osh", "lines": [line("1")]}, 422, "invalid_body", "value_missing"),
        ({"from": "osh", "to": "moon", "lines": [line("1")]}, 404, "unknown_warehouse", "unknown_warehouse"),
        ({"from": "osh", "to": "main", "lines": [line("1", sku="NONE")]}, 404, "unknown_item", "unknown_item"),
    ],
)
async def test_refuses_what_does_not_fit(alice: Client, body: dict[str, Any], status: int, code: str, fault: str) -> None:
    said = await alice.post("stock/transfer", body)
    assert (said.status, said.code, said.body["errors"][0]["code"]) == (status, code, fault)


async def test_refuses_what_is_not_there(alice: Client) -> None:
    await alice.received("5")
    said = await alice.post("stock/transfer", {"from": "osh", "to": "main", "lines": [line("3"), line("3")]})
    assert (said.status, said.code) == (409, "insufficient_stock")
    assert said.body["errors"] == [{"line": 0, "sku": "CUP", "warehouse": "osh", "requested": "6", "available": "5"}]
    for verb in ("receive", "write-off"):
        for number in ("T999", "T1.7", "R1", "x"):
            for lines in ({}, {"lines": [line("1", warehouse="main")]}):
                gone = await alice.post(f"stock/transfer/{verb}", {"transfer": number, "reason": "x", **lines})
                assert (gone.status, gone.code) == (404, "transfer_not_found")


async def test_refuses_to_send_to_a_closed_warehouse(alice: Client) -> None:
    await alice.received("5")
    assert (await alice.post("inventory/warehouses/main/archive")).status == 200
    said = await alice.post("stock/transfer", {"from": "osh", "to": "main", "lines": [line("3")]})
    assert (said.status, said.code) == (409, "warehouse_archived")


async def test_a_loss_needs_a_reason_and_no_more_than_is_under_way(alice: Client) -> None:
    await alice.received("5")
    made = await sent(alice, "3")
    silent = await alice.post("stock/transfer/write-off", {"transfer": made["id"]})
    assert (silent.status, silent.body["errors"][0]["field"]) == (422, "reason")
    lost = await alice.post("stock/transfer/write-off", {"transfer": made["id"], "reason": "x", "lines": [line("4", warehouse="main")]})
    assert (lost.status, lost.code) == (409, "more_than_in_transit")
    assert lost.body["errors"] == [{"line": 0, "sku": "CUP", "warehouse": "main", "requested": "4", "open": "3"}]
    elsewhere = await alice.post("stock/transfer/receive", {"transfer": made["id"], "lines": [line("1", warehouse="osh")]})
    assert (elsewhere.status, elsewhere.body["errors"][0]["code"]) == (422, "other_warehouse")


async def test_stock_under_way_cannot_be_promised_before_it_arrives(alice: Client) -> None:
    await alice.received("8")
    made = await sent(alice)
    early = await alice.post("stock/reserve", {"lines": [line("1", warehouse="main")], "hold": "hard"})
    assert (early.status, early.code) == (409, "insufficient_stock")
    await alice.post("stock/transfer/receive", {"transfer": made["id"]})
    assert (await alice.post("stock/reserve", {"lines": [line("8", warehouse="main")], "hold": "hard"})).status == 201


async def test_lots_travel_along(alice: Client) -> None:
    await alice.post("stock/receive", {"lines": [line("3", lot="L1"), line("2", lot="L2")]})
    made = await sent(alice, "5")
    assert {(each["lot"], each["qty"]) for each in made["lines"]} == {("L1", "3"), ("L2", "2")}
    said = await alice.post("stock/transfer/receive", {"transfer": made["id"], "lines": [line("3", warehouse="main", lot="L2")]})
    assert (said.status, said.body["errors"][0]["open"]) == (409, "2")
    await alice.post("stock/transfer/receive", {"transfer": made["id"], "lines": [line("2", warehouse="main", lot="L2")]})
    assert (await alice.post("stock/issue", {"lines": [line("2", warehouse="main", lot="L2")]})).status == 200
    assert (await alice.post("stock/issue", {"lines": [line("1", warehouse="main", lot="L1")]})).status == 409


async def test_many_at_once(alice: Client) -> None:
    await alice.received("9")
    commands = [
        {"verb": "transfer", "key": "b1", "from": "osh", "to": "main", "lines": [line("4")]},
        {"verb": "transfer", "key": "b2", "from": "osh", "to": "main", "lines": [line("40")]},
    ]
    said = await alice.send("POST", "stock/bulk", {"commands": commands})
    assert [each["status"] for each in said.body["results"]] == [201, 409]
    assert said.body["results"][0]["transfer"]["status"] == "in_transit"


async def test_who_may_not_move_stock_may_not_transfer_it(alice: Client, bob: Client) -> None:
    await alice.received("9")
    made = await sent(alice, "4")
    body = {"transfer": made["id"], "reason": "x"}
    for verb, told in (
        ("transfer", {"from": "osh", "to": "main", "lines": [line("1")]}),
        ("transfer/receive", body),
        ("transfer/write-off", body),
    ):
        said = await bob.post(f"stock/{verb}", told)
        assert (said.status, said.code) == (403, "not_allowed")


async def test_a_stranger_finds_no_transfer(alice: Client, carol: Client) -> None:
    await alice.received("9")
    await carol.received("1")
    made = await sent(alice, "4")
    theirs: list[Said] = [
        await carol.get(f"stock/transfers/{made['id']}"),
        await carol.post("stock/transfer/receive", {"transfer": made["id"]}),
        await carol.post("stock/transfer/write-off", {"transfer": made["id"], "reason": "x"}),
    ]
    assert {(said.status, said.code) for said in theirs} == {(404, "transfer_not_found")}
    assert (await carol.get("stock/transfers")).body["items"] == []
