"""The stock verbs over REST, as `api.md` gives them."""

from __future__ import annotations

import asyncio

import pytest

from billing.entitlements import PLANS
from tests.api.conftest import BOTH_EDGES, Client, MovingClock, line

pytestmark = BOTH_EDGES

LEVEL = {"sku", "warehouse", "on_hand", "reserved", "available", "in_transit", "on_order", "seq"}
ROW = {
    "seq", "kind", "sku", "warehouse", "location", "lot", "owner", "condition", "delta_on_hand", "delta_reserved", "on_hand",
    "reserved", "reservation", "reference", "reason", "effective_at", "recorded_at", "by", "role", "key", "hash",
}  # fmt: skip
RESERVATION = {"id", "status", "hold", "expires_at", "reference", "lines", "created_at", "created_by"}
HELD = {"sku", "warehouse", "qty", "open", "committed", "released", "expired"}


async def test_receives_and_answers_with_movements_levels_and_sequence(alice: Client) -> None:
    cost = {"amount": "12.50", "currency": "KGS"}
    body = {"lines": [line("10", unit_cost=cost), line(5, "ROPE")], "reference": "DN-7", "reason": "delivery"}
    said = await alice.post("stock/receive", body, key="dn-7")
    assert said.status == 200
    assert said.body["seq"] == 2
    first = said.body["movements"][0]
    assert first.keys() >= ROW
    assert (first["kind"], first["delta_on_hand"], first["on_hand"], first["reference"], first["key"]) == (
        "receive",
        "10",
        "10",
        "DN-7",
        "dn-7",
    )
    assert (first["by"], first["role"]) == ("Alice's key", "admin")
    assert len(first["hash"]) == 64
    levels = {level["sku"]: level for level in said.body["levels"]}
    assert levels["CUP"].keys() >= LEVEL
    assert levels["CUP"]["available"] == "10"
    assert levels["ROPE"]["on_hand"] == "5.0", "metres show their own precision"


async def test_reserves_commits_and_releases(alice: Client) -> None:
    await alice.received("10")
    said = await alice.post("stock/reserve", {"lines": [line("4")], "reference": "SO-118"})
    assert said.status == 201
    made = said.body["reservation"]
    assert made.keys() >= RESERVATION
    assert made["lines"][0].keys() >= HELD
    assert (made["status"], made["hold"], made["reference"], made["created_by"]) == ("active", "soft", "SO-118", "Alice's key")
    assert said.body["levels"][0]["available"] == "6"

    part = await alice.post("stock/commit", {"reservation": made["id"], "lines": [line("3")]})
    assert part.status == 200
    assert part.body["reservation"]["lines"][0]["open"] == "1"
    assert (part.body["levels"][0]["on_hand"], part.body["levels"][0]["reserved"]) == ("7", "1")

    rest = await alice.post("stock/release", {"reservation": made["id"]})
    assert rest.body["reservation"]["status"] == "committed", "something of it was sold"
    assert rest.body["levels"][0]["available"] == "7"
    again = await alice.post("stock/commit", {"reservation": made["id"]})
    assert (again.status, again.code) == (409, "reservation_closed")


async def test_extends_and_hardens(alice: Client) -> None:
    await alice.received("10")
    made = await alice.reserved("4", expires_in=60)
    longer = await alice.post("stock/extend", {"reservation": made["id"], "expires_in": 3600})
    assert longer.body["reservation"]["expires_at"] > made["expires_at"]
    firm = await alice.post("stock/harden", {"reservation": made["id"]})
    assert (firm.body["reservation"]["hold"], firm.body["reservation"]["expires_at"]) == ("hard", None)
    assert (await alice.post("stock/extend", {"reservation": made["id"], "expires_in": 60})).status == 409


async def test_a_hard_reservation_has_no_end(alice: Client) -> None:
    await alice.received("10")
    made = await alice.reserved("4", hold="hard")
    assert (made["hold"], made["expires_at"]) == ("hard", None)


