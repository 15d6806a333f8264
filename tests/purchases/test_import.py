"""The import of purchases as people meet it…"""

from __future__ import annotations

import csv
import gzip
import signal
from itertools import islice
from pathlib import Path

import pytest

from tests.purchases.conftest import history, imported, report, row, start
from tests.replay.conftest import Shop, ended

LINES = (
    row(),
    row(ID="2", ITEM="Gloves, 100 Pairs", PACK="100", QUANTITY="5", PRICE="3.25", VALUE="16.25"),
    row(ID="3", ORDER="SCMS-2", ASN="ASN-2", DELIVERED="13-Jun-06", COUNTRY="CÃ´te d'Ivoire"),
    row(ID="4", ORDER="SCMS-3", ASN="ASN-3", DELIVERED="23-Jun-06", SENT="5/4/06"),
    row(ID="5", ORDER="SCMS-4", ASN="DN-1", SENT="N/A - From RDC", VENDOR="SCMS from RDC"),
    row(ID="5"),
    row(ID="6", QUANTITY="0"),
)


async def test_orders_and_receives_every_line_or_says_why_not(shop: Shop, tmp_path: Path) -> None:
    ran = await imported(shop, history(tmp_path, *LINES))
    assert ran.code == 0, ran.out
    assert "zero differences" in ran.out
    said = report(shop)
    assert said["lines"] == {
        "in": 7, "imported": 3, "imported with remarks": 2, "refused": 2, "done": 5, "refused_by_server": 0, "not_yet": 0,
    }  # fmt: skip
    assert said["refused"] == {"duplicate ID 5, first on line 6": [7], "quantity not positive": [8]}
    assert said["proof"] == {"order_lines": 5, "receipts": 4, "differences": []}
    assert said["lead_times"] == {"ACME-LTD": 43}
    assert (await shop.get("inventory/suppliers/ACME-LTD"))["lead_time_days"] == 43
    (path,) = (shop.var / "import").glob("*.csv")
    with path.open(newline="", encoding="utf-8") as file:
        became = [(row["line"], row["fate"], row["became"]) for row in csv.DictReader(file)]
    assert became[2:6:3] == [("4", "imported with remarks", "done"), ("7", "refused", "skipped")]
    orders = {each["reference"]: each for each in (await shop.get("purchasing/orders"))["items"]}
    first = orders["SCMS-1"]
    assert (first["status"], first["ordered_on"], first["expected_on"], first["warehouse"]) == (
        "received",
        "2006-05-01",
        "2006-06-02",
        "ZAMBIA",
    )
    assert [(line["qty"], line["unit"], line["received_base"]) for line in first["lines"]] == [("31", "pack", "620"), ("5", "pack", "500")]
    assert first["amount"] == {"amount": "65.85", "currency": "USD"}


async def test_imports_nothing_twice_and_leaves_a_lead_time_that_was_said(shop: Shop, tmp_path: Path) -> None:
    await shop.post("inventory/suppliers", "there", {"code": "ACME-LTD", "name": "Acme", "lead_time_days": 9})
    for _ in range(2):
        ran = await imported(shop, history(tmp_path, *LINES))
        assert ran.code == 0, ran.out
    assert len((await shop.get("purchasing/orders"))["items"]) == 4
    assert len((await shop.get("purchasing/receipts"))["items"]) == 4
    assert (await shop.get("inventory/suppliers/ACME-LTD"))["lead_time_days"] == 9


async def test_finds_what_was_changed_meanwhile(shop: Shop, tmp_path: Path) -> None:
    path = history(tmp_path, *LINES)
    assert (await imported(shop, path)).code == 0
    receipt = (await shop.get("purchasing/receipts?supplier=SCMS-FROM-RDC"))["items"][0]["id"]
    assert await shop.post(f"purchasing/receipts/{receipt}/undo", "undo", {}) == 201
    again = await imported(shop, path)
    assert again.code == 1
    assert "PROOF FAILED" in again.out


async def test_refuses_to_begin_without_the_right_key_or_file(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    assert (await imported(shop, tmp_path / "empty.csv")).code == 2
    gone = await imported(shop.through("http://127.0.0.1:9"), history(tmp_path, row()))
    assert gone.code == 2, gone.out


@pytest.mark.timeout(300)
async def test_goes_on_after_being_stopped_in_the_real_history(shop: Shop, real: Path, tmp_path: Path) -> None:
    path = tmp_path / "first.csv"
    with gzip.open(real, "rt", encoding="utf-8", newline="") as whole:
        path.write_text("".join(islice(whole, 151)), newline="", encoding="utf-8")
    begun = await start(shop, path)
    assert begun.stdout is not None
    while b"Orders:" not in await begun.stdout.readline():
        assert begun.returncode is None
    begun.send_signal(signal.SIGINT)
    stopped = await ended(begun)
    assert stopped.code == 130, stopped.out
    assert report(shop)["lines"]["not_yet"] > 0
    again = await imported(shop, path)
    assert again.code == 0, again.out
    said = report(shop)["lines"]
    assert said["in"] == 150 == said["imported"] + said["imported with remarks"] + said["refused"]
    bought = sum(len(order["lines"]) for order in (await shop.get("purchasing/orders?limit=500"))["items"])
    assert bought == said["done"] == 150
