"""In a browser, goods are ordered, and received with a phone in one hand."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Shop
from tests.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def supplied(shop: Shop, who: Person) -> None:
    """Acme sells cups by the case of 12; a cup has a barcode."""
    await shop.called(who, "inventory/items/CUP/units", {"unit": "case", "base": 12})
    await shop.called(who, "inventory/items/CUP/barcodes", {"code": "4006381333931"})
    await shop.called(who, "inventory/suppliers", {"code": "acme", "name": "Acme", "email": "orders@acme.example"})
    offer = {"sku": "CUP", "supplier_sku": "A-17", "unit": "case", "price": {"amount": "120.00", "currency": "KGS"}}
    await shop.called(who, "inventory/suppliers/acme/items", offer)


async def ordered(shop: Shop, who: Person, *lines: dict[str, str]) -> str:
    """An approved order; its number."""
    made = await shop.called(who, "purchasing/orders", {"supplier": "acme", "warehouse": "osh", "lines": list(lines)})
    for verb in ("submit", "approve"):
        await shop.called(who, f"purchasing/orders/{made['number']}/{verb}", {})
    return str(made["number"])


async def scan(page: Page, code: str) -> None:
    """What the camera of a phone says when it has read a code."""
    await page.evaluate("code => document.dispatchEvent(new CustomEvent('scanned', { detail: code }))", code)


async def listening(page: Page) -> None:
    """Wait until the page's behaviours have begun."""
    await expect(page.locator(".top .live b")).to_have_text("Live")


async def test_drafts_by_keyboard_approves_and_receives_in_parts_by_scan(shop: Shop) -> None:
    alice, bob = shop.world.alice, shop.world.bob
    await supplied(shop, alice)
    async with shop.window(alice) as desk, shop.window(bob, width=375, theme="dark") as phone:
        await desk.goto(shop.address(alice, "/stock"))
        await listening(desk)
        await desk.keyboard.press("g")
        await desk.keyboard.press("o")
        await desk.wait_for_url("**/purchasing")
        await listening(desk)
        await desk.keyboard.press("n")
        await desk.wait_for_url("**/purchasing/new")
        await desk.locator("#f-warehouse").select_option("osh")
        await desk.get_by_role("button", name="Choose items").press("Enter")

        await desk.locator("#f-add").fill("tea")
        await expect(desk.get_by_role("option", name=re.compile("Tea cup"))).to_be_visible()
        await desk.keyboard.press("ArrowDown")
        await desk.keyboard.press("Enter")
        await expect(desk.locator("[name=qty_0]")).to_be_focused()
        await desk.locator("[name=qty_0]").fill("3")
        await expect(desk.locator("[data-amount]")).to_have_text("360.00")
        await desk.keyboard.press("Enter")
        await expect(desk.locator("#f-add")).to_be_focused()
        await desk.get_by_role("button", name="Save and put forward").press("Enter")
        await expect(desk.locator("h1")).to_have_text(re.compile("PO-"))
        number = await desk.locator("h1").inner_text()

        await phone.goto(shop.address(bob, f"/purchasing/orders/{number}"))
        await expect(phone.locator(".head .badge").first).to_have_text("Submitted")
        await desk.get_by_role("button", name="Approve").click()
        await expect(phone.locator(".head .badge").first).to_have_text("Approved")
        await phone.get_by_role("link", name="Receive").click()

        await expect(phone.locator("[data-count]")).to_have_text("0")
        await scan(phone, "4006381333931")
        await scan(phone, "4006381333931")
        await expect(phone.locator("[data-count]")).to_have_text("24")
        await scan(phone, "9999999999")
        await expect(phone.get_by_role("alert").first).to_have_text("“9999999999” is not on this order")
        await phone.get_by_role("button", name="Receive 24 pcs, 1 line").click()
        await expect(desk.locator(".head .badge").first).to_have_text("Partly received")
        await expect(desk.locator("[data-num=received]")).to_have_text("24")
        await expect(desk.get_by_text("24 pcs received")).to_be_visible()

        await phone.goto(shop.address(bob, f"/purchasing/orders/{number}/receive"))
        await phone.get_by_label("Scan or type a code").fill("A-17")
        await phone.keyboard.press("Enter")
        await phone.get_by_role("button", name="Receive 12 pcs, 1 line").click()
        await expect(phone.locator(".head .badge").first).to_have_text("Received")
        await expect(desk.locator(".head .badge").first).to_have_text("Received")
        await desk.goto(shop.address(alice, "/stock/item/CUP"))
        await expect(desk.locator("[data-row='CUP'] [data-num='on_hand']").first).to_have_text("36")


