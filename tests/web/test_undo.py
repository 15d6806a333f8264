"""Taking a deed back from its toast: adjust, reserve, a transfer that has not arrived."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from inventory.context import Context
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.shop import furnish
from tests.web.test_counting import undo_of
from tests.web.test_pages import available


@pytest.fixture
async def shop(site: Site) -> Context:
    """Alice's shop: 10 hearts in Osh."""
    return await furnish(site, site.world.alice)


@pytest.fixture
async def alice(site: Site, shop: Context) -> Browser:
    """Alice's browser, signed in."""
    return await site.entered_by(site.world.alice)


def url(ctx: Context, path: str) -> str:
    return f"/t/{ctx.tenant.slug}{path}"


async def done(browser: Browser, path: str, form: dict[str, str]) -> str:
    """The page that a deed leads to."""
    response: Any = await browser.post(path, form)
    assert response.status_code == 303
    return unescape(await (await browser.get(response.headers["Location"])).get_data(as_text=True))


HEART = {"sku": "HEART", "warehouse": "osh"}


@pytest.mark.parametrize(
    ("verb", "form", "after"),
    [
        ("adjust", {"delta": "-3", "reason": "Broken"}, 7),
        ("adjust", {"counted": "12", "expected": "10", "reason": "Found"}, 12),
        ("reserve", {"qty": "4", "minutes": "60"}, 6),
        ("reserve", {"qty": "4", "minutes": "firm"}, 6),
        ("transfer", {"qty": "4", "to": "main"}, 6),
    ],
)
async def test_a_deed_is_taken_back_once_however_often_one_presses(
    shop: Context, alice: Browser, verb: str, form: dict[str, str], after: int
) -> None:
    page = await done(alice, url(shop, f"/stock/{verb}"), HEART | form)
    assert await available(shop) == after
    at, fields = undo_of(page)
    await done(alice, at, fields)
    assert await available(shop) == 10
    await done(alice, at, fields)
    assert await available(shop) == 10
    assert await available(shop, warehouse="main") == 0


async def test_what_has_arrived_is_not_sent_back(shop: Context, alice: Browser) -> None:
    at, fields = undo_of(await done(alice, url(shop, "/stock/transfer"), HEART | {"qty": "4", "to": "main"}))
    await done(alice, at.replace("/undo", "/receive"), {})
    assert (await alice.post(at, fields)).status_code == 409
    assert (await available(shop), await available(shop, warehouse="main")) == (6, 4)


async def test_what_is_a_fact_has_no_way_back(shop: Context, alice: Browser) -> None:
    for verb, form in (("receive", {"qty": "2"}), ("issue", {"qty": "2"})):
        page = await done(alice, url(shop, f"/stock/{verb}"), HEART | form)
        assert "</form>" not in page.split('class="toast-line"', 1)[1].split("</div>", 1)[0]


@pytest.mark.parametrize("evil", ["https://evil.example", "//evil.example"])
async def test_the_way_on_is_never_another_site(shop: Context, alice: Browser, evil: str) -> None:
    form = {"sku_0": "HEART", "warehouse_0": "osh", "delta_0": "1", "back": evil}
    assert (await alice.post(url(shop, "/stock/undo"), form)).headers["Location"] == url(shop, "/stock")
