"""Pages: each opens, each form does one thing once, and says no beside the field."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from inventory.context import Context
from inventory.ledger import queries as ledger
from tenants.domain import Role
from tests.people import hire
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.shop import do, furnish, line


@pytest.fixture
async def shop(site: Site) -> Context:
    """Alice's shop."""
    return await furnish(site, site.world.alice)


@pytest.fixture
async def alice(site: Site, shop: Context) -> Browser:
    """Alice's browser, signed in."""
    return await site.entered_by(site.world.alice)


async def text_of(response: Any) -> str:
    return unescape(await response.get_data(as_text=True))


async def available(ctx: Context, sku: str = "HEART", warehouse: str = "osh") -> int:
    async with ctx.reading() as connection:
        level = await ledger.level_of(connection, ctx.tenant.id, ctx.clock(), sku)
    assert level is not None
    return next((cell.available for cell in level.cells if cell.warehouse == warehouse), 0) // 1_000_000


def url(ctx: Context, path: str) -> str:
    return f"/t/{ctx.tenant.slug}{path}"


PAGES = [
    ("/", "On hand"),
    ("/?days=30&warehouse=osh", "Osh"),
    ("/stock", "Hanging heart"),
    ("/stock?q=wax&sort=-available", "Soy wax"),
    ("/stock?state=low", "Hanging heart"),
    ("/stock/item/HEART", "Hanging heart"),
    ("/stock/item/RIBBON", "Red ribbon"),
    ("/items", "Soy wax"),
    ("/items?shown=all&kind=finished&category=Gifts", "Soy wax"),
    ("/items/new", "SKU"),
    ("/items/edit/HEART", "2100000000012"),
    ("/ledger", "Hanging heart"),
    ("/ledger?kind=receive&sku=WAX&warehouse=osh", "Soy wax"),
    ("/reservations?status=all", "SO-118"),
    ("/transfers?status=all", "Nothing is on its way"),
    ("/transfers/new", "Send stock"),
    ("/warehouses", "Osh"),
    ("/warehouses/new", "Code"),
    ("/warehouses/edit/osh", "Osh"),
    ("/suppliers", "Felt & Co"),
    ("/suppliers?shown=all&sort=name", "Felt & Co"),
    ("/suppliers/new", "Lead time"),
    ("/suppliers/show/FELT", "Hanging heart"),
    ("/suppliers/edit/FELT", "Felt & Co"),
    ("/offers/set?supplier=FELT", "Felt & Co"),
    ("/offers/set?supplier=FELT&sku=HEART", "Hanging heart"),
    ("/offers/import", "lead_time_days"),
    ("/preferences", "Русский"),
]


async def test_a_page_opens_and_shows_what_it_is_for(shop: Context, alice: Browser) -> None:
    await do(shop, "reserve", lines=[line("HEART", "4")], reference="SO-118")
    for path, shows in PAGES:
        response = await alice.get(url(shop, path))
        page = await text_of(response)
        assert response.status_code == 200, path
        assert shows in page, path
        assert page.count("<h1") == 1, path
        inline = re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", page)
        assert inline is None, f"{path}: the policy lets no inline script or style run"


@pytest.mark.parametrize("language", ["ru", "ky"])
async def test_every_page_opens_in_every_language(site: Site, shop: Context, alice: Browser, language: str) -> None:
    await do(shop, "reserve", lines=[line("WAX", "0.250")], reference="SO-118")
    await site.world.people.choose_language(shop.tenant, shop.actor, language)
    site.app.extensions["onhand"].callers.forget(shop.tenant.id, shop.actor.principal_id)
    for path, _ in PAGES:
        response = await alice.get(url(shop, path))
        assert response.status_code == 200, path
        assert f'<html lang="{language}"' in await text_of(response)


FRAGMENTS = (
    *("/stock?q=wax", "/items?q=wax", "/ledger?kind=issue", "/reservations"),
    *(f"/?part={part}" for part in ("totals", "shortages", "feed", "chart", "proof")),
    *(f"/stock/item/HEART?part={part}" for part in ("level", "ledger", "holds")),
)


