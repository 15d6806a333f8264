"""At a till in a browser, with a connection and without, a person…"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.async_api import Browser, Page, expect

from tenants.domain import Role
from tests.browser.conftest import Shop
from tests.chaos.proxy import Proxy
from tests.conftest import Database
from tests.people import Person, hire
from tests.serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PATIENCE_MS = 20_000
CLAIM_FIRST = """claim => new Promise(done => {
  const opening = indexedDB.open(`onhand-kiosk-${location.pathname.split("/")[2]}`);
  opening.onsuccess = () => {
    const table = opening.result.transaction("waiting", "readwrite").objectStore("waiting");
    table.getAll().onsuccess = ({ target: { result: [first] } }) => {
      const claimed = { ...first, ...claim };
      table.put(claimed).onsuccess = () => { opening.result.close(); done(claimed); };
    };
  };
})"""
"""Notes in the till's store who has sent the first sale that waits, and from which sequence on it may be in the ledger."""

LOSE_ANSWER = """verb => {
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (text) {
    send.call(this, text);
    if (JSON.parse(text).verb !== verb) return;
    WebSocket.prototype.send = send;
    // It is on its way; whatever is answered comes to nobody.
    this.onmessage = null;
    setTimeout(() => this.close(), 200);
  };
}"""
"""The next command of this verb reaches the server, and its answer never reaches the till."""


def badge(page: Page, words: str) -> Any:
    """Waits until the header says so."""
    return expect(page.locator(".till-top .live")).to_contain_text(words, timeout=PATIENCE_MS)


async def open_till(shop: Shop, who: Person, page: Page, place: str = "Osh") -> None:
    """The till, opened for the first time and set up to sell from a place."""
    await page.goto(shop.address(who, "/kiosk"))
    await page.get_by_label("Sells from").select_option(label=place)
    await page.get_by_role("button", name="Save").click()
    await badge(page, "Online")
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")


@asynccontextmanager
async def till(shop: Shop, who: Person, width: int = 1280, theme: str = "light") -> AsyncIterator[Page]:
    """A window with a till that is online."""
    async with shop.window(who, width, theme) as page:
        await open_till(shop, who, page)
        yield page


async def scan(page: Page, code: str) -> None:
    """A scanner types the code into the field and ends with Enter."""
    field = page.get_by_label("Scan or type a code, or search")
    await field.fill(code)
    await field.press("Enter")


async def sell(page: Page, code: str = "CUP") -> None:
    """One item, paid in cash, until the till says that it is sold."""
    await scan(page, code)
    await page.get_by_role("button", name="Cash", exact=True).click()
    paid = page.locator("[data-el=paid]")
    await expect(paid).to_have_attribute("aria-disabled", "false")
    await paid.click()
    await expect(page.locator(".basket .lines li")).to_have_count(0)


async def change_hands(shop: Shop, page: Page, who: Person) -> None:
    """The session ends, the till says so, and somebody signs in at its own door."""
    await page.context.clear_cookies()
    await page.context.set_offline(False)
    await page.evaluate("dispatchEvent(new Event('online'))")
    await badge(page, "Signed out")
    await expect(page.get_by_text("Nobody is signed in.")).to_be_visible()
    await page.locator("[data-el=signed-out] a").click()
    await shop.enter(page, who)


async def level(shop: Shop, who: Person, sku: str = "CUP") -> dict[str, str]:
    """What the server says of the item in Osh."""
    async with httpx2.AsyncClient(base_url=shop.url, headers=who.bearer) as client:
        answer = await client.get(f"/v1/{who.tenant.slug}/stock/levels?sku={sku}&warehouse=osh")
    found: dict[str, str] = answer.json()["items"][0]
    return found


