"""The page of what should be ordered: ticked and grouped, changed before it is drafted, done once; and who may do what there."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from html import unescape
from typing import Any

import pytest

from inventory.catalog import messages as catalog
from inventory.catalog import service as catalog_service
from inventory.context import Context
from inventory.purchasing import queries as orders
from inventory.purchasing import service as purchasing
from inventory.purchasing.messages import NewOrder, NewOrderLine, OrderChanged
from inventory.purchasing.queries import OrderFilter
from inventory.purchasing.status import Status
from inventory.suppliers import messages as suppliers
from inventory.suppliers import service as suppliers_service
from kit.quantity import format_qty
from tenants.domain import Role
from tests.people import hire
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.shop import do, furnish, line
from web.pages import replenishment

HEART, WAX = "HEART|osh", "WAX|osh"


@pytest.fixture
async def shop(site: Site) -> Context:
    """Alice's shop: hearts of Acme (in boxes of 12, Best sells them singly) and wax of Best are short in Osh, ribbons have no supplier."""
    ctx = await furnish(site, site.world.alice)
    async with ctx.writing() as work:
        await catalog_service.set_item_unit(ctx, work, "HEART", catalog.NewItemUnit("box", 12))
        for code, days in (("acme", 5), ("best", None)):
            await suppliers_service.create_supplier(ctx, work, suppliers.NewSupplier(code, code.title(), lead_time_days=days))
        for code, new in (
            ("acme", suppliers.NewOffer(sku="HEART", unit="box", preferred=True, price=catalog.Money("10.50", "KGS"))),
            ("best", suppliers.NewOffer(sku="HEART", multiple=5)),
            ("best", suppliers.NewOffer(sku="WAX")),
        ):
            await suppliers_service.add_item(ctx, work, code, new)
        for sku, low, high in (("WAX", "5", "10"), ("RIBBON", "5", "20")):
            await catalog_service.set_limits(ctx, work, sku, catalog.NewLimits("osh", low, high))
    return ctx


@pytest.fixture
async def alice(site: Site, shop: Context) -> Browser:
    return await site.entered_by(site.world.alice)


async def page(browser: Browser, shop: Context, query: str = "") -> str:
    response = await browser.get(f"/t/{shop.tenant.slug}/replenishment{query}")
    assert response.status_code == 200
    return unescape(await response.get_data(as_text=True))


def rows(shown: str) -> list[str]:
    """The rows of what is suggested, in their order."""
    return re.findall(r'data-row="([^"|]+\|[^"]+)"', shown)


def ticked(shown: str) -> dict[str, str]:
    """The form as it stands, with everything that is ticked."""
    form: str = shown.split('data-do="once reorder"', 1)[1].split("</form>", 1)[0]
    fields = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            fields[name[1]] = value[1] if value else ""
    for name, chosen in re.findall(r'<select[^>]*name="([^"]+)".*?<option value="([^"]+)" selected', form, re.DOTALL):
        fields[name] = chosen
    return {name: value for name, value in fields.items() if name != "_csrf"}


