"""Pages of buying: a draft is typed and kept, decided by whoever may, received once, and told to everybody who looks."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from quart.datastructures import FileStorage
from sqlalchemy import text

from inventory.catalog import messages as catalog
from inventory.catalog import service as catalog_service
from inventory.context import Context
from inventory.purchasing import queries
from inventory.suppliers import messages as suppliers
from inventory.suppliers import service as suppliers_service
from kit.ids import parse_order_number
from tenants.domain import Role
from tests.people import Person, hire, limit
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.shop import furnish
from web.letters import message_of

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


@pytest.fixture
async def shop(site: Site) -> Context:
    """Alice's shop, where Acme sells hearts by the case of 12 (at least 2; 120.00, from 10 cases on 100.00), and Silent has no e-mail."""
    ctx = await furnish(site, site.world.alice)
    async with ctx.writing() as work:
        await catalog_service.set_item_unit(ctx, work, "HEART", catalog.NewItemUnit("case", 12))
        acme = suppliers.NewSupplier("acme", "Acme", email="orders@acme.example", contact="Li Wei", language="ru", lead_time_days=5)
        await suppliers_service.create_supplier(ctx, work, acme)
        await suppliers_service.create_supplier(ctx, work, suppliers.NewSupplier("silent", "Silent"))
        price, cheaper = catalog.Money("120", "KGS"), (suppliers.PriceBreak(10, "100"),)
        offer = suppliers.NewOffer(sku="HEART", supplier_sku="A-17", unit="case", moq=2, price=price, breaks=cheaper)
        await suppliers_service.add_item(ctx, work, "acme", offer)
    return ctx


@pytest.fixture
async def alice(site: Site, shop: Context) -> Browser:
    """The owner."""
    return await site.entered_by(site.world.alice)


async def entered(site: Site, name: str, role: Role) -> Browser:
    """Somebody else of Alice's company."""
    return await site.entered_by(await hire(site.world.people, site.world.alice, name, role))


async def said(response: Any) -> str:
    return unescape(await response.get_data(as_text=True))


class Buying:
    """What one does on the pages of orders."""

    def __init__(self, browser: Browser, shop: Context) -> None:
        self.browser = browser
        self.shop = shop
        self.at = f"/t/{shop.tenant.slug}/purchasing"

    async def drafted(self, qty: str = "10", sku: str = "HEART", **more: str) -> str:
        """A draft of one line, typed; its number."""
        form = {"supplier": "acme", "warehouse": "osh", "currency": "KGS", "sku_0": sku, "qty_0": qty, "unit_0": "pcs", "price_0": "9.50"}
        response = await self.browser.post(f"{self.at}/new", form | more)
        assert response.status_code == 303, await said(response)
        return str(response.headers["Location"].rpartition("/")[2])

    async def does(self, number: str, verb: str, **form: str) -> Any:
        """A deed of an order's page."""
        return await self.browser.post(f"{self.at}/orders/{number}/{verb}", form)

    async def ordered(self, qty: str = "10", **more: str) -> str:
        """An approved order."""
        number = await self.drafted(qty, **more)
        for verb in ("submit", "approve"):
            assert (await self.does(number, verb)).status_code == 303
        return number

    async def page(self, path: str = "") -> str:
        """The words of a page."""
        response = await self.browser.get(f"{self.at}{path}")
        assert response.status_code == 200, await said(response)
        return await said(response)

    async def order(self, number: str) -> queries.ShownOrder:
        """The order as it stands."""
        async with self.shop.reading() as connection:
            found = await queries.shown(connection, self.shop.tenant.id, parse_order_number(number) or 0)
        assert found is not None
        return found

    async def status(self, number: str) -> str:
        """Where it stands."""
        return (await self.order(number)).head.status.label


@pytest.fixture
def buying(alice: Browser, shop: Context) -> Buying:
    """Alice at the pages of orders."""
    return Buying(alice, shop)


# The list


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


# Drafting


async def test_asks_for_supplier_and_warehouse_first(buying: Buying) -> None:
    assert "Choose items" in await buying.page("/new")
    assert "Add an item" in await buying.page("/new?supplier=acme&warehouse=osh")