async def rows(shop: Shop, who: Person, kinds: str) -> list[dict[str, Any]]:
    """Rows of the ledger, oldest first."""
    async with httpx2.AsyncClient(base_url=shop.url, headers=who.bearer) as client:
        answer = await client.get(f"/v1/{who.tenant.slug}/stock/ledger?kind={kinds}&order=asc&limit=500")
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_sells_and_the_stock_changes_in_a_second_window(shop: Shop) -> None:
    alice, bob = shop.world.alice, shop.world.bob
    await shop.received(alice, "10")
    async with till(shop, bob) as page, shop.window(alice) as other:
        await other.goto(shop.address(alice, "/stock/item/CUP"))
        available = other.locator("[data-row='CUP'] [data-num='available']").first
        await expect(available).to_have_text("10")
        await scan(page, "2*CUP")
        await expect(page.locator(".basket .sub")).to_contain_text("10 pcs left")
        await page.get_by_role("button", name="Cash", exact=True).click()
        await expect(page.get_by_text("The goods are held until this is paid.")).to_be_visible()
        await expect(available).to_have_text("8")
        await page.locator("[data-el=paid]").click()
        await expect(page.get_by_text("Sold: ")).to_be_visible()
        await expect(other.locator("[data-row='CUP'] [data-num='on_hand']").first).to_have_text("8")
        await scan(page, "CUP")
        await expect(page.locator(".basket .sub")).to_contain_text("8 pcs left")
    assert [row["kind"] for row in await rows(shop, alice, "reserve,commit,issue,release")] == ["reserve", "commit"]


async def test_keeps_selling_offline_reloads_and_sends_each_sale_once_when_the_line_is_back(shop: Shop) -> None:
    alice, bob = shop.world.alice, shop.world.bob
    await shop.received(alice, "10")
    async with till(shop, bob) as page:
        await page.context.set_offline(True)
        await badge(page, "Offline")
        for number in (1, 2):
            await sell(page)
            await badge(page, f"{number} sale")
        await page.reload()
        await badge(page, "2 sales waiting")
        await scan(page, "CUP")
        await expect(page.locator(".basket .sub")).to_contain_text("8 pcs left at")
        await page.locator("[data-el=clear]").click()
        await sell(page)
        await badge(page, "3 sales waiting")
        assert (await level(shop, alice))["on_hand"] == "10"
        await page.context.set_offline(False)
        await expect(page.locator(".till-top .live")).to_have_text("Online ", timeout=PATIENCE_MS)
    assert (await level(shop, alice))["on_hand"] == "7"
    sold = await rows(shop, alice, "issue")
    keys = [row["key"] for row in sold]
    assert [key.split(":")[1] for key in keys] == ["1", "2", "3"]
    assert len({key.split(":")[0] for key in keys}) == 1
    assert all(row["effective_at"] < row["recorded_at"] for row in sold)
    assert [row["effective_at"] for row in sold] == sorted(row["effective_at"] for row in sold)
    shop.complaints.clear()  # the browser notes the cut line in its console


async def test_sells_more_than_there_was_and_a_manager_finds_the_exception(shop: Shop) -> None:
    alice, bob = shop.world.alice, shop.world.bob
    await shop.received(alice, "5")
    async with till(shop, bob) as page, shop.window(alice) as office:
        await page.context.set_offline(True)
        await badge(page, "Offline")
        await sell(page, "4*CUP")
        # Meanwhile the stock goes elsewhere.
        await shop.asked(alice, "issue", {"lines": [{"sku": "CUP", "warehouse": "osh", "qty": "3"}]})
        await page.context.set_offline(False)
        await expect(page.get_by_text("More was sold than was counted: Tea cup: 2 pcs.")).to_be_visible(timeout=PATIENCE_MS)
        await office.goto(shop.address(alice, "/exceptions"))
        row = office.locator("tbody tr")
        await expect(row).to_have_count(1)
        await expect(row).to_contain_text("Tea cup")
        await expect(row.locator(".main-num")).to_contain_text("2")
        await expect(office.locator(".side .hot")).to_have_text("1")
        await row.get_by_text("Settle", exact=True).click()
        await row.get_by_label("What was found").fill("A delivery was never posted")
        await row.get_by_role("button", name="Settle it").click()
        await expect(office.get_by_text("Nothing to look into")).to_be_visible()
        await office.get_by_role("link", name="Settled").click()
        await expect(office.get_by_text("A delivery was never posted")).to_be_visible()
    assert (await level(shop, alice))["on_hand"] == "0"
    shop.complaints.clear()  # the browser notes the cut line in its console


