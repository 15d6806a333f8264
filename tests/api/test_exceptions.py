"""Goods that left while nobody could see it, over REST: never refused, and never forgotten."""

from __future__ import annotations

from typing import Any

from app.verify import prove
from db.engine import make_pool
from tests.api.conftest import Client, line
from tests.conftest import Database

YESTERDAY = "2026-11-20T10:00:00+06:00"


async def late(client: Client, qty: str, **more: Any) -> dict[str, Any]:
    """A sale that was made out of our sight."""
    said = await client.post("stock/issue", {"lines": [line(qty)], "late": True, "effective_at": YESTERDAY, **more})
    assert said.status == 200, said.body
    found: dict[str, Any] = said.body
    return found


async def test_accepts_a_late_sale_and_raises_what_the_books_did_not_have(alice: Client, bob: Client) -> None:
    await alice.received("1")
    said = await late(bob, "3", reference="till-3:17")
    assert [(row["kind"], row["delta_on_hand"], row["reason"]) for row in said["movements"]] == [
        ("correct", "2", "recorded after it left"),
        ("issue", "-3", "recorded after it left"),
    ]
    assert {row["effective_at"] for row in said["movements"]} == {"2026-11-20T04:00:00.000000Z"}
    (raised,) = said["exceptions"]
    assert (raised["kind"], raised["sku"], raised["warehouse"], raised["qty"]) == ("oversold", "CUP", "osh", "2")
    (listed,) = (await alice.get("stock/exceptions?status=open")).body["items"]
    assert listed == raised
    assert (listed["reference"], listed["settled_at"]) == ("till-3:17", None)


async def test_says_what_is_promised_and_no_longer_there(alice: Client) -> None:
    await alice.received("5")
    held = await alice.reserved("4", hold="hard")
    (raised,) = (await late(alice, "3"))["exceptions"]
    assert (raised["id"], raised["kind"], raised["qty"]) == (None, "overpromised", "2")
    assert [each["kind"] for each in (await alice.get("stock/exceptions?status=open")).body["items"]] == ["overpromised"]
    await alice.post("stock/release", {"reservation": held["id"]})
    assert (await alice.get("stock/exceptions?status=open")).body["items"] == []


async def test_raises_nothing_when_there_was_enough(alice: Client) -> None:
    await alice.received("5")
    assert "exceptions" not in await late(alice, "5")


async def test_is_settled_once_by_who_may_adjust(alice: Client, bob: Client, carol: Client) -> None:
    identity = (await late(alice, "2"))["exceptions"][0]["id"]
    path = f"stock/exceptions/{identity}/settle"
    assert (await bob.post(path, {"note": "counted"})).status == 403
    assert (await carol.post(path, {"note": "counted"})).status == 404
    assert (await alice.post(path, {"note": " "})).status == 422
    assert (await alice.post("stock/exceptions/X99999/settle", {"note": "counted"})).code == "exception_not_found"

    done = await alice.post(path, {"note": "a delivery was never posted"}, key="settle-1")
    assert (done.status, done.body["note"], done.body["settled_by"]) == (200, "a delivery was never posted", "Alice's key")
    again = await alice.post(path, {"note": "a delivery was never posted"}, key="settle-1")
    assert (again.raw, again.headers["Idempotent-Replayed"]) == (done.raw, "true")
    assert (await alice.post(path, {"note": "counted"})).code == "exception_settled"
    assert (await alice.get("stock/exceptions?status=open")).body["items"] == []
    assert [each["id"] for each in (await alice.get("stock/exceptions?status=settled")).body["items"]] == [identity]


async def test_pages_through_them_newest_first(alice: Client) -> None:
    made = [(await late(alice, "1"))["exceptions"][0]["id"] for _ in range(5)]
    first = (await alice.get("stock/exceptions?limit=3")).body
    rest = (await alice.get(f"stock/exceptions?limit=3&cursor={first['next']}")).body
    assert [each["id"] for each in first["items"] + rest["items"]] == made[::-1]


async def test_needs_the_time_it_left(alice: Client) -> None:
    said = await alice.post("stock/issue", {"lines": [line("1")], "late": True})
    assert (said.status, said.body["errors"][0]["field"]) == (422, "effective_at")


async def test_leaves_a_ledger_that_proves(alice: Client, database: Database) -> None:
    await alice.received("2")
    await alice.reserved("2", hold="hard")
    await late(alice, "3")
    pool = await make_pool(database.engine, 1)
    try:
        assert not (await prove(pool, alice.who.tenant.id, 0)).faults
    finally:
        await pool.close()