async def test_adds_an_item_by_any_of_its_codes_as_the_supplier_sells_it(buying: Buying) -> None:
    for code in ("HEART", "2100000000012", "A-17", "hanging"):
        form = {"supplier": "acme", "warehouse": "osh", "currency": "KGS", "add": code}
        shown = await said(await buying.browser.post(f"{buying.at}/new", form))
        assert 'name="sku_0" value="HEART"' in shown and 'value="2"' in shown, code
        assert '<option value="case" selected>' in shown and 'placeholder="120.00"' in shown
        assert "at least 2" in shown


async def test_lists_what_may_be_meant_and_says_when_nothing_is(buying: Buying) -> None:
    form = {"supplier": "acme", "warehouse": "osh", "currency": "KGS", "sku_0": "WAX", "qty_0": "1,5", "note": "Fragile"}
    several = await said(await buying.browser.post(f"{buying.at}/new", form | {"add": "r"}))
    assert "choose one of them" in several and 'name="choose" value="HEART"' in several and 'name="choose" value="RIBBON"' in several
    assert 'value="1,5"' in several and 'value="Fragile"' in several
    nothing = await said(await buying.browser.post(f"{buying.at}/new", form | {"add": "zzz"}))
    assert "There is no item zzz." in nothing
    found = await buying.page("/items?supplier=acme&q=hea")
    assert 'value="HEART"' in found and "A-17" in found and "<html" not in found


async def test_the_price_list_counts_unless_another_price_was_typed(buying: Buying) -> None:
    listed = await buying.drafted("12", unit_0="case", price_0="")
    typed = await buying.drafted("12", unit_0="case", price_0="99.5")
    assert [str((await buying.order(each)).lines[0].line.price.normalize()) for each in (listed, typed)] == ["1E+2", "99.5"]
    assert (await buying.order(listed)).lines[0].line.ordered == 144_000_000


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"qty_0": "many"}, "qty_0", "A quantity is a plain number"),
        ({"qty_0": "0"}, "qty_0", "above zero"),
        ({"unit_0": "pallet"}, "unit_0", "There is no unit pallet."),
        ({"price_0": "dear"}, "price_0", "An amount is a plain number"),
        ({"expected_on_0": "soon"}, "expected_on_0", "A date is written as"),
        ({"expected_on": "soon"}, "expected_on", "A date is written as"),
        ({"sku_0": ""}, "add", "This is needed."),
    ],
)
async def test_refuses_beside_the_field_and_keeps_what_was_typed(buying: Buying, wrong: dict[str, str], field: str, words: str) -> None:
    form = {"supplier": "acme", "warehouse": "osh", "currency": "KGS", "sku_0": "HEART", "qty_0": "3", "unit_0": "pcs", "note": "Fragile"}
    response = await buying.browser.post(f"{buying.at}/new", form | wrong)
    shown = await said(response)
    assert response.status_code == 422
    assert f'id="e-{field}"' in shown
    assert words in shown and 'value="Fragile"' in shown
    assert "No orders yet" in await buying.page()


async def test_changes_a_draft_unless_somebody_else_did_meanwhile(buying: Buying) -> None:
    number = await buying.drafted()
    shown = await buying.page(f"/orders/{number}/edit")
    assert 'value="9.5"' in shown and 'name="version" value="1"' in shown
    form = {"sku_0": "HEART", "qty_0": "7", "unit_0": "pcs", "sku_3": "WAX", "qty_3": "2", "currency": "KGS", "version": "1"}
    assert (await buying.does(number, "edit", **form)).status_code == 303
    assert [line.line.qty for line in (await buying.order(number)).lines] == [7_000_000, 2_000_000]
    again = await buying.does(number, "edit", **form)
    assert again.status_code == 409 and "Somebody else changed it" in await said(again)


async def test_a_draft_sent_twice_is_one_order(buying: Buying) -> None:
    numbers = {await buying.drafted(_key="one-key") for _ in range(2)}
    assert len(numbers) == 1


async def test_puts_a_draft_forward_from_where_it_is_typed(buying: Buying) -> None:
    number = await buying.drafted(then="submit")
    assert await buying.status(number) == "submitted"
    assert (await buying.browser.get(f"{buying.at}/orders/{number}/edit")).status_code == 409