async def test_two_tabs_of_one_till_send_each_sale_once_and_in_order(shop: Shop) -> None:
    alice, bob = shop.world.alice, shop.world.bob
    await shop.received(alice, "20")
    async with till(shop, bob) as one:
        two = await one.context.new_page()
        await two.goto(shop.address(bob, "/kiosk"))
        await badge(two, "Online")
        await one.context.set_offline(True)
        await badge(one, "Offline")
        await badge(two, "Offline")
        for number in range(3):
            await sell(one)
            await sell(two, "2*CUP")
            await badge(one, f"{2 * number + 2} sales waiting")
        await one.context.set_offline(False)
        for page in (one, two):
            await expect(page.locator(".till-top .live")).to_have_text("Online ", timeout=PATIENCE_MS)
    sold = await rows(shop, alice, "issue")
    assert [row["delta_on_hand"] for row in sold] == ["-1", "-2"] * 3
    assert [row["key"].split(":")[1] for row in sold] == [str(number) for number in range(1, 7)]
    assert (await level(shop, alice))["on_hand"] == "11"
    shop.complaints.clear()  # the browser notes the cut line in its console


async def test_whose_goods_are_held_loses_the_line_and_the_hold_sells_them_late_once(shop: Shop) -> None:
    alice, bob = shop.world.alice, shop.world.bob
    await shop.received(alice, "5")
    async with till(shop, bob) as page:
        await scan(page, "2*CUP")
        await page.get_by_role("button", name="Cash", exact=True).click()
        await expect(page.get_by_text("The goods are held until this is paid.")).to_be_visible()
        await page.context.set_offline(True)
        await badge(page, "Offline")
        held = (await rows(shop, alice, "reserve"))[0]["reservation"]
        await shop.asked(alice, "release", {"reservation": held})
        await page.locator("[data-el=paid]").click()
        await badge(page, "1 sale waiting")
        await page.context.set_offline(False)
        await expect(page.locator(".till-top .live")).to_have_text("Online ", timeout=PATIENCE_MS)
    assert (await level(shop, alice))["on_hand"] == "3"
    (sold,) = await rows(shop, alice, "issue,commit")
    assert (sold["kind"], sold["key"].split(":")[1:]) == ("issue", ["1", "late"])
    shop.complaints.clear()  # the browser notes the cut line in its console


@pytest.mark.parametrize("verb", ["commit", "reserve"])
async def test_whose_answer_was_lost_sells_once(shop: Shop, verb: str) -> None:
    alice, bob = shop.world.alice, shop.world.bob
    await shop.received(alice, "5")
    async with till(shop, bob) as page:
        await page.evaluate(LOSE_ANSWER, verb)
        await sell(page, "5*CUP")
        await expect(page.locator("[data-el=open-sales]")).to_be_visible()
        await page.locator("[data-el=open-sales]").click()
        await expect(page.locator(".sales li")).to_contain_text("Sent", timeout=PATIENCE_MS)
    assert (await level(shop, alice))["on_hand"] == "0"
    kinds = [row["kind"] for row in await rows(shop, alice, "reserve,release,commit,issue,correct")]
    assert kinds == (["reserve", "commit"] if verb == "commit" else ["reserve", "release", "issue"])


async def test_is_told_that_somebody_else_has_the_goods(shop: Shop) -> None:
    alice, bob = shop.world.alice, shop.world.bob
    await shop.received(alice, "3")
    async with till(shop, bob) as page:
        await scan(page, "5*CUP")
        await page.keyboard.press("F8")
        await expect(page.get_by_text("Only 3 pcs of 5 pcs are available: Tea cup.")).to_be_visible()
        await expect(page.locator(".basket .count input")).to_have_value("5")
        await page.get_by_role("button", name="Take 3 pcs").click()
        await expect(page.locator(".basket .count input")).to_have_value("3")
        await expect(page.get_by_text("Only 3 pcs of 5")).to_be_hidden()
    assert await rows(shop, alice, "reserve,commit,issue") == []


