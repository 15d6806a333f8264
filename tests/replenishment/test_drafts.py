"""Suggestions become drafts: grouped, all or nothing, once however many ask; and suppliers for what has none."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.replenishment.conftest import Planner

CUP = {"sku": "CUP", "warehouse": "osh"}
PLATE = {"sku": "PLATE", "warehouse": "osh"}
ROPE = {"sku": "ROPE", "warehouse": "osh"}


@pytest.fixture
async def short(alice: Planner) -> Planner:
    """Cups of Acme, plates of Best and ropes of nobody are short in Osh."""
    for sku in ("CUP", "PLATE", "ROPE"):
        await alice.limits(sku)
    return alice


async def orders(who: Planner) -> list[dict[str, Any]]:
    """All orders, oldest first."""
    found: list[dict[str, Any]] = (await who.get("purchasing/orders")).body["items"]
    return found[::-1]


def lines(order: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(line["sku"], line["qty"], line["unit"]) for line in order["lines"]]


async def test_drafts_one_order_for_each_supplier_and_leaves_what_nobody_sells(short: Planner) -> None:
    """Worked example E28: items of 2 suppliers and 1 without."""
    said = await short.drafts(all=True)
    assert (said.status, said.body["unassigned"], said.body["covered"], said.body["more"]) == (201, ["ROPE"], [], False)
    acme, best = await orders(short)
    assert [acme["number"], best["number"]] == said.body["orders"]
    assert (acme["supplier"], acme["status"], acme["warehouse"], lines(acme)) == ("acme", "draft", "osh", [("CUP", "5", "case")])
    assert (best["supplier"], lines(best), best["expected_on"]) == ("best", [("PLATE", "60", "pcs")], None)
    assert acme["amount"] == {"amount": "52.50", "currency": "KGS"}
    assert acme["expected_on"] == acme["lines"][0]["expected_on"] is not None
    assert [(each["sku"], each["supplier"]) for each in await short.suggestions()] == [("ROPE", None)]


async def test_drafts_one_order_for_each_warehouse(short: Planner) -> None:
    await short.limits(warehouse="main")
    await short.limits("PLATE", warehouse="main")
    said = await short.drafts(all=True, warehouse="main")
    assert len(said.body["orders"]) == 2
    said = await short.drafts(all=True, supplier="acme")
    assert [(each["supplier"], each["warehouse"]) for each in await orders(short)] == [("acme", "main"), ("best", "main"), ("acme", "osh")]


async def test_orders_what_was_chosen_as_it_was_changed(short: Planner) -> None:
    said = await short.drafts({**CUP, "qty": "6"}, {**ROPE, "supplier": "best"})
    assert (said.status, said.body["unassigned"]) == (201, [])
    acme, best = await orders(short)
    assert (lines(acme), lines(best)) == ([("CUP", "6", "case")], [("ROPE", "60", "m")])
    assert [each["sku"] for each in await short.suggestions()] == ["PLATE"]
    # Acme does not say how it sells plates.
    said = await short.drafts({**PLATE, "supplier": "acme", "qty": "70"})
    assert lines((await orders(short))[-1]) == [("PLATE", "70", "pcs")]
    # Best sells ropes to this order only: nobody has assigned it.
    assert (await short.get("inventory/items/ROPE/suppliers")).body["items"] == []


async def test_the_same_key_makes_one_set_of_drafts(short: Planner) -> None:
    first = await short.drafts(CUP, key="k1")
    again = await short.drafts(CUP, key="k1")
    assert (again.status, again.body, again.headers["Idempotent-Replayed"]) == (201, first.body, "true")
    assert (await short.drafts(PLATE, key="k1")).code == "idempotency_key_reused"
    assert len(await orders(short)) == 1


@pytest.mark.parametrize("body", [{"all": True}, {"lines": [CUP, PLATE]}])
async def test_makes_one_set_of_drafts_when_many_ask_at_once(short: Planner, mary: Planner, body: dict[str, Any]) -> None:
    """Twenty callers, each under a key of their own."""
    said = await asyncio.gather(
        *[who.drafts(**body, key=f"{number}-{place}") for number in range(10) for place, who in enumerate((short, mary))]
    )
    assert {each.status for each in said} == {201}
    assert sorted(len(each.body["orders"]) for each in said) == [0] * 19 + [2]
    assert [lines(each) for each in await orders(short)] == [[("CUP", "5", "case")], [("PLATE", "60", "pcs")]]


async def test_leaves_out_what_needs_nothing_any_more(short: Planner) -> None:
    await short.received("21")
    said = await short.drafts(CUP, PLATE)
    assert (len(said.body["orders"]), said.body["covered"]) == (1, [CUP])


@pytest.mark.parametrize(
    ("lines", "status", "code", "error"),
    [
        ([CUP, {**PLATE, "sku": "NONE"}], 404, "unknown_item", {"line": 1, "field": "sku"}),
        ([{**CUP, "warehouse": "moon"}], 404, "unknown_warehouse", {"line": 0, "field": "warehouse"}),
        ([CUP, {**PLATE, "supplier": "nobody"}], 404, "unknown_supplier", {"line": 1, "field": "supplier"}),
        ([CUP, {**PLATE, "supplier": "\x00"}], 404, "unknown_supplier", {"line": 1, "field": "supplier"}),
        ([CUP, {**PLATE, "qty": "0"}], 422, "invalid_body", {"line": 1, "field": "qty", "code": "quantity_not_positive"}),
        ([CUP, {**PLATE, "qty": "1.5"}], 422, "invalid_body", {"line": 1, "field": "qty", "code": "not_whole_packs"}),
        ([CUP, {**PLATE, "qty": "many"}], 422, "invalid_body", {"line": 1, "field": "qty", "code": "not_a_quantity"}),
        ([CUP, PLATE, CUP], 422, "invalid_body", {"line": 2, "field": "sku", "code": "item_twice"}),
        ([{**CUP, "colour": "red"}], 422, "invalid_body", {"line": 0, "code": "unknown_field"}),
        ([], 422, "invalid_body", {}),
    ],
)
async def test_drafts_nothing_unless_all_of_it_can_be(
    short: Planner, lines: list[dict[str, Any]], status: int, code: str, error: dict[str, Any]
) -> None:
    said = await short.post("replenishment/drafts", {"lines": lines})
    assert (said.status, said.code) == (status, code), said.body
    assert said.body["errors"][0].items() >= error.items()
    assert await orders(short) == []


async def test_orders_only_what_the_supplier_takes(short: Planner) -> None:
    version = (await short.get("inventory/suppliers/acme/items/CUP")).body["version"]
    terms = {"unit": "case", "multiple": 2, "moq": 4}
    await short.send("PUT", "inventory/suppliers/acme/items/CUP", terms, {"Idempotency-Key": "p", "If-Match": f'"{version}"'})
    for qty, problem in (("2", "below_moq"), ("5", "not_a_multiple")):
        said = await short.drafts({**CUP, "qty": qty})
        assert (said.status, said.body["errors"][0]["code"]) == (422, problem)
    assert (await short.drafts({**CUP, "qty": "4"})).status == 201


@pytest.mark.parametrize("body", [{}, {"all": False}, {"all": True, "lines": [CUP]}, {"lines": [CUP], "warehouse": "osh"}])
async def test_says_what_is_to_be_drafted(short: Planner, body: dict[str, Any]) -> None:
    assert (await short.post("replenishment/drafts", body)).code == "lines_or_all"


@pytest.mark.parametrize(("name", "code"), [("warehouse", "unknown_warehouse"), ("supplier", "unknown_supplier")])
async def test_all_of_nowhere_is_a_mistake(short: Planner, name: str, code: str) -> None:
    assert (await short.drafts(all=True, **{name: "nowhere"})).code == code


async def test_an_archived_supplier_is_asked_for_nothing(short: Planner) -> None:
    assert (await short.post("inventory/suppliers/best/archive")).status == 200
    said = await short.drafts({**PLATE, "supplier": "best"})
    assert (said.status, said.code) == (409, "supplier_archived")
    assert (await short.drafts(all=True)).body["unassigned"] == ["PLATE", "ROPE"]


async def test_assigns_suppliers_to_several_items_at_once(short: Planner) -> None:
    said = await short.post("replenishment/suppliers", {"lines": [{"sku": "ROPE", "supplier": "best"}, {"sku": "CUP", "supplier": "best"}]})
    assert (said.status, said.body) == (200, {"assigned": 2})
    found = {each["sku"]: (each["supplier"], each["qty"], each["unit"]) for each in await short.suggestions()}
    assert found == {"CUP": ("best", "60", "pcs"), "PLATE": ("best", "60", "pcs"), "ROPE": ("best", "60", "m")}
    back = await short.post("replenishment/suppliers", {"lines": [{"sku": "CUP", "supplier": "acme"}]})
    assert (back.status, (await short.suggestions("?supplier=acme"))[0]["unit"]) == (200, "case")


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([{"sku": "ROPE", "supplier": "best"}, {"sku": "NONE", "supplier": "best"}], "unknown_item"),
        ([{"sku": "ROPE", "supplier": "best"}, {"sku": "CUP", "supplier": "nobody"}], "unknown_supplier"),
        ([{"sku": "ROPE", "supplier": "best"}, {"sku": "ROPE", "supplier": "acme"}], "invalid_body"),
    ],
)
async def test_assigns_all_or_none(short: Planner, lines: list[dict[str, str]], code: str) -> None:
    assert (await short.post("replenishment/suppliers", {"lines": lines})).code == code
    assert (await short.get("inventory/items/ROPE/suppliers")).body["items"] == []


async def test_managers_order_clerks_look_and_tills_have_no_business_here(
    short: Planner, mary: Planner, bob: Planner, vic: Planner
) -> None:
    assert [len(await who.suggestions()) for who in (mary, bob)] == [3, 3]
    assert (await vic.get("replenishment/suggestions")).status == 403
    assign = {"lines": [{"sku": "ROPE", "supplier": "best"}]}
    for who in (bob, vic):
        assert ((await who.drafts(all=True)).status, (await who.post("replenishment/suppliers", assign)).status) == (403, 403)
    assert (await mary.post("replenishment/suppliers", assign)).status == 200
    assert (await mary.drafts(all=True)).body["unassigned"] == []


async def test_a_stranger_finds_nothing(short: Planner, carol: Planner) -> None:
    carol.slug = short.who.tenant.slug
    assert (await carol.get("replenishment/suggestions")).status == 404
    assert ((await carol.drafts(all=True)).status, (await carol.drafts(CUP)).status) == (404, 404)
    carol.slug = ""
    assert await carol.suggestions() == []
    assert (await carol.drafts(all=True)).body["orders"] == []
    assert len(await short.suggestions()) == 3


async def test_leaves_a_fact_of_what_was_drafted(short: Planner) -> None:
    numbers = (await short.drafts(all=True)).body["orders"]
    (fact,) = (await short.get("audit?fact=suggestions_drafted")).body["items"]
    assert (fact["subject"], fact["body"]) == (short.who.tenant.slug, {"orders": numbers, "unassigned": 1})
