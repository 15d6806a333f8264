"""In their days, people of every role do their work, are shown no verb they may not do, and reach everything by keyboard."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.async_api import Locator, Page, expect
from quart import Quart

from app.demo_goods import ALA_TOO, barcode
from db.engine import make_engine
from tenants.domain import PERMISSIONS, ROLES_GIVEN, Role
from tests.browser.demo.company import Demo
from tests.browser.demo.hand import Hand
from tests.browser.demo.pages import forms, links, rule_of, walked
from tests.browser.demo.states import PLENTY, at_the_till
from tests.conftest import Database
from tests.web.conftest import Wired
from web.access import ANYONE_HERE, ENROLLING, permission_of
from web.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]
expect.set_options(timeout=20_000)

NUMBER = 1 + next(number for number, good in enumerate(ALA_TOO.goods) if good.sku == PLENTY)
ADJUSTMENT_ACTIONS_MAX = 5
"""To find an item and put it right: promised to those who count all day."""


@pytest.fixture(scope="module")
def app(own_database: Database) -> Quart:
    """The map of the routes."""
    return create_app(Wired(make_engine(own_database.app), None))


@pytest.fixture(autouse=True)
def calm(demo: Demo) -> None:
    """What consoles said before is not this test's."""
    demo.complaints.clear()


def number(page: Page, measure: str, sku: str = PLENTY) -> Locator:
    """A headline number of an item's page."""
    return page.locator(f"[data-row='{sku}'] [data-num='{measure}']").first


@pytest.mark.parametrize("role", [role.label for role in ROLES_GIVEN])
async def test_somebody_is_shown_no_way_that_is_closed_to_them(demo: Demo, app: Quart, role: str) -> None:
    rules, rights = app.url_map.bind(""), PERMISSIONS[Role[role.upper()]] | {"", ANYONE_HERE, ENROLLING}
    found = await walked(demo, app, role)
    closed = set()
    for place in found:
        for way, method in [*((link, "GET") for link in links(place.page)), *((form, "POST") for form in forms(place.page))]:
            rule = rule_of(rules, way, method)
            assert rule is not None, f"{place.path} leads nowhere: {method} {way}"
            if permission_of(app, rule.endpoint) not in rights:
                closed.add((place.rule, f"{method} {rule.rule}"))
    assert len([place for place in found if place.inside]) >= 4
    assert closed == set()


async def test_an_admin_invites_somebody_makes_a_key_and_finds_both_in_the_audit(demo: Demo) -> None:
    email = f"{uuid4().hex[:8]}@ala-too.example"
    async with demo.window("admin") as page:
        await page.goto(demo.address("/people/invite"))
        await page.get_by_label("E-mail").fill(email)
        await page.get_by_role("button", name="Send the invitation").click()
        await expect(page.get_by_role("cell", name=email)).to_be_visible()
        await page.goto(demo.address("/keys/new"))
        await page.get_by_label("Name").fill("Web shop")
        await page.get_by_role("button", name="Make the key").click()
        await expect(page.get_by_role("heading", name="Keep this key now")).to_be_visible()
        await page.goto(demo.address("/audit"))
        for fact in ("Key made", "Person invited"):
            await expect(page.get_by_role("link", name=fact).first).to_be_visible()
    assert demo.complaints == []


async def test_a_manager_adds_an_item_sets_its_limits_and_settles_an_exception(demo: Demo) -> None:
    sku = f"N-{uuid4().hex[:6]}"
    async with demo.window("manager") as page:
        await page.goto(demo.address("/items/new"))
        await page.get_by_label("SKU", exact=True).fill(sku)
        await page.get_by_label("Name", exact=True).fill("Felt star")
        await page.get_by_role("button", name="Add item").click()
        await page.goto(demo.address(f"/items/edit/{sku}"))
        await expect(page.get_by_role("heading", name="Minimum and maximum")).to_be_visible()
        await page.goto(demo.address("/exceptions"))
        await page.locator("details.other summary").first.click()
        await page.get_by_label("What was found").first.fill("A delivery was never posted")
        await page.get_by_role("button", name="Settle it").first.click()
        await page.goto(demo.address("/exceptions?status=settled"))
        await expect(page.get_by_text("A delivery was never posted")).to_be_visible()
    assert demo.complaints == []


async def test_a_clerk_receives_what_came_and_takes_in_a_transfer(demo: Demo) -> None:
    async with demo.window("inventory") as page:
        await page.goto(demo.address("/stock/item/G10110?do=receive"))
        before = int((await number(page, "on_hand", "G10110").text_content()).replace(",", ""))
        await page.locator("#f-receive-qty").fill("5")
        await page.get_by_role("button", name="Receive 5").click()
        await expect(number(page, "on_hand", "G10110")).to_have_text(f"{before + 5:,}")
        await page.goto(demo.address("/transfers"))
        await page.locator("main tbody a").first.click()
        await page.get_by_role("button", name="Receive").first.click()
        await expect(page.locator("main").get_by_text("Received").first).to_be_visible()
    assert demo.complaints == []


