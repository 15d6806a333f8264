"""Items, units, warehouses and locations over REST."""

from __future__ import annotations

import asyncio

from tests.api.conftest import Client, line


async def test_an_item_is_made_read_changed_and_put_away(alice: Client) -> None:
    new = {
        "sku": "MUG-1",
        "name": " Mug ",
        "category": "Kitchen",
        "price": {"amount": "2.55", "currency": "GBP"},
        "names": {"ru": "Кружка"},
    }
    made = await alice.post("inventory/items", new)
    assert made.status == 201, made.body
    assert (made.body["name"], made.body["base_unit"], made.body["kind"]) == ("Mug", "pcs", "finished")
    assert made.body["price"] == {"amount": "2.55", "currency": "GBP"}
    assert made.headers["ETag"] == '"1"'
    read = await alice.get("inventory/items/MUG-1")
    assert (read.body, read.headers["ETag"]) == (made.body, '"1"')
    changed = await alice.patch("inventory/items/MUG-1", {"name": "Big mug", "price": None}, 1)
    assert (changed.status, changed.body["name"], changed.body["price"], changed.headers["ETag"]) == (200, "Big mug", None, '"2"')
    gone = await alice.post("inventory/items/MUG-1/archive")
    assert (gone.status, gone.body["archived"]) == (200, True)
    assert [row["sku"] for row in (await alice.get("inventory/items")).body["items"]] == ["CUP", "ROPE"]
    assert [row["sku"] for row in (await alice.get("inventory/items?archived=true")).body["items"]] == ["MUG-1"]
    refused = await alice.post("stock/receive", {"lines": [line("1", "MUG-1")]})
    assert (refused.status, refused.code) == (409, "item_archived")


async def test_nobody_overwrites_what_they_have_not_seen(alice: Client) -> None:
    await alice.patch("inventory/items/CUP", {"name": "Cup"}, 1)
    late = await alice.patch("inventory/items/CUP", {"name": "Tasse"}, 1)
    assert (late.status, late.code) == (409, "version_conflict")
    assert (await alice.patch("inventory/items/CUP", {"name": "Tasse"}, None)).status == 400
    assert (await alice.patch("inventory/items/CUP", {"sku": "CUP2"}, 2)).status == 422, "a SKU stays for ever"
    assert (await alice.patch("inventory/items/NOPE", {"name": "x"}, 1)).status == 404


async def test_an_item_with_stock_stays(alice: Client) -> None:
    await alice.received("1")
    said = await alice.post("inventory/items/CUP/archive")
    assert (said.status, said.code) == (409, "item_has_stock")
    assert (await alice.post("inventory/warehouses/osh/archive")).code == "warehouse_has_stock"


async def test_a_sku_is_given_once(alice: Client, carol: Client) -> None:
    taken = await alice.post("inventory/items", {"sku": "CUP", "name": "Another"})
    assert (taken.status, taken.code) == (409, "sku_taken")
    assert (await carol.post("inventory/items", {"sku": "MUG", "name": "Hers"})).status == 201
    assert (await alice.post("inventory/items", {"sku": "MUG", "name": "Ours"})).status == 201


async def test_the_same_key_makes_one_item(alice: Client) -> None:
    body = {"sku": "MUG", "name": "Mug"}
    answers = await asyncio.gather(*(alice.post("inventory/items", body, key="once") for _ in range(5)))
    assert {said.status for said in answers} == {201}
    assert len({said.raw for said in answers}) == 1
    assert sum("Idempotent-Replayed" in said.headers for said in answers) == 4
    other = await alice.post("inventory/items", {**body, "name": "Cup"}, key="once")
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    refused = [await alice.post("inventory/items", body, key="twice") for _ in range(2)]
    assert [said.status for said in refused] == [409, 409]
    assert refused[0].raw == refused[1].raw
    assert refused[1].headers["Idempotent-Replayed"] == "true"
    assert (await alice.post("inventory/items", body, key="")).status == 400


async def test_what_was_malformed_leaves_the_key_free(alice: Client) -> None:
    assert (await alice.post("inventory/items", {"sku": "MUG"}, key="k")).status == 422
    assert (await alice.post("inventory/items", {"sku": "MUG", "name": ""}, key="k")).status == 422
    assert (await alice.post("inventory/items", {"sku": "MUG", "name": "Mug"}, key="k")).status == 201


async def test_refuses_items_that_do_not_fit(alice: Client) -> None:
    for more, field in (
        ({"sku": "no\nbreaks"}, "sku"),
        ({"sku": ""}, "sku"),
        ({"name": "x" * 201}, "name"),
        ({"name": "bell\u0007"}, "name"),
        ({"kind": "toy"}, "kind"),
        ({"base_unit": "barrel"}, "base_unit"),
        ({"price": {"amount": "1e3", "currency": "GBP"}}, "price.amount"),
        ({"price": {"amount": "-1", "currency": "GBP"}}, "price.amount"),
        ({"price": {"amount": "1", "currency": "pounds"}}, "price.currency"),
        ({"metadata": {"a": {"b": 1}}}, "metadata.a"),
        ({"tenant_id": 1}, "tenant_id"),
        ({"id": 7}, "id"),
    ):
        said = await alice.post("inventory/items", {"sku": "MUG", "name": "Mug", **more})
        assert (said.status, said.body["errors"][0]["field"]) == (422, field), said.body