async def test_a_fragment_is_a_part_and_not_a_page(shop: Context, alice: Browser) -> None:
    for path in FRAGMENTS:
        response = await alice.get(url(shop, path), HX_Request="true")
        assert response.status_code == 200, path
        assert "<html" not in await text_of(response), path


async def test_a_list_can_be_had_as_a_file_of_what_it_shows(shop: Context, alice: Browser) -> None:
    for path in ("/stock", "/items", "/ledger", "/reservations", "/warehouses", "/suppliers", "/suppliers/show/FELT", "/people", "/keys"):
        response = await alice.get(url(shop, f"{path}?format=csv"))
        assert response.content_type == "text/csv; charset=utf-8"
        assert response.headers["Content-Disposition"].startswith("attachment")
        first, *rest = (await response.get_data(as_text=True)).removeprefix("\ufeff").splitlines()
        assert first.startswith('"')
        assert bool(rest) == (path != "/reservations"), path


@pytest.mark.parametrize("asked", ["cursor=nonsense", "q=" + "x" * 101, "q=%00"])
async def test_an_address_that_makes_no_sense_is_refused(shop: Context, alice: Browser, asked: str) -> None:
    assert (await alice.get(url(shop, f"/stock?{asked}"))).status_code == 422


async def test_what_is_not_there_is_not_found(shop: Context, alice: Browser) -> None:
    for path in (
        "/stock/item/NOPE",
        "/items/edit/NOPE",
        "/warehouses/edit/nope",
        "/reservations/R999",
        "/reservations/x",
        "/transfers/T999",
        "/transfers/x",
    ):
        assert (await alice.get(url(shop, path))).status_code == 404, path


@pytest.mark.parametrize(("code", "leads"), [("2100000000012", "/stock/item/HEART"), ("WAX", "/stock/item/WAX"), ("rib", "/stock?q=rib")])
async def test_a_scanned_code_leads_to_its_item(shop: Context, alice: Browser, code: str, leads: str) -> None:
    assert (await alice.get(url(shop, f"/stock/lookup?code={code}"))).headers["Location"] == url(shop, leads)


async def test_a_form_that_was_done_leads_on_and_says_so_once(shop: Context, alice: Browser) -> None:
    form = {"sku": "HEART", "warehouse": "osh", "qty": "4", "reference": "SO-118", "minutes": "60"}
    response = await alice.post(url(shop, "/stock/reserve"), form)
    assert (response.status_code, response.headers["Location"]) == (303, url(shop, "/stock/item/HEART"))
    assert await available(shop) == 6
    page = await text_of(await alice.get(response.headers["Location"]))
    assert re.search(r"Reserved: Hanging heart in Osh, 6\spcs left to promise\.", page)
    assert "left to promise" not in await text_of(await alice.get(response.headers["Location"]))


async def test_a_double_click_has_one_effect(shop: Context, alice: Browser) -> None:
    form = {"sku": "HEART", "warehouse": "osh", "qty": "4", "minutes": "15", "_key": "pressed-once"}
    for _ in range(2):
        assert (await alice.post(url(shop, "/stock/reserve"), form)).status_code == 303
    assert await available(shop) == 6


async def test_a_refused_form_keeps_what_was_typed_and_says_why_beside_the_field(shop: Context, alice: Browser) -> None:
    form = {"sku": "HEART", "warehouse": "osh", "qty": "11", "reference": "SO-124", "minutes": "30", "_key": "first"}
    response = await alice.post(url(shop, "/stock/reserve"), form)
    page = await text_of(response)
    assert response.status_code == 409
    assert "Only 10 of 11 available for Hanging heart in Osh." in page
    assert 'value="11"' in page
    assert 'value="SO-124"' in page
    assert 'value="first"' not in page, "what is corrected goes out under a new key"


async def test_a_quantity_that_is_none_changes_nothing(shop: Context, alice: Browser) -> None:
    for qty in ("", "0", "-1", "1.5", "abc", "1e3", "NaN", "9" * 30):
        response = await alice.post(url(shop, "/stock/issue"), {"sku": "HEART", "warehouse": "osh", "qty": qty})
        assert response.status_code == 422, qty
    assert await available(shop) == 10


