"""In two windows on two web processes, people…"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.conftest import CHROMIUM, FLAGS, Shop
from tests.browser.test_reserving import number
from tests.conftest import Database
from tests.webs import Web, people

pytestmark = [pytest.mark.browser, pytest.mark.asyncio]


@pytest_asyncio.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A browser of this test alone."""
    if CHROMIUM is None:
        pytest.skip("NO CHROMIUM: install the package chromium (make browsers) to run the browser tests")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


async def test_see_each_others_changes_and_what_they_missed_when_their_server_is_back(
    chromium: Browser, database: Database, redis_url: str, tmp_path: Path
) -> None:
    one, two = Web(database, tmp_path, redis_url), Web(database, tmp_path, redis_url, "uvicorn")
    async with people(database) as world:
        try:
            await asyncio.gather(one.start(), two.start())
            here, there = Shop(one.url, chromium, world), Shop(two.url, chromium, world)
            alice, bob = world.alice, world.bob
            await here.received(alice, "10")
            async with here.window(alice) as left, there.window(bob) as right:
                await _watch(left, here.address(alice, "/stock/item/CUP"), "10")
                await _watch(right, there.address(bob, "/stock/item/CUP"), "10")
                await left.locator("#f-reserve-qty").fill("4")
                await left.get_by_role("button", name="Reserve 4").click()
                await expect(number(left, "available")).to_have_text("6")
                await expect(number(right, "available")).to_have_text("6")

                two.kill()
                await expect(right.locator(".live-wait, .live-off").first).to_be_visible(timeout=15_000)
                await here.received(alice, "3")
                await expect(number(left, "available")).to_have_text("9")
                await two.start()
                await expect(number(right, "available")).to_have_text("9", timeout=30_000)
                await expect(right.locator(".live-wait, .live-off")).to_have_count(0)
            here.complaints.clear()
        finally:
            await asyncio.gather(one.stop(), two.stop())


async def _watch(page: Page, address: str, available: str) -> None:
    await page.goto(address)
    await expect(number(page, "available")).to_have_text(available)
