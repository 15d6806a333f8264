"""What can be read of stock over REST."""

from __future__ import annotations

import csv
import io
from typing import Any

from tests.api.conftest import Client, MovingClock, line


async def every(client: Client, path: str, limit: int) -> list[Any]:
    """All rows of a list, page by page."""
    rows: list[Any] = []
    cursor = ""
    for _ in range(50):
        said = await client.get(f"{path}{'&' if '?' in path else '?'}limit={limit}{cursor}")
        assert said.status == 200, said.body
        assert said.body.keys() == {"items", "next", "as_of_seq"}
        rows += said.body["items"]
        if said.body["next"] is None:
            return rows
        cursor = f"&cursor={said.body['next']}"
    raise AssertionError("the list does not end")


async def test_levels_page_by_page_without_gap_or_repetition(alice: Client) -> None:
    for number in range(7):
        await alice.post("inventory/items", {"sku": f"S{number}", "name": f"Thing {7 - number}"})
        await alice.received(number + 1, f"S{number}", "osh" if number % 2 else "main")
        await alice.received(1, f"S{number}", "main" if number % 2 else "osh")
    for sort in ("sku", "name", "available", "-available", "on_hand", "-on_hand", "reserved", "state"):
        rows = await every(alice, f"stock/levels?sort={sort}", 3)
        assert len({(row["sku"], row["warehouse"]) for row in rows}) == len(rows) == 14, sort
    down = [int(row["available"]) for row in await every(alice, "stock/levels?sort=-available", 4)]
    assert down == sorted(down, reverse=True)
    assert [row["sku"] for row in await every(alice, "stock/levels?sku=S3", 10)] == ["S3", "S3"]
    assert {row["warehouse"] for row in await every(alice, "stock/levels?warehouse=osh", 10)} == {"osh"}
    assert [row["sku"] for row in await every(alice, "stock/levels?q=thing%207", 10)] == ["S0", "S0"]


async def test_an_item_is_clamped_per_warehouse_and_then_summed(alice: Client) -> None:
    await alice.received("10", warehouse="osh")
    await alice.received("5", warehouse="main")
    await alice.reserved("8", hold="hard")
    await alice.post("stock/adjust", {"lines": [{"sku": "CUP", "warehouse": "osh", "delta": "-6"}], "reason": "fire"})
    said = await alice.get("stock/levels/CUP")
    assert (said.body["on_hand"], said.body["reserved"], said.body["available"]) == ("9", "8", "5")
    assert {row["warehouse"]: row["available"] for row in said.body["warehouses"]} == {"osh": "0", "main": "5"}
    assert said.body["as_of_seq"] == said.body["seq"] == 4


async def test_a_warehouse_short_of_its_promises_takes_nothing_from_the_sum(alice: Client) -> None:
    """Worked example E16: 3, not -1; 10, not 5; 11, not 21."""
    await alice.received("5")
    await alice.received("3", warehouse="main")
    await alice.reserved("5", hold="hard")
    await alice.post("stock/adjust", {"lines": [{"sku": "CUP", "warehouse": "osh", "delta": "-4"}], "reason": "fire"})
    assert (await alice.get("stock/levels/CUP")).body["available"] == "3"
    await alice.received("5", "ROPE")
    await alice.received("5", "ROPE", "main")
    assert (await alice.get("stock/levels/ROPE")).body["available"] == "10.0"


async def test_two_zones_of_a_warehouse_are_counted_once(alice: Client) -> None:
    """Worked example E16, its zones."""
    for zone, qty in (("z1", "10"), ("z2", "1")):
        assert (await alice.post("inventory/warehouses/osh/locations", {"code": zone, "kind": "zone"})).status == 201
        await alice.post("stock/receive", {"lines": [line(qty, location=zone)]})
    said = await alice.get("stock/levels/CUP")
    assert (said.body["on_hand"], said.body["available"], len(said.body["warehouses"])) == ("11", "11", 1)


async def test_low_and_state_follow_the_limits(alice: Client) -> None:
    await alice.received("10")
    await alice.received("5", warehouse="main")
    await alice.post("inventory/items/CUP/limits", {"warehouse": "osh", "min": "12", "max": "40"})
    await alice.post("inventory/items/CUP/limits", {"warehouse": "main", "min": "1", "max": "4"})
    await alice.post("inventory/items/ROPE/limits", {"warehouse": "osh", "min": "2.5", "max": "10"})
    assert [(row["sku"], row["warehouse"]) for row in await every(alice, "stock/levels?low=true", 10)] == [("CUP", "osh"), ("ROPE", "osh")]
    assert [row["sku"] for row in await every(alice, "stock/levels?state=out", 10)] == ["ROPE"]
    assert [row["warehouse"] for row in await every(alice, "stock/levels?state=over", 10)] == ["main"]


