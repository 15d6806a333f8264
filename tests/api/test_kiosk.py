"""What a till in a browser reads before its line is open."""

from __future__ import annotations

import pytest

from inventory.catalog import snapshot
from tests.api.conftest import Client


async def catalogue(client: Client, tag: str = "") -> tuple[int, str, dict[str, dict[str, object]]]:
    """(status, tag, items by SKU) of the first page."""
    said = await client.get("kiosk/catalogue", **({"If-None-Match": tag} if tag else {}))
    items = said.body["items"] if said.status == 200 else []
    return said.status, said.headers["ETag"], {item["sku"]: item for item in items}


async def test_the_catalogue_names_every_code_unit_and_precision(alice: Client) -> None:
    await alice.post("inventory/items/CUP/barcodes", {"code": "2100000000012"})
    await alice.post("inventory/items/CUP/barcodes", {"code": "4711", "kind": "plu"})
    status, _, items = await catalogue(alice)
    assert status == 200
    assert items["CUP"]["barcodes"] == [{"code": "2100000000012", "kind": "barcode"}, {"code": "4711", "kind": "plu"}]
    assert (items["CUP"]["unit"], items["CUP"]["decimals"]) == ("pcs", 0)
    assert (items["ROPE"]["unit"], items["ROPE"]["decimals"]) == ("m", 1)


async def test_a_till_that_has_the_catalogue_is_not_sent_it_again(alice: Client) -> None:
    _, tag, _ = await catalogue(alice)
    assert (await catalogue(alice, tag))[0] == 304
    await alice.received("10")
    assert (await catalogue(alice, tag))[0] == 304, "stock is no part of the catalogue"


@pytest.mark.parametrize("change", ["item", "code", "code gone", "archive", "new"])
async def test_whatever_changes_in_it_makes_another_edition(alice: Client, change: str) -> None:
    await alice.post("inventory/items/CUP/barcodes", {"code": "4600000000001"})
    _, tag, _ = await catalogue(alice)
    match change:
        case "item":
            version = (await alice.get("inventory/items/CUP")).body["version"]
            await alice.patch("inventory/items/CUP", {"name": "Tea bowl"}, version)
        case "code":
            await alice.post("inventory/items/CUP/barcodes", {"code": "4600000000002"})
        case "code gone":
            await alice.delete("inventory/items/CUP/barcodes/4600000000001")
        case "archive":
            await alice.post("inventory/items/ROPE/archive", {})
        case "new":
            await alice.post("inventory/items", {"sku": "PLATE", "name": "Plate"})
    assert (await catalogue(alice, tag))[0] == 200


async def test_a_long_catalogue_comes_in_pages_that_neither_miss_nor_repeat(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "PAGE_ITEMS", 2)
    for number in range(5):
        await alice.post("inventory/items", {"sku": f"X{number}", "name": f"Thing {number}"})
    found, path = [], "kiosk/catalogue"
    for _ in range(10):
        said = await alice.get(path)
        found += [item["sku"] for item in said.body["items"]]
        if said.body["next"] is None:
            break
        path = f"kiosk/catalogue?cursor={said.body['next']}"
    assert found == ["CUP", "ROPE", "X0", "X1", "X2", "X3", "X4"]
    refused = await alice.get("kiosk/catalogue?cursor=nonsense")
    assert (refused.status, refused.code) == (422, "bad_cursor")


async def test_tells_who_works_at_the_till_and_what_they_may(alice: Client) -> None:
    said = await alice.get("kiosk/session")
    assert said.status == 200
    assert {"stock.issue", "stock.receive"} <= set(said.body["permissions"])
    assert [each["code"] for each in said.body["warehouses"]] == ["main", "osh"]
    assert said.headers["Cache-Control"] == "no-store"
