"""Pages that no address leads to: what a form answers with, and pages as they stand in the middle of work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pyotp
from playwright.async_api import FilePayload, Page, expect

from app.demo_goods import TIEN_SHAN
from tests.browser.demo.company import Demo

State = Callable[[Demo, Page], Awaitable[None]]
PLENTY = "G10125"
"""An item of the demo that nobody is short of."""


async def refused_at_the_door(demo: Demo, page: Page) -> None:
    """A wrong password."""
    await page.goto(demo.address("/sign-in"))
    await page.get_by_label("E-mail").fill("nobody@ala-too.example")
    await page.locator("[name=password]").fill("not the password")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_role("alert").first.wait_for()


async def letter_on_its_way(demo: Demo, page: Page) -> None:
    """A new password was asked for."""
    await page.goto(f"{demo.url}/reset?company=ala-too")
    await page.get_by_label("E-mail").fill("nobody@ala-too.example")
    await page.get_by_role("button", name="Send the link").click()
    await page.get_by_role("heading", name="Look into your mail").wait_for()


async def company_asked_for(demo: Demo, page: Page) -> None:
    """Somebody wants to begin."""
    await page.goto(f"{demo.url}/sign-up")
    for name, value in (("name", "Tea house"), ("slug", "tea-house-2"), ("time_zone", "Asia/Bishkek"), ("currency", "KGS")):
        await page.locator(f"form.mid [name={name}]").fill(value)
    await page.locator("[name=person]").fill("Nur")
    await page.locator("[name=email]").fill("nur@tea-house.example")
    await page.get_by_role("button", name="Send the link").click()
    await page.get_by_role("heading", name="Look into your mail").wait_for()


async def owing_a_code(demo: Demo, page: Page) -> None:
    """The second step of signing in, of somebody who has just got a second factor."""
    await page.context.add_cookies(await demo.cookies("supplier", TIEN_SHAN.slug))
    await page.goto(demo.address("/account/second-factor", TIEN_SHAN.slug))
    await page.locator("[name=password]").fill(demo.sign_ins[TIEN_SHAN.slug, "supplier"].password)
    await page.get_by_role("button", name="Go on").click()
    secret = await page.locator(".secret").text_content() or ""
    await page.get_by_label("Code from the app").fill(pyotp.TOTP(secret).now())
    await page.get_by_role("button", name="Turn it on").click()
    await expect(page.locator(".codes li")).to_have_count(10)


async def code_asked_for(demo: Demo, page: Page) -> None:
    """The same person at the door again. Comes after `owing_a_code`."""
    await page.context.clear_cookies(name="onhand_session")
    who = demo.sign_ins[TIEN_SHAN.slug, "supplier"]
    await page.goto(demo.address("/sign-in", TIEN_SHAN.slug))
    await page.get_by_label("E-mail").fill(who.email)
    await page.locator("[name=password]").fill(who.password)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_role("heading", name="The code from your app").wait_for()


async def key_just_made(demo: Demo, page: Page) -> None:
    """The one time that a key is shown."""
    await page.goto(demo.address("/keys/new"))
    await page.get_by_label("Name").fill("Web shop")
    await page.get_by_role("button", name="Make the key").click()
    await page.get_by_role("heading", name="Keep this key now").wait_for()


async def reservation_refused(demo: Demo, page: Page) -> None:
    """More asked for than there is: the fact, who holds the rest, and ways on."""
    await page.goto(demo.address(f"/stock/item/{PLENTY}?do=reserve"))
    await page.locator("#f-reserve-qty").fill("99999")
    await page.get_by_role("button", name="Reserve").last.click()
    await page.get_by_role("alert").first.wait_for()


async def adjusting(demo: Demo, page: Page) -> None:
    """An item about to be counted."""
    await page.goto(demo.address(f"/stock/item/{PLENTY}?do=adjust"))


async def offer_at_hand(demo: Demo, page: Page) -> None:
    """What a supplier asks for an item."""
    await page.goto(demo.address("/offers/set?supplier=ALTYN&sku=G10110"))
    await page.locator("[name=moq]").wait_for()


async def view_refused(demo: Demo, page: Page) -> None:
    """A view that was to be kept without a name."""
    await page.goto(demo.address("/stock?state=low"))
    await page.get_by_text("Save view").click()
    await page.locator("#f-view").fill("   ")
    await page.locator("#f-view").press("Enter")
    await page.get_by_role("heading", name="Save this view").wait_for()


async def settling(demo: Demo, page: Page) -> None:
    """An exception with its form open."""
    await page.goto(demo.address("/exceptions"))
    await page.locator("details.other summary").first.click()


async def announcing(demo: Demo, page: Page) -> None:
    """A shipment about to be announced, of an order that was chosen first."""
    await _of_an_order(demo, page, "/shipments/new")


async def invoicing(demo: Demo, page: Page) -> None:
    """An invoice about to be entered."""
    await _of_an_order(demo, page, "/invoices/new")


async def _of_an_order(demo: Demo, page: Page, path: str) -> None:
    await page.goto(demo.address(path))
    order = await page.locator("#orders option").first.get_attribute("value")
    await page.locator("#f-order").fill(order or "")
    await page.get_by_role("button", name="Next", exact=True).click()
    await page.locator(".typed-lines").wait_for()


async def menu_open(demo: Demo, page: Page) -> None:
    """Who I am and where I can go."""
    await page.goto(demo.address("/stock"))
    await page.locator(".menu-end summary").click()


async def keys_shown(demo: Demo, page: Page) -> None:
    """The list of keys."""
    await page.goto(demo.address("/stock"))
    await page.locator(".menu-end summary").click()
    await page.locator("[data-keys]").first.click()
    await page.locator("#keys").wait_for()


async def nothing_found(demo: Demo, page: Page) -> None:
    """A list that nothing fits."""
    await page.goto(demo.address("/stock?q=unicorn"))


async def not_there(demo: Demo, page: Page) -> None:
    """An address of nothing."""
    await page.goto(demo.address("/stock/item/UNICORN"))


async def paying(demo: Demo, page: Page) -> None:
    """A till with a basket that is being paid."""
    await page.goto(demo.address("/kiosk"))
    await at_the_till(page, PLENTY)


async def at_the_till(page: Page, sku: str) -> None:
    """The open till is set up, an item scanned, and cash on its way. Finds its way by the parts, as words differ by language."""
    await page.locator("#till-settings button").last.click()
    await expect(page.locator(".till-top .live:not(.live-wait)")).to_be_visible()
    await page.locator("[data-el=code]").fill(sku)
    await page.locator("[data-el=code]").press("Enter")
    await page.locator("[data-el=cash]").click()
    await page.locator("[data-el=paid]").wait_for()


async def file_looked_at(demo: Demo, page: Page) -> None:
    """A file of items of which some lines are new, one changes something, and some are refused."""
    await page.goto(demo.address("/items/import"))
    await with_file(page, PLENTY)


async def with_file(page: Page, sku: str) -> None:
    """The page of items from a file looks at one. Finds its way by the parts, as words differ by language."""
    lines = ("sku,name,unit,barcode", "NEW-1,Felt ball,pcs,990001 990002", f"{sku},Another name,,", "NEW-2,Rope,crate,", "NEW-1,Twice,,")
    file: FilePayload = {"name": "items.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}
    await page.locator("[name=file]").set_input_files(file)
    await page.locator(".form-page [type=submit]").click()
    await page.locator(".table-looked").wait_for()


OUTSIDE: tuple[State, ...] = (refused_at_the_door, letter_on_its_way, company_asked_for, owing_a_code, code_asked_for)
INSIDE: tuple[State, ...] = (
    key_just_made, reservation_refused, adjusting, offer_at_hand, view_refused, settling, announcing, invoicing, menu_open, keys_shown,
    nothing_found, not_there, file_looked_at, paying,
)  # fmt: skip
