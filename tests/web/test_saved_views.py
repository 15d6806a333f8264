"""Saved views: a person's own names for the filters of a list."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from inventory.context import Context
from tenants.views import VIEWS_MAX
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.shop import furnish


@pytest.fixture
async def shop(site: Site) -> Context:
    """Alice's shop."""
    return await furnish(site, site.world.alice)


@pytest.fixture
async def alice(site: Site, shop: Context) -> Browser:
    """Alice's browser, signed in."""
    return await site.entered_by(site.world.alice)


def url(ctx: Context, path: str) -> str:
    return f"/t/{ctx.tenant.slug}{path}"


async def text_of(response: Any) -> str:
    return unescape(await response.get_data(as_text=True))


async def save(browser: Browser, ctx: Context, name: str, query: str = "state=low", of_list: str = "stock") -> Any:
    return await browser.post(url(ctx, "/views"), {"list": of_list, "name": name, "query": query})


async def views_of(browser: Browser, ctx: Context, path: str = "/stock") -> dict[str, str]:
    """What the person has saved of a list: addresses by name."""
    page = await text_of(await browser.get(url(ctx, path)))
    found = re.findall(r'<a href="([^"]+)"[^>]*><svg[^>]*><use href="[^"]*#bookmark"/></svg>([^<]+?)(?: <i|</a>)', page)
    return {name: to for to, name in found}


async def number(browser: Browser, ctx: Context, address: str) -> str:
    """The number of the view that an address shows."""
    return re.findall(r"/views/(\d+)/rename", await text_of(await browser.get(address)))[0]


async def test_keeps_what_the_list_shows_in_one_spelling(shop: Context, alice: Browser) -> None:
    response = await save(alice, shop, "  To order ", "state=low&q=&cursor=abc&category=Gifts&open=HEART")
    assert (response.status_code, response.headers["Location"]) == (303, url(shop, "/stock?category=Gifts&state=low"))
    assert await views_of(alice, shop) == {"To order": url(shop, "/stock?category=Gifts&state=low")}
    page = await text_of(await alice.get(response.headers["Location"]))
    assert re.search(r'state=low" aria-current="page"><svg[^>]*><use[^>]*/></svg>To order', page)
    assert "Hanging heart" in page


async def test_the_same_name_keeps_the_new_filters_and_lists_have_their_own(shop: Context, alice: Browser) -> None:
    for query, of_list in (("state=low", "stock"), ("state=out", "stock"), ("kind=receive", "ledger")):
        assert (await save(alice, shop, "Mine", query, of_list)).status_code == 303
    assert await views_of(alice, shop) == {"Mine": url(shop, "/stock?state=out")}
    assert await views_of(alice, shop, "/ledger") == {"Mine": url(shop, "/ledger?kind=receive")}


async def test_says_how_many_a_view_shows_when_the_page_is_there(shop: Context, alice: Browser) -> None:
    await save(alice, shop, "Low")
    assert f'hx-get="{url(shop, "/stock")}?state=low&part=count"' in await text_of(await alice.get(url(shop, "/stock")))
    counted = await alice.get(url(shop, "/stock?state=low&part=count"), HX_Request="true")
    assert (await text_of(counted)).strip() == "1"


async def test_is_renamed_and_deleted_and_the_deletion_taken_back(shop: Context, alice: Browser) -> None:
    address = (await save(alice, shop, "Low")).headers["Location"]
    await save(alice, shop, "Out", "state=out")
    view = await number(alice, shop, address)
    taken = await alice.post(url(shop, f"/views/{view}/rename"), {"name": "Out"})
    assert (taken.status_code, "called Out already" in await text_of(taken)) == (409, True)
    assert (await alice.post(url(shop, f"/views/{view}/rename"), {"name": "Nearly gone"})).status_code == 303
    assert set(await views_of(alice, shop)) == {"Nearly gone", "Out"}
    gone = await alice.post(url(shop, f"/views/{view}/delete"))
    page = await text_of(await alice.get(gone.headers["Location"]))
    assert "Deleted: Nearly gone." in page
    fields = dict(re.findall(r'name="(list|query|name)" value="([^"]*)"', page.split('class="toast-line"', 1)[1].split("</form>", 1)[0]))
    assert fields == {"list": "stock", "query": "state=low", "name": "Nearly gone"}
    assert (await alice.post(url(shop, "/views"), fields)).status_code == 303
    assert set(await views_of(alice, shop)) == {"Nearly gone", "Out"}


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "a\x00b"])
async def test_a_name_that_cannot_be_kept_is_refused_beside_its_field(shop: Context, alice: Browser, name: str) -> None:
    response = await save(alice, shop, name)
    page = await text_of(response)
    assert response.status_code == 422
    assert 'id="e-name"' in page and 'value="state=low"' in page
    assert await views_of(alice, shop) == {}


async def test_there_are_only_so_many(shop: Context, alice: Browser) -> None:
    for each in range(VIEWS_MAX):
        assert (await save(alice, shop, f"View {each}")).status_code == 303
    more = await save(alice, shop, "One more")
    assert (more.status_code, f"{VIEWS_MAX} views of this list" in await text_of(more)) == (409, True)
    assert (await save(alice, shop, "View 3", "state=out")).status_code == 303


async def test_nobody_sees_those_of_another(site: Site, shop: Context, alice: Browser) -> None:
    view = await number(alice, shop, (await save(alice, shop, "Hers")).headers["Location"])
    bob = await site.entered_by(site.world.bob)
    assert await views_of(bob, shop) == {}
    assert (await bob.post(url(shop, f"/views/{view}/rename"), {"name": "His"})).status_code == 404
    assert (await bob.post(url(shop, f"/views/{view}/delete"))).status_code == 404
    carol = await site.entered_by(site.world.carol)
    assert (await carol.post(f"/t/{site.world.carol.tenant.slug}/views/{view}/delete")).status_code == 404
    assert set(await views_of(alice, shop)) == {"Hers"}
