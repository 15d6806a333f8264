"""Promises over several warehouses, over REST."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Client, Said
from web.api.openapi import document

ANYWHERE = ["osh", "main"]


async def reserve(client: Client, *lines: dict[str, Any], key: str | None = None, **more: Any) -> Said:
    return await client.post("stock/reserve", {"lines": list(lines), **more}, key=key)


def choice(qty: Any, sku: str = "CUP", warehouses: list[str] | None = None, **more: Any) -> dict[str, Any]:
    """A line that leaves the warehouse open."""
    return {"sku": sku, "warehouses": warehouses or ANYWHERE, "qty": qty, **more}


def promised(said: Said) -> list[tuple[str, str, str]]:
    return [(line["sku"], line["warehouse"], line["qty"]) for line in said.body["reservation"]["lines"]]


def levels(said: Said) -> dict[str, tuple[str, str, str]]:
    return {each["warehouse"]: (each["on_hand"], each["reserved"], each["available"]) for each in said.body["levels"]}


async def test_splits_an_order(alice: Client) -> None:
    """Worked example E15: A 10, B 15, need 13."""
    await alice.received("10")
    await alice.received("15", warehouse="main")
    said = await reserve(alice, choice("13"), reference="SO-1")
    assert said.status == 201
    assert promised(said) == [("CUP", "osh", "10"), ("CUP", "main", "3")]
    assert levels(said) == {"osh": ("10", "10", "0"), "main": ("15", "3", "12")}
    assert "backordered" not in said.body
    done = await alice.post("stock/commit", {"reservation": said.body["reservation"]["id"]})
    assert levels(done) == {"osh": ("0", "0", "0"), "main": ("12", "0", "12")}


async def test_takes_one_from_each(alice: Client) -> None:
    """Worked example E15: A 1, B 1, need 2."""
    await alice.received("1")
    await alice.received("1", warehouse="main")
    assert promised(await reserve(alice, choice("2"))) == [("CUP", "osh", "1"), ("CUP", "main", "1")]


async def test_does_not_split_kits_and_tells_what_is_missing(alice: Client) -> None:
    """Worked example E15: two pieces a kit, A 3, B 3, three kits."""
    await alice.received("3")
    await alice.received("3", warehouse="main")
    whole = await reserve(alice, choice("6", multiple="2"))
    assert (whole.status, whole.code) == (409, "insufficient_stock")
    assert whole.body["errors"] == [{"line": 0, "sku": "CUP", "requested": "6", "available": "4"}]
    said = await reserve(alice, choice("6", multiple="2"), partial=True, key="kits")
    assert (said.status, promised(said)) == (201, [("CUP", "osh", "2"), ("CUP", "main", "2")])
    assert said.body["backordered"] == [{"line": 0, "sku": "CUP", "qty": "2", "unit": "pcs"}]
    assert levels(said) == {"osh": ("3", "2", "1"), "main": ("3", "2", "1")}
    again = await reserve(alice, choice("6", multiple="2"), partial=True, key="kits")
    assert (again.raw, again.headers["Idempotent-Replayed"]) == (said.raw, "true")
    assert (await reserve(alice, choice("6"), partial=True, key="kits")).code == "idempotency_key_reused"


async def test_prefers_in_the_order_named(alice: Client) -> None:
    await alice.received("5")
    await alice.received("5", warehouse="main")
    assert promised(await reserve(alice, choice("6", warehouses=["main", "osh"]))) == [("CUP", "main", "5"), ("CUP", "osh", "1")]


async def test_promises_part_of_what_one_warehouse_has(alice: Client) -> None:
    await alice.received("2")
    said = await reserve(alice, {"sku": "CUP", "warehouse": "osh", "qty": "3"}, choice("1.5", "ROPE"), partial=True)
    assert promised(said) == [("CUP", "osh", "2")]
    assert [(each["line"], each["sku"], each["qty"]) for each in said.body["backordered"]] == [(0, "CUP", "1"), (1, "ROPE", "1.5")]
    full = await reserve(alice, choice("1"), partial=True)
    assert (full.status, full.code) == (409, "insufficient_stock")
    await alice.received("1")
    assert (await reserve(alice, choice("1"), partial=True)).body["backordered"] == []


async def test_lines_of_one_order_do_not_take_the_same_twice(alice: Client) -> None:
    await alice.received("4")
    await alice.received("4", warehouse="main")
    said = await reserve(alice, choice("5"), choice("4"))
    assert (said.status, said.body["errors"]) == (409, [{"line": 0, "sku": "CUP", "requested": "9", "available": "8"}])
    assert promised(await reserve(alice, choice("4"), {"sku": "CUP", "warehouse": "osh", "qty": "4"})) == [
        ("CUP", "main", "4"),
        ("CUP", "osh", "4"),
    ]


async def test_counts_in_packagings(alice: Client) -> None:
    """`multiple` is in the line's unit, as the quantity is."""
    await alice.post("inventory/items/CUP/units", {"unit": "case", "base": 12})
    await alice.received("40")
    await alice.received("30", warehouse="main")
    said = await reserve(alice, choice("6", unit="case", multiple="2"), partial=True)
    assert promised(said) == [("CUP", "osh", "24"), ("CUP", "main", "24")]
    assert said.body["backordered"] == [{"line": 0, "sku": "CUP", "qty": "24", "unit": "pcs"}]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"warehouse": "osh"}, "warehouses", "warehouse_or_warehouses"),
        ({"warehouses": None}, "warehouse", "value_missing"),
        ({"warehouses": []}, "warehouses", "out_of_range"),
        ({"warehouses": [f"w{n}" for n in range(11)]}, "warehouses", "out_of_range"),
        ({"warehouses": ["osh", "main", "osh"]}, "warehouses", "warehouse_twice"),
        ({"warehouses": "osh"}, "warehouses", "wrong_type"),
        ({"warehouses": None, "warehouse": "osh", "multiple": 2}, "multiple", "with_warehouses_only"),
        ({"location": "A1"}, "location", "in_one_warehouse_only"),
        ({"lot": "L1"}, "lot", "in_one_warehouse_only"),
        ({"serial": "S1"}, "serial", "in_one_warehouse_only"),
        ({"multiple": "0"}, "multiple", "quantity_not_positive"),
        ({"multiple": "-1"}, "multiple", "quantity_not_positive"),
        ({"multiple": "x"}, "multiple", "not_a_quantity"),
        ({"multiple": "4"}, "qty", "not_a_multiple"),
        ({"qty": "0"}, "qty", "quantity_not_positive"),
    ],
)
async def test_refuses_what_does_not_fit(alice: Client, change: dict[str, Any], field: str, code: str) -> None:
    await alice.received("10")
    said = await reserve(alice, {"sku": "CUP", "warehouse": "osh", "qty": "1"}, {**choice("6"), **change})
    assert (said.status, said.code) == (422, "invalid_body")
    assert [(fact["line"], fact["field"], fact["code"]) for fact in said.body["errors"]] == [(1, field, code)]
    assert (await alice.get("stock/reservations")).body["items"] == []