# Deciding


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
    clerk = Buying(await entered(site, "Claude", Role.INVENTORY), buying.shop)
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


# Receiving


async def test_receives_in_parts_and_shows_them(buying: Buying) -> None:
    number = await buying.ordered("10")
    dock = await buying.page(f"/orders/{number}/receive")
    assert 'data-codes="2100000000012|HEART|A-17"' in dock and 'data-open="10"' in dock
    done = await buying.does(
        number, "receive", qty_1="6", rejected_1="1", reason_1="chipped", lot_1="L-7", expires_on_1="2031-01-01", note="DN-4"
    )
    assert (done.status_code, done.headers["Location"].rpartition("/")[2]) == (303, number)
    shown = await buying.page(f"/orders/{number}")
    assert "Partly received" in shown and "DN-4" in shown and "1 rejected" in shown and "6\u00a0pcs" in shown
    receipt = re.search(r'data-row="(G\d+)"', shown)
    assert receipt
    came = await buying.page(f"/receipts/{receipt[1]}")
    assert all(words in came for words in ("chipped", "L-7", "Rejected", "DN-4"))


async def test_a_double_click_makes_one_receipt(buying: Buying) -> None:
    number = await buying.ordered("10")
    assert [(await buying.does(number, "receive", qty_1="4", _key="one-key")).status_code for _ in range(2)] == [303, 303]
    assert (await buying.order(number)).lines[0].line.received == 4_000_000


async def test_takes_everything_as_ordered_with_one_button(buying: Buying) -> None:
    number = await buying.ordered("10", **{f"{name}_{n}": value for n in range(1, 10) for name, value in (("sku", "WAX"), ("qty", str(n)))})
    assert (await buying.does(number, "receive", all="1")).status_code == 303
    assert await buying.status(number) == "received"


async def test_says_beside_the_line_that_more_came_than_was_ordered(buying: Buying) -> None:
    number = await buying.ordered("10")
    over = await buying.does(number, "receive", qty_1="12", note="DN-9")
    shown = await said(over)
    assert over.status_code == 409 and "Only 10 more of Hanging heart can arrive in Osh; 12 cannot." in shown
    assert 'id="e-line-1"' in shown and 'value="12"' in shown and 'value="DN-9"' in shown
    assert (await buying.does(number, "receive", qty_1="12", over="1")).status_code == 303
    assert "2 over" in await buying.page(f"/orders/{number}")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "This is needed."),
        ({"qty_1": "x"}, "A quantity is a plain number"),
        ({"qty_1": "2", "rejected_1": "3"}, "No more can be rejected than came."),
        ({"qty_1": "2", "expires_on_1": "2031-01-01"}, "Only a lot or a serial number expires"),
        ({"qty_1": "2", "location_1": "nowhere"}, "No such location"),
        ({"qty_99": "2"}, "The order has no line 99."),
    ],
)
async def test_receives_nothing_that_does_not_fit(buying: Buying, typed: dict[str, str], words: str) -> None:
    number = await buying.ordered("10")
    response = await buying.does(number, "receive", **typed)
    assert response.status_code in (404, 409, 422) and words in await said(response)
    assert (await buying.order(number)).lines[0].line.received == 0


async def test_counts_in_the_orders_own_unit_what_has_no_end_in_pieces(buying: Buying) -> None:
    """A pound has more decimals of a kilogram than anybody keeps."""
    number = await buying.ordered("20", sku_0="WAX", unit_0="lb")
    dock = await buying.page(f"/orders/{number}/receive")
    assert 'data-open="20"' in dock and 'data-pack="1"' in dock and 'data-unit="lb"' in dock
    assert (await buying.does(number, "receive", qty_1="20")).status_code == 303
    assert await buying.status(number) == "received"


async def test_opens_no_dock_for_what_is_not_approved(buying: Buying) -> None:
    number = await buying.drafted()
    response = await buying.browser.get(f"{buying.at}/orders/{number}/receive")
    assert response.status_code == 409 and "approved orders only" in await said(response)


