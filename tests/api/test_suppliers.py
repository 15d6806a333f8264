"""Suppliers and their offers over REST."""

from __future__ import annotations

from typing import Any

from quart import Quart

from tests.api.conftest import Client
from web.api.openapi import document, operations

COLUMNS = "supplier,sku,supplier_sku,unit,multiple,moq,price,currency,lead_time_days,preferred"


async def furnished(client: Client) -> None:
    """Cups by the case of 12 of supplier A; supplier B sells nothing yet."""
    for code, name, more in (("A", "Alpha", {"lead_time_days": 7}), ("B", "Beta", {"currency": "USD"})):
        made = await client.post("inventory/suppliers", {"code": code, "name": name, **more})
        assert made.status == 201, made.body
    assert (await client.post("inventory/items/CUP/units", {"unit": "case", "base": 12})).status == 200
    offer = {
        "sku": "CUP", "supplier_sku": "A-1", "unit": "case", "moq": 2, "price": {"amount": "95.5", "currency": "KGS"},
        "breaks": [{"from_qty": 10, "price": "90"}],
    }  # fmt: skip
    made = await client.post("inventory/suppliers/A/items", offer)
    assert made.status == 201, made.body


async def put(client: Client, path: str, body: Any, version: int | None) -> Any:
    seen = {} if version is None else {"If-Match": f'"{version}"'}
    return await client.send("PUT", path, body, {"Idempotency-Key": next(client.keys), **seen})


async def test_a_supplier_is_made_read_changed_and_put_away(alice: Client) -> None:
    new = {"code": "FELT", "name": " Felt & Co ", "email": "Sales@Felt.example", "payment_terms_days": 30, "language": "ru"}
    made = await alice.post("inventory/suppliers", new)
    assert made.status == 201, made.body
    assert (made.body["name"], made.body["email"], made.body["currency"]) == ("Felt & Co", "sales@felt.example", "KGS")
    assert (made.body["payment_terms_days"], made.body["language"], made.headers["ETag"]) == (30, "ru", '"1"')
    read = await alice.get("inventory/suppliers/FELT")
    assert (read.body, read.headers["ETag"]) == (made.body, '"1"')
    changed = await alice.patch("inventory/suppliers/FELT", {"name": "Felt", "language": None}, 1)
    assert (changed.status, changed.body["name"], changed.body["language"], changed.headers["ETag"]) == (200, "Felt", None, '"2"')
    assert (await alice.patch("inventory/suppliers/FELT", {"name": "X"}, 1)).code == "version_conflict"
    assert (await alice.patch("inventory/suppliers/FELT", {"code": "X"}, 2)).status == 422, "a code stays for ever"
    assert (await alice.post("inventory/suppliers", new)).code == "code_taken"
    gone = await alice.post("inventory/suppliers/FELT/archive")
    assert (gone.status, gone.body["archived"]) == (200, True)
    assert (await alice.get("inventory/suppliers")).body["items"] == []
    assert [row["code"] for row in (await alice.get("inventory/suppliers?archived=true")).body["items"]] == ["FELT"]


async def test_wrong_fields_are_all_named(alice: Client) -> None:
    said = await alice.post("inventory/suppliers", {"code": "?", "name": "", "currency": "som", "email": "no"})
    assert said.status == 422
    assert {error["field"]: error["code"] for error in said.body["errors"]} == {
        "code": "not_a_code", "name": "value_missing", "currency": "not_a_currency", "email": "not_an_email",
    }  # fmt: skip
    assert (await alice.post("inventory/suppliers", {"code": "X", "name": "X", "lead_time_days": -1})).status == 422


async def test_an_offer_is_added_read_replaced_preferred_and_removed(alice: Client) -> None:
    await furnished(alice)
    read = await alice.get("inventory/suppliers/A/items/CUP")
    assert read.headers["ETag"] == '"1"'
    assert read.body.items() >= {
        "supplier": "A", "sku": "CUP", "supplier_sku": "A-1", "unit": "case", "pack": "12", "base_unit": "pcs", "multiple": 1, "moq": 2,
        "price": {"amount": "95.50", "currency": "KGS"}, "breaks": [{"from_qty": 10, "price": "90.00"}], "lead_time_days": None,
        "days": 7, "preferred": True,
    }.items()  # fmt: skip
    assert (await alice.post("inventory/suppliers/A/items", {"sku": "CUP"})).code == "offer_taken"
    replaced = await put(alice, "inventory/suppliers/A/items/CUP", {"unit": "case", "multiple": 3}, 1)
    assert (replaced.status, replaced.body["multiple"], replaced.body["price"], replaced.body["preferred"]) == (200, 3, None, True)
    assert (await put(alice, "inventory/suppliers/A/items/CUP", {}, 1)).code == "version_conflict"
    assert (await put(alice, "inventory/suppliers/A/items/CUP", {}, None)).status == 400
    assert (await put(alice, "inventory/suppliers/B/items/CUP", {}, 1)).status == 404
    assert (await alice.post("inventory/suppliers/B/items", {"sku": "CUP"})).body["preferred"] is False
    chosen = await alice.post("inventory/items/CUP/suppliers/B/prefer")
    assert (chosen.status, chosen.body["preferred"]) == (200, True)
    sellers = (await alice.get("inventory/items/CUP/suppliers")).body["items"]
    assert [(row["supplier"], row["preferred"]) for row in sellers] == [("B", True), ("A", False)]
    assert (await alice.delete("inventory/suppliers/B/items/CUP")).body["code"] == "B"
    assert (await alice.delete("inventory/suppliers/B/items/CUP")).status == 404
    assert (await alice.get("inventory/suppliers/B/items")).body["items"] == []