async def test_goods_come_in_and_leave(shop: Context, alice: Browser) -> None:
    receive = {"sku": "HEART", "warehouse": "main", "qty": "1,200", "cost": "42.50", "reference": "PO-2"}
    assert (await alice.post(url(shop, "/stock/receive"), receive)).status_code == 303
    assert (
        await alice.post(url(shop, "/stock/issue"), {"sku": "HEART", "warehouse": "main", "qty": "200", "reason": "shop window"})
    ).status_code == 303
    assert await available(shop, warehouse="main") == 1000


@pytest.mark.parametrize(("typed", "after"), [({"counted": "8", "expected": "10"}, 8), ({"delta": "-3"}, 7), ({"delta": "\u22123"}, 7)])
async def test_stock_is_put_right_by_the_count_or_by_the_change(shop: Context, alice: Browser, typed: dict[str, str], after: int) -> None:
    form = {"sku": "HEART", "warehouse": "osh", "reason": "counted"} | typed
    assert (await alice.post(url(shop, "/stock/adjust"), form)).status_code == 303
    assert await available(shop) == after


async def test_a_count_of_stock_that_has_moved_meanwhile_is_refused(shop: Context, alice: Browser) -> None:
    form = {"sku": "HEART", "warehouse": "osh", "reason": "counted", "counted": "8", "expected": "9"}
    response = await alice.post(url(shop, "/stock/adjust"), form)
    assert response.status_code == 409
    assert "expected 9, but it is 10" in await text_of(response)
    assert await available(shop) == 10


async def test_a_reservation_is_committed_in_part_and_the_rest_released(shop: Context, alice: Browser) -> None:
    made = await do(shop, "reserve", lines=[line("HEART", "4"), line("WAX", "1.5")], reference="SO-118")
    page = url(shop, f"/reservations/{made['reservation']['id']}")  # type: ignore[index]
    assert (await alice.post(f"{page}/commit", {"qty_0": "3", "qty_1": ""})).status_code == 303
    assert (await alice.post(f"{page}/extend", {"minutes": "60"})).status_code == 303
    assert (await alice.post(f"{page}/harden")).status_code == 303
    assert (await alice.post(f"{page}/extend", {"minutes": "60"})).status_code == 409
    assert (await alice.post(f"{page}/commit", {"qty_0": "2"})).status_code == 409
    assert (await alice.post(f"{page}/release")).status_code == 303
    assert (await alice.post(f"{page}/commit")).status_code == 409
    assert "Hanging heart" in await text_of(await alice.get(page))
    assert await available(shop) == 7


async def test_stock_is_sent_received_in_part_and_the_rest_written_off(shop: Context, alice: Browser) -> None:
    new = url(shop, "/transfers/new")
    asked = {"from": "osh", "to": "main", "sku_0": "HEART", "qty_0": "4", "reference": "TR-7"}
    for wrong, why in (
        ({"qty_0": "40"}, "10"),
        ({"to": "osh"}, "A transfer goes to another warehouse."),
        ({"sku_0": "NOPE"}, "NOPE"),
        ({"qty_0": "x"}, "A quantity is a plain number"),
    ):
        response = await alice.post(new, asked | wrong)
        assert response.status_code in (404, 409, 422)
        assert why in await text_of(response)
    unnamed = (await alice.post(new, asked | {"qty_0": "1", "reference": ""})).headers["Location"]
    assert unnamed.rpartition("/")[2] in await text_of(await alice.get(url(shop, "/ledger?kind=ship")))
    sent = await alice.post(new, asked)
    assert sent.status_code == 303
    page = sent.headers["Location"]
    assert "from Osh to Main" in await text_of(await alice.get(page))
    assert "TR-7" in await text_of(await alice.get(url(shop, "/transfers?warehouse=main")))
    assert (await alice.post(f"{page}/receive", {"qty_0": "3"})).status_code == 303
    over = await alice.post(f"{page}/receive", {"qty_0": "2"})
    assert (over.status_code, "more of" in await text_of(over) or "More than was sent or ordered" in await text_of(over)) == (409, True)
    assert (await alice.post(f"{page}/write-off", {"reason": ""})).status_code == 422
    assert (await alice.post(f"{page}/write-off", {"reason": "broken"})).status_code == 303
    assert (await alice.post(f"{page}/receive")).status_code == 409
    assert "TR-7, broken" in await text_of(await alice.get(url(shop, "/ledger?kind=write_off")))
    rows = (await text_of(await alice.get(url(shop, "/transfers?status=received&format=csv")))).splitlines()
    assert (len(rows), '"Osh","Main","TR-7"' in rows[1]) == (2, True)
    assert await available(shop) == 5


