"""At a till in a browser, with a connection and without, a person…"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Shop
from tests.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PATIENCE_MS = 20_000


def badge(page: Page, words: str) -> Any:
    """Waits until the header says so."""
    return expect(page.locator(".till-top .live")).to_contain_text(words, timeout=PATIENCE_MS)


async def open_till(shop: Shop, who: Person, page: Page, place: str = "Osh") -> None:
    """The till, opened for the first time and set up to sell from a place."""
    await page.goto(shop.address(who, "/kiosk"))
    await page.get_by_label("Sells from").select_option(label=place)
    await page.get_by_role("button", name="Save").click()
    await badge(page, "Online")
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")


@asynccontextmanager
async def till(shop: Shop, who: Person, width: int = 1280, theme: str = "light") -> AsyncIterator[Page]:
    """A window with a till that is online."""
    async with shop.window(who, width, theme) as page:
        await open_till(shop, who, page)
        yield page


async def scan(page: Page, code: str) -> None:
    """A scanner types the code into the field and ends with Enter."""
    field = page.get_by_label("Scan or type a code, or search")
    await field.fill(code)
    await field.press("Enter")


async def sell(page: Page, code: str = "CUP") -> None:
    """One item, paid in cash, until the till says that it is sold."""
    await scan(page, code)
    await page.get_by_role("button", name="Cash", exact=True).click()
    paid = page.locator("[data-el=paid]")
    await expect(paid).to_have_attribute("aria-disabled", "false")
    await paid.click()
    await expect(page.locator(".basket .lines li")).to_have_count(0)


async def level(shop: Shop, who: Person, sku: str = "CUP") -> dict[str, str]:
    """What the server says of the item in Osh."""
    async with httpx2.AsyncClient(base_url=shop.url, headers=who.bearer) as client:
        answer = await client.get(f"/v1/{who.tenant.slug}/stock/levels?sku={sku}&warehouse=osh")
    found: dict[str, str] = answer.json()["items"][0]
    return found


async def rows(shop: Shop, who: Person, kinds: str) -> list[dict[str, Any]]:
    """Rows of the ledger, oldest first."""
    async with httpx2.AsyncClient(base_url=shop.url, headers=who.bearer) as client:
        answer = await client.get(f"/v1/{who.tenant.slug}/stock/ledger?kind={kinds}&order=asc&limit=500")
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_sells_and_the_stock_changes_in_a_second_window(shop: Shop) -> None:
    alice, bob = shop.world.alice, shop.world.bob
    await shop.received(alice, "10")
    async with till(shop, bob) as page, shop.window(alice) as other:
        await other.goto(shop.address(alice, "/stock/item/CUP"))
        available = other.locator("[data-row='CUP'] [data-num='available']").first
        await expect(available).to_have_text("10")
        await scan(page, "2*CUP")
        await expect(page.locator(".basket .sub")).to_contain_text("10 pcs left")
        await page.get_by_role("button", name="Cash", exact=True).click()
        await expect(page.get_by_text("The goods are held until this is paid.")).to_be_visible()
        await expect(available).to_have_text("8")
        await page.locator("[data-el=paid]").click()
        await expect(page.get_by_text("Sold: ")).to_be_visible()
        await expect(other.locator("[data-row='CUP'] [data-num='on_hand']").first).to_have_text("8")
        await scan(page, "CUP")
        await expect(page.locator(".basket .sub")).to_contain_text("8 pcs left")
    assert [row["kind"] for row in await rows(shop, alice, "reserve,commit,issue,release")] == ["reserve", "commit"]