async def test_the_ledger_from_both_ends(alice: Client) -> None:
    for number in range(9):
        await alice.received(1, "CUP", "osh" if number % 3 else "main")
    await alice.reserved("1")
    newest = await every(alice, "stock/ledger", 4)
    assert [row["seq"] for row in newest] == list(range(10, 0, -1))
    assert [row["seq"] for row in await every(alice, "stock/ledger?order=asc", 4)] == list(range(1, 11))
    assert [row["seq"] for row in await every(alice, "stock/ledger?after=3&before=7", 2)] == [6, 5, 4]
    assert [row["seq"] for row in await every(alice, "stock/ledger?sku=CUP&order=asc", 3)] == list(range(1, 11))
    assert [row["seq"] for row in await every(alice, "stock/ledger?sku=CUP&warehouse=main", 2)] == [7, 4, 1]
    assert [row["kind"] for row in await every(alice, "stock/ledger?kind=reserve", 5)] == ["reserve"]
    assert len(await every(alice, "stock/ledger?kind=reserve,receive", 5)) == 10
    at = newest[4]["recorded_at"]
    before, after = await every(alice, f"stock/ledger?before={at}", 3), await every(alice, f"stock/ledger?after={at}", 3)
    assert [row["seq"] for row in after] == [10, 9, 8, 7]
    assert [row["seq"] for row in before] == [5, 4, 3, 2, 1]
    assert [row["seq"] for row in await every(alice, f"stock/ledger?after={at.replace('Z', '+00:00')}", 10)] == [10, 9, 8, 7]


async def test_reservations_by_status_reference_and_item(alice: Client, clock: MovingClock) -> None:
    await alice.received("50")
    await alice.received("5", "ROPE", "main")
    soft = await alice.reserved("1", expires_in=60, reference="SO-1")
    firm = await alice.reserved("2", hold="hard", reference="SO-2")
    sold, freed, part = await alice.reserved("3"), await alice.reserved("4"), await alice.reserved("5", hold="hard")
    await alice.post("stock/commit", {"reservation": sold["id"]})
    await alice.post("stock/release", {"reservation": freed["id"]})
    await alice.post("stock/commit", {"reservation": part["id"], "lines": [line("2")]})
    both = await alice.post("stock/reserve", {"lines": [line("1"), line("2"), line("1", "ROPE", "main")], "hold": "hard"})
    two = both.body["reservation"]["id"]
    clock.ahead_us = 61_000_000

    async def ids(query: str) -> list[str]:
        return [row["id"] for row in await every(alice, f"stock/reservations?{query}", 2)]

    assert await ids("status=active") == [two, part["id"], firm["id"]]
    assert await ids("status=committed") == [sold["id"]]
    assert await ids("status=released") == [freed["id"]]
    assert await ids("status=expired") == [soft["id"]]
    assert await ids("reference=SO-2") == [firm["id"]]
    assert await ids("sku=ROPE") == [two]
    assert await ids("sku=CUP") == [two, part["id"], freed["id"], sold["id"], firm["id"], soft["id"]]
    assert await ids("sku=CUP&warehouse=main") == []
    assert await ids("sku=CUP&status=committed") == [sold["id"]]
    shown = await alice.get(f"stock/reservations/{two}")
    assert [(each["sku"], each["qty"]) for each in shown.body["lines"]] == [("CUP", "1"), ("CUP", "2"), ("ROPE", "1.0")]
    assert shown.body["lines"][0].keys() >= {"qty", "open", "committed", "released", "expired"}


async def test_the_same_list_as_a_file(alice: Client) -> None:
    await alice.post("inventory/items", {"sku": "EVIL", "name": "=1+1"})
    await alice.received("3")
    said = await alice.get("stock/levels?limit=1", Accept="text/csv")
    assert said.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(said.body.lstrip("\ufeff"))))
    assert [(row["sku"], row["on_hand"]) for row in rows] == [("CUP", "3")]
    items = await alice.get("inventory/items", Accept="text/csv")
    assert "'=1+1" in items.body, "a spreadsheet must not run what somebody typed"
    more = await alice.get("inventory/items?limit=1", Accept="text/csv")
    assert 'rel="next"' in more.headers["Link"]


async def test_refuses_questions_that_make_no_sense(alice: Client) -> None:
    for path in (
        "stock/levels?limit=0",
        "stock/levels?limit=501",
        "stock/levels?limit=x",
        "stock/levels?sort=hash",
        "stock/levels?low=perhaps",
        "stock/levels?state=fine",
        "stock/levels?cursor=nonsense",
        "stock/levels?cursor=WzEsMiwzXQ",
        "stock/levels?q=%00",
        "stock/ledger?kind=steal",
        "stock/ledger?after=yesterday",
        "stock/ledger?order=sideways",
        "stock/ledger?cursor=WyJhIl0",
        "stock/reservations?status=lost",
        "inventory/items?kind=toy",
        "inventory/lookup",
    ):
        said = await alice.get(path)
        assert said.status == 422, said.body


async def test_what_is_not_there_is_not_there(alice: Client, carol: Client) -> None:
    await alice.received("1")
    made = await alice.reserved("1")
    for path in ("stock/levels/NOPE", "stock/levels/%00", "stock/reservations/R1", "stock/reservations/x", "inventory/items/NOPE"):
        assert (await alice.get(path)).status == 404, path
    assert (await carol.get(f"stock/reservations/{made['id']}")).status == 404
    carol.slug = alice.who.tenant.slug
    for path in ("stock/levels", "stock/ledger", f"stock/reservations/{made['id']}", "me", "inventory/items"):
        assert (await carol.get(path)).status == 404, path


async def test_like_patterns_are_taken_as_they_stand(alice: Client) -> None:
    await alice.post("inventory/items", {"sku": "PCT", "name": "100% wool_x"})
    assert [row["sku"] for row in await every(alice, "inventory/items?q=%25", 5)] == ["PCT"]
    assert [row["sku"] for row in await every(alice, "inventory/items?q=l_x", 5)] == ["PCT"]
    assert await every(alice, "inventory/items?q=a_x", 5) == []
    assert await every(alice, "inventory/items?q=%5C", 5) == []