async def test_a_code_finds_its_item(alice: Client, carol: Client) -> None:
    added = await alice.post("inventory/items/CUP/barcodes", {"code": "4006381333931"})
    assert (added.status, added.body["barcodes"][0]["code"]) == (201, "4006381333931")
    await alice.post("inventory/items/CUP/barcodes", {"code": "42", "kind": "plu"})
    for code in ("4006381333931", "42", "CUP"):
        assert (await alice.get(f"inventory/lookup?code={code}")).body["sku"] == "CUP"
    assert (await carol.get("inventory/lookup?code=4006381333931")).status == 404
    taken = await alice.post("inventory/items/ROPE/barcodes", {"code": "42"})
    assert (taken.status, taken.code, taken.body["errors"][0]["sku"]) == (409, "barcode_taken", "CUP")
    assert [row["code"] for row in (await alice.get("inventory/items/CUP/barcodes")).body["items"]] == ["4006381333931", "42"]
    assert (await alice.delete("inventory/items/CUP/barcodes/42")).status == 200
    assert (await alice.get("inventory/lookup?code=42")).status == 404
    assert (await alice.delete("inventory/items/CUP/barcodes/42")).status == 404


async def test_units_and_packagings(alice: Client) -> None:
    codes = [unit["code"] for unit in (await alice.get("inventory/units")).body["items"]]
    assert {"pcs", "kg", "l", "m"} <= set(codes)
    made = await alice.post("inventory/units", {"code": "roll", "name": "rolls", "decimals": 1})
    assert (made.status, made.body["decimals"]) == (201, 1)
    assert (await alice.post("inventory/units", {"code": "roll", "name": "rolls"})).code == "code_taken"
    assert (await alice.patch("inventory/units/roll", {"name": "Rolls"}, 1)).body["name"] == "Rolls"
    assert (await alice.post("inventory/units/roll/archive")).body["archived"] is True
    assert (await alice.post("inventory/items", {"sku": "T", "name": "Tape", "base_unit": "roll"})).status == 422
    cased = await alice.post("inventory/items/CUP/units", {"unit": "case", "base": 12})
    assert cased.body["units"] == [{"unit": "case", "base": 12, "per": 1}]
    assert (await alice.post("inventory/items/CUP/units", {"unit": "pcs", "base": 2})).status == 422
    assert (await alice.post("inventory/items/CUP/units", {"unit": "box", "base": 0})).status == 422


async def test_warehouses_and_locations(alice: Client, carol: Client) -> None:
    made = await alice.post("inventory/warehouses", {"code": "bishkek", "name": "Bishkek"})
    assert (made.status, made.body["time_zone"], made.headers["ETag"]) == (201, "Asia/Bishkek", '"1"')
    assert (await alice.post("inventory/warehouses", {"code": "bishkek", "name": "Again"})).code == "code_taken"
    assert (await alice.post("inventory/warehouses", {"code": "x", "name": "X", "time_zone": "Mars/Base"})).status == 422
    changed = await alice.patch("inventory/warehouses/bishkek", {"name": "Centre"}, 1)
    assert changed.body["name"] == "Centre"
    zone = await alice.post("inventory/warehouses/osh/locations", {"code": "A", "kind": "zone", "holds_stock": False})
    shelf = await alice.post("inventory/warehouses/osh/locations", {"code": "A-1", "parent": "A"})
    assert (zone.status, shelf.body["parent"], shelf.body["holds_stock"]) == (201, "A", True)
    assert (await alice.post("inventory/warehouses/osh/locations", {"code": "B-1", "parent": "Z"})).status == 404
    assert [row["code"] for row in (await alice.get("inventory/warehouses/osh/locations")).body["items"]] == ["A", "A-1"]
    assert (await carol.get("inventory/warehouses/osh/locations")).body["items"] == [], "hers has the same code"

    there = await alice.post("stock/receive", {"lines": [line("3", location="A-1")]})
    assert there.body["movements"][0]["location"] == "A-1"
    structure = await alice.post("stock/receive", {"lines": [line("3", location="A")]})
    assert structure.code == "location_holds_no_stock"
    filled = await alice.post("inventory/warehouses/osh/locations/A-1/archive")
    assert (filled.status, filled.code) == (409, "location_has_stock")
    assert (await alice.patch("inventory/warehouses/osh/locations/A-1", {"holds_stock": False}, 1)).code == "location_has_stock"
    assert (await alice.post("inventory/warehouses/osh/locations/A/archive")).body["archived"] is True
    closed = await alice.post("inventory/warehouses/bishkek/archive")
    assert closed.body["archived"] is True
    assert (await alice.post("stock/receive", {"lines": [line("1", warehouse="bishkek")]})).code == "warehouse_archived"


async def test_what_was_written_is_felt_at_once(alice: Client) -> None:
    """Names are remembered for two seconds; whoever writes must not wait for that."""
    assert (await alice.post("stock/receive", {"lines": [line("12", unit="case")]})).status == 422
    await alice.post("inventory/items/CUP/units", {"unit": "case", "base": 12})
    assert (await alice.post("stock/receive", {"lines": [line("1", unit="case")]})).body["levels"][0]["on_hand"] == "12"


async def test_who_may_change_things(bob: Client) -> None:
    assert (await bob.post("inventory/items", {"sku": "X", "name": "X"})).status == 403
    assert (await bob.post("inventory/warehouses", {"code": "x", "name": "X"})).status == 403
    assert (await bob.get("inventory/items/CUP")).status == 200
