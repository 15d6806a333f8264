"""Shipments: the system…"""

from __future__ import annotations

import asyncio

import pytest

from tests.purchasing.conftest import Buyer
from tests.shipments.conftest import announces, on_its_way


async def test_shows_what_is_inbound_as_a_part_of_what_is_on_order(alice: Buyer) -> None:
    """Worked example E22."""
    order = await alice.ordered(("CUP", "100"))
    said = await announces(alice, order, (1, "60"), carrier="DHL", tracking="T1", due_on="2026-12-05")
    assert said.status == 201, said.body
    shipment = said.body["number"]
    assert (shipment, said.body["status"], said.body["supplier"]) == ("SH-1001", "announced", "acme")
    assert await on_its_way(alice, order) == [("100", "60")]
    assert await alice.level() == ("0", "0", "100")
    came = await alice.post(f"purchasing/shipments/{shipment}/receive")
    assert came.status == 201, came.body
    assert await on_its_way(alice, order) == [("40", "0")]
    assert await alice.level() == ("60", "60", "40")
    found = (await alice.get(f"purchasing/shipments/{shipment}")).body
    assert (found["status"], found["receipt"]) == ("received", came.body["receipt"]["id"])
    receipt = (await alice.get(f"purchasing/receipts/{found['receipt']}")).body
    assert receipt["delivery_note"] == "T1"


async def test_announces_in_the_unit_of_the_line(alice: Buyer) -> None:
    order = await alice.ordered(("CUP", "10"), unit="case")
    assert (await announces(alice, order, (1, "4"))).body["lines"][0] == {
        "line": 1, "order_line": 1, "sku": "CUP", "name": "Tea cup", "qty": "4", "unit": "case", "qty_base": "48", "base_unit": "pcs",
    }  # fmt: skip
    assert (await alice.order(order))["lines"][0]["inbound_base"] == "48"


async def test_never_announces_more_than_is_open(alice: Buyer) -> None:
    order = await alice.ordered(("CUP", "100"))
    assert (await announces(alice, order, (1, "60"))).status == 201
    said = await announces(alice, order, (1, "41"))
    assert (said.status, said.code) == (409, "over_announced")
    assert "40" in said.body["detail"]
    assert (await announces(alice, order, (1, "20"), (1, "21"))).code == "over_announced"
    assert (await announces(alice, order, (1, "40"))).status == 201


async def test_announces_once_what_two_announce_at_the_same_time(alice: Buyer) -> None:
    order = await alice.ordered(("CUP", "100"))
    said = await asyncio.gather(*(announces(alice, order, (1, "60")) for _ in range(6)))
    assert sorted(each.status for each in said) == [201, 409, 409, 409, 409, 409]


async def test_receives_a_shipment_once_however_many_ask(alice: Buyer, manager: Buyer) -> None:
    order = await alice.ordered(("CUP", "100"))
    shipment = (await announces(alice, order, (1, "30"))).body["number"]
    said = await asyncio.gather(*(who.post(f"purchasing/shipments/{shipment}/receive") for who in (alice, manager) for _ in range(5)))
    assert {each.status for each in said} == {201}
    assert len({each.body["receipt"]["id"] for each in said}) == 1
    assert await alice.level() == ("30", "30", "70")


async def test_is_merely_on_order_again_what_was_cancelled(alice: Buyer) -> None:
    order = await alice.ordered(("CUP", "100"))
    shipment = (await announces(alice, order, (1, "60"))).body["number"]
    assert (await alice.post(f"purchasing/shipments/{shipment}/cancel", {"reason": "missed the truck"})).body["status"] == "cancelled"
    assert await on_its_way(alice, order) == [("100", "0")]
    for verb in ("receive", "cancel"):
        assert (await alice.post(f"purchasing/shipments/{shipment}/{verb}")).code == "shipment_status"
    assert await alice.level() == ("0", "0", "100")


