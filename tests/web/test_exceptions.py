"""The page of exceptions: seen by everybody of the company, settled once, by those who put stock right."""

from __future__ import annotations

import re

import pytest

from inventory.context import Context
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.shop import do, furnish, line

LATE = {"late": True, "effective_at": "2026-11-20T09:00:00Z"}


@pytest.fixture
async def shop(site: Site) -> Context:
    """Alice's shop, where a till sold 13 hearts of 10, offline."""
    ctx = await furnish(site, site.world.alice)
    await do(ctx, "issue", lines=[line("HEART", "13")], reference="till-2-7", **LATE)
    return ctx


@pytest.fixture
async def alice(site: Site, shop: Context) -> Browser:
    return await site.entered_by(site.world.alice)


async def page(browser: Browser, shop: Context, query: str = "") -> str:
    """The text of the list."""
    response = await browser.get(f"/t/{shop.tenant.slug}/exceptions{query}")
    assert response.status_code == 200
    return await response.get_data(as_text=True)


async def settle(browser: Browser, shop: Context, exception: str, note: str = "Posted twice", **more: str) -> tuple[int, str]:
    response = await browser.post(f"/t/{shop.tenant.slug}/exceptions/{exception}/settle", {"note": note} | more)
    return response.status_code, await response.get_data(as_text=True)


def waiting(page: str) -> set[str]:
    """The numbers beside the ways to the exceptions."""
    return set(re.findall(r'data-do="waits"[^>]*>(\d*)</i>', page))


async def named(browser: Browser, shop: Context) -> str:
    """The id of the one open exception."""
    return (await page(browser, shop)).split('data-row="', 1)[1].split('"', 1)[0]


async def test_shows_what_was_sold_and_not_there_with_the_ways_to_it(shop: Context, alice: Browser) -> None:
    shown = await page(alice, shop)
    assert "Hanging heart" in shown and "till-2-7" in shown and "Sold, not there" in shown
    assert f"/t/{shop.tenant.slug}/stock/item/HEART" in shown
    assert f"/t/{shop.tenant.slug}/ledger?sku=HEART" in shown
    assert waiting(shown) == {"1"}


async def test_settles_it_once_with_what_was_found(shop: Context, alice: Browser) -> None:
    exception = await named(alice, shop)
    assert (await settle(alice, shop, exception))[0] == 303
    assert "Nothing to look into" in await page(alice, shop)
    settled = await page(alice, shop, "?status=settled")
    assert "Posted twice" in settled and shop.actor.label in settled
    assert waiting(settled) == {""}
    status, said = await settle(alice, shop, exception)
    assert status == 409 and "Somebody has looked into this exception already." in said


async def test_a_form_sent_twice_settles_once_and_leads_to_the_same_page(shop: Context, alice: Browser) -> None:
    exception = await named(alice, shop)
    assert [(await settle(alice, shop, exception, _key="one-key"))[0] for _ in range(2)] == [303, 303]


async def test_asks_for_a_note_and_keeps_the_exception_open_without_one(shop: Context, alice: Browser) -> None:
    exception = await named(alice, shop)
    status, said = await settle(alice, shop, exception, note="  ")
    assert status == 422 and "This is needed." in said
    assert await named(alice, shop) == exception


async def test_one_that_is_not_there_is_said_so(shop: Context, alice: Browser) -> None:
    assert (await settle(alice, shop, "X999999"))[0] == 404


async def test_an_operator_sees_it_and_may_not_settle_it(site: Site, shop: Context, alice: Browser) -> None:
    exception = await named(alice, shop)
    bob = await site.entered_by(site.world.bob)
    shown = await page(bob, shop)
    assert "A manager looks into it." in shown and '<form class="stack"' not in shown and 'class="hot"' not in shown
    assert (await settle(bob, shop, exception))[0] == 403
    assert await named(alice, shop) == exception


async def test_a_promise_that_is_not_covered_stands_there_until_it_is(shop: Context, alice: Browser) -> None:
    await do(shop, "reserve", lines=[line("WAX", "4")], reference="SO-9")
    await do(shop, "issue", lines=[line("WAX", "1")], **LATE)
    shown = await page(alice, shop)
    assert "Promised, not there" in shown and "0.750" in shown
    await do(shop, "receive", lines=[line("WAX", "1")])
    assert "Promised, not there" not in await page(alice, shop)


async def test_the_list_is_also_a_file(shop: Context, alice: Browser) -> None:
    rows = (await page(alice, shop, "?format=csv")).splitlines()
    assert rows[0].lstrip("\ufeff").startswith('"Exception","Kind","SKU"')
    assert '"oversold","HEART","Hanging heart","pcs","Osh","3"' in rows[1]
