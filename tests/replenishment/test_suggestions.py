"""What is suggested over REST: worked example E28, what counts as coming, who sells it, who has too much of it."""

from __future__ import annotations

import csv
import io

import pytest

from kit.clock import SECOND
from tests.api.conftest import MovingClock
from tests.replenishment.conftest import Planner

HOUR = 3600 * SECOND


@pytest.fixture
async def e28(alice: Planner) -> Planner:
    """On hand 12, hard 5, on order 10; minimum 20, maximum 60."""
    await alice.limits()
    await alice.received("12")
    await alice.reserved("5", hold="hard")
    await alice.ordered(("CUP", "10"), unit="pcs")
    return alice


async def test_suggests_whole_packs_with_the_figures_that_led_to_it(e28: Planner) -> None:
    """Worked example E28."""
    (found,) = await e28.suggestions()
    assert {name: found[name] for name in ("reason", "available", "demand", "on_order", "in_transit", "planned", "projected")} == {
        "reason": "below_min", "available": "7", "demand": "0", "on_order": "10", "in_transit": "0", "planned": "0", "projected": "17",
    }  # fmt: skip
    assert (found["min"], found["max"], found["need"], found["base_unit"]) == ("20", "60", "43", "pcs")
    assert (found["supplier"], found["qty"], found["unit"], found["qty_base"], found["pack"]) == ("acme", "4", "case", "48", "12")
    assert (found["price"], found["amount"]) == ({"amount": "10.50", "currency": "KGS"}, {"amount": "42.00", "currency": "KGS"})
    assert found["offered_by"] == ["acme"]


async def test_orders_nothing_twice(e28: Planner) -> None:
    """Worked example E28, run again; and on to the shelf."""
    said = await e28.drafts(all=True)
    assert (said.status, said.body["unassigned"], len(said.body["orders"])) == (201, [], 1)
    (number,) = said.body["orders"]
    assert await e28.suggestions() == []
    assert (await e28.drafts(all=True)).body["orders"] == []
    for verb in ("submit", "approve"):
        assert (await e28.post(f"purchasing/orders/{number}/{verb}")).status == 200
        assert await e28.suggestions() == []
    assert (await e28.receives(number, (1, "4"))).status == 201
    assert await e28.suggestions() == []
    assert await e28.level() == ("60", "55", "10")


async def test_a_draft_that_is_cancelled_or_rejected_is_needed_again(e28: Planner) -> None:
    (number,) = (await e28.drafts(all=True)).body["orders"]
    await e28.post(f"purchasing/orders/{number}/submit")
    assert await e28.projected() is None
    await e28.post(f"purchasing/orders/{number}/reject", {"reason": "too dear"})
    assert await e28.projected() == ("17", "43", "4")
    await e28.post(f"purchasing/orders/{number}/cancel", {})
    assert await e28.projected() == ("17", "43", "4")


@pytest.mark.parametrize(("on_hand", "found"), [("20", ("20", "40", "4")), ("21", None), ("19", ("19", "41", "4"))])
async def test_the_minimum_itself_is_too_little(alice: Planner, on_hand: str, found: tuple[str, str, str] | None) -> None:
    await alice.limits()
    await alice.received(on_hand)
    assert await alice.projected() == found


async def test_counts_what_is_on_its_way(alice: Planner) -> None:
    await alice.limits()
    await alice.received("30", warehouse="main")
    await alice.received("12")
    assert await alice.projected() == ("12", "48", "4")
    said = await alice.post("stock/transfer", {"from": "main", "to": "osh", "lines": [{"sku": "CUP", "qty": "9"}]})
    assert said.status == 201
    assert await alice.projected() is None


async def test_what_is_promised_and_not_there_must_come_too(alice: Planner) -> None:
    """As the stock page has it: low when what is promised is not covered by what comes."""
    await alice.limits()
    await alice.received("10")
    await alice.reserved("10", hold="hard")
    counted = {"lines": [{"sku": "CUP", "warehouse": "osh", "set_to": "3", "expected": "10"}], "reason": "count"}
    assert (await alice.post("stock/adjust", counted)).status == 200
    (found,) = await alice.suggestions()
    assert (found["available"], found["demand"], found["projected"], found["need"], found["reason"]) == ("0", "7", "-7", "67", "out")


async def test_a_hold_whose_time_has_passed_holds_nothing(alice: Planner, clock: MovingClock) -> None:
    await alice.limits()
    await alice.received("25")
    await alice.reserved("6", expires_in=60)
    assert await alice.projected() == ("19", "41", "4")
    clock.ahead_us += 61 * SECOND
    assert await alice.projected() is None


async def test_orders_in_steps_and_not_less_than_the_least(alice: Planner) -> None:
    await alice.limits()
    offer = (await alice.get("inventory/suppliers/acme/items/CUP")).body
    terms = {"unit": "case", "multiple": 3, "moq": 9}
    said = await alice.send(
        "PUT", "inventory/suppliers/acme/items/CUP", terms, {"Idempotency-Key": "p", "If-Match": f'"{offer["version"]}"'}
    )
    assert said.status == 200
    (found,) = await alice.suggestions()
    assert (found["need"], found["qty"], found["qty_base"], found["price"], found["amount"]) == ("60", "9", "108", None, None)


