"""The first steps of a new company: each is ticked by what is really there, and they are shown to whoever can take them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from inventory import stock
from inventory.catalog import messages as catalog
from inventory.catalog import service as catalog_service
from inventory.context import Context
from inventory.ledger import tills
from inventory.locations import messages as places
from inventory.locations import service as places_service
from inventory.locations.queries import warehouses_of
from tenants.domain import Role
from tenants.messages import NewKey
from tests.people import Person, hire, keys_of
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.shop import do, line
from web import first_steps
from web.wiring import Parts

TITLES = {
    "Open a warehouse": "warehouse",
    "Add your items": "items",
    "Put in what is there": "stock",
    "Invite your people": "people",
    "Open the first till": "till",
}
_STEP = re.compile(r'<li(?P<done> class="step-done")?>.*?<(?:b|a [^>]*)>(?P<title>[^<]+)</', re.DOTALL)


@pytest.fixture
async def ctx(site: Site) -> Context:
    """Carol's hands: she has founded a company, and nobody is in it but her."""
    parts: Parts = site.app.extensions["onhand"]
    ctx = site.world.carol.context(site.world.engine, parts.wiring.stock)
    async with ctx.writing() as work:
        await catalog_service.found_units(work)
    return ctx


@pytest.fixture
async def carol(site: Site, ctx: Context) -> Browser:
    return await site.entered_by(site.world.carol)


async def shown(browser: Browser, who: Person) -> dict[str, bool]:
    """The steps on the dashboard, by name in their order: whether they are ticked. Nothing when they are not shown."""
    page = await (await browser.get(f"/t/{who.tenant.slug}/")).get_data(as_text=True)
    steps = page.partition('<ol class="first-steps">')[2].partition("</ol>")[0]
    return {TITLES[found["title"]]: found["done"] is not None for found in _STEP.finditer(steps)}


async def with_warehouse(ctx: Context) -> None:
    async with ctx.writing() as work:
        await places_service.create_warehouse(ctx, work, places.NewWarehouse("osh", "Osh"))


async def with_item(ctx: Context) -> None:
    async with ctx.writing() as work:
        await catalog_service.create_item(ctx, work, catalog.NewItem("CUP", "Cup"))


async def with_stock(ctx: Context) -> None:
    await do(ctx, "receive", lines=[line("CUP", "10")])


async def with_till(site: Site, owner: Person, ctx: Context) -> None:
    async with ctx.reading() as connection:
        (osh,) = await warehouses_of(connection, ctx.tenant.id)
    await keys_of(site.world.people).make(
        owner.tenant, owner.actor, NewKey("till 1", Role.OPERATOR, kind="device", warehouses={osh.id: osh.code})
    )


async def test_a_new_company_has_everything_before_it(site: Site, carol: Browser) -> None:
    assert await shown(carol, site.world.carol) == dict.fromkeys(("warehouse", "items", "stock", "people", "till"), False)


async def test_each_step_is_ticked_by_what_is_there_and_by_nothing_else(site: Site, ctx: Context, carol: Browser) -> None:
    who, ticked = site.world.carol, set[str]()

    async def ticks(name: str) -> None:
        ticked.add(name)
        assert {each for each, done in (await shown(carol, who)).items() if done} == ticked

    await with_warehouse(ctx)
    await ticks("warehouse")
    await with_item(ctx)
    await ticks("items")
    await with_stock(ctx)
    await ticks("stock")
    await with_till(site, who, ctx)
    await ticks("till")


async def test_an_invitation_is_enough_and_so_is_a_colleague(site: Site, ctx: Context, carol: Browser) -> None:
    who = site.world.carol
    invited = {"email": "dan@carol.example", "role": "operator", "language": "en"}
    assert (await carol.post(f"/t/{who.tenant.slug}/people/invite", invited)).status_code == 303
    assert (await shown(carol, who))["people"]
    alice = await site.entered_by(site.world.alice)
    assert (await shown(alice, site.world.alice))["people"], "Bob works here"


async def test_an_item_that_was_put_away_is_none(site: Site, ctx: Context, carol: Browser) -> None:
    await with_item(ctx)
    async with ctx.writing() as work:
        await catalog_service.archive_item(ctx, work, "CUP")
    assert not (await shown(carol, site.world.carol))["items"]


async def test_a_sale_at_the_open_till_opens_it_without_a_key(site: Site, ctx: Context, carol: Browser) -> None:
    await with_warehouse(ctx)
    await with_item(ctx)
    await with_stock(ctx)
    assert not (await shown(carol, site.world.carol))["till"]
    answer = await stock.perform(ctx, "issue", f"{tills.PREFIX}a1b2-1", {"lines": [line("CUP", "1")]})
    assert answer.refusal is None
    assert (await shown(carol, site.world.carol))["till"]


async def test_they_go_when_all_are_done(site: Site, ctx: Context, carol: Browser) -> None:
    who = site.world.carol
    await with_warehouse(ctx)
    await with_item(ctx)
    await with_stock(ctx)
    await with_till(site, who, ctx)
    assert not all((await shown(carol, who)).values())
    await hire(site.world.people, who, "Eve", Role.OPERATOR)
    assert await shown(carol, who) == {}
    page = await (await carol.get(f"/t/{who.tenant.slug}/welcome")).get_data(as_text=True)
    assert page.count('class="step-done"') == 5, "the page of the steps is still there for who asks"


async def test_they_are_shown_to_who_can_set_the_company_up_and_to_nobody_else(site: Site) -> None:
    alice, bob = await site.entered_by(site.world.alice), await site.entered_by(site.world.bob)
    assert await shown(alice, site.world.alice)
    assert await shown(bob, site.world.bob) == {}
    assert (await bob.get(f"/t/{site.world.bob.tenant.slug}/welcome")).status_code == 403


async def test_who_puts_them_away_puts_them_away_for_all(site: Site) -> None:
    alice, who = await site.entered_by(site.world.alice), site.world.alice
    other = await hire(site.world.people, who, "Eve", Role.ADMIN)
    eve = await site.entered_by(other)
    assert await shown(eve, other)
    assert (await alice.post(f"/t/{who.tenant.slug}/welcome/put-away")).status_code == 303
    assert await shown(alice, who) == await shown(eve, other) == {}
    carol = await site.entered_by(site.world.carol)
    assert await shown(carol, site.world.carol), "not in another company"


async def test_a_company_with_a_long_ledger_is_not_asked(site: Site, ctx: Context, carol: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    await with_warehouse(ctx)
    await with_item(ctx)
    await with_stock(ctx)
    assert await shown(carol, site.world.carol)
    monkeypatch.setattr(first_steps, "NEW_UNTIL_SEQ", 0)
    assert await shown(carol, site.world.carol) == {}


async def test_a_step_that_is_open_leads_to_where_it_is_taken(site: Site, carol: Browser) -> None:
    slug = site.world.carol.tenant.slug
    page: Any = await (await carol.get(f"/t/{slug}/")).get_data(as_text=True)
    steps = page[page.index('class="first-steps"') :].partition("</ol>")[0]
    for path in ("warehouses/new", "items/new", "items/import", "stock", "people/invite", "kiosk"):
        address = f"/t/{slug}/{path}"
        assert f'href="{address}"' in steps
        assert (await carol.get(address)).status_code == 200, address
