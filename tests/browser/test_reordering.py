"""In a browser, a person who orders what is short…"""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Shop

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def stocked(shop: Shop) -> None:
    """Cups of Acme in cases of 12 (cheaper from five on) and ropes of Acme are short in Osh; Best sells cups singly."""
    alice = shop.world.alice
    await shop.called(alice, "inventory/items/CUP/units", {"unit": "case", "base": 12})
    for code in ("acme", "best"):
        await shop.called(alice, "inventory/suppliers", {"code": code, "name": code.title()})
    price, breaks = {"amount": "10", "currency": "KGS"}, [{"from_qty": 5, "price": "9"}]
    await shop.called(alice, "inventory/suppliers/acme/items", {"sku": "CUP", "unit": "case", "price": price, "breaks": breaks})
    await shop.called(alice, "inventory/suppliers/best/items", {"sku": "CUP", "price": {"amount": "1", "currency": "KGS"}})
    await shop.called(alice, "inventory/suppliers/acme/items", {"sku": "ROPE"})
    for sku in ("CUP", "ROPE"):
        await shop.called(alice, f"inventory/items/{sku}/limits", {"warehouse": "osh", "min": "20", "max": "60"})


async def test_orders_all_of_it_from_the_dashboard_in_two_actions(shop: Shop) -> None:
    await stocked(shop)
    async with shop.window(shop.world.alice) as page:
        await page.goto(shop.address(shop.world.alice, "/"))
        await page.keyboard.type("gr", delay=80)
        await page.get_by_role("button", name="Create 1 draft").click()
        await expect(page.get_by_text("Draft PO-1001 is made.")).to_be_visible()
        await expect(page.get_by_text("Nothing needs ordering")).to_be_visible()


async def test_sees_what_it_comes_to_while_it_is_changed(shop: Shop) -> None:
    await stocked(shop)
    async with shop.window(shop.world.alice) as page:
        await page.goto(shop.address(shop.world.alice, "/replenishment"))
        row, bar = page.locator("[data-row='CUP|osh']"), page.locator(".order-bar")
        await expect(bar).to_contain_text("KGS\u00a045.00")
        await row.locator("[data-qty]").fill("4")
        await expect(row.locator("[data-cell=base]")).to_have_text("48")
        await expect(row.locator("[data-cell=amount]")).to_have_text("KGS\u00a040.00")
        await row.locator("select").select_option("best")
        await expect(row.locator("[data-qty]")).to_have_value("60")
        await expect(row.locator("[data-cell=unit]")).to_have_text("pcs")
        await expect(bar).to_contain_text("KGS\u00a060.00")
        await expect(bar.get_by_role("button")).to_have_text("Create 2 drafts")
        await page.locator("[data-row='ROPE|osh'] [data-pick]").uncheck()
        await expect(bar.get_by_role("button")).to_have_text("Create 1 draft")
        await row.locator("[data-pick]").uncheck()
        await expect(bar.get_by_role("button")).to_be_disabled()
        await page.locator("[data-all]").check()
        await bar.get_by_role("button").click()
        await expect(page.get_by_text("2 drafts are made: PO-1001–PO-1002.")).to_be_visible()


async def test_orders_with_a_thumb(shop: Shop) -> None:
    """Nothing scrolls sideways, and the deed stands at the foot."""
    await stocked(shop)
    async with shop.window(shop.world.alice, width=375) as page:
        await page.goto(shop.address(shop.world.alice, "/replenishment"))
        assert await page.evaluate("document.documentElement.scrollWidth") == 375
        button = page.locator(".order-bar button")
        box = await button.bounding_box()
        assert box is not None and box["height"] >= 44
        await button.click()
        await expect(page.get_by_text(re.compile("Draft PO-1001 is made"))).to_be_visible()