async def test_does_not_cancel_what_came(alice: Buyer) -> None:
    order = await alice.ordered(("CUP", "100"))
    shipment = (await announces(alice, order, (1, "60"))).body["number"]
    await alice.post(f"purchasing/shipments/{shipment}/receive")
    assert (await alice.post(f"purchasing/shipments/{shipment}/cancel")).code == "shipment_status"


async def test_shows_no_more_inbound_than_is_open(alice: Buyer) -> None:
    order = await alice.ordered(("CUP", "100"))
    await announces(alice, order, (1, "60"))
    await alice.receives(order, (1, "70"))
    assert await on_its_way(alice, order) == [("30", "30")]


async def test_reads_shipments_from_a_file_all_or_none(alice: Buyer) -> None:
    order = await alice.ordered(("CUP", "100"), ("CUP", "5"))
    file = f"order;line;qty;due_on;tracking\n{order};1;60;2026-12-05;T1\n{order};2;5;2026-12-05;T1\n{order};1;10;2026-12-09;T2\n"
    tried = await alice.post("purchasing/shipments/import", {"csv": file, "dry_run": True})
    assert tried.body == {"shipments": [], "made": 2, "lines": 3, "dry_run": True}
    assert await on_its_way(alice, order) == [("100", "0"), ("5", "0")]
    said = await alice.post("purchasing/shipments/import", {"csv": file})
    assert said.body["shipments"] == ["SH-1001", "SH-1002"], said.body
    assert await on_its_way(alice, order) == [("100", "70"), ("5", "5")]
    again = await alice.post("purchasing/shipments/import", {"csv": f"order,line,qty\n{order},1,10\nPO-9,1,1\n{order},1,31\n"})
    assert (again.status, again.code) == (422, "file_refused")
    assert sorted((error["line"], error["code"]) for error in again.body["errors"]) == [(3, "order_not_found"), (4, "over_announced")]
    assert {error["field"] for error in again.body["errors"] if error["code"] == "order_not_found"} == {"order"}
    assert await on_its_way(alice, order) == [("100", "70"), ("5", "5")]


@pytest.mark.parametrize(
    ("line", "status", "code"),
    [
        ({"qty": "1"}, 422, "invalid_body"),
        ({"line": 9, "qty": "1"}, 404, "order_line_not_found"),
        ({"sku": "NONE", "qty": "1"}, 404, "order_line_not_found"),
        ({"line": 1, "qty": "0"}, 422, "invalid_body"),
        ({"line": 1, "qty": "1.5"}, 422, "invalid_body"),
    ],
)
async def test_refuses_what_does_not_fit(alice: Buyer, line: dict[str, object], status: int, code: str) -> None:
    order = await alice.ordered(("CUP", "100"))
    said = await alice.post("purchasing/shipments", {"order": order, "lines": [line]})
    assert (said.status, said.code) == (status, code), said.body


async def test_announces_of_approved_orders_only(alice: Buyer) -> None:
    assert (await announces(alice, await alice.drafted(("CUP", "1")), (1, "1"))).code == "order_not_open"
    assert (await announces(alice, "PO-9", (1, "1"))).code == "order_not_found"


async def test_lets_a_clerk_look_and_a_stranger_see_nothing(alice: Buyer, bob: Buyer, manager: Buyer, carol: Buyer) -> None:
    order = await alice.ordered(("CUP", "100"))
    shipment = (await announces(manager, order, (1, "60"))).body["number"]
    assert (await bob.get(f"purchasing/shipments/{shipment}")).status == 200
    assert (await announces(bob, order, (1, "1"))).status == 403
    assert (await bob.post(f"purchasing/shipments/{shipment}/receive")).status == 403
    assert (await carol.get(f"purchasing/shipments/{shipment}")).status == 404
    assert (await carol.get("purchasing/shipments")).body["items"] == []
    assert (await carol.post(f"purchasing/shipments/{shipment}/receive")).status == 404
    assert (await carol.post(f"purchasing/shipments/{shipment}/cancel")).status == 404
    assert [each["number"] for each in (await bob.get(f"purchasing/shipments?order={order}&status=announced&q=ACME")).body["items"]] == [
        shipment
    ]
