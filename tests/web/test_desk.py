"""The stock list at a desk: palette, cards, rows that can be selected, verbs as dialogs, the level of thirty days."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from inventory.context import Context
from inventory.ledger import history
from inventory.ledger import queries as ledger
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.shop import do, furnish, line
from web.filters import found
from web.spark import steps


@pytest.fixture
async def shop(site: Site) -> Context:
    """Alice's shop."""
    return await furnish(site, site.world.alice)


@pytest.fixture
async def alice(site: Site, shop: Context) -> Browser:
    """Alice's browser, signed in."""
    return await site.entered_by(site.world.alice)


def url(ctx: Context, path: str) -> str:
    return f"/t/{ctx.tenant.slug}{path}"


async def text_of(response: Any) -> str:
    return unescape(await response.get_data(as_text=True))


@pytest.mark.parametrize(
    ("q", "shows"), [("hang", ["HEART"]), ("2100000000012", ["HEART"]), ("r", ["HEART", "RIBBON"]), ("zzz", []), ("", [])]
)
async def test_the_palette_finds_items_by_name_sku_and_barcode(shop: Context, alice: Browser, q: str, shows: list[str]) -> None:
    page = await text_of(await alice.get(url(shop, f"/stock/find?q={q}"), HX_Request="true"))
    assert re.findall(r"/stock/item/(\w+)\"", page) == shows


def test_what_was_searched_for_is_strong_and_markup_stays_text() -> None:
    assert found("Hanging heart", "HEART") == "Hanging <b>heart</b>"
    assert found("<i>", "i") == "&lt;<b>i</b>&gt;"
    assert found("a & b", "") == "a &amp; b"


async def test_cards_show_the_same_rows_with_how_full_the_place_is(shop: Context, alice: Browser) -> None:
    page = await text_of(await alice.get(url(shop, "/stock?view=cards&sort=name")))
    assert '<table class="table' not in page
    assert re.search(r"16\s% of 60", page), "10 of at most 60"
    assert 'name="view" value="cards"' in page, "a filter keeps the cards"


async def test_a_row_can_be_selected_for_what_the_person_may_do(site: Site, shop: Context, alice: Browser) -> None:
    page = await text_of(await alice.get(url(shop, "/stock")))
    assert re.findall(r'form="chosen" name="sku" value="(\w+)"', page) == ["HEART", "RIBBON", "WAX"]
    for leads in ("/transfers/new", "/count", "/print/count"):
        assert f'formaction="{url(shop, leads)}"' in page
    bob = await text_of(await (await site.entered_by(site.world.bob)).get(url(shop, "/stock")))
    assert f'formaction="{url(shop, "/count")}"' not in bob
    assert "Print labels" in bob


async def test_each_verb_is_a_dialog_with_an_address(shop: Context, alice: Browser) -> None:
    for verb in ("receive", "issue", "adjust", "transfer"):
        page = await text_of(await alice.get(url(shop, f"/stock/item/HEART?do={verb}")))
        opened = re.findall(r'<dialog[^>]*id="do-(\w+)"[^>]*data-now', page)
        assert opened == [verb]


async def test_a_refused_verb_comes_back_open_with_facts_and_ways_on(shop: Context, alice: Browser) -> None:
    await do(shop, "receive", lines=[line("HEART", "30", "main")])
    await do(shop, "reserve", lines=[line("HEART", "4")], reference="SO-118")
    for verb, less in (("issue", "Issue 6"), ("transfer", "Send 6"), ("reserve", "Reserve 6")):
        form = {"sku": "HEART", "warehouse": "osh", "to": "main", "qty": "9", "reference": "for Bob"}
        response = await alice.post(url(shop, f"/stock/{verb}"), form)
        page = await text_of(response)
        assert response.status_code == 409
        assert re.findall(r'<dialog[^>]*id="do-(\w+)"[^>]*data-now', page) == [verb]
        said = page.split('class="refusal"', 1)[1].split('class="ways"', 1)
        assert "Only 6 of 9 available for Hanging heart in Osh." in said[0] and "SO-118" in said[0]
        assert less in said[1]
        assert ("Take 9 from Main" in said[1]) == (verb != "transfer"), "nothing is sent to where it is"
        assert 'value="9"' in page and page.count('value="for Bob"') >= 2