async def test_a_packaging_that_is_bought_is_not_refilled(alice: Client) -> None:
    await furnished(alice)
    said = await alice.post("inventory/items/CUP/units", {"unit": "case", "base": 10})
    assert (said.status, said.code) == (409, "unit_is_bought")


async def test_lists_are_found_and_come_as_files(alice: Client) -> None:
    await furnished(alice)
    found = await alice.get("inventory/suppliers?q=alp&sort=name")
    assert [row["code"] for row in found.body["items"]] == ["A"]
    assert (await alice.get("inventory/suppliers?cursor=x")).code == "bad_cursor"
    page = await alice.get("inventory/suppliers?limit=1")
    then = await alice.get(f"inventory/suppliers?limit=1&cursor={page.body['next']}")
    assert [row["code"] for row in (*page.body["items"], *then.body["items"])] == ["A", "B"]
    file = await alice.get("inventory/suppliers/A/items?q=A-1", Accept="text/csv")
    assert '"A","CUP",' in file.body
    assert (await alice.get("inventory/suppliers/A/items?q=none")).body["items"] == []


async def test_a_file_is_looked_at_first_and_then_taken_over_once(alice: Client) -> None:
    await furnished(alice)
    text = f"{COLUMNS}\nA,CUP,A-2,case,2,2,96.5,KGS,3,\nB,CUP,,,,,1.25,USD,,yes\n"
    dry = await alice.post("inventory/suppliers/import", {"csv": text, "dry_run": True})
    assert (dry.status, dry.body) == (200, {"added": 1, "changed": 1, "unchanged": 0, "dry_run": True})
    assert [row["supplier"] for row in (await alice.get("inventory/items/CUP/suppliers")).body["items"]] == ["A"]
    done = await alice.post("inventory/suppliers/import", {"csv": text}, key="file")
    assert (done.status, done.body["added"], done.body["changed"]) == (200, 1, 1)
    again = await alice.post("inventory/suppliers/import", {"csv": text}, key="file")
    assert again.headers["Idempotent-Replayed"] == "true"
    same = await alice.post("inventory/suppliers/import", {"csv": text})
    assert same.body == {"added": 0, "changed": 0, "unchanged": 2, "dry_run": False}
    sellers = (await alice.get("inventory/items/CUP/suppliers")).body["items"]
    assert [(row["supplier"], row["price"]["amount"], row["days"], row["preferred"]) for row in sellers] == [
        ("B", "1.25", None, True), ("A", "96.50", 3, False),
    ]  # fmt: skip
    assert sellers[1]["breaks"] == [{"from_qty": 10, "price": "90.00"}], "a file knows nothing of prices by quantity and leaves them"
    wrong = await alice.post("inventory/suppliers/import", {"csv": text + "Z,CUP,,,,,,,,\n"})
    assert (wrong.status, wrong.code) == (422, "file_refused")
    assert [(error["line"], error["field"], error["code"]) for error in wrong.body["errors"]] == [(4, "supplier", "unknown_supplier")]


async def test_who_may_only_look_changes_nothing_and_a_stranger_sees_nothing(alice: Client, bob: Client, carol: Client) -> None:
    await furnished(alice)
    assert (await bob.get("inventory/suppliers/A/items")).status == 200
    assert (await bob.post("inventory/suppliers", {"code": "X", "name": "X"})).status == 403
    assert (await bob.post("inventory/items/CUP/suppliers/A/prefer")).status == 403
    assert (await bob.post("inventory/suppliers/import", {"csv": COLUMNS})).status == 403
    assert (await carol.get("inventory/suppliers")).body["items"] == []
    for path in ("inventory/suppliers/A", "inventory/suppliers/A/items", "inventory/suppliers/A/items/CUP"):
        assert (await carol.get(path)).status == 404
    carol.slug = alice.who.tenant.slug
    assert (await carol.get("inventory/suppliers")).status == 404


async def test_the_document_is_true_of_suppliers(app: Quart, alice: Client) -> None:
    await furnished(alice)
    schemas = document(app)["components"]["schemas"]
    admitted = {(path, method): set(map(str, said.statuses())) for path, method, _, said in operations(app)}
    base = "/v1/{tenant}/inventory"
    for path, address, schema in (
        (f"{base}/suppliers", "inventory/suppliers", "Supplier"),
        (f"{base}/suppliers/{{code}}", "inventory/suppliers/A", "Supplier"),
        (f"{base}/suppliers/{{code}}/items", "inventory/suppliers/A/items", "Offer"),
        (f"{base}/suppliers/{{code}}/items/{{sku}}", "inventory/suppliers/A/items/CUP", "Offer"),
        (f"{base}/items/{{sku}}/suppliers", "inventory/items/CUP/suppliers", "Offer"),
    ):
        said = await alice.get(address)
        assert str(said.status) in admitted[path, "get"]
        shown = said.body["items"][0] if "items" in said.body else said.body
        assert shown.keys() == set(schemas[schema]["required"]), path
    for body in ({"csv": COLUMNS + "\nA,CUP"}, {"csv": "x"}, {}):
        said = await alice.post("inventory/suppliers/import", body)
        assert str(said.status) in admitted[f"{base}/suppliers/import", "post"]
        assert said.body.keys() >= set(schemas["OffersWritten" if said.status == 200 else "Problem"]["required"])
