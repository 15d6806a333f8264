"""Receiving what was ordered, in parts, over REST: worked examples E10, E11, E19 and their neighbours."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from actors.local import LocalEngine
from db.tenancy import reading
from inventory.purchasing.queries import LeadTime, lead_times
from tests.conftest import Database
from tests.purchasing.conftest import Buyer


def told(order: dict[str, object]) -> tuple[object, ...]:
    """Status, and per line what was received and is open."""
    return order["status"], *[(line["received"], line["open"]) for line in order["lines"]]  # type: ignore[attr-defined]


async def test_receives_in_parts_and_once_per_key(alice: Buyer) -> None:
    """Worked example E10."""
    number = await alice.ordered(("CUP", "100"))
    assert await alice.level() == ("0", "0", "100")
    first = await alice.receives(number, (1, "60"), key="k1")
    assert (first.status, first.body["order"]["status"]) == (201, "partially_received")
    assert [(row["kind"], row["delta_on_hand"], row["reference"]) for row in first.body["movements"]] == [("receive", "60", number)]
    assert await alice.level() == ("60", "60", "40")

    again = await alice.receives(number, (1, "60"), key="k1")
    assert (again.status, again.body, again.headers["Idempotent-Replayed"]) == (201, first.body, "true")
    other = await alice.receives(number, (1, "61"), key="k1")
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert await alice.level() == ("60", "60", "40")

    over = await alice.receives(number, (1, "50"), key="k2")
    assert (over.status, over.code) == (409, "over_receipt")
    (error,) = over.body["errors"]
    assert (error["line"], error["max"], error["requested"], error["ordered"], error["received"]) == (0, "40", "50", "100", "60")
    rest = await alice.receives(number, (1, "40"), key="k3")
    assert rest.body["order"]["status"] == "received"
    assert told(await alice.order(number)) == ("received", ("100", "0"))
    assert await alice.level() == ("100", "100", "0")


async def test_tolerates_as_much_more_as_the_company_has_set(alice: Buyer) -> None:
    settings = await alice.get("settings")
    assert (await alice.patch("settings", {"over_receipt_percent": 5}, settings.body["version"])).status == 200
    number = await alice.ordered(("CUP", "100"))
    await alice.receives(number, (1, "60"))
    too_much = await alice.receives(number, (1, "46"))
    assert (too_much.status, too_much.body["errors"][0]["max"]) == (409, "45")
    assert (await alice.receives(number, (1, "45"))).body["order"]["status"] == "received"
    assert (await alice.order(number))["lines"][0]["over"] == "5"


async def test_takes_more_than_was_ordered_from_whoever_may_and_says_so(alice: Buyer) -> None:
    number = await alice.ordered(("CUP", "100"))
    await alice.receives(number, (1, "60"))
    said = await alice.receives(number, (1, "50"), allow_over=True)
    line = said.body["order"]["lines"][0]
    assert (said.status, line["received"], line["over"], line["open"]) == (201, "110", "10", "0")
    assert await alice.level() == ("110", "110", "0")


async def test_derives_the_status_from_lines_and_not_from_totals(alice: Buyer) -> None:
    number = await alice.ordered(("CUP", "100"), ("ROPE", "20"))
    said = await alice.receives(number, (1, "120"), (2, "0"), allow_over=True)
    assert said.body["order"]["status"] == "partially_received"
    assert await alice.level("ROPE") == ("0.0", "0.0", "20.0")
    closed = await alice.post(f"purchasing/orders/{number}/close", {"lines": [{"line": 2}], "reason": "discontinued"})
    assert (closed.status, closed.body["status"]) == (200, "received")
    assert await alice.level("ROPE") == ("0.0", "0.0", "0.0")


async def test_adds_up_the_lines_of_a_delivery_before_it_is_checked(alice: Buyer) -> None:
    """Invariant I13: 6 and 6 of 10 are too many, each of them is not."""
    number = await alice.ordered(("CUP", "10"))
    said = await alice.receives(number, (1, "6"), (1, "6"))
    assert (said.status, said.body["errors"][0]["requested"], said.body["errors"][0]["max"]) == (409, "12", "10")
    assert await alice.level() == ("0", "0", "10")


async def test_makes_one_receipt_when_many_post_it_at_once(alice: Buyer, bob: Buyer) -> None:
    """Whoever posts it: a receipt's key is the company's."""
    number = await alice.ordered(("CUP", "100"))
    said = await asyncio.gather(*[alice.receives(number, (1, "10"), key="k3") for _ in range(50)])
    assert {each.status for each in said} == {201}
    assert len({each.raw for each in said}) == 1
    assert await alice.level() == ("10", "10", "90")
    receipts = (await alice.get(f"purchasing/receipts?order={number}")).body["items"]
    assert [line["qty"] for receipt in receipts for line in receipt["lines"]] == ["10"]


async def test_receives_packs_and_keeps_counting_them(alice: Buyer) -> None:
    """Worked example E11: 2.5 cases of 12."""
    number = await alice.ordered(("CUP", "2.5"), unit="case", price={"amount": "10.00", "currency": "KGS"})
    assert (await alice.level())[2] == "30"
    said = await alice.receives(number, (1, "2.5"))
    assert said.body["order"]["lines"][0]["received"] == "2.5"
    assert await alice.level() == ("30", "30", "0")
    order = await alice.order(number)
    assert (order["amount"], order["lines"][0]["received_base"]) == ({"amount": "25.00", "currency": "KGS"}, "30")
    more = await alice.receives(number, (1, "1"), allow_over=True, lines=[{"line": 1, "qty": "6", "unit": "pcs"}])
    assert more.body["order"]["lines"][0]["over"] == "0.5"


async def test_keeps_accepted_and_rejected_apart(alice: Buyer) -> None:
    """Worked example E19, as far as buying goes."""
    number = await alice.ordered(("CUP", "100"))
    body = {"lines": [{"line": 1, "qty": "100", "rejected": "8", "reason": "chipped"}]}
    said = await alice.post(f"purchasing/orders/{number}/receive", body)
    assert said.body["order"]["lines"][0]["rejected"] == "8"
    assert [(x["qty"], x["rejected"], x["condition"]) for x in said.body["receipt"]["lines"]] == [
        ("92", False, "good"),
        ("8", True, "damaged"),
    ]
    assert await alice.level() == ("100", "92", "0")
    back = await alice.post(
        f"purchasing/receipts/{said.body['receipt']['id']}/return", {"lines": [{"line": 2, "qty": "8"}], "reason": "chipped"}
    )
    assert (back.status, back.body["receipt"]["kind"], back.body["order"]["status"]) == (201, "return", "received")
    assert (back.body["order"]["lines"][0]["returned"], await alice.level()) == ("8", ("92", "92", "0"))


async def test_undoes_a_receipt_by_a_counter_document(alice: Buyer) -> None:
    number = await alice.ordered(("CUP", "10"))
    made = (await alice.receives(number, (1, "10"))).body["receipt"]["id"]
    said = await alice.post(f"purchasing/receipts/{made}/undo", {"reason": "the other van"})
    assert (said.status, said.body["receipt"]["of"], said.body["order"]["status"]) == (201, made, "approved")
    assert await alice.level() == ("0", "0", "10")
    twice = await alice.post(f"purchasing/receipts/{made}/undo", {})
    assert (twice.status, twice.code) == (409, "receipt_taken_back")
    assert (await alice.receives(number, (1, "10"))).status == 201


async def test_does_not_undo_what_was_sold_meanwhile(alice: Buyer) -> None:
    number = await alice.ordered(("CUP", "10"))
    made = (await alice.receives(number, (1, "10"))).body["receipt"]["id"]
    await alice.reserved("4")
    said = await alice.post(f"purchasing/receipts/{made}/undo", {})
    assert (said.status, said.code, said.body["errors"][0]["available"]) == (409, "insufficient_stock", "6")
    assert told(await alice.order(number)) == ("received", ("10", "0"))


async def test_refuses_a_key_whose_answer_was_forgotten(alice: Buyer, local: LocalEngine, database: Database) -> None:
    """A receipt's own key stands for it, long after answers are pruned and the engine has begun anew."""
    number = await alice.ordered(("CUP", "10"))
    made = await alice.receives(number, (1, "4"), key="van-7")
    connection = await asyncpg.connect(database.admin)
    await connection.execute("DELETE FROM stock_replies WHERE tenant_id = $1", alice.who.tenant.id)
    await connection.close()
    await local.close()
    await local.start()
    again = await alice.receives(number, (1, "4"), key="van-7")
    assert (again.status, again.code) == (409, "receipt_exists")
    assert again.body["errors"][0]["receipt"] == made.body["receipt"]["id"]
    assert await alice.level() == ("4", "4", "6")