async def received(buying: Buying, qty: str = "10") -> tuple[str, str]:
    """An order that came, and its receipt."""
    number = await buying.ordered(qty)
    await buying.does(number, "receive", qty_1=qty)
    found = re.search(r'data-row="(G\d+)"', await buying.page(f"/orders/{number}"))
    assert found
    return number, found[1]


async def test_undoes_a_receipt_that_was_a_mistake_once(buying: Buying) -> None:
    number, receipt = await received(buying)
    at = f"{buying.at}/receipts/{receipt}"
    assert (await buying.browser.post(f"{at}/undo", {"reason": "wrong van"})).status_code == 303
    assert await buying.status(number) == "approved"
    assert "receipt undone" in await buying.page(f"/orders/{number}")
    twice = await buying.browser.post(f"{at}/undo")
    assert twice.status_code == 409 and "was taken back before" in await said(twice)
    assert "data-opens" not in (await buying.page(f"/receipts/{receipt}")).split('class="acts"')[1].split("</div>")[0]


async def test_returns_goods_to_the_supplier_for_a_reason(buying: Buying) -> None:
    number, receipt = await received(buying)
    at = f"{buying.at}/receipts/{receipt}/return"
    without = await buying.browser.post(at, {"qty_1": "3"})
    assert without.status_code == 422 and 'value="3"' in await said(without)
    more = await buying.browser.post(at, {"qty_1": "11", "reason": "torn"})
    assert more.status_code == 409 and "10 of Hanging heart are left of that line" in await said(more)
    assert (await buying.browser.post(at, {"qty_1": "3", "reason": "torn"})).status_code == 303
    assert ((await buying.order(number)).lines[0].line.returned, await buying.status(number)) == (3_000_000, "received")


# Papers, notes, letters


async def attach(buying: Buying, number: str, content: bytes, name: str = "offer.png") -> Any:
    files = {"file": FileStorage(stream=BytesIO(content), filename=name)}
    form = {"_csrf": buying.browser.csrf, "_key": f"file-{len(content)}-{name}"}
    headers = {"Sec-Fetch-Site": "same-origin"}
    return await buying.browser.client.post(f"{buying.at}/orders/{number}/files", form=form, files=files, headers=headers)


