"""Items from a CSV file over REST."""

from __future__ import annotations

from tests.api.conftest import Client

FILE = "sku,name,barcode,min osh,max osh\nPLATE,Plate,222,5,40\nCUP,Coffee cup,,,\n"
PATH = "inventory/items/import"


async def test_a_file_is_looked_at_first_and_then_taken_over_once(alice: Client) -> None:
    dry = await alice.post(PATH, {"csv": FILE, "dry_run": True})
    assert (dry.status, dry.body) == (200, {"added": 1, "changed": 1, "unchanged": 0, "dry_run": True})
    assert (await alice.get("inventory/items/PLATE")).status == 404
    done = await alice.post(PATH, {"csv": FILE}, key="file")
    assert (done.status, done.body["added"], done.body["changed"]) == (200, 1, 1)
    again = await alice.post(PATH, {"csv": FILE}, key="file")
    assert (again.body, again.headers["Idempotent-Replayed"]) == (done.body, "true")
    same = await alice.post(PATH, {"csv": FILE})
    assert same.body == {"added": 0, "changed": 0, "unchanged": 2, "dry_run": False}
    plate = (await alice.get("inventory/items/PLATE")).body
    assert (plate["name"], [each["code"] for each in plate["barcodes"]]) == ("Plate", ["222"])
    limits = (await alice.get("inventory/items/PLATE/limits")).body["items"]
    assert [(each["warehouse"], each["min"], each["max"]) for each in limits] == [("osh", "5", "40")]


async def test_complaints_name_the_lines_of_the_file(alice: Client) -> None:
    wrong = await alice.post(PATH, {"csv": FILE + "MUG,Mug,222,,\nBOWL,,,,\n"})
    assert (wrong.status, wrong.code) == (422, "file_refused")
    told = [(error["line"], error["field"], error["code"], error["detail"]) for error in wrong.body["errors"]]
    assert told[0] == (4, "barcode", "barcode_taken", "222 already belongs to PLATE.")
    assert told[1][:3] == (5, "name", "value_missing")
    assert (await alice.get("inventory/items/PLATE")).status == 404


async def test_who_may_only_look_changes_nothing_and_a_stranger_sees_nothing(alice: Client, bob: Client, carol: Client) -> None:
    assert (await bob.post(PATH, {"csv": FILE})).status == 403
    carol.slug = alice.who.tenant.slug
    assert (await carol.post(PATH, {"csv": FILE})).status == 404