@pytest.mark.parametrize(
    ("line", "status", "code"),
    [
        ({"line": 9, "qty": "1"}, 404, "order_line_not_found"),
        ({"qty": "1"}, 422, "invalid_body"),
        ({"line": 1, "qty": "-1"}, 422, "invalid_body"),
        ({"line": 1, "qty": "1.5"}, 422, "invalid_body"),
        ({"line": 1, "qty": "1", "rejected": "2"}, 422, "invalid_body"),
        ({"line": 1, "qty": "1", "unit": "pallet"}, 422, "invalid_body"),
        ({"line": 1, "qty": "1", "expires_on": "2027-01-01"}, 422, "invalid_body"),
        ({"line": 1, "qty": "1", "lot": "L1", "expires_on": "soon"}, 422, "invalid_body"),
        ({"line": 1, "qty": "1", "location": "nowhere"}, 404, "unknown_location"),
        ({"line": 1, "qty": "0"}, 409, "nothing_to_receive"),
        ({"line": 1, "qty": "1", "colour": "red"}, 422, "invalid_body"),
    ],
)
async def test_refuses_what_does_not_fit_and_moves_nothing(alice: Buyer, line: dict[str, object], status: int, code: str) -> None:
    number = await alice.ordered(("CUP", "10"))
    said = await alice.post(f"purchasing/orders/{number}/receive", {"lines": [line]})
    assert (said.status, said.code) == (status, code), said.body
    assert await alice.level() == ("0", "0", "10")