async def test_adjusts_by_a_change_and_by_a_count(alice: Client) -> None:
    await alice.received("10")
    less = await alice.post("stock/adjust", {"lines": [{"sku": "CUP", "warehouse": "osh", "delta": "-1"}], "reason": "broken"})
    assert less.body["levels"][0]["on_hand"] == "9"
    assert less.body["movements"][0]["reason"] == "broken"
    count = {"sku": "CUP", "warehouse": "osh", "set_to": "12", "expected": "9"}
    assert (await alice.post("stock/adjust", {"lines": [count], "reason": "count"})).body["levels"][0]["on_hand"] == "12"
    late = await alice.post("stock/adjust", {"lines": [count], "reason": "count"})
    assert (late.status, late.code) == (409, "version_conflict")
    assert (late.body["errors"][0]["expected"], late.body["errors"][0]["actual"]) == ("9", "12")


async def test_refuses_with_the_facts_that_led_to_it(alice: Client) -> None:
    await alice.received("5")
    said = await alice.post("stock/reserve", {"lines": [line("3"), line("3")]})
    assert (said.status, said.code) == (409, "insufficient_stock")
    assert said.headers["Content-Type"] == "application/problem+json"
    assert said.body["errors"] == [{"line": 0, "sku": "CUP", "warehouse": "osh", "requested": "6", "available": "5"}]
    assert said.body.keys() >= {"type", "title", "status", "detail", "code"}
    levels = await alice.get("stock/levels?sku=CUP&warehouse=osh")
    assert levels.body["items"][0]["reserved"] == "0", "nothing was written"


async def test_an_unconfirmed_hold_ends_by_the_clock_alone(alice: Client, clock: MovingClock) -> None:
    await alice.received("10")
    made = await alice.reserved("4", expires_in=60)
    clock.ahead_us = 61_000_000
    levels = await alice.get("stock/levels?sku=CUP")
    assert (levels.body["items"][0]["reserved"], levels.body["items"][0]["available"]) == ("0", "10")
    shown = await alice.get(f"stock/reservations/{made['id']}")
    assert (shown.body["status"], shown.body["lines"][0]["open"], shown.body["lines"][0]["expired"]) == ("expired", "0", "4")
    late = await alice.post("stock/commit", {"reservation": made["id"]})
    assert (late.status, late.code) == (410, "reservation_expired")


async def test_the_same_key_and_body_give_the_same_answer_and_one_effect(alice: Client) -> None:
    body = {"lines": [line("10")], "reference": "DN-1"}
    first = await alice.post("stock/receive", body, key="k1")
    again = await alice.post("stock/receive", {"reference": "DN-1", "lines": [line("10")]}, key="k1")
    assert (again.status, again.raw) == (first.status, first.raw)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (await alice.get("stock/levels/CUP")).body["on_hand"] == "10"


async def test_a_refusal_is_an_answer_too(alice: Client) -> None:
    body = {"lines": [line("1")]}
    first = await alice.post("stock/reserve", body, key="k1")
    await alice.received("10")
    again = await alice.post("stock/reserve", body, key="k1")
    assert (first.status, again.status, again.headers["Idempotent-Replayed"]) == (409, 409, "true")
    assert again.raw == first.raw


async def test_the_same_key_with_another_body_is_refused(alice: Client) -> None:
    await alice.post("stock/receive", {"lines": [line("10")]}, key="k1")
    other = await alice.post("stock/receive", {"lines": [line("11")]}, key="k1")
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    elsewhere = await alice.post("stock/issue", {"lines": [line("10")]}, key="k1")
    assert elsewhere.code == "idempotency_key_reused"
    assert (await alice.get("stock/levels/CUP")).body["on_hand"] == "10"


async def test_the_last_one_is_promised_once(alice: Client) -> None:
    """Worked example E14, over HTTP."""
    await alice.received("1")
    said = await asyncio.gather(*(alice.post("stock/reserve", {"lines": [line("1")]}, key=f"race-{n}") for n in range(100)))
    assert sorted({answer.status for answer in said}) == [201, 409]
    assert [answer.status for answer in said].count(201) == 1
    assert {answer.code for answer in said if answer.status == 409} == {"insufficient_stock"}
    won = next(answer for answer in said if answer.status == 201)
    await alice.post("stock/release", {"reservation": won.body["reservation"]["id"]})
    same = await asyncio.gather(*(alice.post("stock/reserve", {"lines": [line("1")]}, key="one-key") for _ in range(100)))
    assert len({answer.raw for answer in same}) == 1
    assert (await alice.get("stock/levels/CUP")).body["reserved"] == "1"