async def test_refuses_what_is_not_there_by_the_line_that_names_it(alice: Client) -> None:
    plain = {"sku": "CUP", "warehouse": "osh", "qty": "1"}
    said = await reserve(alice, choice("1"), choice("1", warehouses=["osh", "moon"]), choice("1", "NONE"), plain)
    assert (said.status, said.code) == (404, "unknown_warehouse")
    assert [(fact["line"], fact["field"], fact["code"]) for fact in said.body["errors"]] == [
        (1, "warehouse", "unknown_warehouse"),
        (2, "sku", "unknown_item"),
    ]


async def test_refuses_what_cannot_be_sold(alice: Client) -> None:
    said = await reserve(alice, choice("1", condition="damaged"))
    assert (said.status, said.code, said.body["errors"]) == (409, "not_sellable", [{"line": 0, "sku": "CUP"}])


async def test_names_so_many_warehouses_in_all(alice: Client) -> None:
    assert (await reserve(alice, *[choice("1") for _ in range(251)])).code == "too_many_lines"


async def test_a_strangers_warehouse_does_not_exist(alice: Client, carol: Client) -> None:
    await carol.post("inventory/warehouses", {"code": "hers", "name": "Hers", "time_zone": "UTC"})
    assert (await reserve(alice, choice("1", warehouses=["osh", "hers"]))).code == "unknown_warehouse"


async def test_the_document_tells_of_it(alice: Client) -> None:
    schemas = document(alice.app)["components"]["schemas"]
    assert {"warehouse", "warehouses", "multiple"} <= schemas["ReserveLineBody"]["properties"].keys()
    assert "partial" in schemas["ReserveBody"]["properties"]
    assert schemas["Reserved"]["allOf"][1]["properties"].keys() == {"backordered"}