async def test_a_clerk_may_not_receive_and_a_stranger_sees_no_order(alice: Buyer, bob: Buyer, carol: Buyer) -> None:
    number = await alice.ordered(("CUP", "10"))
    assert (await bob.get(f"purchasing/orders/{number}")).status == 200
    assert (await bob.receives(number, (1, "1"))).status == 403
    assert ((await carol.get(f"purchasing/orders/{number}")).status, (await carol.receives(number, (1, "1"))).status) == (404, 404)
    assert await alice.level() == ("0", "0", "10")


async def test_measures_how_long_suppliers_take(alice: Buyer, engine: AsyncEngine) -> None:
    """Orders of the past say when their supplier was told, receipts when they came."""
    for came_on in ("2026-03-06", "2026-03-08", "2026-03-21"):
        body = {"supplier": "acme", "warehouse": "osh", "ordered_on": "2026-03-01", "lines": [{"sku": "CUP", "qty": "1"}]}
        number = (await alice.post("purchasing/orders", body)).body["number"]
        for verb in ("submit", "approve"):
            await alice.post(f"purchasing/orders/{number}/{verb}")
        assert (await alice.receives(number, (1, "1"), effective_at=f"{came_on}T04:00:00Z")).status == 201
    async with reading(engine, alice.who.tenant.id) as connection:
        (found,) = (await lead_times(connection, alice.who.tenant.id)).values()
    assert found == LeadTime(3, 7, 20)
