"""Pages of orders: the list of them, one with what may be decided about it, and who hears of that."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import text

from inventory.purchasing import queries
from tenants.domain import Role
from tests.people import Person, hire, limit
from tests.web.conftest import Site
from tests.web.purchasing.conftest import Buying, entered, said, set_up


async def test_says_what_to_do_first_and_then_lists_what_was_ordered(buying: Buying) -> None:
    assert "No orders yet" in await buying.page()
    number = await buying.drafted(reference="SPRING")
    shown = await buying.page()
    assert all(words in shown for words in (number, "Acme", "SPRING", "Hanging heart", "KGS\u00a095.00", "Draft"))


async def test_finds_orders_by_state_supplier_item_and_words_and_keeps_it_in_the_address(buying: Buying) -> None:
    draft, late = await buying.drafted(), await buying.ordered(expected_on="2020-01-02", reference="OLD")
    for query, found, missing in (
        ("?status=draft", draft, late),
        ("?status=late", late, draft),
        ("?open=1", late, draft),
        ("?q=old", late, draft),
        ("?sku=HEART&status=approved&supplier=acme&warehouse=osh", late, draft),
    ):
        shown = await buying.page(query)
        assert f'data-order="{found}"' in shown and f'data-order="{missing}"' not in shown, query
    assert "Nothing matches these filters" in await buying.page("?sku=WAX")
    assert "days late" in await buying.page("?status=late")


async def test_sorts_by_number_supplier_and_day_and_turns_pages(buying: Buying) -> None:
    first, second = await buying.drafted(expected_on="2031-05-01"), await buying.drafted(expected_on="2030-05-01")
    for sort, order in (
        ("number", [first, second]),
        ("-number", [second, first]),
        ("expected", [second, first]),
        ("supplier", [first, second]),
    ):
        assert re.findall(r'data-order="([^"]+)"', await buying.page(f"?sort={sort}")) == order, sort
    async with buying.shop.reading() as connection:
        for sort in ("expected", "supplier", "-number", "number"):
            asked = queries.OrderFilter(sort=sort, limit=1)
            page = await queries.orders_page(connection, buying.shop.tenant.id, asked)
            rest = await queries.orders_page(connection, buying.shop.tenant.id, replace(asked, cursor=page.next))
            assert {f"PO-{each.head.id}" for each in (*page.items, *rest.items)} == {first, second} and rest.next is None, sort


async def test_the_list_is_also_a_file_of_what_is_shown(buying: Buying) -> None:
    await buying.drafted()
    number = await buying.ordered("4")
    rows = (await buying.page("?status=approved&format=csv")).splitlines()
    assert rows[0].lstrip("\ufeff").startswith('"Order","Status","Supplier"')
    assert len(rows) == 2 and rows[1].startswith(f'"{number}","approved","acme","Acme","osh"')


async def test_shows_the_way_of_an_order_and_what_may_be_done_now(buying: Buying) -> None:
    number = await buying.drafted()
    draft = await buying.page(f"/orders/{number}")
    assert "Put forward" in draft and "Approve</button>" not in draft and ">Receive<" not in draft
    await buying.does(number, "submit")
    submitted = await buying.page(f"/orders/{number}")
    assert "Approve</button>" in submitted and f'action="{buying.at}/orders/{number}/approve"' in submitted
    await buying.does(number, "approve")
    approved = await buying.page(f"/orders/{number}")
    assert "Send to supplier" in approved and f"/orders/{number}/receive" in approved and "Cancel order" in approved
    for deed in ("drafted", "put forward", "approved"):
        assert f": {deed}</b>" in approved


async def test_sends_an_order_back_with_a_reason_and_takes_it_again(buying: Buying) -> None:
    number = await buying.drafted(then="submit")
    without = await buying.does(number, "reject", reason=" ")
    assert without.status_code == 422 and "This is needed." in await said(without)
    assert (await buying.does(number, "reject", reason="Too dear")).status_code == 303
    shown = await buying.page(f"/orders/{number}")
    assert "Rejected" in shown and "Too dear" in shown
    assert (await buying.does(number, "edit", sku_0="HEART", qty_0="5", currency="KGS", version="3", then="submit")).status_code == 303
    assert await buying.status(number) == "submitted"


async def test_says_why_somebody_else_has_to_approve_it(site: Site, buying: Buying) -> None:
    await set_up(buying, order_four_eyes="on")
    number = await buying.drafted(then="submit")
    shown = await buying.page(f"/orders/{number}")
    assert f"You put {number} forward, so somebody else has to approve it." in shown
    assert 'aria-disabled="true" aria-describedby="why-approve"' in shown
    assert (await buying.does(number, "approve")).status_code == 409
    manager = Buying(await entered(site, "Maria", Role.MANAGER), buying.shop)
    assert (await manager.does(number, "approve")).status_code == 303


async def test_a_clerk_sees_a_manager_acts_an_operator_and_a_stranger_do_neither(site: Site, buying: Buying) -> None:
    number = await buying.drafted(then="submit")
    clerk = Buying(await entered(site, "Clara", Role.INVENTORY), buying.shop)
    shown = await clerk.page(f"/orders/{number}")
    assert "It waits for a manager or an admin" in shown and "Approve</button>" not in shown and 'type="file"' not in shown
    for verb in ("approve", "reject", "cancel", "receive", "note", "files"):
        assert (await clerk.does(number, verb)).status_code == 403, verb
    assert (await clerk.browser.get(f"{clerk.at}/new")).status_code == 403
    operator = await site.entered_by(site.world.bob)
    assert (await operator.get(buying.at)).status_code == 403
    carol = await site.entered_by(site.world.carol)
    assert (await carol.get(f"{buying.at}/orders/{number}")).status_code == 404
    own = f"/t/{site.world.carol.tenant.slug}/purchasing/orders/{number}"
    assert {(await carol.get(own)).status_code, (await carol.post(f"{own}/approve")).status_code} == {404}
    manager = Buying(await entered(site, "Maria", Role.MANAGER), buying.shop)
    assert (await manager.does(number, "approve")).status_code == 303
    assert await buying.status(number) == "approved"


async def test_closes_lines_short_or_the_whole_order(buying: Buying) -> None:
    number = await buying.ordered(sku_1="WAX", qty_1="2")
    assert (await buying.does(number, "close", whole="1")).status_code == 409
    assert (await buying.does(number, "close", line_2="1", reason="sold out")).status_code == 303
    assert (await buying.order(number)).lines[1].line.cancelled == 2_000_000
    await buying.does(number, "receive", qty_1="4")
    assert (await buying.does(number, "close", line_1="1", whole="1")).status_code == 303
    assert await buying.status(number) == "closed"
    assert "sold out" in await buying.page(f"/orders/{number}")


async def test_cancels_what_nothing_came_of(buying: Buying) -> None:
    number = await buying.ordered()
    assert (await buying.does(number, "cancel", reason="changed our minds")).status_code == 303
    assert await buying.status(number) == "cancelled"
    twice = await buying.does(number, "cancel")
    assert twice.status_code == 409 and f"{number} is cancelled" in await said(twice)


async def test_notes_stand_in_the_timeline_and_outside_the_chain_of_facts(buying: Buying) -> None:
    number = await buying.drafted()
    assert (await buying.does(number, "note", note="Li Wei called: one day later")).status_code == 303
    assert "Li Wei called: one day later" in await buying.page(f"/orders/{number}")
    async with buying.shop.reading() as connection:
        found = await connection.execute(
            text("SELECT body::text FROM facts WHERE subject = :number AND name = 'order_noted'"), {"number": number}
        )
        assert found.scalar_one() == "{}"


async def test_open_pages_are_told_of_every_deed_once_it_is_done(site: Site, buying: Buying) -> None:
    number = await buying.drafted()
    changes = site.app.extensions["onhand"].changes
    alice, bob = site.world.alice, site.world.bob
    open_page = changes.open(alice.tenant.id, lambda: alice.actor, lambda: None)
    operators = changes.open(alice.tenant.id, lambda: bob.actor, lambda: None)
    limited = changes.open(alice.tenant.id, lambda: replace(alice.actor, warehouses=frozenset({0})), lambda: None)
    filtered = changes.open(alice.tenant.id, lambda: alice.actor, lambda: None, wanted=False)
    for verb in ("submit", "approve", "send"):
        await buying.does(number, verb)
        assert open_page.taken() == [b'event: order.changed\ndata: {"order":"%s"}\n\n' % number.encode()], verb
    assert (await buying.does(number, "submit")).status_code == 409
    assert (open_page.taken(), operators.taken(), limited.taken(), filtered.taken()) == ([], [], [], [])
    open_page.close()


async def test_an_order_of_another_warehouse_is_not_there_for_whoever_is_limited(site: Site, buying: Buying) -> None:
    number = await buying.ordered()
    clerk: Person = await hire(site.world.people, site.world.alice, "Clara", Role.MANAGER)
    await limit(site.world.people, site.world.alice, "Clara", "main")
    browser = await site.entered_by(clerk)
    assert "No orders yet" in await said(await browser.get(buying.at))
    for path in ("", "/receive", "/edit", "/print", "/files/1"):
        assert (await browser.get(f"{buying.at}/orders/{number}{path}")).status_code == 404, path
    assert (await browser.post(f"{buying.at}/orders/{number}/note", {"note": "hello"})).status_code == 404


async def test_what_is_on_order_leads_to_its_orders(buying: Buying) -> None:
    await buying.ordered("10")
    link = f"/t/{buying.shop.tenant.slug}/purchasing?sku=HEART&open=1"
    for path in ("/stock", "/stock/item/HEART"):
        assert link in await said(await buying.browser.get(f"/t/{buying.shop.tenant.slug}{path}")), path


@pytest.mark.parametrize(
    ("language", "words"), [("ru", ("Принят частично", "Ход событий", "брак")), ("ky", ("Жарым-жартылай келди", "Окуялардын жүрүшү"))]
)
async def test_pages_of_buying_speak_the_readers_language(site: Site, buying: Buying, language: str, words: tuple[str, ...]) -> None:
    number = await buying.ordered()
    await buying.does(number, "receive", qty_1="4", rejected_1="1")
    alice = site.world.alice
    await site.world.people.choose_language(alice.tenant, alice.actor, language)
    browser = await site.entered_by(alice)
    shown = await said(await browser.get(f"{buying.at}/orders/{number}"))
    assert all(each in shown for each in words)
    refused = await said(await browser.post(f"{buying.at}/orders/{number}/submit"))
    assert "partially_received" not in refused and words[0].lower() in refused
