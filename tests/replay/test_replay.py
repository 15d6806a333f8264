"""The replay as people meet it…"""

from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path

import pytest

from app.replay import days_per_second, target
from app.settings import CannotStart
from tests.conftest import Database
from tests.replay.books import books
from tests.replay.conftest import Shop, ended, export

ALL_KINDS = (
    "C1,84029E,HOTTIE,-2,2010-12-01T08:00:00,3.39,17850,UK",  # comes back before it was ever sold
    "2,84029e,HOTTIE,6,2010-12-01T08:26:00,3.39,17850,UK",
    "2,PADS,PADS TO MATCH ALL CUSHIONS,1,2010-12-01T08:26:00,0.001,17850,UK",
    "2,84029E,HOTTIE,4,2010-12-01T08:27:00,3.39,17850,UK",
    "2,POST,POSTAGE,1,2010-12-01T08:26:00,18,17850,UK",
    "3,84029E,damaged,-3,2010-12-02,0,,UK",
    "4,84029E,HOTTIE,0,2010-12-02,3.39,17850,UK",
    "5,,HOTTIE,1,2010-12-02,3.39,17850,UK",
    "№ 6,22384,TEA CUP,1,2010-12-03,3.39,17850,UK",
)


async def test_accounts_for_every_line(shop: Shop, tmp_path: Path, database: Database) -> None:
    ran = await shop.replay(export(tmp_path, *ALL_KINDS))
    assert ran.code == 0, ran.out
    assert "zero differences" in ran.out
    report = shop.report()
    assert report["lines"] == {
        "in": 9, "sale": 4, "cancellation": 1, "write-off": 1, "charge": 1, "unusable": 2, "done": 6, "refused": 0, "not_yet": 0,
    }  # fmt: skip
    assert report["skipped"] == {"charge": {"POST": [6]}, "unusable": {"quantity is zero": [8], "no stock code": [9]}}
    (path,) = (shop.var / "replay").glob("*.csv")
    with path.open(newline="") as file:
        became = {int(row["line"]): (row["fate"], row["became"]) for row in csv.DictReader(file)}
    assert len(became) == 9
    assert (became[2], became[6]) == (("cancellation", "done"), ("charge", "skipped"))
    found = await books(database, shop.manager.tenant.id)
    assert found.sold == {("2", "84029E"): -10, ("2", "PADS"): -1, ("№ 6", "22384"): -1}
    assert (found.returned, found.written_off) == ({("C1", "84029E"): 2}, {("3", "84029E"): -3})


async def test_makes_items_with_their_prices_and_leaves_those_that_are_there(shop: Shop, tmp_path: Path) -> None:
    rows = ("1,CUP,Another name,1,2010-12-01,9.99,1,UK", "1,84029E,HOTTIE,1,2010-12-01,3.39,1,UK", "1,22384,X,1,2010-12-01,0,1,UK")
    assert (await shop.replay(export(tmp_path, *rows))).code == 0
    assert (await shop.get("inventory/items/CUP"))["name"] == "Tea cup"
    made = await shop.get("inventory/items/84029E")
    assert (made["name"], made["price"]) == ("HOTTIE", {"amount": "3.39", "currency": "GBP"})
    assert (await shop.get("inventory/items/22384"))["price"] is None


async def test_gives_sales_the_time_at_which_they_happened(shop: Shop, tmp_path: Path) -> None:
    assert (await shop.replay(export(tmp_path, *ALL_KINDS))).code == 0
    rows = (await shop.get("stock/ledger?sku=84029E&order=asc"))["items"]
    first = {row["kind"]: row["effective_at"] for row in rows[::-1]}
    assert first["reserve"] == first["commit"] == "2010-12-01T08:26:00.000000Z"
    assert first["receive"] == "2010-12-01T00:00:00.000000Z"


async def test_goes_on_with_what_is_refused_and_says_so(shop: Shop, tmp_path: Path) -> None:
    """Somebody takes the goods away while the replay waits for the day on which they are sold."""
    rows = ("1,84029E,HOTTIE,1,2010-12-01,3.39,1,UK", "2,22384,CUP,7,2010-12-11,3.39,1,UK", "3,84029E,HOTTIE,1,2010-12-12,3.39,1,UK")
    running = await shop.start(export(tmp_path, *rows), "--speed", "2")
    (level,) = await _levels(shop, "22384")
    taken = {"lines": [{"sku": "22384", "warehouse": level["warehouse"], "qty": level["on_hand"]}]}
    assert await shop.post("stock/issue", "alice-1", taken) == 200
    ran = await ended(running)
    assert ran.code == 0, ran.out
    assert "1 × reserve: insufficient_stock" in ran.out
    assert "1 rows of these items are other people's" in ran.out
    report = shop.report()
    assert report["refused"] == [{"invoice": "2", "why": "reserve: insufficient_stock", "lines": [3]}]
    assert (report["events"]["done"], report["proof"]["differences"]) == (3, [])