async def test_a_key_belongs_to_its_principal(alice: Client, bob: Client) -> None:
    await alice.received("10")
    await alice.post("stock/reserve", {"lines": [line("1")]}, key="shared")
    other = await bob.post("stock/reserve", {"lines": [line("1")]}, key="shared")
    assert (other.status, "Idempotent-Replayed" in other.headers) == (201, False)


async def test_a_change_needs_a_key(alice: Client) -> None:
    for key in (
        "",
        "x" * 256,
        "kéy",
    ):
        headers = {"Idempotency-Key": key.encode("latin1").decode("latin1")} if key else {}
        said = await alice.send("POST", "stock/receive", {"lines": [line("1")]}, headers)
        assert said.status == 400


async def test_refuses_what_is_no_quantity_and_names_field_and_line(alice: Client) -> None:
    for qty, code in (
        (1.5, "wrong_type"),
        (True, "wrong_type"),
        (None, "wrong_type"),
        ("1e3", "not_a_quantity"),
        ("NaN", "not_a_quantity"),
        ("", "not_a_quantity"),
        ("1,000", "not_a_quantity"),
        ("٣", "not_a_quantity"),
        ("0.5", "too_many_decimals"),
        ("0", "quantity_not_positive"),
        ("-1", "quantity_not_positive"),
        ("9999999999999999", "quantity_too_large"),
    ):
        said = await alice.post("stock/receive", {"lines": [line("1"), line(qty)]})
        assert said.status == 422
        error = said.body["errors"][0]
        assert (error["line"], error["field"], error["code"]) == (1, "qty", code)


async def test_refuses_what_does_not_fit(alice: Client) -> None:
    for body, field in (
        ({}, "lines"),
        ({"lines": []}, "lines"),
        ({"lines": [line("1")], "colour": "red"}, "colour"),
        ({"lines": [line("1", note="x")]}, "note"),
        ({"lines": [line("1", condition="rotten")]}, "condition"),
        ({"lines": [line("1", unit="barrel")]}, "unit"),
        ({"lines": [line("1", lot="A", serial="B")]}, "serial"),
        ({"lines": [line("2", serial="B")]}, "qty"),
        ({"lines": [line("1", owner="somebody")]}, "owner"),
        ({"lines": [line("1", unit_cost={"amount": "1", "currency": "USD"})]}, "unit_cost.currency"),
        ({"lines": [line("1", unit_cost={"amount": 1.5, "currency": "KGS"})]}, "unit_cost.amount"),
        ({"lines": [line("1")], "effective_at": "yesterday"}, "effective_at"),
        ({"lines": [line("1")], "effective_at": "2026-01-01T00:00:00"}, "effective_at"),
        ({"lines": [line("1")], "effective_at": "2999-01-01T00:00:00Z"}, "effective_at"),
        ({"lines": [line("1")], "reference": "x" * 201}, "reference"),
        ({"lines": [line("1")] * 501}, "lines"),
        ([], ""),
    ):
        said = await alice.post("stock/receive", body)
        assert said.status == 422, said.body
        assert said.body["errors"][0]["field"] == field
        assert (await alice.get("stock/ledger")).body["items"] == [], "nothing was written"


async def test_refuses_an_end_that_is_none(alice: Client) -> None:
    for expires_in in (
        0,
        -1,
        604_801,
        1.5,
        "60",
        True,
    ):
        await alice.received("5")
        said = await alice.post("stock/reserve", {"lines": [line("1")], "expires_in": expires_in})
        assert (said.status, said.body["errors"][0]["field"]) == (422, "expires_in")


