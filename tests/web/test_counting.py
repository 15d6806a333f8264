"""Counting many items at once: what differs from the books is put right together, and can be taken back."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from inventory.context import Context
from inventory.ledger import queries as ledger
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.shop import do, furnish, line


@pytest.fixture
async def shop(site: Site) -> Context:
    """Alice's shop: 10 hearts and 4.250 kg of wax in Osh."""
    return await furnish(site, site.world.alice)


@pytest.fixture
async def alice(site: Site, shop: Context) -> Browser:
    """Alice's browser, signed in."""
    return await site.entered_by(site.world.alice)


def url(ctx: Context, path: str) -> str:
    return f"/t/{ctx.tenant.slug}{path}"


async def text_of(response: Any) -> str:
    return unescape(await response.get_data(as_text=True))


async def on_hand(ctx: Context) -> dict[str, int]:
    """Thousandths in Osh by SKU."""
    async with ctx.reading() as connection:
        levels = await ledger.levels_of(connection, ctx.tenant.id, ctx.clock(), ["HEART", "WAX", "RIBBON"])
    return {level.sku: level.on_hand // 1000 for level in levels}


def undo_of(page: str) -> tuple[str, dict[str, str]]:
    """Where the toast's form goes, and its fields."""
    form = page.split('class="toast-line"', 1)[1].split("</form>", 1)[0]
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
    return re.findall(r'action="([^"]+)"', form)[0], {name: value for name, value in fields.items() if name != "_csrf"}


BOTH = {"warehouse": "osh", "sku_0": "HEART", "expected_0": "10", "sku_1": "WAX", "expected_1": "4.250"}


async def test_what_differs_is_put_right_in_one_deed_and_taken_back_in_one(shop: Context, alice: Browser) -> None:
    response = await alice.post(url(shop, "/count"), BOTH | {"counted_0": "8", "counted_1": "4.500", "reason": "Monday"})
    assert (response.status_code, await on_hand(shop)) == (303, {"HEART": 8000, "WAX": 4500, "RIBBON": 0})
    page = await text_of(await alice.get(response.headers["Location"]))
    assert "2 items put right." in page
    at, fields = undo_of(page)
    for _ in range(2):
        assert (await alice.post(at, fields)).headers["Location"] == url(shop, "/count?warehouse=osh")
    assert await on_hand(shop) == {"HEART": 10000, "WAX": 4250, "RIBBON": 0}


async def test_what_was_counted_as_expected_leaves_no_row(shop: Context, alice: Browser) -> None:
    async with shop.reading() as connection:
        before = await ledger.as_of_seq(connection, shop.tenant.id)
    response = await alice.post(url(shop, "/count"), BOTH | {"counted_0": "10", "counted_1": ""})
    assert "1 item counted, as in the books." in await text_of(await alice.get(response.headers["Location"]))
    async with shop.reading() as connection:
        assert await ledger.as_of_seq(connection, shop.tenant.id) == before


async def test_stock_that_moved_meanwhile_is_said_beside_its_line_and_nothing_is_done(shop: Context, alice: Browser) -> None:
    await do(shop, "issue", lines=[line("HEART", "1")])
    response = await alice.post(url(shop, "/count"), BOTH | {"counted_0": "8", "counted_1": "4.500"})
    page = await text_of(response)
    assert response.status_code == 409
    assert "expected 10, but it is 9" in re.findall(r'id="e-counted-0">.*?</p>', page, re.DOTALL)[0]
    assert 'id="e-counted-1"' not in page
    assert 'name="expected_0" value="9"' in page, "the next try is against what is there now"
    assert 'value="8"' in page and 'value="4.500"' in page
    assert (await on_hand(shop))["WAX"] == 4250


async def test_a_scan_adds_its_item_and_counts_one(shop: Context, alice: Browser) -> None:
    added = await text_of(await alice.post(url(shop, "/count"), {"warehouse": "osh", "add": "2100000000012", "scanned": "yes"}))
    assert 'name="sku_0" value="HEART"' in added and 'name="expected_0" value="10"' in added
    assert re.search(r'name="counted_0"[^>]*value="1"', added)
    typed = await text_of(await alice.post(url(shop, "/count"), BOTH | {"counted_0": "7", "add": "RIBBON"}))
    assert 'name="sku_2" value="RIBBON"' in typed and re.search(r'name="counted_0"[^>]*value="7"', typed)
    twice = await text_of(await alice.post(url(shop, "/count"), BOTH | {"add": "WAX"}))
    assert 'name="sku_2"' not in twice


@pytest.mark.parametrize(
    ("form", "why"), [({"add": "NOPE"}, "There is no item NOPE."), ({}, "This is needed."), (BOTH | {"counted_0": "x"}, "plain number")]
)
async def test_what_cannot_be_counted_is_refused_and_kept(shop: Context, alice: Browser, form: dict[str, str], why: str) -> None:
    response = await alice.post(url(shop, "/count"), {"warehouse": "osh"} | form)
    assert response.status_code in (404, 422)
    assert why in await text_of(response)


async def test_rows_that_were_selected_are_there_to_be_counted(shop: Context, alice: Browser) -> None:
    page = await text_of(await alice.get(url(shop, "/count?warehouse=osh&sku=WAX&sku=HEART&sku=WAX")))
    assert re.findall(r'name="sku_\d" value="(\w+)"', page) == ["WAX", "HEART"]
    many = "&".join(f"sku=S{each}" for each in range(51))
    assert (await alice.get(url(shop, f"/count?{many}"))).status_code == 422


async def test_who_may_not_adjust_may_not_count(site: Site, shop: Context) -> None:
    bob = await site.entered_by(site.world.bob)
    assert (await bob.get(url(shop, "/count"))).status_code == 403
    assert (await bob.post(url(shop, "/count"), BOTH | {"counted_0": "1"})).status_code == 403
    assert (await bob.post(url(shop, "/stock/undo"), {"sku_0": "HEART", "warehouse_0": "osh", "delta_0": "1"})).status_code == 403
