"""In a browser, a person…"""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Shop

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


def number(page: Page, measure: str) -> Locator:
    """The first number of a measure on an item's page: the one in the strip."""
    return page.locator(f"[data-row='CUP'] [data-num='{measure}']").first


async def test_reserves_and_sees_the_number_change_in_a_second_window(shop: Shop) -> None:
    alice, bob = shop.world.alice, shop.world.bob
    await shop.received(alice, "10")
    async with shop.window(alice) as one, shop.window(bob) as two:
        await one.goto(shop.address(alice, "/stock/item/CUP"))
        await two.goto(shop.address(bob, "/stock/item/CUP"))
        await expect(number(two, "available")).to_have_text("10")
        await one.locator("#f-reserve-qty").fill("4")
        await one.locator("#f-reserve-for").fill("SO-118")
        await one.get_by_role("button", name="Reserve 4").click()
        await expect(number(one, "available")).to_have_text("6")
        await expect(number(two, "available")).to_have_text("6")
        await expect(number(two, "reserved")).to_have_text("4")
        await expect(two.get_by_text("SO-118").first).to_be_visible()


async def test_is_told_why_not_beside_the_field_and_keeps_what_was_typed(shop: Shop) -> None:
    alice = shop.world.alice
    await shop.received(alice, "6")
    async with shop.window(alice) as page:
        await page.goto(shop.address(alice, "/stock/item/CUP"))
        await page.locator("#f-reserve-qty").fill("10")
        await page.get_by_role("button", name="Reserve 10").click()
        await expect(page.get_by_text("Only 6 of 10 available")).to_be_visible()
        await expect(page.locator("#f-reserve-qty")).to_have_value("10")
    shop.complaints.clear()  # the browser notes the refusal's status in its console


async def test_commits_a_hold_from_its_page(shop: Shop) -> None:
    alice = shop.world.alice
    await shop.received(alice, "5")
    made = await shop.asked(alice, "reserve", {"lines": [{"sku": "CUP", "warehouse": "osh", "qty": "2"}], "reference": "SO-7"})
    reservation = made["reservation"]["id"]  # type: ignore[index]
    async with shop.window(alice) as page:
        await page.goto(shop.address(alice, "/reservations"))
        await expect(page.get_by_text("SO-7").first).to_be_visible()
        await page.goto(shop.address(alice, f"/reservations/{reservation}"))
        await page.get_by_role("button", name="Sell 2").first.click()
        await expect(page.get_by_text("Sold").first).to_be_visible()
        await page.goto(shop.address(alice, "/stock/item/CUP"))
        await expect(number(page, "on_hand")).to_have_text("3")


async def test_reaches_again_what_happened_while_the_line_was_down(shop: Shop) -> None:
    alice = shop.world.alice
    await shop.received(alice, "5")
    async with shop.window(alice) as page:
        await page.goto(shop.address(alice, "/stock/item/CUP"))
        await expect(number(page, "available")).to_have_text("5")
        await page.context.set_offline(True)
        await shop.received(alice, "2")
        await page.context.set_offline(False)
        await expect(number(page, "available")).to_have_text("7", timeout=15_000)
    shop.complaints.clear()  # the browser notes the cut line in its console


PAGES = ["/", "/stock", "/stock/item/CUP", "/items", "/items/new", "/reservations", "/ledger", "/warehouses"]
OF_ADMINS = ["/keys", "/keys/new", "/machines", "/roles", "/single-sign-on"]


@pytest.mark.parametrize(
    "path", ["/", "/stock", "/stock/item/CUP", "/items", "/items/new", "/reservations", "/ledger", "/warehouses", *OF_ADMINS]
)
async def test_sees_every_page_without_a_complaint_on_a_desk_and_on_a_phone(shop: Shop, path: str) -> None:
    alice = shop.world.alice
    await shop.received(alice, "5")
    for width, theme in ((1280, "light"), (375, "dark")):
        async with shop.window(alice, width, theme) as page:
            await page.goto(shop.address(alice, path))
            await expect(page.locator("h1")).to_have_count(1)
            overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, f"{path} scrolls sideways at {width} px"
