"""The dashboard tells how things stand, in the unit each is counted in, and what waits for a person…"""

from __future__ import annotations

import re

import pytest

from inventory.catalog import service as catalog
from inventory.catalog.messages import NewLimits
from inventory.context import Context
from inventory.ledger.history import Point
from kit.clock import SECOND, now_us, rfc3339
from kit.quantity import ONE
from tenants.messages import NewKey
from tests.people import keys_of
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.shop import do, furnish, line
from web import spark
from web.pages import dashboard

DAY = 86_400 * SECOND


@pytest.fixture
async def shop(site: Site) -> Context:
    """Hearts (10 in Osh of at least 12), 4.25 kg of wax, and a ribbon that never came."""
    return await furnish(site, site.world.alice)


@pytest.fixture
async def alice(site: Site, shop: Context) -> Browser:
    return await site.entered_by(site.world.alice)


async def part(browser: Browser, shop: Context, name: str, query: str = "") -> str:
    """The text of one part, without its markup and what is told only to who asks for it."""
    response = await browser.get(f"/t/{shop.tenant.slug}/?part={name}{query}", HX_Request="true")
    assert response.status_code == 200
    text = re.sub(r'<span class="word-says".*?</span>', "", await response.get_data(as_text=True))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).replace("\u00a0", " ")


async def test_pieces_and_kilograms_stand_beside_each_other(shop: Context, alice: Browser) -> None:
    told = await part(alice, shop, "totals")
    assert "On hand 10 pcs and 4.250 kg" in told
    assert "14" not in told


async def test_a_number_is_told_with_what_it_was_a_week_ago(shop: Context, alice: Browser) -> None:
    then = shop.clock() - 20 * DAY
    await do(shop, "receive", lines=[line("HEART", "30")], effective_at=rfc3339(then))
    told = await part(alice, shop, "totals")
    assert re.search(r"On hand 40 pcs and 4.250 kg \+10 since \d+ \w+", told)


async def test_one_warehouse_is_told_apart(shop: Context, alice: Browser) -> None:
    await do(shop, "receive", lines=[line("HEART", "7", "main")])
    await do(shop, "reserve", lines=[line("HEART", "2", "main")], reference="SO-9")
    assert "Reserved 2 pcs 1 hold ends within the hour" in await part(alice, shop, "totals", "&warehouse=main")
    assert "Reserved 0 pcs in 0 holds" in await part(alice, shop, "totals", "&warehouse=osh")
    assert "SO-9" in await part(alice, shop, "feed", "&warehouse=main")
    assert "SO-9" not in await part(alice, shop, "feed", "&warehouse=osh")
    assert "SO-9" in await part(alice, shop, "work", "&warehouse=main")
    assert "SO-9" not in await part(alice, shop, "work", "&warehouse=osh")


async def test_the_line_is_there_as_a_table(shop: Context, alice: Browser) -> None:
    response = await alice.get(f"/t/{shop.tenant.slug}/?part=chart&days=30", HX_Request="true")
    table = (await response.get_data(as_text=True)).split("<tbody", 1)[1]
    rows = re.findall(r'data-of="on_hand" data-is="([^"]+)"', table)
    assert len(rows) in (30, 31)
    assert (rows[0], rows[-1]) == ("0", "10")


async def test_a_promise_that_cannot_be_kept_comes_before_a_number_that_is_wrong(shop: Context, alice: Browser) -> None:
    assert "Nothing waits for a person." in await part(alice, shop, "needs")
    await do(shop, "issue", lines=[line("WAX", "5")], late=True, effective_at="2026-11-20T09:00:00Z", reference="till-2-7")
    await do(shop, "reserve", lines=[line("HEART", "8")], hold="hard")
    await do(shop, "adjust", lines=[{"sku": "HEART", "warehouse": "osh", "delta": "-5"}], reason="broken")
    told = await part(alice, shop, "needs")
    assert "Needs attention 2" in told
    assert told.index("Hanging heart in Osh is 3 pcs short") < told.index("Soy wax in Osh: 0.750 kg sold, not there")
    assert "Resolve" in told
    assert "Settle" in told
    assert "Nothing waits" in await part(alice, shop, "needs", "&warehouse=main")


