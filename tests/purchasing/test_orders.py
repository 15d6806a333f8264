"""Purchase orders as documents, over REST: the ladder, who may climb it, and what nobody can do."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.purchasing.conftest import Buyer

KGS = {"amount": "10.00", "currency": "KGS"}


async def choose(alice: Buyer, **settings: Any) -> None:
    """What the company has chosen."""
    version = (await alice.get("settings")).body["version"]
    said = await alice.patch("settings", settings, version)
    assert said.status == 200, said.body


async def status(alice: Buyer, number: str) -> str:
    return str((await alice.order(number))["status"])


async def test_climbs_the_ladder(alice: Buyer) -> None:
    number = await alice.drafted(("CUP", "3"), unit="case", price=KGS)
    draft = await alice.order(number)
    assert (draft["status"], draft["created_by"], draft["amount"]["amount"]) == ("draft", "Alice's key", "30.00")
    assert await alice.level() == ("0", "0", "0")
    for verb, reached in (("submit", "submitted"), ("approve", "approved")):
        said = await alice.post(f"purchasing/orders/{number}/{verb}")
        assert (said.status, said.body["status"]) == (200, reached)
    assert await alice.level() == ("0", "0", "36")
    await alice.receives(number, (1, "1"))
    assert await status(alice, number) == "partially_received"
    await alice.receives(number, (1, "2"))
    assert await status(alice, number) == "received"
    closed = await alice.post(f"purchasing/orders/{number}/close", {})
    assert (closed.status, closed.body["status"]) == (200, "closed")
    late = await alice.receives(number, (1, "1"), allow_over=True)
    assert (late.status, late.code, late.body["errors"][0]["status"]) == (409, "order_not_open", "closed")


async def test_numbers_have_no_holes(alice: Buyer) -> None:
    """Refused drafts and fifty at once included."""
    await alice.post("purchasing/orders", {"supplier": "acme", "warehouse": "osh", "lines": [{"sku": "NONE", "qty": "1"}]})
    numbers = await asyncio.gather(*[alice.drafted(("CUP", "1")) for _ in range(20)])
    assert sorted(int(number.removeprefix("PO-")) for number in numbers) == list(range(1001, 1021))


async def test_a_rejected_order_is_changed_and_put_forward_again(alice: Buyer) -> None:
    number = await alice.drafted(("CUP", "5"))
    await alice.post(f"purchasing/orders/{number}/submit")
    silent = await alice.post(f"purchasing/orders/{number}/reject", {})
    assert (silent.status, silent.body["errors"][0]["field"]) == (422, "reason")
    said = await alice.post(f"purchasing/orders/{number}/reject", {"reason": "too many"})
    assert (said.body["status"], said.body["reason"]) == ("rejected", "too many")
    changed = await alice.patch(f"purchasing/orders/{number}", {"lines": [{"sku": "CUP", "qty": "2"}]}, said.body["version"])
    assert (changed.body["status"], [line["qty"] for line in changed.body["lines"]]) == ("draft", ["2"])
    for verb in ("submit", "approve"):
        await alice.post(f"purchasing/orders/{number}/{verb}")
    assert await alice.level() == ("0", "0", "2")


async def test_an_edit_of_an_old_version_changes_nothing(alice: Buyer) -> None:
    number = await alice.drafted(("CUP", "5"))
    assert (await alice.patch(f"purchasing/orders/{number}", {"note": "soon"}, 1)).status == 200
    said = await alice.patch(f"purchasing/orders/{number}", {"note": "never"}, 1)
    assert (said.status, said.code, (await alice.order(number))["note"]) == (409, "version_conflict", "soon")
    assert (await alice.patch(f"purchasing/orders/{number}", {"note": "x"}, None)).status == 400


@pytest.mark.parametrize(
    ("reached", "verb", "code"),
    [
        ("draft", "approve", "order_status"),
        ("draft", "reject", "order_status"),
        ("draft", "close", "order_status"),
        ("submitted", "submit", "order_status"),
        ("approved", "approve", "order_status"),
        ("approved", "close", "nothing_received"),
        ("received", "cancel", "already_received"),
        ("cancelled", "cancel", "order_status"),
        ("cancelled", "submit", "order_status"),
        ("closed", "close", "order_status"),
    ],
)
async def test_refuses_a_step_that_is_not_on_the_ladder(alice: Buyer, reached: str, verb: str, code: str) -> None:
    number = await alice.drafted(("CUP", "5"))
    steps = {
        "draft": (),
        "submitted": ("submit",),
        "approved": ("submit", "approve"),
        "received": ("submit", "approve", "receive"),
        "cancelled": ("cancel",),
        "closed": ("submit", "approve", "receive", "close"),
    }
    for step in steps[reached]:
        assert (await alice.post(f"purchasing/orders/{number}/{step}", {})).status in (200, 201)
    before = await alice.order(number)
    said = await alice.post(f"purchasing/orders/{number}/{verb}", {"reason": "why not"})
    assert (said.status, said.code) == (409, code), said.body
    assert await alice.order(number) == before


async def test_cancelling_takes_back_what_was_on_order(alice: Buyer) -> None:
    number = await alice.ordered(("CUP", "5"), ("ROPE", "2.5"))
    assert await alice.level("ROPE") == ("0.0", "0.0", "2.5")
    said = await alice.post(f"purchasing/orders/{number}/cancel", {"reason": "bankrupt"})
    assert (said.status, said.body["status"]) == (200, "cancelled")
    assert (await alice.level(), await alice.level("ROPE")) == (("0", "0", "0"), ("0.0", "0.0", "0.0"))


async def test_a_manager_approves_up_to_the_limit_and_an_admin_beyond(alice: Buyer, manager: Buyer) -> None:
    await choose(alice, approval_limit=100)
    small = await alice.drafted(("CUP", "10"), price=KGS)
    large = await alice.drafted(("CUP", "11"), price=KGS)
    for number in (small, large):
        await alice.post(f"purchasing/orders/{number}/submit")
    assert (await manager.post(f"purchasing/orders/{small}/approve")).status == 200
    refused = await manager.post(f"purchasing/orders/{large}/approve")
    assert (refused.status, refused.code) == (409, "over_approval_limit")
    assert {refused.body["errors"][0][name] for name in ("amount", "limit")} == {"110.00", "100"}
    assert (await alice.post(f"purchasing/orders/{large}/approve")).status == 200


async def test_four_eyes_see_more_than_two(alice: Buyer, manager: Buyer) -> None:
    await choose(alice, order_four_eyes="on")
    number = await manager.drafted(("CUP", "1"))
    await manager.post(f"purchasing/orders/{number}/submit")
    refused = await manager.post(f"purchasing/orders/{number}/approve")
    assert (refused.status, refused.code) == (409, "own_order")
    assert (await alice.post(f"purchasing/orders/{number}/approve")).status == 200


async def test_approving_twice_at_once_counts_once(alice: Buyer) -> None:
    number = await alice.drafted(("CUP", "8"))
    await alice.post(f"purchasing/orders/{number}/submit")
    said = await asyncio.gather(*[alice.post(f"purchasing/orders/{number}/approve") for _ in range(10)])
    assert sorted(each.status for each in said) == [200] + [409] * 9
    assert await alice.level() == ("0", "0", "8")


async def test_closing_and_receiving_at_once_agree_in_the_end(alice: Buyer) -> None:
    """Whoever comes first, what came is counted and nothing is awaited that nobody will send."""
    for _ in range(5):
        number = await alice.ordered(("CUP", "10"))
        await alice.receives(number, (1, "1"))
        said = await asyncio.gather(
            *[alice.receives(number, (1, "1")) for _ in range(4)],
            alice.post(f"purchasing/orders/{number}/close", {}),
            *[alice.receives(number, (1, "1")) for _ in range(4)],
        )
        came = 1 + sum(each.status == 201 for each in said)
        order = await alice.order(number)
        line = order["lines"][0]
        assert {each.status for each in said} <= {200, 201, 409}
        assert (order["status"], line["received"], line["cancelled"], line["open"]) == ("closed", str(came), str(10 - came), "0")
    assert (await alice.level())[2] == "0"


async def test_prices_and_packs_are_the_suppliers_unless_said(alice: Buyer) -> None:
    offer = {
        "sku": "CUP", "unit": "case", "price": {"amount": "120", "currency": "KGS"}, "breaks": [{"from_qty": 10, "price": "100"}]
    }  # fmt: skip
    assert (await alice.post("inventory/suppliers/acme/items", offer)).status == 201
    order = await alice.order(await alice.drafted(("CUP", "10")))
    line = order["lines"][0]
    assert (line["unit"], line["price"]["amount"], line["amount"]["amount"], line["ordered_base"]) == ("case", "100.00", "1000.00", "120")
    few = (await alice.order(await alice.drafted(("CUP", "9"))))["lines"][0]
    assert few["price"]["amount"] == "120.00"
    singly = (await alice.order(await alice.drafted(("CUP", "9"), unit="pcs")))["lines"][0]
    assert (singly["price"], singly["ordered_base"]) == (None, "9")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"supplier": "nobody"}, 404, "unknown_supplier"),
        ({"warehouse": "nowhere"}, 404, "unknown_warehouse"),
        ({"lines": []}, 422, "invalid_body"),
        ({"lines": [{"sku": "CUP", "qty": "0"}]}, 422, "invalid_body"),
        ({"lines": [{"sku": "CUP", "qty": "1.5"}]}, 422, "invalid_body"),
        ({"lines": [{"sku": "CUP", "qty": 1.5}]}, 422, "invalid_body"),
        ({"lines": [{"sku": "CUP", "qty": "1", "unit": "ship"}]}, 422, "invalid_body"),
        ({"lines": [{"sku": "CUP", "qty": "1", "price": {"amount": "1", "currency": "EUR"}}]}, 422, "invalid_body"),
        ({"lines": [{"sku": "CUP", "qty": "1", "price": {"amount": "-1", "currency": "KGS"}}]}, 422, "invalid_body"),
        ({"expected_on": "tomorrow"}, 422, "invalid_body"),
        ({"status": "approved"}, 422, "invalid_body"),
        ({"currency": "gold"}, 422, "invalid_body"),
    ],
)
async def test_refuses_a_draft_that_does_not_fit(alice: Buyer, changes: dict[str, Any], status: int, code: str) -> None:
    body = {"supplier": "acme", "warehouse": "osh", "lines": [{"sku": "CUP", "qty": "1"}], **changes}
    said = await alice.post("purchasing/orders", body)
    assert (said.status, said.code) == (status, code), said.body
    assert (await alice.get("purchasing/orders")).body["items"] == []


async def test_nothing_is_put_away_while_it_is_on_order(alice: Buyer) -> None:
    number = await alice.ordered(("CUP", "5"))
    for path, code in (("inventory/items/CUP", "item_has_stock"), ("inventory/warehouses/osh", "warehouse_has_stock")):
        said = await alice.post(f"{path}/archive")
        assert (said.status, said.code) == (409, code)
    await alice.post(f"purchasing/orders/{number}/cancel")
    assert (await alice.post("inventory/items/CUP/archive")).status == 200
    body = {"supplier": "acme", "warehouse": "osh", "lines": [{"sku": "CUP", "qty": "1"}]}
    assert (await alice.post("purchasing/orders", body)).code == "item_archived"


async def test_lists_find_orders_by_what_people_ask(alice: Buyer) -> None:
    first = await alice.ordered(("CUP", "5"))
    second = await alice.drafted(("ROPE", "2"), warehouse="main")

    async def found(query: str) -> list[str]:
        return [order["number"] for order in (await alice.get(f"purchasing/orders?{query}")).body["items"]]

    assert await found("") == [second, first]
    assert await found("status=approved") == await found("open=true") == await found("sku=CUP") == [first]
    assert await found("warehouse=main") == await found("status=draft") == await found(f"q={second}") == [second]
    assert await found("supplier=acme&limit=1") == [second]
    page = (await alice.get("purchasing/orders?limit=1")).body
    assert await found(f"limit=1&cursor={page['next']}") == [first]
    assert (await alice.get("purchasing/orders?cursor=nonsense")).status == 422


async def test_roles_and_strangers(alice: Buyer, bob: Buyer, carol: Buyer) -> None:
    number = await alice.drafted(("CUP", "5"))
    assert (await bob.get("purchasing/orders")).status == 200
    for verb in ("submit", "approve", "cancel"):
        assert (await bob.post(f"purchasing/orders/{number}/{verb}")).status == 403
        assert (await carol.post(f"purchasing/orders/{number}/{verb}")).status == 404
    assert (
        await bob.post("purchasing/orders", {"supplier": "acme", "warehouse": "osh", "lines": [{"sku": "CUP", "qty": "1"}]})
    ).status == 403
    assert await status(alice, number) == "draft"


async def test_a_supplier_stays_while_an_order_is_open(alice: Buyer, carol: Buyer) -> None:
    drafted, ordered = await alice.drafted(("CUP", "1")), await alice.ordered(("CUP", "2"))
    for number in (drafted, ordered):
        said = await alice.post("inventory/suppliers/acme/archive")
        assert (said.status, said.code) == (409, "supplier_has_orders")
        done = await alice.post(f"purchasing/orders/{number}/cancel", {})
        assert done.status == 200, done.body
    assert (await alice.post("inventory/suppliers/acme/archive")).body["archived"] is True
    assert (await carol.get("inventory/suppliers/acme")).body["archived"] is False