async def test_works_by_keyboard_and_scanner_alone_with_what_is_measured(shop: Shop) -> None:
    alice, bob = shop.world.alice, shop.world.bob
    await shop.received(alice, "20", "ROPE")
    async with till(shop, bob) as page:
        await page.locator("h1").click()
        await page.keyboard.type("ROPE", delay=5)
        await page.keyboard.press("Enter")
        await expect(page.locator(".basket .count input")).to_be_focused()
        await page.keyboard.type("2.55")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("at most 1 decimals")).to_be_visible()
        await page.keyboard.press("Control+a")
        await page.keyboard.type("2.5")
        await page.keyboard.press("Enter")
        await page.keyboard.press("F8")
        await expect(page.locator("[data-el=paid]")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Sold: ")).to_be_visible()  # it is on disk here; the server hears of it next
        await expect(page.locator(".till-top .live")).to_have_text("Online ", timeout=PATIENCE_MS)
    assert (await level(shop, alice, "ROPE"))["on_hand"] == "17.5"


async def test_scans_on_after_a_code_that_nobody_knows(shop: Shop) -> None:
    alice, bob = shop.world.alice, shop.world.bob
    await shop.received(alice, "3")
    async with till(shop, bob) as page:
        await scan(page, "4600000000000")
        await expect(page.get_by_text("Nothing here is called 4600000000000.")).to_be_visible()
        await page.keyboard.type("CUP", delay=5)
        await page.keyboard.press("Enter")
        await expect(page.locator(".basket .lines li")).to_contain_text("Tea cup")
        await expect(page.get_by_text("Nothing here is called")).to_be_hidden()


async def test_takes_goods_back_who_may_receive_them(shop: Shop) -> None:
    alice, bob = shop.world.alice, shop.world.bob
    await shop.received(alice, "3")
    async with till(shop, bob) as page:
        await page.get_by_role("button", name="Return", exact=True).click()
        await scan(page, "CUP")
        await page.get_by_role("button", name="Take back").click()
        await expect(page.get_by_text("Taken back: 1 pcs")).to_be_visible()
        await expect(page.locator(".till-top .live")).to_have_text("Online ")
    (back,) = [row for row in await rows(shop, alice, "receive") if row["reason"] == "return"]
    assert back["delta_on_hand"] == "1"


async def test_sees_that_the_server_is_gone_sells_on_and_everything_arrives_when_it_is_back(
    site: tuple[str, Browser], fresh_database: Database, tmp_path: Path
) -> None:
    async with serving(fresh_database, tmp_path) as server:
        shop = Shop(server.url, site[1], server.world)
        alice, bob = server.world.alice, server.world.bob
        await shop.received(alice, "10")
        context = await shop.browser.new_context()
        page = await context.new_page()
        await page.goto(shop.address(bob, "/sign-in"))
        await shop.enter(page, bob)
        await open_till(shop, bob, page)
    await badge(page, "Offline")
    for _ in range(3):
        await sell(page)
    await page.reload()
    await badge(page, "3 sales waiting")
    async with serving(fresh_database, tmp_path, port=urlsplit(server.url).port or 0, world=server.world):
        await expect(page.locator(".till-top .live")).to_have_text("Online ", timeout=2 * PATIENCE_MS)
        assert (await level(shop, alice))["on_hand"] == "7"
        assert len({row["key"] for row in await rows(shop, alice, "issue")}) == 3
    await context.close()


async def test_is_never_told_online_while_nobody_answers(shop: Shop) -> None:
    alice, bob = shop.world.alice, shop.world.bob
    await shop.received(alice, "10")
    behind = urlsplit(shop.url)
    proxy = Proxy(behind.hostname or "", behind.port or 0, postgres=False)
    far = replace(shop, url=f"http://127.0.0.1:{await proxy.start()}")
    async with till(far, bob) as page:
        proxy.black_hole()
        await badge(page, "Connecting")
        await badge(page, "Offline")
        await sell(page)
        await badge(page, "1 sale waiting")
        proxy.heal()
        proxy.cut()
        await expect(page.locator(".till-top .live")).to_have_text("Online ", timeout=2 * PATIENCE_MS)
    await proxy.close()
    assert (await level(shop, alice))["on_hand"] == "9"
    shop.complaints.clear()  # the browser notes the cut line in its console


async def test_whose_answer_was_lost_signs_out_and_the_next_person_does_not_sell_it_again(shop: Shop) -> None:
    alice, bob = shop.world.alice, shop.world.bob
    await shop.received(alice, "10")
    async with till(shop, bob) as page:
        await page.context.set_offline(True)
        await badge(page, "Offline")
        await sell(page)
        await sell(page, "2*CUP")
        # The first reaches the ledger in Bob's name and the answer is lost: what the till knows of that is its own claim.
        sent = await page.evaluate(CLAIM_FIRST, {"sent_by": bob.actor.principal_id, "sent_after": 1})
        await shop.asked(bob, "issue", sent["body"], sent["key"])
        await change_hands(shop, page, alice)
        await expect(page.locator(".till-top .live")).to_have_text("Online ", timeout=PATIENCE_MS)
    sold = await rows(shop, alice, "issue")
    assert [(row["by"], row["delta_on_hand"]) for row in sold] == [("Bob's key", "-1"), (alice.actor.label, "-2")]
    shop.complaints.clear()  # the browser notes the cut line in its console


async def test_refused_keeps_it_until_somebody_who_may_has_dealt_with_it(shop: Shop) -> None:
    alice, bob = shop.world.alice, shop.world.bob
    operator = await hire(shop.world.people, alice, "Dan", Role.OPERATOR)
    await shop.received(alice, "3")
    async with till(shop, bob) as page:
        await page.context.set_offline(True)
        await badge(page, "Offline")
        await page.get_by_role("button", name="Return", exact=True).click()
        await scan(page, "CUP")
        await page.get_by_role("button", name="Take back").click()
        await sell(page, "2*CUP")
        await badge(page, "2 sales waiting")
        await change_hands(shop, page, operator)
        await expect(page.get_by_text("1 sale needs attention.")).to_be_visible(timeout=PATIENCE_MS)
        await expect(page.locator(".till-top .live")).to_have_text("Online ", timeout=PATIENCE_MS)
        assert (await level(shop, alice))["on_hand"] == "1"
        await page.reload()
        await page.get_by_role("button", name="Look at it").click()
        await expect(page.locator(".sales .form-error").first).to_contain_text("operator may not do this")
        await page.get_by_role("button", name="Close").click()
        await change_hands(shop, page, bob)
        await page.get_by_role("button", name="Look at it").click()
        await page.get_by_role("button", name="Try again").click()
        await expect(page.get_by_text("1 sale needs attention.")).to_be_hidden()
        await expect(page.locator(".sales li").first).to_contain_text("Sent")
    assert (await level(shop, alice))["on_hand"] == "2"
    shop.complaints.clear()  # the browser notes the cut line in its console


async def test_sees_the_till_in_every_language_and_size_without_a_complaint(shop: Shop) -> None:
    alice, bob = shop.world.alice, shop.world.bob
    await shop.received(alice, "3")
    for width, theme, language in ((1280, "light", "ru"), (375, "dark", "ky"), (375, "light", "en")):
        await shop.world.people.choose_language(bob.tenant, bob.actor, language)
        async with shop.window(bob, width, theme) as page:
            await page.goto(shop.address(bob, "/kiosk"))
            await page.locator("#till-settings button").click()
            await page.locator("h1").click()
            await expect(page.locator(".till-top .live b")).to_have_text({"ru": "На связи", "ky": "Байланышта", "en": "Online"}[language])
            await expect(page.locator("h1")).to_have_count(1)
            await page.keyboard.type("ROPE", delay=5)
            await page.keyboard.press("Enter")
            await expect(page.locator(".basket .lines li")).to_have_count(1)
            overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert overflow <= 0, f"the till scrolls sideways at {width} px"