async def test_holds_the_deed_until_somebody_decides_about_what_is_over(shop: Shop) -> None:
    bob = shop.world.bob
    await supplied(shop, shop.world.alice)
    number = await ordered(shop, shop.world.alice, {"sku": "CUP", "qty": "2", "unit": "case"})
    async with shop.window(bob, width=375) as phone:
        await phone.goto(shop.address(bob, f"/purchasing/orders/{number}/receive"))
        for _ in range(3):
            await scan(phone, "4006381333931")
        await expect(phone.get_by_text("12 more than ordered.")).to_be_visible()
        deed = phone.locator("[data-receive]")
        await expect(deed).to_have_attribute("aria-disabled", "true")
        await expect(phone.locator("#why")).to_have_text("Decide about the extra 12 pcs of CUP first")
        await phone.get_by_role("button", name="Take all 36").click()
        await expect(deed).to_have_attribute("aria-disabled", "false")
        await phone.get_by_role("button", name="Keep 24").wait_for(state="hidden")
        await deed.click()
        await expect(phone.get_by_text("12 over")).to_be_visible()


async def test_receives_ten_lines_in_two_actions_and_takes_them_back_with_one(shop: Shop) -> None:
    alice = shop.world.alice
    await supplied(shop, alice)
    number = await ordered(shop, alice, *({"sku": "CUP" if each % 2 else "ROPE", "qty": str(each + 1)} for each in range(10)))
    async with shop.window(alice, width=375) as phone:
        await phone.goto(shop.address(alice, f"/purchasing/orders/{number}/receive"))
        await phone.get_by_role("button", name="All as ordered").click()
        await phone.get_by_role("button", name="Receive 10 lines").dblclick()
        await expect(phone.locator(".head .badge").first).to_have_text("Received")
        await expect(phone.locator("#order-receipts [data-row]")).to_have_count(1)
        await phone.get_by_role("button", name="Undo").click()
        await expect(phone.locator(".head .badge").first).to_have_text("Approved")


async def test_gives_a_field_back_what_it_held_when_a_code_was_scanned_into_it(shop: Shop) -> None:
    alice = shop.world.alice
    await supplied(shop, alice)
    async with shop.window(alice) as desk:
        await desk.goto(shop.address(alice, "/purchasing/new?supplier=acme&warehouse=osh"))
        await desk.locator("#f-add").fill("A-17")
        await desk.keyboard.press("Enter")
        await expect(desk.locator("[name=qty_0]")).to_be_focused()
        await desk.keyboard.insert_text("ROPE")
        await desk.keyboard.press("Enter")
        await expect(desk.locator("[name=sku_1]")).to_have_value("ROPE")
        await expect(desk.locator("[name=qty_0]")).to_have_value("1")


PAGES = [
    "/purchasing",
    "/purchasing/new",
    "/purchasing/new?supplier=acme&warehouse=osh&sku=CUP",
    "",
    "?do=close",
    "/receive",
    "/print",
    "/receiving-list",
]


@pytest.mark.parametrize("path", PAGES)
async def test_sees_every_page_of_buying_without_a_complaint_on_a_desk_and_on_a_phone(shop: Shop, path: str) -> None:
    alice = shop.world.alice
    await supplied(shop, alice)
    number = await ordered(shop, alice, {"sku": "CUP", "qty": "2", "unit": "case"}, {"sku": "ROPE", "qty": "4"})
    at = path if path.startswith("/purchasing") else f"/purchasing/orders/{number}{path}"
    for width, theme in ((1280, "light"), (375, "dark")):
        async with shop.window(alice, width, theme) as page:
            await page.goto(shop.address(alice, at))
            await expect(page.locator("h1")).to_have_count(1)
            overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, f"{at} scrolls sideways at {width} px"