async def test_goods_that_do_not_arrive_are_asked_about(shop: Context, alice: Browser) -> None:
    await do(shop, "transfer", **{"from": "osh", "to": "main", "lines": [{"sku": "HEART", "qty": "2"}], "reference": "TR-1"})
    assert "TR-1" in await part(alice, shop, "work")
    assert "in 1 transfer" in await part(alice, shop, "totals")
    assert "TR-1" not in await part(alice, shop, "needs")


async def test_a_till_is_online_while_its_key_is_at_work(site: Site, shop: Context, alice: Browser) -> None:
    assert "No till has a key yet" in await part(alice, shop, "proof")
    owner, world = site.world.alice, site.world
    async with shop.reading() as connection:
        warehouses = {each.id: each.code for each in await dashboard.places.warehouses_of(connection, shop.tenant.id)}
    osh = {number: code for number, code in warehouses.items() if code == "osh"}
    made = await keys_of(world.people).make(
        owner.tenant, owner.actor, NewKey("Till 1", world.bob.actor.role, kind="device", warehouses=osh)
    )
    assert "0 of 1 till online" in await part(alice, shop, "proof")
    assert await world.callers.of_key(made.text) is not None
    assert "1 of 1 till online" in await part(alice, shop, "proof")
    assert "No till has a key yet" in await part(alice, shop, "proof", "&warehouse=main")


async def test_a_shortage_is_ordered_with_one_click(site: Site, shop: Context, alice: Browser) -> None:
    async with shop.writing() as work:
        await catalog.set_limits(shop, work, "WAX", NewLimits("osh", "5", "9"))
    assert "Set supplier : Soy wax" in await part(alice, shop, "shortages")
    shown = await alice.get(f"/t/{shop.tenant.slug}/?part=shortages", HX_Request="true")
    (form,) = re.findall(r"<form.*?</form>", await shown.get_data(as_text=True), re.DOTALL)
    assert re.search(r"Order 50\xa0pcs", form)
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    assert (sent["sku"], sent["warehouse"]) == ("HEART", "osh")
    answer = await alice.post(f"/t/{shop.tenant.slug}/replenishment/draft-one", sent, HX_Request="true")
    assert "In draft PO-1001" in await answer.get_data(as_text=True)
    assert "In draft PO-1001" in await part(alice, shop, "shortages")
    bob = await site.entered_by(site.world.bob)
    assert "min 12" in await part(bob, shop, "shortages")


def _points(*on_hand: int) -> list[Point]:
    """A level a day, the last one now."""
    now = now_us()
    return [Point(now - (len(on_hand) - 1 - number) * DAY, level * ONE, 0, level * ONE, 0) for number, level in enumerate(on_hand)]


@pytest.mark.parametrize(
    ("on_hand", "first"), [((1, 2, 3, 4, 5, 6, 7, 8, 9), 2), ((0, 0, 0, 4, 5, 6), 4), ((0, 0, 0), None), ((0, 7), None), ((), None)]
)
def test_a_young_company_is_compared_with_its_first_day(on_hand: tuple[int, ...], first: int | None) -> None:
    week = dashboard._week(_points(*on_hand), now_us())
    assert (week[0].on_hand // ONE if week else None) == first


def test_a_line_of_steps_goes_from_its_lowest_to_its_highest() -> None:
    drawn = spark.trend([0, 10, 5, 10], "free")
    assert 'd="M0 89.0H33.33V11.0H66.67V50.0H100.00V11.0"' in drawn
    assert "V50.0" in spark.trend([3, 3], "free")
    assert spark.trend([0, 0], "free") == spark.trend([1], "free") == ""