async def test_adjusting_needs_a_reason_and_one_way_of_saying_it(alice: Client) -> None:
    at = {"sku": "CUP", "warehouse": "osh"}
    for lines, reason in (
        ([{**at, "delta": "1"}], None),
        ([{**at, "delta": "1"}], " "),
        ([{**at, "delta": "1", "set_to": "3"}], "count"),
        ([{**at, "set_to": "3"}], "count"),
        ([{**at, "delta": "0"}], "count"),
        ([at], "count"),
    ):
        body = {"lines": lines, **({"reason": reason} if reason else {})}
        assert (await alice.post("stock/adjust", body)).status == 422, body


async def test_refuses_what_is_not_well_formed(alice: Client) -> None:
    for raw in (
        b"",
        b"{",
        b'{"lines":[],"lines":[]}',
        b'{"lines":[{"sku":"CUP","warehouse":"osh","qty":NaN}]}',
        b'{"lines":[{"sku":"CUP","warehouse":"osh","qty":99999999999999999999}]}',
        b'{"lines":[{"sku":"CUP","warehouse":"osh","qty":1e999}]}',
        b'{"reference":"\\ud800","lines":[]}',
        b'\xff\xfe{"a":1}',
        b"[" * 100_000,
    ):
        said = await alice.send("POST", "stock/receive", raw, {"Idempotency-Key": "k"})
        assert (said.status, said.code) == (400, "malformed_request")


async def test_refuses_other_content_types_and_large_bodies(alice: Client) -> None:
    form = {"Idempotency-Key": "k", "Content-Type": "application/x-www-form-urlencoded"}
    assert (await alice.send("POST", "stock/receive", b"lines=1", form)).status == 415
    large = await alice.send("POST", "stock/receive", b'{"reference":"' + b"x" * 2**20 + b'"}', {"Idempotency-Key": "k"})
    assert large.status == 413


async def test_unknown_names_are_not_there_whosever_they_are(alice: Client, carol: Client) -> None:
    await carol.post("inventory/items", {"sku": "HERS", "name": "Hers"})
    for sku in ("HERS", "NOBODYS", "no\u0000thing", "x" * 300):
        said = await alice.post("stock/receive", {"lines": [line("1", sku)]})
        assert (said.status, said.code) == (404, "unknown_item"), sku
        assert said.body["errors"][0]["line"] == 0
    assert (await alice.post("stock/receive", {"lines": [line("1", warehouse="mars")]})).code == "unknown_warehouse"
    assert (await alice.post("stock/receive", {"lines": [line("1", location="A1")]})).code == "unknown_location"
    assert (await alice.post("stock/issue", {"lines": [line("1", lot="L1")]})).code == "unknown_lot"


async def test_a_strangers_reservation_does_not_exist(alice: Client, carol: Client) -> None:
    await alice.received("5")
    made = await alice.reserved("1")
    for verb in ("commit", "release", "harden"):
        said = await carol.post(f"stock/{verb}", {"reservation": made["id"]})
        assert (said.status, said.code) == (404, "reservation_not_found")
    for identity in ("R999999999", "R1.7", "X", "R", "R99999999999999999999", "R1\u0000"):
        assert (await alice.post("stock/commit", {"reservation": identity})).code == "reservation_not_found"


async def test_lots_serials_and_conditions(alice: Client) -> None:
    body = {"lines": [line("3", lot="L1"), line("1", serial="SN-1"), line("2", condition="damaged")]}
    said = await alice.post("stock/receive", body)
    rows = said.body["movements"]
    assert [(row["lot"], row["serial"], row["condition"]) for row in rows] == [
        ("L1", None, "good"),
        (None, "SN-1", "good"),
        (None, None, "damaged"),
    ]
    assert (said.body["levels"][0]["on_hand"], said.body["levels"][0]["available"]) == ("6", "4")
    refused = await alice.post("stock/reserve", {"lines": [line("1", condition="damaged")]})
    assert (refused.status, refused.code) == (409, "not_sellable")


