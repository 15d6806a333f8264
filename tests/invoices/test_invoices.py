"""Suppliers' invoices: the system…"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from quart import Quart

from tenants.domain import Role
from tests.people import World, hire
from tests.purchasing.conftest import Buyer, Said

PRICE = {"amount": "5.00", "currency": "KGS"}


async def bought(alice: Buyer, received: str = "10") -> str:
    """Ten cups at five each are ordered, and so many came."""
    order = await alice.ordered(("CUP", "10"), price=PRICE)
    if received != "0":
        assert (await alice.receives(order, (1, received))).status == 201
    return order


async def enters(who: Buyer, order: str, *lines: dict[str, Any], number: str = "A-1", **more: Any) -> Said:
    """An invoice; its lines are for ten of line 1 at five each unless they say otherwise."""
    told = [{"line": 1, "qty": "10", "price": PRICE, **line} for line in lines or ({},)]
    return await who.post("purchasing/invoices", {"order": order, "number": number, "lines": told, **more})


async def test_matches_what_was_ordered_and_came(alice: Buyer) -> None:
    said = await enters(alice, await bought(alice), invoiced_on="2026-11-30", due_on="2026-12-30")
    assert said.status == 201, said.body
    assert (said.body["id"], said.body["state"], said.body["amount"]) == ("IV-1001", "matched", {"amount": "50.00", "currency": "KGS"})
    assert said.body["lines"][0]["reasons"] == []


async def test_settles_by_itself_when_the_goods_come(alice: Buyer) -> None:
    order = await bought(alice, "4")
    said = await enters(alice, order)
    assert (said.body["state"], said.body["lines"][0]["reasons"]) == ("exception", ["more_than_received"])
    await alice.receives(order, (1, "6"))
    assert (await alice.get("purchasing/invoices/IV-1001")).body["state"] == "matched"


async def test_counts_what_was_invoiced_before(alice: Buyer) -> None:
    order = await bought(alice)
    await enters(alice, order, {"qty": "7"})
    assert (await enters(alice, order, {"qty": "3"}, number="A-2")).body["state"] == "matched"
    said = await enters(alice, order, {"qty": "1"}, number="A-3")
    assert (said.body["lines"][0]["invoiced"], said.body["lines"][0]["reasons"]) == ("11", ["more_than_received"])


async def test_asks_no_money_for_what_was_rejected(alice: Buyer) -> None:
    order = await alice.ordered(("CUP", "10"), price=PRICE)
    body = {"lines": [{"line": 1, "qty": "10", "rejected": "2", "reason": "broken"}]}
    assert (await alice.post(f"purchasing/orders/{order}/receive", body)).status == 201
    assert (await enters(alice, order)).body["lines"][0]["reasons"] == ["more_than_received"]


async def test_lists_exceptions_until_somebody_approves_them_with_a_note(alice: Buyer) -> None:
    order = await bought(alice)
    await enters(alice, order, {"price": {"amount": "6", "currency": "KGS"}}, {"line": None, "description": "freight", "qty": "1"})
    await enters(alice, await bought(alice), number="A-2")
    (found,) = (await alice.get("purchasing/invoices?exceptions=true")).body["items"]
    assert [line["reasons"] for line in found["lines"]] == [["price_differs"], ["not_ordered"]]
    assert (await alice.post("purchasing/invoices/IV-1001/approve", {"line": 1, "note": ""})).status == 422
    for line in (1, 2):
        done = await alice.post("purchasing/invoices/IV-1001/approve", {"line": line, "note": "agreed by telephone"})
        assert done.status == 200, done.body
    assert (done.body["state"], done.body["lines"][0]["approval"]) == ("approved", "agreed by telephone")
    assert (await alice.get("purchasing/invoices?exceptions=true")).body["items"] == []
    assert (await alice.post("purchasing/invoices/IV-1001/approve", {"line": 1, "note": "again"})).code == "no_exception"


async def test_one_of_those_who_approve_the_same_exception_at_once_is_told_that_it_is_none_any_more(alice: Buyer) -> None:
    await enters(alice, await bought(alice), {"price": {"amount": "6", "currency": "KGS"}})
    asked = [alice.post("purchasing/invoices/IV-1001/approve", {"line": 1, "note": f"note {each}"}) for each in range(4)]
    answers = await asyncio.gather(*asked)
    assert sorted(str(answer.code) for answer in answers if answer.status != 200) == ["no_exception"] * 3
    (done,) = (answer for answer in answers if answer.status == 200)
    shown = (await alice.get("purchasing/invoices/IV-1001")).body["lines"][0]["approval"]
    assert shown == done.body["lines"][0]["approval"]


async def test_lets_pass_what_the_company_tolerates(alice: Buyer) -> None:
    order = await bought(alice)
    await enters(alice, order, {"qty": "11", "price": {"amount": "5.10", "currency": "KGS"}})
    assert (await alice.get("purchasing/invoices/IV-1001")).body["state"] == "exception"
    settings = await alice.get("settings")
    version = settings.body["version"]
    said = await alice.patch("settings", {"invoice_qty_percent": 10, "invoice_amount_percent": 2}, version)
    assert said.status == 200, said.body
    assert (await alice.get("purchasing/invoices/IV-1001")).body["state"] == "matched"


async def test_refuses_a_number_twice_and_another_currency(alice: Buyer) -> None:
    order = await bought(alice)
    await enters(alice, order)
    said = await enters(alice, order, {"qty": "1"}, number="a-1")
    assert (said.status, said.code) == (409, "invoice_twice")
    assert (await enters(alice, order, number="A-2", currency="USD")).status == 422
    assert (await enters(alice, order, {"price": {"amount": "5", "currency": "USD"}}, number="A-3")).status == 422
    assert len((await alice.get(f"purchasing/invoices?order={order}")).body["items"]) == 1


@pytest.mark.parametrize(("line", "status"), [({"line": 9}, 404), ({"qty": "0"}, 422), ({"qty": "x"}, 422)])
async def test_refuses_what_does_not_fit(alice: Buyer, line: dict[str, Any], status: int) -> None:
    assert (await enters(alice, await bought(alice), line)).status == status


async def test_expects_credit_for_what_went_back(alice: Buyer) -> None:
    order = await bought(alice)
    assert (await alice.order(order))["credit_expected"] == {"amount": "0.00", "currency": "KGS"}
    (receipt,) = (await alice.get(f"purchasing/receipts?order={order}")).body["items"]
    back = {"lines": [{"line": 1, "qty": "3"}], "reason": "wrong colour"}
    assert (await alice.post(f"purchasing/receipts/{receipt['id']}/return", back)).status == 201
    assert (await alice.order(order))["credit_expected"] == {"amount": "15.00", "currency": "KGS"}


async def test_is_read_by_the_bookkeeper_entered_by_managers_and_closed_to_others(
    app: Quart, world: World, alice: Buyer, manager: Buyer, bob: Buyer, carol: Buyer
) -> None:
    order = await bought(alice)
    assert (await enters(manager, order)).status == 201
    keeper = Buyer(app, await hire(world.people, world.alice, "Kate", Role.BILLING))
    assert (await keeper.get("purchasing/invoices/IV-1001")).status == 200
    assert (await enters(keeper, order, number="A-2")).status == 403
    assert ((await bob.get("purchasing/invoices")).status, (await enters(bob, order, number="A-2")).status) == (403, 403)
    assert (await carol.get("purchasing/invoices/IV-1001")).status == 404
    assert (await carol.get("purchasing/invoices")).body["items"] == []
    assert (await carol.post("purchasing/invoices/IV-1001/approve", {"line": 1, "note": "mine"})).status == 404
