"""Pages are compressed, and their length tells nothing of what they carry."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest

from inventory.context import Context
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.shop import furnish
from web import packing

_CSRF = re.compile(r'name="_csrf" value="([^"]+)"')


@pytest.fixture
async def shop(site: Site) -> Context:
    return await furnish(site, site.world.alice)


@pytest.fixture
async def alice(site: Site, shop: Context) -> Browser:
    return await site.entered_by(site.world.alice)


async def page(browser: Browser, shop: Context, path: str, **headers: str) -> tuple[Any, bytes]:
    response = await browser.get(f"/t/{shop.tenant.slug}{path}", **headers)
    assert response.status_code == 200
    return response, await response.get_data(as_text=False)


async def test_a_page_is_compressed_for_who_takes_it(shop: Context, alice: Browser) -> None:
    plain, whole = await page(alice, shop, "/stock")
    assert "Content-Encoding" not in plain.headers
    response, body = await page(alice, shop, "/stock", Accept_Encoding="gzip, br", Sec_Fetch_Site="same-origin")
    assert response.headers["Content-Encoding"] == "gzip"
    assert int(response.headers["Content-Length"]) == len(body) < len(whole) / 3
    assert "Hanging heart" in gzip.decompress(body).decode()
    for each in (plain, response):
        assert "Accept-Encoding" in each.headers["Vary"]


@pytest.mark.parametrize(
    ("headers", "compressed"),
    [
        ({"Accept_Encoding": "gzip"}, True),
        ({"Accept_Encoding": "gzip", "Sec_Fetch_Site": "none"}, True),
        ({"Accept_Encoding": "gzip", "Sec_Fetch_Site": "cross-site"}, False),
        ({"Accept_Encoding": "gzip", "Sec_Fetch_Site": "same-site"}, False),
        ({"Accept_Encoding": "gzip;q=0"}, False),
        ({"Accept_Encoding": "br"}, False),
    ],
)
async def test_what_another_site_asked_for_goes_as_it_is(shop: Context, alice: Browser, headers: dict[str, str], compressed: bool) -> None:
    response, _ = await page(alice, shop, "/stock", **headers)
    assert ("Content-Encoding" in response.headers) == compressed


async def test_what_is_short_or_no_page_goes_as_it_is(site: Site, shop: Context, alice: Browser) -> None:
    for path in ("/exceptions/count", "/stock?format=csv"):
        response, _ = await page(alice, shop, path, Accept_Encoding="gzip", HX_Request="true")
        assert "Content-Encoding" not in response.headers, path
    answer = await site.app.test_client().get(
        f"/v1/{shop.tenant.slug}/inventory/items", headers={**site.world.alice.bearer, "Accept-Encoding": "gzip"}
    )
    assert (answer.status_code, "Content-Encoding" in answer.headers) == (200, False)


async def test_every_answer_has_another_token_and_all_of_them_fit(shop: Context, alice: Browser) -> None:
    tokens = []
    for _ in range(3):
        _, body = await page(alice, shop, "/items/new")
        found = set(_CSRF.findall(body.decode()))
        assert len(found) == 1, "one for all forms of a page"
        tokens.append(found.pop())
    for place, token in enumerate(tokens):
        response = await alice.post(
            f"/t/{shop.tenant.slug}/items/new", {"_csrf": token, "sku": f"N{place}", "name": "New", "base_unit": "pcs", "kind": "finished"}
        )
        assert response.status_code == 303
    shared = [sum(one == other for one, other in zip(tokens[0], each, strict=True)) for each in tokens[1:]]
    assert all(count < len(tokens[0]) / 4 for count in shared), "nothing of one is in the next but what chance puts there"


async def test_a_token_is_of_its_nonce_and_its_session(site: Site, shop: Context, alice: Browser) -> None:
    nonce, _, signature = alice.csrf.partition(".")
    other = (await site.entered_by(site.world.alice)).csrf
    for wrong in (f"{nonce[::-1]}.{signature}", f"{nonce}.", f".{signature}", nonce, f"{nonce}.{signature}.", f"{nonce}.é", other):
        response = await alice.post(f"/t/{shop.tenant.slug}/items/new", {"_csrf": wrong, "sku": "X", "name": "X"})
        assert response.status_code == 403, wrong


def test_the_same_page_has_many_lengths() -> None:
    content = b"<p>the same page</p>" * 100
    packed = [packing.packed(content) for _ in range(200)]
    assert all(gzip.decompress(each) == content for each in packed)
    lengths = {len(each) for each in packed}
    assert len(lengths) > 20
    assert max(lengths) - min(lengths) <= packing.PADDING_MAX + 1