async def test_a_refused_receipt_leaves_no_lot_behind(alice: Client) -> None:
    assert (await alice.post("stock/receive", {"lines": [line("1", lot="L9"), line("1.5")]})).status == 422
    assert (await alice.post("stock/issue", {"lines": [line("1", lot="L9")]})).code == "unknown_lot"
    same = await asyncio.gather(*(alice.post("stock/receive", {"lines": [line("1", lot="L9")]}) for _ in range(10)))
    assert {said.status for said in same} == {200}
    gone = await alice.post("stock/issue", {"lines": [line("10", lot="L9")]})
    assert (gone.status, gone.body["movements"][0]["lot"]) == (200, "L9")


async def test_packagings_convert_exactly(alice: Client) -> None:
    await alice.post("inventory/items/CUP/units", {"unit": "case", "base": 12})
    cost = {"amount": "10.00", "currency": "KGS"}
    said = await alice.post("stock/receive", {"lines": [line("2.5", unit="case", unit_cost=cost)]})
    assert said.body["levels"][0]["on_hand"] == "30"
    odd = await alice.post("stock/receive", {"lines": [line("0.1", unit="case")]})
    assert (odd.status, odd.body["errors"][0]["code"]) == (422, "too_many_decimals")


async def test_a_role_does_what_it_may(alice: Client, bob: Client) -> None:
    await alice.received("5")
    assert (await bob.post("stock/receive", {"lines": [line("1")]})).status == 403
    assert (await bob.post("stock/reserve", {"lines": [line("1")]})).status == 201


async def test_bulk_answers_in_order_and_one_refusal_stops_nobody(alice: Client, bob: Client) -> None:
    await alice.received("5")
    commands = [
        {"verb": "reserve", "key": "b1", "lines": [line("3")]},
        {"verb": "reserve", "key": "b2", "lines": [line("30")]},
        {"verb": "reserve", "key": "b3", "lines": [line("1.5")]},
        {"verb": "fly", "key": "b4"},
        {"verb": "receive", "key": "b5", "lines": [line("1")]},
        {"verb": "reserve", "key": "b6", "lines": [line("2")]},
    ]
    said = await bob.send("POST", "stock/bulk", {"commands": commands})
    assert said.status == 200
    results = said.body["results"]
    assert [result["key"] for result in results] == ["b1", "b2", "b3", "b4", "b5", "b6"]
    assert [result["status"] for result in results] == [201, 409, 422, 404, 403, 201]
    assert results[0]["reservation"]["lines"][0]["open"] == "3"
    assert results[1]["problem"]["code"] == "insufficient_stock"
    again = await bob.send("POST", "stock/bulk", {"commands": commands})
    assert again.body["results"][0]["replayed"] is True
    single = await bob.post("stock/reserve", {"lines": [line("3")]}, key="b1")
    assert single.headers["Idempotent-Replayed"] == "true", "a command is the same however it came"


async def test_bulk_refuses_what_is_no_list_of_commands(alice: Client) -> None:
    for commands, status in (
        ([], 422),
        (None, 422),
        ([1], 422),
        ([{"verb": "reserve"}], 422),
        ([{"verb": 1, "key": "k"}], 422),
        ([{}] * 501, 413),
    ):
        assert (await alice.send("POST", "stock/bulk", {"commands": commands})).status == status


async def test_verbs_that_are_not_there_are_not_there(alice: Client) -> None:
    for verb in ("steal", "expire", "correct", "transfer/steal"):
        assert (await alice.post(f"stock/{verb}", {})).status in (404, 405)


async def test_one_principal_has_so_many_reservations_open(alice: Client, bob: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is the plan's, and each person's or key's own."""
    monkeypatch.setitem(PLANS[alice.who.tenant.plan], "holds", 2)
    await alice.received("10")
    first = await alice.reserved("1")
    await alice.reserved("1")
    said = await alice.post("stock/reserve", {"lines": [line("1")]})
    assert (said.status, said.code, said.body["errors"]) == (409, "too_many_holds", [{"limit": 2, "open": 2}])
    assert "2 reservations of yours are open" in said.body["detail"]
    await bob.reserved("1")
    await alice.post("stock/release", {"reservation": first["id"]})
    await alice.reserved("1")
