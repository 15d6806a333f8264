"""On the dashboard, in a browser, a person…"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Shop
from tests.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SHIFT_MAX = 0.02
"""Of the layout, as the browser counts it: a tenth is called bad, and this is what a badge in the header may take."""
PATIENCE_MS = 20_000
"""A screen asks for a part no oftener than a fifth of the time allows, and a busy machine takes long for each."""
SLOW = {"offline": False, "latency": 40, "downloadThroughput": 10e6 / 8, "uploadThroughput": 10e6 / 8}
"""A phone's link: 10 Mbit/s, 40 ms there and back."""
_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value; })
  .observe({ type: "layout-shift", buffered: true });
"""


async def furnished(shop: Shop, who: Person) -> None:
    """Ten cups of at least twelve, promised in part, and rope by the metre."""
    await shop.received(who, "10")
    await shop.received(who, "2.5", "ROPE")
    await shop.called(who, "inventory/items/CUP/limits", {"warehouse": "osh", "min": "12", "max": "60"})
    await shop.asked(who, "reserve", {"lines": [{"sku": "CUP", "warehouse": "osh", "qty": "4"}], "reference": "SO-118"})


async def opened(shop: Shop, page: Page, who: Person, query: str = "") -> None:
    """The page, alive."""
    await page.goto(shop.address(who, f"/{query}"))
    await expect(page.locator(".live")).to_contain_text("Live", timeout=PATIENCE_MS)
    await expect(page.locator(".chart-box canvas")).to_be_visible(timeout=PATIENCE_MS)


def told(page: Page, measure: str) -> Any:
    """A number of the strip."""
    return page.locator(f"[data-row=totals] [data-num={measure}]")


@pytest.mark.parametrize("width", [375, 1440])
async def test_sees_nothing_move_while_the_page_arrives_or_stock_does(
    shop: Shop, width: int, record_property: pytest.RecordProperty
) -> None:
    alice = shop.world.alice
    await furnished(shop, alice)
    async with shop.window(alice, width) as page:
        tools = await page.context.new_cdp_session(page)
        await tools.send("Network.enable")
        await tools.send("Network.emulateNetworkConditions", SLOW)
        await tools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        await page.add_init_script(_SHIFTS)
        await opened(shop, page, alice)
        await shop.received(alice, "3")
        await expect(told(page, "on_hand")).to_have_text("13", timeout=PATIENCE_MS)
        await shop.asked(alice, "issue", {"lines": [{"sku": "CUP", "warehouse": "osh", "qty": "1"}]})
        await expect(page.locator(".feed li").first).to_contain_text("−1", timeout=PATIENCE_MS)
        painted = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        record_property(f"first_paint_ms_{width}", round(await page.evaluate(painted)))
        assert await page.evaluate("window.shifted") < SHIFT_MAX


async def test_sees_numbers_change_where_they_stand(shop: Shop) -> None:
    alice = shop.world.alice
    await furnished(shop, alice)
    async with shop.window(alice, 1440) as page:
        await opened(shop, page, alice)
        await page.evaluate("window.box = document.querySelector('.chart-box canvas')")
        await shop.received(alice, "5")
        await expect(told(page, "available")).to_have_text("11", timeout=PATIENCE_MS)
        await expect(page.locator(".chart-keys [data-num=available]")).to_have_text("11", timeout=PATIENCE_MS)
        await expect(page.locator(".lows [data-num=available]")).to_have_text("11", timeout=PATIENCE_MS)
        assert await page.evaluate("window.box.isConnected"), "the chart is drawn on and not anew"


async def test_keeps_rows_under_the_pointer_until_asked(shop: Shop) -> None:
    alice = shop.world.alice
    await furnished(shop, alice)
    async with shop.window(alice, 1440) as page:
        await opened(shop, page, alice)
        short = page.locator(".board-low")
        await page.locator(".feed li").first.hover()
        await shop.called(alice, "inventory/items/ROPE/limits", {"warehouse": "osh", "min": "2", "max": "9"})
        await shop.asked(alice, "issue", {"lines": [{"sku": "ROPE", "warehouse": "osh", "qty": "2"}], "reference": "SO-7"})
        await expect(page.locator(".board-feed .feed-wait")).to_have_text("1 new", timeout=PATIENCE_MS)
        await expect(page.locator(".feed li").first).not_to_contain_text("SO-7")
        await expect(short.locator("li")).to_have_count(1, timeout=PATIENCE_MS)
        await short.get_by_role("button", name="Other items are short now").click()
        await expect(short.locator("li")).to_have_count(2, timeout=PATIENCE_MS)
        await page.locator(".board-feed .feed-wait").click()
        await expect(page.locator(".feed li").first).to_contain_text("SO-7", timeout=PATIENCE_MS)


async def test_reads_the_past_in_the_head_by_keyboard_and_as_a_table(shop: Shop) -> None:
    alice = shop.world.alice
    await furnished(shop, alice)
    async with shop.window(alice, 1440) as page:
        await opened(shop, page, alice)
        box = page.locator(".chart-box")
        await box.focus()
        await page.keyboard.press("Home")
        await expect(page.locator(".chart-keys")).to_have_class("chart-keys reading", timeout=PATIENCE_MS)
        await expect(page.locator("[data-then=on_hand]")).to_have_text("0", timeout=PATIENCE_MS)
        await page.keyboard.press("End")
        await expect(page.locator("[data-then=on_hand]")).to_have_text("10", timeout=PATIENCE_MS)
        await expect(page.locator("[data-then=reserved]")).to_have_text("4", timeout=PATIENCE_MS)
        await box.blur()
        await expect(page.locator(".chart-keys")).to_have_class("chart-keys", timeout=PATIENCE_MS)
        await page.get_by_text("As a table").click()
        await expect(page.get_by_role("row", name="Now 10 4 6")).to_be_visible(timeout=PATIENCE_MS)


async def test_keeps_warehouse_and_days_in_the_address(shop: Shop) -> None:
    alice = shop.world.alice
    await furnished(shop, alice)
    await shop.received(alice, "3", warehouse="main")
    async with shop.window(alice, 1440) as page:
        await opened(shop, page, alice, "?warehouse=main")
        await expect(told(page, "on_hand")).to_have_text("3", timeout=PATIENCE_MS)
        await page.get_by_role("link", name="30 days").click()
        await page.wait_for_url("**/?warehouse=main&days=30")
        await expect(page.locator(".chart-keys [data-num=on_hand]")).to_have_text("3", timeout=PATIENCE_MS)
        await page.reload()
        await expect(page.get_by_role("link", name="30 days")).to_have_attribute("aria-current", "true", timeout=PATIENCE_MS)
        await shop.received(alice, "2", warehouse="main")
        await expect(page.locator(".chart-keys [data-num=on_hand]")).to_have_text("5", timeout=PATIENCE_MS)


@pytest.mark.parametrize("width", [375, 1440])
async def test_is_told_what_a_word_means_and_where_a_tile_leads(shop: Shop, width: int) -> None:
    alice = shop.world.alice
    await furnished(shop, alice)
    async with shop.window(alice, width) as page:
        await opened(shop, page, alice)
        for said, meaning in (("Available", "What you can promise now"), ("On order", "Ordered from suppliers")):
            button = page.locator("[data-row=totals]").get_by_role("button", name=f"What is “{said}”?")
            await button.focus()
            await page.keyboard.press("Enter")
            await expect(page.locator(":popover-open")).to_contain_text(meaning)
            await page.keyboard.press("Escape")
            await expect(page.locator(":popover-open")).to_have_count(0)
            await button.click()
            await expect(page.locator(":popover-open")).to_contain_text(meaning)
            await page.keyboard.press("Escape")
        await told(page, "reserved").click(force=True)  # what is hit is the link of the whole tile
        await page.wait_for_url("**/reservations*")
