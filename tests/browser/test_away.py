"""In tabs that nobody looks at, a person…"""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Shop, begun

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PATIENCE_MS = 20_000
_SEEN = """(seen) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => !seen });
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => seen ? "visible" : "hidden" });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
"""A browser without a screen shows every tab at once, so the tab is told."""
_HELD = """async (waiting) => {
  const { held, pending } = await navigator.locks.query();
  return held.length === 1 && pending.length === waiting;
}"""


async def seen(page: Page, yes: bool) -> None:
    """Somebody comes to this tab, or leaves it."""
    await page.evaluate(_SEEN, yes)


async def live(page: Page, address: str) -> None:
    await page.goto(address)
    await expect(page.locator(".live")).to_contain_text("Live", timeout=PATIENCE_MS)


async def titled(page: Page, missed: int) -> None:
    """The title counts so many changes; without any it is plain."""
    await expect(page).to_have_title(re.compile(rf"^\({missed}\) Stock" if missed else "^Stock"), timeout=PATIENCE_MS)


async def test_sees_in_the_title_what_was_missed_until_they_come_back(shop: Shop) -> None:
    alice = shop.world.alice
    async with shop.window(alice) as page:
        other = begun(await page.context.new_page())
        await live(page, shop.address(alice, "/stock"))
        await live(other, shop.address(alice, "/stock"))
        await seen(page, False)
        await shop.received(alice, "10")
        await titled(page, 1)
        await shop.received(alice, "2")
        await titled(page, 2)
        await titled(other, 0)
        await seen(page, True)
        await titled(page, 0)
        await expect(page.get_by_text("12").first).to_be_visible(timeout=PATIENCE_MS)
        await seen(page, False)
        await shop.received(alice, "1")
        await titled(page, 1)


async def test_has_one_line_for_all_tabs_that_are_hidden_and_another_takes_it_over(shop: Shop) -> None:
    alice = shop.world.alice
    async with shop.window(alice) as page:
        other = begun(await page.context.new_page())
        await live(page, shop.address(alice, "/stock"))
        await live(other, shop.address(alice, "/stock"))
        for each in (page, other):
            await seen(each, False)
        await page.wait_for_function(_HELD, arg=1, timeout=PATIENCE_MS)
        await shop.received(alice, "10")
        await titled(page, 1)
        await titled(other, 1)
        await seen(page, True)
        await other.wait_for_function(_HELD, arg=0, timeout=PATIENCE_MS)
        await shop.received(alice, "1")
        await titled(other, 2)
        await titled(page, 0)
