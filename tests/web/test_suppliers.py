"""Pages of suppliers: who sells what, in which packs, for how much, and whom an item is bought from first."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

import pytest
from quart.datastructures import FileStorage

from inventory.catalog import messages as catalog
from inventory.catalog import service as catalog_service
from inventory.catalog.messages import Money
from inventory.context import Context
from inventory.suppliers import messages as m
from inventory.suppliers import queries, service
from inventory.suppliers.queries import SupplierItem
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.shop import furnish

HEADER = "supplier,sku,supplier_sku,unit,multiple,moq,price,currency,lead_time_days,preferred"


@pytest.fixture
async def shop(site: Site) -> Context:
    """Alice's shop: hearts come from Felt by the case of 12, or from Clay."""
    ctx = await furnish(site, site.world.alice)
    async with ctx.writing() as work:
        await catalog_service.set_item_unit(ctx, work, "HEART", catalog.NewItemUnit("case", 12))
        await service.change_supplier(ctx, work, "FELT", m.SupplierChange(contact="Gulnara", lead_time_days=7, notes="Ring\ntwice"), 1)
        await service.create_supplier(ctx, work, m.NewSupplier("CLAY", "Clay Works", currency="USD"))
        terms = m.OfferTerms("F-1", "case", moq=2, price=Money("95.5", "KGS"), breaks=[m.PriceBreak(10, "90")])
        await service.set_item(ctx, work, "FELT", "HEART", terms, 1)
        await service.add_item(ctx, work, "CLAY", m.NewOffer(sku="HEART", price=Money("0.0355", "USD")))
    return ctx


@pytest.fixture
async def alice(site: Site, shop: Context) -> Browser:
    """Alice's browser, signed in."""
    return await site.entered_by(site.world.alice)


async def shown(browser: Browser, ctx: Context, path: str, status: int = 200) -> str:
    response = await browser.get(f"/t/{ctx.tenant.slug}{path}")
    text = unescape(await response.get_data(as_text=True))
    assert response.status_code == status, text
    return text


async def sent(browser: Browser, ctx: Context, path: str, form: dict[str, Any], status: int = 303) -> str:
    response = await browser.post(f"/t/{ctx.tenant.slug}{path}", form)
    text = unescape(await response.get_data(as_text=True))
    assert response.status_code == status, text
    return response.headers["Location"] if status == 303 else text


async def offered(ctx: Context, sku: str = "HEART") -> dict[str, SupplierItem]:
    async with ctx.reading() as connection:
        item = (await queries.items_by_sku(connection, ctx.tenant.id, [sku]))[sku]
        return {each.offer.supplier_code: each for each in await queries.suppliers_of_item(connection, ctx.tenant.id, item.id)}


async def test_the_list_is_filtered_by_its_address_and_comes_as_a_file(shop: Context, alice: Browser) -> None:
    page = await shown(alice, shop, "/suppliers")
    assert "Felt & Co" in page
    assert "7 days" in page
    found = await shown(alice, shop, "/suppliers?q=clay&sort=name&currency=USD")
    assert "Clay Works" in found
    assert "Felt & Co" not in found
    assert "Nothing matches" in await shown(alice, shop, "/suppliers?q=nobody")
    rows = list(csv.DictReader(io.StringIO((await shown(alice, shop, "/suppliers?format=csv")).removeprefix("\ufeff"))))
    assert [(row["Code"], row["Contact"]) for row in rows] == [("CLAY", ""), ("FELT", "Gulnara")]


async def test_an_empty_list_says_what_to_do_first(site: Site) -> None:
    browser = await site.entered_by(site.world.carol)
    page = unescape(await (await browser.get(f"/t/{site.world.carol.tenant.slug}/suppliers")).get_data(as_text=True))
    assert "No suppliers yet" in page
    assert "/suppliers/new" in page


async def test_one_supplier_shows_packs_prices_and_terms(shop: Context, alice: Browser) -> None:
    page = await shown(alice, shop, "/suppliers/show/FELT")
    for words in ("case of 12\u00a0pcs", "F-1", "at least 2", "KGS\u00a095.50", "from 10: KGS\u00a090.00", "Preferred", "Ring\ntwice"):
        assert words in page, words
    assert "USD\u00a00.0355" in await shown(alice, shop, "/suppliers/show/CLAY")
    assert "Nothing matches" in await shown(alice, shop, "/suppliers/show/CLAY?q=F-1")
    await shown(alice, shop, "/suppliers/show/NONE", 404)


