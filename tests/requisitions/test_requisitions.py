"""Requisitions: the system…"""

from __future__ import annotations

from typing import Any

import pytest

from tests.purchasing.conftest import Buyer, Said


async def asks(who: Buyer, *lines: tuple[str, Any], ask: bool = True, **more: Any) -> Said:
    """What somebody wants: (sku, quantity)."""
    body = {"warehouse": "osh", "lines": [{"sku": sku, "qty": qty} for sku, qty in lines], "ask": ask, **more}
    return await who.post("purchasing/requisitions", body)


async def approved(alice: Buyer, bob: Buyer, *lines: tuple[str, Any]) -> str:
    """The number of a requisition that may be ordered."""
    number = str((await asks(bob, *lines)).body["number"])
    assert (await alice.post(f"purchasing/requisitions/{number}/approve")).status == 200
    return number


async def test_lets_a_clerk_ask_and_a_manager_decide(bob: Buyer, manager: Buyer) -> None:
    said = await asks(bob, ("CUP", "24"), ask=False, needed_on="2026-12-24", note="for the feast")
    number = said.body["number"]
    assert (said.status, number, said.body["status"], said.body["needed_on"]) == (201, "RQ-1001", "draft", "2026-12-24")
    assert (await manager.post(f"purchasing/requisitions/{number}/approve")).code == "requisition_status"
    assert (await bob.post(f"purchasing/requisitions/{number}/ask")).body["status"] == "asked"
    assert (await bob.post(f"purchasing/requisitions/{number}/approve")).status == 403
    done = await manager.post(f"purchasing/requisitions/{number}/approve")
    assert (done.body["status"], done.body["decided_by"]) == ("approved", "Mary's key")


async def test_rejects_with_a_reason(alice: Buyer, bob: Buyer) -> None:
    number = (await asks(bob, ("CUP", "24"))).body["number"]
    assert (await alice.post(f"purchasing/requisitions/{number}/reject", {})).status == 422
    done = await alice.post(f"purchasing/requisitions/{number}/reject", {"reason": "enough of them"})
    assert (done.body["status"], done.body["reason"]) == ("rejected", "enough of them")
    assert (await alice.post(f"purchasing/requisitions/{number}/order")).code == "requisition_status"


async def test_becomes_drafts_by_the_supplier_of_each_item(alice: Buyer, bob: Buyer) -> None:
    await alice.post("inventory/suppliers", {"code": "ropes", "name": "Ropes"})
    await alice.post("inventory/suppliers/acme/items", {"sku": "CUP"})
    await alice.post("inventory/suppliers/ropes/items", {"sku": "ROPE"})
    number = await approved(alice, bob, ("CUP", "24"), ("ROPE", "7"))
    done = await alice.post(f"purchasing/requisitions/{number}/order")
    assert done.body["status"] == "ordered", done.body
    orders = [line["order"] for line in done.body["lines"]]
    found = [await alice.order(order) for order in orders]
    assert [(each["supplier"], each["status"], each["lines"][0]["qty"]) for each in found] == [
        ("acme", "draft", "24"),
        ("ropes", "draft", "7"),
    ]
    assert (await alice.post(f"purchasing/requisitions/{number}/order")).code == "requisition_status"


async def test_joins_a_draft_that_is_open_and_leaves_its_lines_as_they_are(alice: Buyer, bob: Buyer) -> None:
    order = await alice.drafted(("CUP", "2"), unit="case", price={"amount": "9.50", "currency": "KGS"}, expected_on="2026-12-05")
    before = (await alice.order(order))["lines"][0]
    number = await approved(alice, bob, ("ROPE", "7"))
    assert (await alice.post(f"purchasing/requisitions/{number}/order", {"order": order})).body["lines"][0]["order"] == order
    first, second = (await alice.order(order))["lines"]
    assert first == before
    assert (second["sku"], second["qty"]) == ("ROPE", "7")


async def test_joins_no_order_that_was_put_forward(alice: Buyer, bob: Buyer) -> None:
    order = await alice.ordered(("CUP", "2"))
    number = await approved(alice, bob, ("ROPE", "7"))
    assert (await alice.post(f"purchasing/requisitions/{number}/order", {"order": order})).code == "order_status"
    assert (await alice.get(f"purchasing/requisitions/{number}")).body["status"] == "approved"


async def test_asks_for_a_supplier_where_nobody_is_known_to_sell_it(alice: Buyer, bob: Buyer) -> None:
    number = await approved(alice, bob, ("CUP", "24"))
    assert (await alice.post(f"purchasing/requisitions/{number}/order")).code == "no_supplier"
    done = await alice.post(f"purchasing/requisitions/{number}/order", {"supplier": "acme"})
    assert (await alice.order(done.body["lines"][0]["order"]))["supplier"] == "acme"


@pytest.mark.parametrize(
    ("line", "status"),
    [({"sku": "NONE", "qty": "1"}, 404), ({"sku": "CUP", "qty": "0"}, 422), ({"sku": "CUP", "qty": "1", "unit": "sack"}, 422)],
)
async def test_refuses_what_does_not_fit(bob: Buyer, line: dict[str, str], status: int) -> None:
    assert (await bob.post("purchasing/requisitions", {"warehouse": "osh", "lines": [line]})).status == status


async def test_shows_a_stranger_nothing(alice: Buyer, bob: Buyer, carol: Buyer) -> None:
    number = (await asks(bob, ("CUP", "24"))).body["number"]
    assert (await carol.get(f"purchasing/requisitions/{number}")).status == 404
    assert (await carol.post(f"purchasing/requisitions/{number}/approve")).status == 404
    assert (await carol.get("purchasing/requisitions")).body["items"] == []
    assert [each["number"] for each in (await alice.get("purchasing/requisitions?status=asked&warehouse=osh")).body["items"]] == [number]