async def drafted(shop: Context) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Supplier, status and lines of all orders, oldest first."""
    async with shop.reading() as connection:
        found = (await orders.orders_page(connection, shop.tenant.id, OrderFilter())).items
    return [
        (each.head.supplier, each.head.status.label, [(x.sku, format_qty(x.line.qty), x.line.unit) for x in each.lines])
        for each in reversed(found)
    ]


async def send(browser: Browser, shop: Context, path: str, form: dict[str, Any], **headers: str) -> tuple[int, str]:
    response = await browser.post(f"/t/{shop.tenant.slug}/replenishment{path}", form, **headers)
    return response.status_code, unescape(await response.get_data(as_text=True))


async def test_shows_what_is_short_grouped_as_it_would_be_drafted(shop: Context, alice: Browser) -> None:
    shown = await page(alice, shop)
    assert rows(shown) == [HEART, WAX]
    assert "Acme → Osh" in shown and "Best → Osh" in shown and "KGS\u00a052.50" in shown
    assert "10 available" in shown and "50 missing" in shown
    fields = ticked(shown)
    assert (fields[f"pick|{HEART}"], fields[f"qty|{HEART}"], fields[f"supplier|{HEART}"]) == ("yes", "5", "acme")
    assert "Create 2 drafts" in shown
    assert 'name="of|RIBBON"' in shown and "Without a supplier" in shown
    assert f"/t/{shop.tenant.slug}/replenishment" in await (await alice.get(f"/t/{shop.tenant.slug}/")).get_data(as_text=True)


async def test_orders_everything_with_one_button_and_once(shop: Context, alice: Browser) -> None:
    """From the dashboard that is two actions: open the page, press the button."""
    form = ticked(await page(alice, shop))
    assert (await send(alice, shop, "", form))[0] == 303
    assert (await send(alice, shop, "", form))[0] == 303
    assert await drafted(shop) == [("acme", "draft", [("HEART", "5", "box")]), ("best", "draft", [("WAX", "6", "kg")])]
    shown = await page(alice, shop)
    assert "2 drafts are made: PO-1001–PO-1002." in shown
    assert rows(shown) == []


async def test_orders_what_was_ticked_as_it_was_changed(shop: Context, alice: Browser) -> None:
    form = ticked(await page(alice, shop))
    del form[f"pick|{WAX}"]
    assert (await send(alice, shop, "", {**form, f"qty|{HEART}": "6"}))[0] == 303
    assert await drafted(shop) == [("acme", "draft", [("HEART", "6", "box")])]


async def test_another_supplier_sells_as_it_does(shop: Context, alice: Browser) -> None:
    """Without a script the quantity still counts the packs of the supplier before."""
    form = ticked(await page(alice, shop))
    del form[f"pick|{WAX}"]
    assert (await send(alice, shop, "", {**form, f"supplier|{HEART}": "best"}))[0] == 303
    assert await drafted(shop) == [("best", "draft", [("HEART", "50", "pcs")])]


async def test_says_beside_the_row_what_cannot_be_ordered_and_keeps_what_was_typed(shop: Context, alice: Browser) -> None:
    form = ticked(await page(alice, shop)) | {f"qty|{WAX}": "7", f"supplier|{HEART}": "best", f"qty|{HEART}": "52"}
    status, shown = await send(alice, shop, "", form)
    assert status == 422
    assert "The supplier sells in steps of 5 pcs." in shown
    fields = ticked(shown)
    assert (fields[f"qty|{WAX}"], fields[f"qty|{HEART}"], fields[f"supplier|{HEART}"]) == ("7", "52", "best")
    assert await drafted(shop) == []
    status, shown = await send(alice, shop, "", {**form, f"qty|{HEART}": "some"})
    assert (status, shown.count("aria-invalid")) == (422, 1)


async def test_asks_for_a_tick(shop: Context, alice: Browser) -> None:
    status, shown = await send(alice, shop, "", {f"qty|{HEART}": "5"})
    assert (status, "Nothing is chosen yet." in shown) == (422, True)


async def test_drafts_all_there_is_without_naming_it(shop: Context, alice: Browser) -> None:
    assert (await send(alice, shop, "", {"all": "yes", "warehouse": "osh"}))[0] == 303
    assert [supplier for supplier, _, _ in await drafted(shop)] == ["acme", "best"]


async def test_assigns_a_supplier_and_then_it_can_be_ordered(shop: Context, alice: Browser) -> None:
    status, shown = await send(alice, shop, "/suppliers", {"of|RIBBON": ""})
    assert (status, "Nothing is chosen yet." in shown) == (422, True)
    assert (await send(alice, shop, "/suppliers", {"of|RIBBON": "acme"}))[0] == 303
    shown = await page(alice, shop)
    assert rows(shown) == [HEART, "RIBBON|osh", WAX]
    assert "Without a supplier" not in shown


async def test_another_warehouse_sends_instead_of_an_order(shop: Context, alice: Browser) -> None:
    await do(shop, "receive", lines=[line("HEART", "30", "main")])
    shown = await page(alice, shop)
    assert "Get 30\u00a0pcs from Main" in shown
    form = {"sku": "HEART", "warehouse": "osh", "source": "main", "_key": "send-1"}
    said = await asyncio.gather(*[send(alice, shop, "/transfer", form | {"_key": f"send-{number}"}) for number in range(3)])
    assert sorted(status for status, _ in said) == [303, 409, 409]
    assert any("needs nothing" in text for _, text in said)
    assert rows(await page(alice, shop)) == [WAX]
    status, text = await send(alice, shop, "/transfer", {"sku": "WAX", "warehouse": "osh", "source": "main"})
    assert (status, "nothing of WAX to spare" in text) == (409, True)


async def test_one_click_puts_a_row_into_a_draft_and_says_which(shop: Context, alice: Browser) -> None:
    """The first makes a draft, the next of the same supplier and warehouse goes into it; again says where it is."""
    await send(alice, shop, "/suppliers", {"of|RIBBON": "acme"})
    here = {"HX_Request": "true"}
    for sku in ("HEART", "RIBBON", "HEART"):
        status, said = await send(alice, shop, "/draft-one", {"sku": sku, "warehouse": "osh"}, **here)
        assert (status, "In draft PO-1001" in said) == (200, True)
    assert "In draft PO-1002" in (await send(alice, shop, "/draft-one", {"sku": "WAX", "warehouse": "osh"}, **here))[1]
    assert await drafted(shop) == [
        ("acme", "draft", [("HEART", "5", "box"), ("RIBBON", "20", "m")]),
        ("best", "draft", [("WAX", "6", "kg")]),
    ]


async def test_one_click_many_times_at_once_orders_once(shop: Context, alice: Browser) -> None:
    said = await asyncio.gather(*[send(alice, shop, "/draft-one", {"sku": "HEART", "warehouse": "osh"}) for _ in range(8)])
    assert {status for status, _ in said} == {303}
    assert await drafted(shop) == [("acme", "draft", [("HEART", "5", "box")])]


async def test_one_click_leaves_alone_what_people_drafted_or_sent_off(shop: Context, alice: Browser) -> None:
    async with shop.writing() as work:
        await purchasing.draft(shop, work, order_of("acme", "WAX", "8", "kg"))
    assert "In draft PO-1001" in (await send(alice, shop, "/draft-one", {"sku": "WAX", "warehouse": "osh"}, HX_Request="true"))[1]
    await send(alice, shop, "/draft-one", {"sku": "HEART", "warehouse": "osh"})
    async with shop.writing() as work:
        await purchasing.submit(shop, work, 1002)
    await send(alice, shop, "/suppliers", {"of|RIBBON": "acme"})
    await send(alice, shop, "/draft-one", {"sku": "RIBBON", "warehouse": "osh"})
    assert await drafted(shop) == [
        ("acme", "draft", [("WAX", "8", "kg")]),
        ("acme", "submitted", [("HEART", "5", "box")]),
        ("acme", "draft", [("RIBBON", "20", "m")]),
    ]


async def test_one_click_keeps_what_people_changed_in_the_draft(shop: Context, alice: Browser) -> None:
    await send(alice, shop, "/draft-one", {"sku": "WAX", "warehouse": "osh"})
    async with shop.writing() as work:
        changed = order_of("best", "WAX", "9", "kg", price=catalog.Money("3.25", "KGS"), note="soft").lines
        await purchasing.change(shop, work, 1001, OrderChanged(lines=changed, note="by Friday"), 1)
    await send(alice, shop, "/suppliers", {"of|RIBBON": "best"})
    await send(alice, shop, "/draft-one", {"sku": "RIBBON", "warehouse": "osh"})
    async with shop.reading() as connection:
        order = await orders.shown(connection, shop.tenant.id, 1001)
    assert order is not None and (order.head.status, order.head.note) == (Status.DRAFT, "by Friday")
    told = [(each.sku, format_qty(each.line.qty), str(each.line.price), each.line.note) for each in order.lines]
    assert told == [("WAX", "9", "3.250000", "soft"), ("RIBBON", "20", "None", "")]


@pytest.mark.parametrize(("sku", "says"), [("RIBBON", "has no supplier"), ("NONE", "There is no item"), ("", "")])
async def test_one_click_says_why_not(shop: Context, alice: Browser, sku: str, says: str) -> None:
    status, said = await send(alice, shop, "/draft-one", {"sku": sku, "warehouse": "osh"}, HX_Request="true")
    assert (status, 'role="alert"' in said, says in said) == (200, True, True)
    assert await drafted(shop) == []


async def test_filters_and_files(shop: Context, alice: Browser) -> None:
    assert rows(await page(alice, shop, "?supplier=best")) == [WAX]
    assert rows(await page(alice, shop, "?q=heart")) == [HEART]
    assert "Nothing matches these filters" in await page(alice, shop, "?warehouse=main")
    shown = (await page(alice, shop, "?format=csv")).lstrip("\ufeff")
    found = list(csv.DictReader(io.StringIO(shown)))
    assert [(row["sku"], row["supplier"], row["qty"], row["amount"]) for row in found] == [
        ("HEART", "acme", "5", "52.50"), ("WAX", "best", "6", ""), ("RIBBON", "", "", ""),
    ]  # fmt: skip


async def test_says_so_when_nothing_is_short(shop: Context, site: Site) -> None:
    ctx = await furnish(site, site.world.carol)
    await do(ctx, "receive", lines=[line("HEART", "5")])
    carol = await site.entered_by(site.world.carol)
    assert "Nothing needs ordering" in await page(carol, ctx)


@pytest.mark.parametrize(("role", "sees", "orders"), [(Role.MANAGER, 200, 303), (Role.INVENTORY, 200, 403), (Role.OPERATOR, 403, 403)])
async def test_managers_order_clerks_look(shop: Context, site: Site, role: Role, sees: int, orders: int) -> None:
    browser = await site.entered_by(await hire(site.world.people, site.world.alice, "Dan", role))
    response = await browser.get(f"/t/{shop.tenant.slug}/replenishment")
    shown = await response.get_data(as_text=True)
    assert (response.status_code, 'name="pick|' in shown) == (sees, orders == 303)
    asked = ("", {"all": "yes"}), ("/draft-one", {"sku": "HEART", "warehouse": "osh"}), ("/suppliers", {"of|RIBBON": "acme"})
    assert [(await send(browser, shop, path, form))[0] for path, form in asked] == [orders] * 3
    assert bool(await drafted(shop)) is (orders == 303)


async def test_a_stranger_orders_nothing(shop: Context, site: Site) -> None:
    carol = await site.entered_by(site.world.carol)
    assert (await carol.get(f"/t/{shop.tenant.slug}/replenishment")).status_code == 404
    for path, form in (("", {"all": "yes"}), ("/draft-one", {"sku": "HEART", "warehouse": "osh"}), ("/transfer", {"sku": "HEART"})):
        assert (await send(carol, shop, path, form))[0] == 404
    assert await drafted(shop) == []


def order_of(supplier: str, sku: str, qty: str, unit: str, **more: Any) -> NewOrder:
    """An order of one line to Osh, as a person drafts it."""
    return NewOrder(supplier, "osh", (NewOrderLine(sku, qty, unit, **more),))


async def test_a_long_list_has_pages_and_is_drafted_whole(shop: Context, alice: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replenishment, "ROWS", 1)
    shown = await page(alice, shop)
    assert (rows(shown), "3 items are at their minimum or below" in shown, 'name="of|RIBBON"' in shown) == ([HEART], True, True)
    onward = re.search(r'href="[^"]*(\?[^"]*cursor=[^"]+)" rel="next"', shown)
    assert onward and rows(await page(alice, shop, onward[1])) == [WAX]
    assert "Draft all" in shown and (await send(alice, shop, "", {"all": "yes"}))[0] == 303
    assert [supplier for supplier, _, _ in await drafted(shop)] == ["acme", "best"]


async def test_names_the_drafts_that_were_made_and_leads_to_them(shop: Context, alice: Browser) -> None:
    await send(alice, shop, "", {"all": "yes"})
    shown = await page(alice, shop)
    assert f'href="/t/{shop.tenant.slug}/purchasing/orders/PO-1001"' in shown and "Acme → Osh" in shown
    async with shop.writing() as work:
        await purchasing.submit(shop, work, 1001)
    assert "PO-1001<" not in await page(alice, shop)