async def test_takes_the_price_that_counts_for_so_many(alice: Planner) -> None:
    await alice.limits()
    offer = (await alice.get("inventory/suppliers/acme/items/CUP")).body
    terms = {"unit": "case", "price": {"amount": "10", "currency": "KGS"}, "breaks": [{"from_qty": 5, "price": "9.333"}]}
    await alice.send("PUT", "inventory/suppliers/acme/items/CUP", terms, {"Idempotency-Key": "p", "If-Match": f'"{offer["version"]}"'})
    (found,) = await alice.suggestions()
    assert (found["qty"], found["price"]["amount"], found["amount"]["amount"]) == ("5", "9.333", "46.66")
    (number,) = (await alice.drafts(all=True)).body["orders"]
    assert (await alice.order(number))["amount"] == {"amount": "46.66", "currency": "KGS"}


async def test_expects_it_after_the_lead_time_on_the_calendar_of_the_warehouse(alice: Planner, clock: MovingClock) -> None:
    """In Osh tomorrow begins hours before it does in London; Best has not said how long it takes."""
    await alice.limits(warehouse="london")
    await alice.limits(warehouse="osh")
    await alice.limits("PLATE")
    now = clock()
    clock.ahead_us += (21 * HOUR - now % (24 * HOUR)) % (24 * HOUR)
    there, here, plate = await alice.suggestions()
    assert (there["warehouse"], here["warehouse"], plate["sku"]) == ("london", "osh", "PLATE")
    assert there["expected_on"] < here["expected_on"]
    assert (there["lead_time_days"], plate["lead_time_days"], plate["expected_on"]) == (5, None, None)


async def test_asks_the_preferred_supplier_the_only_one_or_a_person(alice: Planner) -> None:
    await alice.limits()
    assert (await alice.post("inventory/suppliers/best/items", {"sku": "CUP", "unit": "case"})).status == 201
    assert [each["supplier"] for each in await alice.suggestions()] == ["acme"]
    assert (await alice.post("inventory/items/CUP/suppliers/best/prefer")).status == 200
    assert [each["supplier"] for each in await alice.suggestions()] == ["best"]
    terms = {"unit": "case", "preferred": False}
    version = (await alice.get("inventory/suppliers/best/items/CUP")).body["version"]
    await alice.send("PUT", "inventory/suppliers/best/items/CUP", terms, {"Idempotency-Key": "p", "If-Match": f'"{version}"'})
    (found,) = await alice.suggestions()
    assert (found["supplier"], found["qty"], found["offered_by"]) == (None, None, ["acme", "best"])
    assert (await alice.post("inventory/suppliers/acme/archive")).status == 200
    assert [each["supplier"] for each in await alice.suggestions()] == ["best"]


async def test_knows_who_has_too_much_nearest_first(alice: Planner) -> None:
    """Main keeps up to 30 of its own, London has no limits."""
    await alice.limits()
    await alice.limits(low="5", high="30", warehouse="main")
    await alice.received("50", warehouse="main")
    await alice.received("100", warehouse="london")
    (found,) = await alice.suggestions()
    assert found["transfers"] == [{"from": "london", "qty": "60"}, {"from": "main", "qty": "20"}]
    await alice.reserved("25", warehouse="main", hold="hard")
    (found,) = await alice.suggestions()
    assert found["transfers"] == [{"from": "london", "qty": "60"}]


async def test_asks_nothing_for_what_was_put_away_or_has_no_limits(alice: Planner) -> None:
    await alice.received("1")
    assert await alice.suggestions() == []
    await alice.limits()
    await alice.limits("ROPE", "5", "10", "london")
    assert len(await alice.suggestions()) == 2
    await alice.post("inventory/warehouses/london/archive")
    assert [each["sku"] for each in await alice.suggestions()] == ["CUP"]
    await alice.post("stock/adjust", {"lines": [{"sku": "CUP", "warehouse": "osh", "delta": "-1"}], "reason": "last one"})
    await alice.post("inventory/items/CUP/archive")
    assert await alice.suggestions() == []


async def test_lists_by_supplier_warehouse_and_item_in_pages_filters_and_files(alice: Planner) -> None:
    for sku, warehouse in (("CUP", "osh"), ("CUP", "main"), ("PLATE", "osh"), ("ROPE", "main")):
        await alice.limits(sku, warehouse=warehouse)
    found = [(each["supplier"], each["warehouse"], each["sku"]) for each in await alice.suggestions()]
    assert found == [("acme", "main", "CUP"), ("acme", "osh", "CUP"), ("best", "osh", "PLATE"), (None, "main", "ROPE")]
    paged, cursor = [], ""
    for _ in range(4):
        said = await alice.get(f"replenishment/suggestions?limit=1{cursor}")
        paged += [(each["supplier"], each["warehouse"], each["sku"]) for each in said.body["items"]]
        cursor = f"&cursor={said.body['next']}"
    assert paged == found and said.body["next"] is None
    assert [each["sku"] for each in await alice.suggestions("?supplier=best")] == ["PLATE"]
    assert [each["warehouse"] for each in await alice.suggestions("?warehouse=main")] == ["main", "main"]
    assert [each["sku"] for each in await alice.suggestions("?q=plat")] == ["PLATE"]
    assert await alice.suggestions("?q=%25") == []
    assert (await alice.get("replenishment/suggestions?cursor=nonsense")).code == "bad_cursor"
    said = await alice.get("replenishment/suggestions", Accept="text/csv")
    rows = list(csv.DictReader(io.StringIO(said.body.lstrip("\ufeff"))))
    assert next((row["supplier"], row["warehouse"], row["sku"], row["qty"]) for row in rows) == ("acme", "main", "CUP", "5")