async def test_a_supplier_is_added_changed_and_put_away(shop: Context, alice: Browser) -> None:
    form = {"code": "WAX", "name": "Wax Ltd", "currency": "usd", "lead_time_days": "14", "email": "a@wax.example", "notes": "a\r\nb"}
    assert (await sent(alice, shop, "/suppliers/new", form)).endswith("/suppliers/show/WAX")
    assert "WAX is already in use." in await sent(alice, shop, "/suppliers/new", form, 409)
    refused = await sent(alice, shop, "/suppliers/new", {**form, "code": "NEW", "email": "no", "lead_time_days": "soon"}, 422)
    assert "This is not the kind of value that belongs here." in refused
    assert 'value="soon"' in refused, "what was typed is kept"
    edit = await shown(alice, shop, "/suppliers/edit/WAX")
    assert 'value="USD"' in edit
    changed = {**form, "version": "1", "name": "Wax Limited", "lead_time_days": ""}
    await sent(alice, shop, "/suppliers/edit/WAX", changed)
    assert "Somebody else changed it" in await sent(alice, shop, "/suppliers/edit/WAX", changed, 409)
    await sent(alice, shop, "/suppliers/archive", {"code": "WAX"})
    assert 'data-row="WAX"' not in await shown(alice, shop, "/suppliers")
    assert 'data-row="WAX"' in await shown(alice, shop, "/suppliers?shown=archived")


async def test_an_items_page_says_who_sells_it_and_one_click_prefers(shop: Context, alice: Browser) -> None:
    page = await shown(alice, shop, "/stock/item/HEART")
    panel = page[page.index('id="suppliers"') :]
    assert panel.index("Felt & Co") < panel.index("Clay Works")
    assert "Make Clay Works preferred" in panel
    assert "Make Felt & Co preferred" not in panel
    to = await sent(alice, shop, "/offers/prefer", {"supplier": "CLAY", "sku": "HEART", "back": "item"})
    assert to.endswith("/stock/item/HEART")
    assert [code for code, each in (await offered(shop)).items() if each.offer.preferred] == ["CLAY"]
    assert "Nobody is known to sell it." in await shown(alice, shop, "/stock/item/RIBBON")


async def test_the_way_to_an_offer_asks_for_what_is_missing(shop: Context, alice: Browser) -> None:
    assert "SKU or barcode" in await shown(alice, shop, "/offers/set?supplier=FELT")
    assert "There is no item nothing." in await shown(alice, shop, "/offers/set?supplier=FELT&sku=nothing")
    assert "Hanging heart" in await shown(alice, shop, "/offers/set?sku=HEART")
    by_barcode = await shown(alice, shop, "/offers/set?supplier=FELT&sku=2100000000012")
    assert 'name="break_qty_0" value="10"' in by_barcode
    assert 'name="break_qty_3"' in by_barcode
    assert 'value="90.00"' in by_barcode


async def test_an_offer_is_set_with_its_prices_by_quantity(shop: Context, alice: Browser) -> None:
    form = {
        "supplier": "FELT", "sku": "WAX", "supplier_sku": "F-9", "unit": "", "moq": "5", "multiple": "", "price": "310", "currency": "kgs",
        "break_qty_0": "", "break_qty_1": "50", "break_price_1": "300", "break_qty_2": "20", "break_price_2": "305.5",
    }  # fmt: skip
    assert (await sent(alice, shop, "/offers/set", form)).endswith("/suppliers/show/FELT")
    made = (await offered(shop, "WAX"))["FELT"]
    assert (made.offer.moq, made.offer.multiple, [each.from_qty for each in made.offer.breaks]) == (5, 1, [20, 50])
    assert made.offer.preferred, "the first supplier of an item is its preferred one"
    again = {**form, "version": "1", "break_qty_0": "50", "break_price_0": "1", "unit": "crate"}
    refused = await sent(alice, shop, "/offers/set", again, 422)
    assert "There is no unit crate." in refused
    assert 'id="e-break_qty_1"' in refused, "the complaint stands beside the row that was typed"
    changed = {**form, "version": "1", "break_qty_1": "", "break_price_1": "", "preferred": ""}
    await sent(alice, shop, "/offers/set", changed)
    made = (await offered(shop, "WAX"))["FELT"]
    assert ([each.from_qty for each in made.offer.breaks], made.offer.preferred, made.version) == ([20], False, 2)
    assert "Somebody else changed it" in await sent(alice, shop, "/offers/set", changed, 409)
    await sent(alice, shop, "/offers/remove", {"supplier": "FELT", "sku": "WAX"})
    assert await offered(shop, "WAX") == {}