async def test_a_count_that_was_overtaken_can_be_sent_again(shop: Context, alice: Browser) -> None:
    form = {"sku": "HEART", "warehouse": "osh", "reason": "counted", "counted": "8", "expected": "9"}
    page = await text_of(await alice.post(url(shop, "/stock/adjust"), form))
    assert 'name="expected" value="10"' in page
    assert (await alice.post(url(shop, "/stock/adjust"), form | {"expected": "10"})).status_code == 303


async def test_thirty_days_end_with_what_is_there_now(shop: Context) -> None:
    await do(shop, "receive", lines=[line("HEART", "5", "main")])
    await do(shop, "reserve", lines=[line("HEART", "4")])
    async with shop.reading() as connection:
        level = await ledger.level_of(connection, shop.tenant.id, shop.clock(), "HEART")
        assert level is not None
        points = await history.item_points(connection, shop.tenant.id, shop.clock(), 30, "Asia/Bishkek", level)
    assert len(points) in (30, 31)
    assert (points[-1].on_hand, points[-1].available) == (15_000_000, 11_000_000)
    assert (points[0].on_hand, points[0].available) == (0, 0)


def test_steps_hold_until_the_next_value_and_say_so_in_words() -> None:
    drawn = str(steps([0, 50, 100], "from 0 to 100", "low", least=25))
    assert 'aria-label="from 0 to 100"' in drawn and "spark-low" in drawn
    assert 'd="M0 100.0H50.00V50.0H100.00V0.0"/>' in drawn
    assert 'class="least" d="M0 75.0H100"' in drawn
    assert steps([1], "alone") == ""


async def test_a_transfer_of_many_items_is_all_or_nothing_and_says_which_line(shop: Context, alice: Browser) -> None:
    lines = {"from": "osh", "to": "main", "sku_0": "HEART", "qty_0": "4", "sku_1": "WAX", "qty_1": "9"}
    page = await text_of(await alice.post(url(shop, "/transfers/new"), lines))
    assert "Only 4.250 of 9.000 available" in re.findall(r'id="e-qty_1">.*?</p>', page, re.DOTALL)[0]
    assert 'id="e-qty_0"' not in page and 'value="4"' in page
    sent = await alice.post(url(shop, "/transfers/new"), lines | {"qty_1": "0.250", "_key": "sent"})
    assert (await text_of(await alice.get(sent.headers["Location"]))).count('class="clip"') == 2


async def test_a_transfer_gains_a_line_by_code_and_keeps_what_was_typed(shop: Context, alice: Browser) -> None:
    page = await text_of(
        await alice.post(url(shop, "/transfers/new"), {"from": "osh", "sku_0": "WAX", "qty_0": "1", "add": "2100000000012"})
    )
    assert re.findall(r'name="sku_\d" value="(\w+)"', page) == ["WAX", "HEART"]
    assert re.search(r'name="qty_0"[^>]*value="1"', page)


async def test_transfers_are_told_again_as_a_part(shop: Context, alice: Browser) -> None:
    sent: Any = await do(shop, "transfer", **{"from": "osh", "to": "main", "lines": [{"sku": "HEART", "qty": "2"}]})
    for path in ("/transfers", f"/transfers/{sent['transfer']['id']}"):
        part = await text_of(await alice.get(url(shop, path), HX_Request="true"))
        assert "<html" not in part and 'data-num="open"' in part


async def test_how_many_exceptions_wait_is_asked_for_alone(shop: Context, alice: Browser) -> None:
    assert (await text_of(await alice.get(url(shop, "/exceptions/count"), HX_Request="true"))).strip() == "0"


async def test_no_match_says_where_the_thing_is(shop: Context, alice: Browser) -> None:
    page = await text_of(await alice.get(url(shop, "/stock?q=wax&warehouse=main")))
    assert "Nothing matches “wax” in Main" in page
    assert re.search(r"Soy wax \(WAX\): Osh, 4\.250\skg available", page)
    assert "nowhere in stock" in await text_of(await alice.get(url(shop, "/stock?q=ribbon&state=low")))
