"""In a browser, a company begins: sign-up, letter, warehouse, item, stock, a colleague, a second factor, in one sitting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pyotp
import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Shop

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PASSWORD = "a long enough password"


@asynccontextmanager
async def stranger(shop: Shop, width: int = 1280, theme: str = "light") -> AsyncIterator[Page]:
    """A window of somebody nobody knows yet."""
    context = await shop.browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)  # type: ignore[arg-type]
    page = await context.new_page()
    page.on("pageerror", lambda error: shop.complaints.append(str(error)))
    page.on("console", shop._hear)
    yield page
    await context.close()


async def follow_letter(page: Page, shop: Shop, email: str) -> None:
    """Open the outbox and the link of the latest letter to somebody."""
    await page.goto(f"{shop.url}/outbox")
    letter = page.locator("article").filter(has_text=email).first
    await letter.get_by_role("link").first.click()


async def sign_up(page: Page, shop: Shop) -> str:
    """A company with its founder inside; its slug."""
    slug = f"tea-{uuid4().hex[:6]}"
    await page.goto(f"{shop.url}/sign-up")
    await page.get_by_label("Company").fill("Чай ханасы")
    await page.get_by_label("Company").blur()
    await expect(page.get_by_label("Short name")).to_have_value("chay-khanasy")
    await page.get_by_label("Short name").fill(slug)
    await page.get_by_label("Short name").blur()
    await expect(page.get_by_text("It is free.")).to_be_visible()
    await page.get_by_label("Time zone").fill("Asia/Bishkek")
    await page.get_by_label("Your name").fill("Nur")
    await page.get_by_label("E-mail").fill(f"nur@{slug}.example")
    await page.get_by_role("button", name="Send the link").click()
    await expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    await follow_letter(page, shop, f"nur@{slug}.example")
    await page.locator("[name=password]").fill(PASSWORD)
    await page.get_by_role("button", name="Open the company").click()
    await page.wait_for_url(f"**/t/{slug}/welcome")
    return slug


async def test_founds_a_company_and_has_stock_and_a_colleague_in_it(shop: Shop) -> None:
    async with stranger(shop) as nur, stranger(shop) as dana:
        slug = await sign_up(nur, shop)
        await nur.get_by_role("button", name="Open warehouse").click()
        await nur.get_by_label("SKU", exact=True).fill("CUP")
        await nur.locator("[name=item_name]").fill("Tea cup")
        await nur.get_by_label("How much is there").fill("12")
        await nur.get_by_role("button", name="Put into stock").click()
        await expect(nur.get_by_text("3 of 5")).to_be_visible()
        await nur.goto(f"{shop.url}/t/{slug}/stock/item/CUP")
        await expect(nur.locator("[data-row='CUP'] [data-num='on_hand']").first).to_have_text("12")

        await nur.goto(f"{shop.url}/t/{slug}/people/invite")
        await nur.get_by_label("E-mail").fill(f"dana@{slug}.example")
        await nur.get_by_role("button", name="Send the invitation").click()
        await expect(nur.get_by_role("cell", name=f"dana@{slug}.example")).to_be_visible()

        await follow_letter(dana, shop, f"dana@{slug}.example")
        await dana.get_by_label("Your name").fill("Dana")
        await dana.locator("[name=password]").fill(PASSWORD)
        await dana.get_by_role("button", name="Come in").click()
        await dana.wait_for_url(f"**/t/{slug}/")
        await nur.goto(f"{shop.url}/t/{slug}/welcome")
        await expect(nur.get_by_text("4 of 5")).to_be_visible()


async def test_adds_a_second_factor_and_signs_in_with_it(shop: Shop) -> None:
    async with stranger(shop) as page:
        slug = await sign_up(page, shop)
        await page.goto(f"{shop.url}/t/{slug}/account/second-factor")
        await page.locator("[name=password]").fill(PASSWORD)
        await page.get_by_role("button", name="Go on").click()
        await expect(page.get_by_role("img", name="QR code for the app")).to_be_visible()
        secret = await page.locator(".secret").text_content() or ""
        await page.get_by_label("Code from the app").fill(pyotp.TOTP(secret).now())
        await page.get_by_role("button", name="Turn it on").click()
        await expect(page.locator(".codes li")).to_have_count(10)
        recovery = await page.locator(".codes li").first.text_content() or ""
        await page.get_by_role("link", name="I have kept them").click()
        await expect(page.get_by_text("This one")).to_be_visible()

        await page.locator(".menu-end summary").click()
        await page.get_by_role("button", name="Sign out").click()
        await page.get_by_label("E-mail").fill(f"nur@{slug}.example")
        await page.locator("[name=password]").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("heading", name="The code from your app")).to_be_visible()
        await page.goto(f"{shop.url}/t/{slug}/stock")
        await expect(page.locator("[name=password]")).to_be_visible()  # the password alone is no session
        await page.goto(f"{shop.url}/sign-in/code")
        await page.get_by_label("Code").fill(recovery)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"**/t/{slug}/")


async def test_chooses_a_new_password_by_a_letter(shop: Shop) -> None:
    bob = shop.world.bob
    async with stranger(shop) as page:
        await page.goto(f"{shop.url}/t/{bob.tenant.slug}/sign-in")
        await page.get_by_role("link", name="Forgot the password?").click()
        await page.get_by_label("Company").fill(bob.tenant.slug)
        await page.get_by_label("E-mail").fill(bob.email)
        await page.get_by_role("button", name="Send the link").click()
        await expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
        await follow_letter(page, shop, bob.email)
        await page.locator("[name=password]").fill(PASSWORD)
        await page.get_by_role("button", name="Save").click()
        await page.get_by_label("E-mail").fill(bob.email)
        await page.locator("[name=password]").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"**/t/{bob.tenant.slug}/")


@pytest.mark.parametrize("path", ["/people", "/people/invite", "/account", "/account/second-factor", "/welcome"])
async def test_sees_every_page_without_a_complaint_on_a_desk_and_on_a_phone(shop: Shop, path: str) -> None:
    alice = shop.world.alice
    for width, theme in ((1280, "light"), (375, "dark")):
        async with shop.window(alice, width, theme) as page:
            await page.goto(shop.address(alice, path))
            await expect(page.locator("h1")).to_have_count(1)
            overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, f"{path} scrolls sideways at {width} px"


@pytest.mark.parametrize("path", ["/sign-up", "/reset", "/outbox"])
async def test_a_stranger_sees_doors_without_a_complaint(shop: Shop, path: str) -> None:
    for width, theme in ((1280, "light"), (375, "dark")):
        async with stranger(shop, width, theme) as page:
            await page.goto(f"{shop.url}{path}")
            await expect(page.locator("h1")).to_have_count(1)
            overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, f"{path} scrolls sideways at {width} px"