async def test_packagings_are_set_where_the_item_is_edited(shop: Context, alice: Browser) -> None:
    await sent(alice, shop, "/items/packagings", {"sku": "WAX", "unit": "sack", "base": "22.5"})
    assert "sack of 22.5\u00a0kg" in await shown(alice, shop, "/items/edit/WAX")
    refused = await sent(alice, shop, "/items/packagings", {"sku": "HEART", "unit": "case", "base": "10"}, 409)
    assert "Suppliers sell HEART by the case." in refused
    await sent(alice, shop, "/items/packagings/remove", {"sku": "WAX", "unit": "sack"})
    assert "sack of" not in await shown(alice, shop, "/items/edit/WAX")


async def upload(browser: Browser, ctx: Context, content: str, **form: str) -> tuple[int, str]:
    fields = {"_csrf": browser.csrf, "_key": f"file-{hash(content)}-{len(form)}", **form}
    file = FileStorage(io.BytesIO(content.encode()), "offers.csv", "file")
    path = f"/t/{ctx.tenant.slug}/offers/import"
    response = await browser.client.post(path, form=fields, files={"file": file}, headers={"Sec-Fetch-Site": "same-origin"})
    return response.status_code, unescape(await response.get_data(as_text=True))


async def test_a_file_is_looked_at_first_and_then_taken_over(shop: Context, alice: Browser) -> None:
    content = f"{HEADER}\nFELT,HEART,F-2,case,,2,96,KGS,,\nFELT,RIBBON,F-3,,,,9.5,KGS,,\n"
    status, page = await upload(alice, shop, content)
    assert status == 200
    assert re.search(r"<dt>Added</dt><dd>1</dd><dt>Changed</dt><dd>1</dd>", page)
    assert await offered(shop, "RIBBON") == {}
    assert (await sent(alice, shop, "/offers/import", {"csv": content, "sure": "yes"})).endswith("/suppliers")
    assert (await offered(shop, "RIBBON"))["FELT"].offer.supplier_sku == "F-3"
    file = await shown(alice, shop, "/offers/import?format=csv")
    assert len(list(csv.DictReader(io.StringIO(file.removeprefix("\ufeff"))))) == 3
    status, page = await upload(alice, shop, file)
    assert "<dt>As they are</dt><dd>3</dd>" in page, "what was taken out changes nothing when it is put back"


async def test_a_file_that_does_not_fit_is_complained_about_by_line(shop: Context, alice: Browser) -> None:
    status, page = await upload(alice, shop, f"{HEADER}\nFELT,HEART\nNONE,RIBBON\nFELT,RIBBON,,,,,ten,KGS\n")
    assert status == 422
    rows = re.findall(r'<td class="num">(\d+)</td><td><code>(\w+)</code></td><td>([^<]+)</td>', page)
    assert rows == [
        ("2", "price", "There are prices by quantity: the base price stays, and in its currency. Change it by hand."),
        ("3", "supplier", "There is no supplier NONE."),
        ("4", "price", "An amount is a plain number such as 12.50."),
    ]
    status, page = await upload(alice, shop, "supplier,article\n")
    assert (status, "These columns are known" in page) == (422, True)
    status, page = await upload(alice, shop, "\xff\x00" * 10)
    assert status == 422


async def test_bob_looks_and_is_offered_no_way_to_change(site: Site, shop: Context) -> None:
    bob = await site.entered_by(site.world.bob)
    page = await shown(bob, shop, "/suppliers/show/FELT")
    assert "Felt & Co" in page
    assert "/offers/set" not in page
    assert "Make Clay Works preferred" not in await shown(bob, shop, "/stock/item/HEART")
    for path in ("/suppliers/new", "/suppliers/edit/FELT", "/offers/set?supplier=FELT&sku=HEART", "/offers/import"):
        await shown(bob, shop, path, 403)
    await sent(bob, shop, "/offers/prefer", {"supplier": "CLAY", "sku": "HEART"}, 403)


async def test_carol_finds_nothing_of_it(site: Site, shop: Context) -> None:
    carol = await site.entered_by(site.world.carol)
    response = await carol.get(f"/t/{shop.tenant.slug}/suppliers")
    assert response.status_code == 404
    own = site.world.carol.tenant.slug
    for path in ("suppliers/show/FELT", "suppliers/edit/FELT"):
        assert (await carol.get(f"/t/{own}/{path}")).status_code == 404
    assert (await carol.post(f"/t/{own}/offers/prefer", {"supplier": "CLAY", "sku": "HEART"})).status_code == 404