async def test_does_not_count_a_file_again_for_another_key(shop: Shop, tmp_path: Path, database: Database) -> None:
    path = export(tmp_path, *ALL_KINDS)
    assert (await shop.replay(path)).code == 0
    before = (await books(database, shop.manager.tenant.id)).balances
    for _ in range(2):
        again = await shop.replay(path, who=shop.other)
        assert again.code == 2
        assert "already replayed into this company with another API key" in again.out
    assert (await books(database, shop.manager.tenant.id)).balances == before


async def test_counts_two_exports_of_the_same_items_side_by_side(shop: Shop, tmp_path: Path) -> None:
    assert (await shop.replay(export(tmp_path, *ALL_KINDS))).code == 0
    more = await shop.replay(export(tmp_path, *ALL_KINDS, "7,84029E,HOTTIE,50,2010-12-05,3.39,1,UK", name="more.csv"))
    assert more.code == 0, more.out
    assert "zero differences" in more.out


async def test_says_in_one_sentence_why_it_cannot_begin(shop: Shop, tmp_path: Path) -> None:
    good, empty = export(tmp_path, *ALL_KINDS), tmp_path / "empty.csv"
    empty.write_text("")
    cases = [
        ((empty,), "is empty."),
        ((tmp_path / "none.csv",), "No such file"),
        ((good, "--speed", "fast"), "The speed is max, or a number of days per second"),
        ((good, "--url", "http://127.0.0.1:9"), "Nothing answers at http://127.0.0.1:9"),
        ((good, "--key", "onhand_nobody_xyz"), "The API key does not open the company"),
        ((good, "--tenant", "nowhere"), "The API key does not open the company nowhere"),
    ]
    ran = await asyncio.gather(*(shop.replay(*words) for words, _ in cases))  # type: ignore[arg-type]
    for (words, says), each in zip(cases, ran, strict=True):
        assert (each.code, says in each.out, "Traceback" in each.out) == (2, True, False), (words, each.out)


async def test_does_nothing_with_an_export_of_charges_only(shop: Shop, tmp_path: Path, database: Database) -> None:
    ran = await shop.replay(export(tmp_path, "1,POST,POSTAGE,1,2010-12-01T08:26:00,18,17850,UK"))
    assert (ran.code, shop.report()["lines"]["charge"]) == (0, 1), ran.out
    assert (await books(database, shop.manager.tenant.id)).rows == 0


def test_finds_the_demo_company_by_itself(tmp_path: Path) -> None:
    keys = [{"role": "admin", "key": "a"}, {"role": "manager", "key": "m"}]
    other = {"tenant": "second", "api_keys": [{"role": "admin", "key": "b"}]}
    demo = {"url": "http://127.0.0.1:8000", "tenant": "first", "api_keys": keys, "other_tenant": other}
    (tmp_path / "demo.json").write_text(json.dumps(demo))
    assert [target(tmp_path, None, tenant, None).key for tenant in (None, "first", "second")] == ["m", "m", "b"]
    with pytest.raises(CannotStart, match="say --url, --tenant and --key"):
        target(tmp_path, None, "third", None)
    with pytest.raises(CannotStart, match="--url must be an address"):
        target(tmp_path, "somewhere", None, None)
    assert "secret" not in repr(target(tmp_path, None, None, "secret"))


@pytest.mark.parametrize(("text", "days"), [("max", 0.0), ("7", 7.0), ("0.5", 0.5)])
def test_understands_a_speed(text: str, days: float) -> None:
    assert days_per_second(text) == days


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "quick", ""])
def test_refuses_what_is_no_speed(text: str) -> None:
    with pytest.raises(CannotStart):
        days_per_second(text)


async def _levels(shop: Shop, sku: str) -> list[dict[str, str]]:
    """The levels of an item, once there are some."""
    for _ in range(600):
        found: list[dict[str, str]] = (await shop.get(f"stock/levels?sku={sku}"))["items"]
        if found and found[0]["on_hand"] != "0":
            return found
        await asyncio.sleep(0.1)
    raise AssertionError("no opening stock came")