@pytest.mark.parametrize("way", ["scan", "keys"])
async def test_a_clerk_finds_an_item_and_puts_it_right_in_five_actions(demo: Demo, way: str) -> None:
    async with demo.window("inventory") as page:
        hand = Hand(page)
        await hand.at(demo.address("/"))
        if way == "scan":
            await hand.scan(barcode(NUMBER))
        else:
            await hand.press("/")
            await expect(page.locator("#palette input")).to_be_focused()
            await hand.type(PLENTY, enter=True)
        await page.wait_for_url(f"**/stock/item/{PLENTY}")
        await hand.ready()
        before = await number(page, "on_hand").text_content() or ""
        await hand.press("c")
        await expect(page.locator("#f-adjust-counted")).to_be_focused()
        await hand.type("77" if way == "scan" else "78")
        await hand.tab_to(page.locator("#f-adjust-reason"))
        await hand.type("Counted", enter=True)
        await expect(number(page, "on_hand")).not_to_have_text(before)
        assert hand.actions <= ADJUSTMENT_ACTIONS_MAX
    assert demo.complaints == []


async def test_an_operator_reserves_gives_back_and_sells_at_the_till(demo: Demo) -> None:
    async with demo.window("operator") as page:
        await page.goto(demo.address("/stock/item/G10140?do=reserve"))
        await page.locator("#f-reserve-qty").fill("3")
        await page.locator("#f-reserve-for").fill("SO-900")
        await page.get_by_role("button", name="Reserve 3").click()
        await page.get_by_role("link", name="SO-900").first.click()
        await page.get_by_role("button", name="Release").first.click()
        await expect(page.locator("main").get_by_text("Released").first).to_be_visible()
        await page.goto(demo.address("/kiosk"))
        await at_the_till(page, "G10140")
        await page.locator("[data-el=paid]").click()
        await expect(page.get_by_text("Sold: ")).to_be_visible()
    assert demo.complaints == []


async def test_a_viewer_looks_and_finds_nothing_to_press(demo: Demo) -> None:
    async with demo.window("viewer") as page:
        for path in ("/", "/stock", f"/stock/item/{PLENTY}", "/reservations", "/transfers", "/exceptions", "/items", "/warehouses"):
            await page.goto(demo.address(path))
            await expect(page.locator("main h1")).to_be_visible()
            assert await page.locator("main form[method=post] button:visible").all_text_contents() == [], path
    assert demo.complaints == []


@pytest.mark.parametrize(("role", "heading"), [("billing", "Settings"), ("supplier", "My account")])
async def test_who_sees_no_stock_begins_where_they_have_something_to_do(demo: Demo, role: str, heading: str) -> None:
    async with demo.window(None) as page:
        await demo.enter(page, role)
        await expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()
        await page.goto(demo.address("/stock"))
        await page.get_by_role("link", name="Go on").click()
        await expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()


async def test_a_person_works_by_keyboard_alone(demo: Demo) -> None:
    """Sign in, find an item, put it right, reserve, release, sign out: no mouse is there."""
    who = demo.sign_ins[ALA_TOO.slug, "inventory"]
    async with demo.window(None) as page:
        hand = Hand(page)
        await page.goto(demo.address("/sign-in"))
        await hand.tab_to(page.get_by_label("E-mail"))
        await hand.type(who.email)
        await hand.tab_to(page.locator("[name=password]"))
        await hand.type(who.password, enter=True)
        await page.wait_for_url("**/t/ala-too/")

        await hand.ready()
        await hand.press("/")
        await expect(page.locator("#palette input")).to_be_focused()
        await hand.type(PLENTY, enter=True)
        await page.wait_for_url(f"**/stock/item/{PLENTY}")
        await hand.ready()
        await hand.tab_to(page.locator("[data-opens=do-adjust]"))
        await hand.press("Enter")
        await expect(page.locator("#f-adjust-counted")).to_be_focused()
        before = await number(page, "on_hand").text_content() or ""
        await hand.type("80")
        await hand.tab_to(page.locator("#f-adjust-reason"))
        await hand.type("Counted", enter=True)
        await expect(number(page, "on_hand")).not_to_have_text(before)

        await hand.at(demo.address(f"/stock/item/{PLENTY}"))
        await hand.tab_to(page.locator("#f-reserve-qty"))
        await hand.type("2")
        await hand.tab_to(page.locator("#f-reserve-for"))
        await hand.type("SO-901", enter=True)
        await hand.tab_to(page.get_by_role("link", name="SO-901").first)
        await hand.press("Enter")
        await page.wait_for_url("**/reservations/**")
        await hand.tab_to(page.get_by_role("button", name="Release").first)
        await hand.press("Enter")
        await expect(page.locator("main").get_by_text("Released").first).to_be_visible()

        await hand.tab_to(page.locator(".menu-end summary"))
        await hand.press("Enter")
        await hand.tab_to(page.get_by_role("button", name="Sign out"))
        await hand.press("Enter")
        await page.wait_for_url("**/sign-in*")
    assert demo.complaints == []