async def test_keeps_small_papers_and_hands_them_out_as_files_only(site: Site, buying: Buying) -> None:
    number = await buying.drafted()
    assert (await attach(buying, number, PNG + b"x" * 1_500_000, "photos/note")).status_code == 303
    shown = await buying.page(f"/orders/{number}")
    assert "note.png" in shown and "photos" not in shown
    link = re.search(r'href="([^"]+/files/\d+)"', shown)
    assert link
    file = await buying.browser.get(link[1])
    assert (await file.get_data(as_text=False)).startswith(PNG)
    assert (file.headers["Content-Type"], file.headers["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert file.headers["Content-Disposition"].startswith("attachment; ") and "sandbox" in file.headers["Content-Security-Policy"]
    clerk = await entered(site, "Claude", Role.INVENTORY)
    assert ((await clerk.get(link[1])).status_code, (await clerk.post(f"{link[1]}/remove")).status_code) == (200, 403)
    carol = await site.entered_by(site.world.carol)
    assert (await carol.get(link[1])).status_code == 404
    assert (await buying.browser.post(f"{link[1]}/remove")).status_code == 303
    assert (await buying.browser.get(link[1])).status_code == 404


@pytest.mark.parametrize(
    ("content", "name", "status", "words"),
    [
        (b"<svg onload=alert(1)>", "offer.png", 422, "Take a PDF, PNG or JPEG file."),
        (b"MZ\x90\x00", "offer.pdf", 422, "Take a PDF, PNG or JPEG file."),
        (b"", "offer.pdf", 422, "This is needed."),
        (b"%PDF-" + b"x" * 2**21, "offer.pdf", 422, "A file may have at most 2097152 bytes."),
        (b"%PDF-" + b"x" * 2**22, "offer.pdf", 413, "Too large"),
    ],
)
async def test_takes_no_other_papers(buying: Buying, content: bytes, name: str, status: int, words: str) -> None:
    number = await buying.drafted()
    response = await attach(buying, number, content, name)
    assert response.status_code == status and words in await said(response)
    assert "No papers." not in await buying.page(f"/orders/{number}") and "/files/" not in (await buying.page(f"/orders/{number}"))


async def test_other_requests_stay_small(buying: Buying) -> None:
    number = await buying.drafted()
    response = await buying.does(number, "note", note="x" * 1_500_000)
    assert response.status_code == 413


async def test_notes_stand_in_the_timeline_and_outside_the_chain_of_facts(buying: Buying) -> None:
    number = await buying.drafted()
    assert (await buying.does(number, "note", note="Li Wei called: one day later")).status_code == 303
    assert "Li Wei called: one day later" in await buying.page(f"/orders/{number}")
    async with buying.shop.reading() as connection:
        found = await connection.execute(
            text("SELECT body::text FROM facts WHERE subject = :number AND name = 'order_noted'"), {"number": number}
        )
        assert found.scalar_one() == "{}"


async def test_sends_an_approved_order_in_the_suppliers_language(site: Site, buying: Buying) -> None:
    draft = await buying.drafted()
    assert (await buying.does(draft, "send")).status_code == 409
    number = await buying.ordered("12", unit_0="case", price_0="", note="Осторожно: хрупкое", expected_on="2031-05-04")
    assert (await buying.does(number, "send")).status_code == 303
    post = site.app.extensions["onhand"].post
    mail = next(each for each in await post.outbox(500) if each.letter.to == "orders@acme.example")
    message = message_of(mail, "Onhand <post@onhand.example>", "https://onhand.example")
    assert message["Subject"] == f"Заказ {number} от компании {buying.shop.tenant.name}"
    plain, html = (part.get_content() for part in message.iter_parts())
    for letter in (plain, html):
        assert all(words in letter for words in ("Li Wei", "A-17", "12 case", "1\u00a0200,00", "4 мая 2031", "хрупкое"))
    assert "<table" in html and (await buying.order(number)).head.sent_at is not None
    shown = await buying.page(f"/orders/{number}")
    assert "sent to the supplier" in shown and "Send again" in shown
    assert len([each for each in await post.outbox(500) if each.letter.kind == "order" and each.letter.facts["number"] == draft]) == 0


async def test_says_why_an_order_cannot_be_sent(buying: Buying) -> None:
    number = await buying.ordered(supplier="silent")
    shown = await buying.page(f"/orders/{number}")
    assert f"The supplier of {number} has no e-mail address." in shown and 'aria-describedby="why-send"' in shown
    assert (await buying.does(number, "send")).status_code == 409


async def test_a_clerk_sends_nothing(site: Site, buying: Buying) -> None:
    number = await buying.ordered()
    clerk = Buying(await entered(site, "Claude", Role.INVENTORY), buying.shop)
    assert (await clerk.does(number, "send")).status_code == 403
    assert (await buying.order(number)).head.sent_at is None


async def test_prints_the_order_and_the_list_to_receive_by(buying: Buying) -> None:
    number = await buying.ordered("2", unit_0="case")
    paper = await buying.page(f"/orders/{number}/print")
    assert all(words in paper for words in (f"Purchase order {number}", "Acme", "A-17", "<b>2</b> case"))
    assert "<b>24</b> pcs" in await buying.page(f"/orders/{number}/receiving-list")
    await buying.does(number, "receive", all="1")
    assert "Nothing of it is still to come." in await buying.page(f"/orders/{number}/receiving-list")


# Who hears and sees


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
    clerk: Person = await hire(site.world.people, site.world.alice, "Claude", Role.MANAGER)
    await limit(site.world.people, site.world.alice, "Claude", "main")
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


async def set_up(buying: Buying, **chosen: str) -> None:
    """Choose settings of the company by its page."""
    page = await said(await buying.browser.get(f"/t/{buying.shop.tenant.slug}/settings"))
    version = re.search(r'name="version" value="(\d+)"', page)
    response = await buying.browser.post(f"/t/{buying.shop.tenant.slug}/settings", {"version": version[1] if version else "1"} | chosen)
    assert response.status_code == 303, await said(response)
