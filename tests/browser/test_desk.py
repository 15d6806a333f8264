"""At a desk by keyboard alone, and on a phone with a thumb: find, select, count, move, take back."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Shop
from tests.people import World

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture
def world(shop: Shop) -> World:
    """The people of the shop."""
    return shop.world


async def opened(page: Page, address: str) -> None:
    """The page, and its behaviours begun."""
    await page.goto(address)
    await expect(page.locator(".live b")).not_to_be_empty()


async def test_an_item_is_found_and_put_right_by_keyboard_alone_and_taken_back(shop: Shop, world: World) -> None:
    alice = world.alice
    await shop.received(alice, "10")
    async with shop.window(alice) as page:
        await opened(page, shop.address(alice, "/ledger"))
        await page.keyboard.press("/")
        await page.keyboard.type("cup", delay=60)
        await expect(page.locator("#palette [aria-selected=true]")).to_contain_text("CUP")
        await page.keyboard.press("Enter")
        await page.wait_for_url(re.compile("/stock/item/CUP"))
        await expect(page.locator(".live b")).not_to_be_empty()
        await page.keyboard.press("c")
        counted = page.locator("#do-adjust [name=counted]")
        await expect(counted).to_be_focused()
        await page.keyboard.type("8")
        await expect(page.locator("#do-adjust [name=delta]")).to_have_attribute("placeholder", "\u22122")
        await page.locator("#do-adjust [name=reason]").fill("Broken")
        await page.keyboard.press("Enter")
        await expect(page.locator(".toast-line")).to_contain_text("now 8")
        await page.get_by_role("button", name="Undo").press("Enter")
        await expect(page.locator(".toast-line")).to_contain_text("Taken back.")
        await expect(page.locator('#strip [data-num="on_hand"]')).to_have_text("10")


async def test_rows_are_walked_selected_and_led_on(shop: Shop, world: World) -> None:
    alice = world.alice
    await shop.received(alice, "3")
    async with shop.window(alice) as page:
        await opened(page, shop.address(alice, "/stock"))
        await expect(page.locator(".bulk")).to_be_hidden()
        await page.keyboard.press("j")
        await page.keyboard.press("x")
        await expect(page.locator(".bulk [data-count]")).to_have_text("1 selected")
        await page.keyboard.press("Escape")
        await expect(page.locator(".bulk")).to_be_hidden()
        await page.locator("[data-select-all]").check()
        rows = await page.locator("[data-select]").count()
        await expect(page.locator(".bulk [data-count]")).to_have_text(f"{rows} selected")
        await page.locator(".bulk").get_by_role("button", name="Move").click()
        await expect(page.locator("[name^=qty_]")).to_have_count(rows)


async def test_all_keys_lead_where_the_list_of_them_says(shop: Shop, world: World) -> None:
    async with shop.window(world.alice) as page:
        await opened(page, shop.address(world.alice, "/stock"))
        await page.keyboard.press("?")
        await expect(page.locator("#keys")).to_be_visible()
        await page.keyboard.press("Escape")
        for keys, leads in (("gt", "/transfers"), ("gd", "/"), ("gi", "/stock"), ("m", "/transfers/new"), ("gh", "/reservations")):
            await page.keyboard.type(keys, delay=80)
            await page.wait_for_url(shop.address(world.alice, leads))
            await expect(page.locator(".live b")).not_to_be_empty()


async def test_a_scan_anywhere_opens_its_item_and_in_a_count_counts_one_more(shop: Shop, world: World) -> None:
    alice = world.alice
    await shop.received(alice, "5")
    async with shop.window(alice, width=375) as page:
        await opened(page, shop.address(alice, "/transfers"))
        await page.evaluate("document.dispatchEvent(new CustomEvent('scanned', { detail: 'CUP' }))")
        await page.wait_for_url(re.compile("/stock/item/CUP"))
        await opened(page, shop.address(alice, "/count?warehouse=osh"))
        for times in ("1", "2"):
            await page.evaluate("document.dispatchEvent(new CustomEvent('scanned', { detail: 'CUP' }))")
            await expect(page.locator("[name=counted_0]")).to_have_value(times)
            await expect(page.locator("[data-difference]")).not_to_be_empty()
        await page.get_by_role("button", name="One more").click()
        await page.get_by_role("button", name="Put 1 right").click()
        await expect(page.locator(".toast-line")).to_contain_text("1 item put right.")


async def test_on_a_phone_the_verbs_are_under_the_thumb_and_nothing_scrolls_sideways(shop: Shop, world: World) -> None:
    alice = world.alice
    await shop.received(alice, "5")
    async with shop.window(alice, width=375) as page:
        await opened(page, shop.address(alice, "/stock/item/CUP"))
        await expect(page.locator("#do-reserve")).to_be_hidden()
        reserve = page.locator(".item-head .acts [data-opens=do-reserve]")
        box = await reserve.bounding_box()
        assert box is not None and box["y"] > 700 and box["height"] >= 44
        await reserve.click()
        await page.locator("#do-reserve [name=qty]").fill("2")
        await page.get_by_role("button", name="Reserve 2").click()
        await expect(page.locator(".toast-line")).to_contain_text("3")
        for path in (
            "/stock",
            "/stock?view=cards",
            "/stock/item/CUP",
            "/count?sku=CUP",
            "/transfers/new?sku=CUP",
            "/print/count",
            "/exceptions",
        ):
            await page.goto(shop.address(alice, path))
            assert await page.evaluate("document.documentElement.scrollWidth") <= 375, path
        await page.locator(".thumb summary").click()
        await page.locator(".thumb .more").get_by_role("link", name="Warehouses").click()
        await page.wait_for_url(re.compile("/warehouses"))


async def test_a_view_is_saved_where_its_filters_are(shop: Shop, world: World) -> None:
    async with shop.window(world.alice) as page:
        await opened(page, shop.address(world.alice, "/stock?sort=name"))
        await page.get_by_text("Save view").click()
        await page.get_by_label("Name of this view").fill("By name")
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.locator(".views a[aria-current]")).to_contain_text("By name")
        await expect(page.locator(".views a[aria-current] i")).not_to_be_empty()


async def test_a_transfer_arrives_on_the_open_page_by_itself(shop: Shop, world: World) -> None:
    alice = world.alice
    await shop.received(alice, "5")
    sent = await shop.asked(alice, "transfer", {"from": "osh", "to": "main", "lines": [{"sku": "CUP", "qty": "2"}]})
    transfer = sent["transfer"]["id"]  # type: ignore[index]
    async with shop.window(alice) as page:
        await opened(page, shop.address(alice, f"/transfers/{transfer}"))
        await shop.asked(alice, "transfer/receive", {"transfer": transfer})
        await expect(page.locator('main [data-part="status"]')).to_contain_text("Received")
        await expect(page.locator('main [data-num="received"]')).to_have_text("2")