async def test_an_item_is_made_changed_and_put_away(shop: Context, alice: Browser) -> None:
    new = {
        "sku": "BELL",
        "name": "Brass bell",
        "base_unit": "pcs",
        "kind": "finished",
        "price": "12.50",
        "barcode": "2100000000999",
        "_key": "one",
    }
    for _ in range(2):
        assert (await alice.post(url(shop, "/items/new"), new)).headers["Location"] == url(shop, "/stock/item/BELL")
    taken = await alice.post(url(shop, "/items/new"), new | {"_key": "two", "barcode": ""})
    assert taken.status_code == 409
    assert "There is already an item BELL." in await text_of(taken)
    change = {"name": "Bell of brass", "kind": "finished", "category": "Gifts", "version": "1"}
    assert (await alice.post(url(shop, "/items/edit/BELL"), change)).status_code == 303
    assert (await alice.post(url(shop, "/items/edit/BELL"), change | {"name": "Late"})).status_code == 409
    assert (await alice.post(url(shop, "/items/barcodes"), {"sku": "BELL", "code": "BRASS-1"})).status_code == 303
    assert (await alice.post(url(shop, "/items/barcodes"), {"sku": "WAX", "code": "BRASS-1"})).status_code == 409
    assert (await alice.post(url(shop, "/items/barcodes/remove"), {"sku": "BELL", "code": "BRASS-1"})).status_code == 303
    assert (await alice.post(url(shop, "/items/limits"), {"sku": "BELL", "warehouse": "osh", "min": "5", "max": "4"})).status_code == 422
    assert (await alice.post(url(shop, "/items/limits"), {"sku": "BELL", "warehouse": "osh", "min": "5", "max": "40"})).status_code == 303
    assert (await alice.post(url(shop, "/items/archive"), {"sku": "HEART"})).status_code == 409
    assert (await alice.post(url(shop, "/items/archive"), {"sku": "BELL"})).status_code == 303


async def test_a_warehouse_is_opened_renamed_and_closed(shop: Context, alice: Browser) -> None:
    new = {"code": "bishkek", "name": "Bishkek", "time_zone": "Asia/Bishkek"}
    assert (await alice.post(url(shop, "/warehouses/new"), new)).status_code == 303
    assert (await alice.post(url(shop, "/warehouses/new"), new)).status_code == 409
    assert (await alice.post(url(shop, "/warehouses/new"), new | {"code": "x", "time_zone": "Mars"})).status_code == 422
    change = {"name": "Bishkek, Ala-Too square", "time_zone": "Asia/Bishkek", "version": "1"}
    assert (await alice.post(url(shop, "/warehouses/edit/bishkek"), change)).status_code == 303
    assert (await alice.post(url(shop, "/warehouses/archive"), {"code": "osh"})).status_code == 409
    assert (await alice.post(url(shop, "/warehouses/archive"), {"code": "bishkek"})).status_code == 303


async def test_a_viewer_sees_and_may_do_nothing(site: Site, shop: Context) -> None:
    vera = await site.entered_by(await hire(site.world.people, site.world.alice, "Vera", Role.VIEWER))
    page = await text_of(await vera.get(url(shop, "/stock/item/HEART")))
    assert "Hanging heart" in page
    assert f'action="{url(shop, "/stock/reserve")}"' not in page
    for path in ("/stock/reserve", "/stock/receive", "/items/new", "/warehouses/new", "/items/archive"):
        assert (await vera.post(url(shop, path))).status_code == 403, path


async def test_preferences_are_kept(shop: Context, alice: Browser) -> None:
    response = await alice.post(url(shop, "/preferences"), {"language": "ru", "theme": "dark"})
    assert response.status_code == 303
    page = await text_of(await alice.get(url(shop, "/preferences")))
    assert 'lang="ru"' in page
    assert 'data-theme="dark"' in page
    assert (await alice.post(url(shop, "/preferences"), {"language": "xx", "theme": "dark"})).status_code == 422
