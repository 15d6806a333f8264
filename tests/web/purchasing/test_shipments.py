"""Pages of shipments: announced from an order or by a file, shown where one looks for them, received as a whole or cancelled."""

from __future__ import annotations

import csv
import io
import re

import pytest

from tenants.domain import Role
from tests.people import hire, limit
from tests.web.conftest import Site
from tests.web.purchasing.conftest import Buying, entered

HEADER = "order,line,sku,qty,due_on,carrier,tracking"


async def announced(buying: Buying, number: str, qty: str = "6", **more: str) -> str:
    """A shipment of the order's first line; its number."""
    form = {"order": number, "qty_1": qty, "carrier": "Cargo Line", "due_on": "2031-05-04"} | more
    return (await buying.sends("/shipments/new", **form)).rpartition("/")[2]


async def test_announces_what_is_left_of_an_order(buying: Buying) -> None:
    number = await buying.ordered("10")
    assert f"/shipments/new?order={number}" in await buying.page(f"/orders/{number}")
    blank = await buying.opens(f"/shipments/new?order={number}")
    assert 'name="qty_1"' in blank and 'value="10"' in blank and "Acme" in blank
    shipment = await announced(buying, number, tracking="CL-77", note="two boxes")
    shown = await buying.opens(f"/shipments/{shipment}")
    assert all(words in shown for words in ("Cargo Line", "CL-77", "two boxes", "6\u00a0pcs", "4 May 2031", f"/orders/{number}"))
    assert 'value="4"' in await buying.opens(f"/shipments/new?order={number}")
    assert shipment in await buying.page(f"/orders/{number}") and shipment in await buying.opens("/shipments")
    await announced(buying, number, "4")
    assert "Nothing is left to announce" in await buying.opens(f"/shipments/new?order={number}")


async def test_counts_in_the_unit_of_the_order(buying: Buying) -> None:
    number = await buying.ordered("2", unit_0="case", price_0="")
    assert 'value="2"' in await buying.opens(f"/shipments/new?order={number}")
    shown = await buying.opens(f"/shipments/{await announced(buying, number, '1.5')}")
    assert "1.5\u00a0case" in shown and "18\u00a0pcs" in shown


async def test_asks_which_order_first(buying: Buying) -> None:
    number = await buying.ordered()
    assert f'<option value="{number}">Acme, Osh</option>' in await buying.opens("/shipments/new")
    unknown = await buying.opens("/shipments/new?order=PO-77", 404)
    assert 'id="e-order"' in unknown and "There is no order PO-77." in unknown and 'value="PO-77"' in unknown


@pytest.mark.parametrize(
    ("wrong", "status", "field", "words"),
    [
        ({"qty_1": "12"}, 409, "qty_1", "10 pcs of line 1 are neither announced nor received; 12 are too many."),
        ({"qty_1": "many"}, 422, "qty_1", "A quantity is a plain number"),
        ({"qty_1": "0.5"}, 422, "qty_1", "decimal"),
        ({"due_on": "soon"}, 422, "due_on", "A date is written as"),
    ],
)
async def test_refuses_beside_the_field_and_writes_nothing(
    buying: Buying, wrong: dict[str, str], status: int, field: str, words: str
) -> None:
    number = await buying.ordered("10")
    shown = await buying.sends("/shipments/new", status, **{"order": number, "qty_1": "3", "carrier": "Cargo Line"} | wrong)
    assert f'id="e-{field}"' in shown and words in shown and 'value="Cargo Line"' in shown
    assert "No shipments here" in await buying.opens("/shipments")


async def test_says_so_when_nothing_was_typed_or_the_order_was_closed(buying: Buying) -> None:
    number = await buying.ordered("10")
    assert "This is needed." in await buying.sends("/shipments/new", 422, order=number, qty_1="")
    await buying.does(number, "cancel")
    assert f"{number} is cancelled" in await buying.sends("/shipments/new", 409, order=number, qty_1="3")


async def test_says_no_in_the_readers_language(site: Site, buying: Buying) -> None:
    number = await buying.ordered("10")
    alice = site.world.alice
    await site.world.people.choose_language(alice.tenant, alice.actor, "ru")
    reader = Buying(await site.entered_by(alice), buying.shop)
    shown = await reader.sends("/shipments/new", 409, order=number, qty_1="12,0")
    assert "не объявлено и не принято 10 шт." in shown and 'value="12,0"' in shown


async def test_a_form_sent_twice_is_one_shipment(buying: Buying) -> None:
    number = await buying.ordered("10")
    assert len({await announced(buying, number, _key="one-key") for _ in range(2)}) == 1


async def test_an_items_page_tells_what_comes_and_when(buying: Buying) -> None:
    number = await buying.ordered("10", expected_on="2031-06-01")
    shipment = await announced(buying, number)
    assert await coming(buying) == [(f"{number}|{shipment[3:]}", "6\u00a0pcs"), (f"{number}|0", "4\u00a0pcs")]
    assert "6\u00a0pcs due 4 May 2031" in await buying.opens("/stock/item/HEART")
    await buying.does(number, "receive", qty_1="7")
    assert await coming(buying) == [(f"{number}|{shipment[3:]}", "3\u00a0pcs")], "never more than is open"
    await buying.does(number, "receive", qty_1="3")
    assert await coming(buying) == [] and "Nothing is on order." in await buying.opens("/stock/item/HEART")


async def coming(buying: Buying) -> list[tuple[str, str]]:
    """(order and shipment, quantity) of each row of what is coming of hearts."""
    shown = (await buying.opens("/stock/item/HEART")).partition('id="coming"')[2].partition("</section>")[0]
    return re.findall(r'<tr data-row="([^"]+)">.*?<td class="num">([^<]+)</td></tr>', shown, re.DOTALL)


async def test_whoever_may_not_see_orders_is_not_told_what_comes(site: Site, buying: Buying) -> None:
    await buying.ordered("10")
    bob = Buying(await site.entered_by(site.world.bob), buying.shop)
    assert 'id="coming"' not in await bob.opens("/stock/item/HEART")


async def test_a_file_is_looked_at_first_and_then_announced(buying: Buying) -> None:
    number = await buying.ordered("10", sku_1="WAX", qty_1="2")
    content = f"{HEADER}\n{number},1,HEART,6,2031-05-04,Cargo Line,CL-1\n{number},2,WAX,2,2031-05-04,Cargo Line,CL-1\n{number},1,,4,,,\n"
    status, shown = await buying.uploads("/shipments/import", content)
    assert status == 200 and re.search(r"<dt>Shipments</dt><dd>2</dd><dt>Lines</dt><dd>3</dd>", shown)
    assert "No shipments here" in await buying.opens("/shipments")
    assert (await buying.sends("/shipments/import", csv=content, sure="yes")).endswith("/shipments")
    listed = await buying.opens("/shipments")
    assert "SH-1001" in listed and "SH-1002" in listed and "CL-1" in listed


async def test_a_file_that_does_not_fit_is_complained_about_by_line_and_none_of_it_is_kept(buying: Buying) -> None:
    number = await buying.ordered("10")
    status, shown = await buying.uploads("/shipments/import", f"{HEADER}\n{number},1,,6,,,\nPO-9,1,,1,,,\n{number},1,,5,,T2,\n")
    rows = re.findall(r'<td class="num">(\d+)</td><td><code>(\w+)</code></td><td>([^<]+)</td>', shown)
    assert status == 422 and rows == [
        ("3", "order", "There is no order PO-9."),
        ("4", "qty", "4 pcs of line 1 are neither announced nor received; 5 are too many."),
    ]
    assert "No shipments here" in await buying.opens("/shipments")
    assert "These columns are known" in (await buying.uploads("/shipments/import", "order,amount\n"))[1]


async def test_all_that_is_to_come_is_had_as_such_a_file(buying: Buying) -> None:
    number = await buying.ordered("10", sku_1="WAX", qty_1="2", expected_on="2031-05-04")
    await announced(buying, number)
    file = (await buying.opens("/shipments/import?format=csv")).removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(file)))
    assert [(row["order"], row["line"], row["sku"], row["qty"], row["due_on"]) for row in rows] == [
        (number, "1", "HEART", "4", "2031-05-04"),
        (number, "2", "WAX", "2", "2031-05-04"),
    ]
    assert (await buying.uploads("/shipments/import", file))[0] == 200


async def test_an_open_page_of_the_order_hears_of_its_shipments_and_invoices(site: Site, buying: Buying) -> None:
    number = await buying.ordered("10")
    alice, bob = site.world.alice, site.world.bob
    changes = site.app.extensions["onhand"].changes
    open_page = changes.open(alice.tenant.id, lambda: alice.actor, lambda: None)
    operators = changes.open(alice.tenant.id, lambda: bob.actor, lambda: None)
    told = [b'event: order.changed\ndata: {"order":"%s"}\n\n' % number.encode()]
    shipment = await announced(buying, number)
    assert open_page.taken() == told
    await buying.sends(f"/shipments/{shipment}/cancel")
    assert open_page.taken() == told
    await buying.sends("/invoices/new", order=number, number="INV-7", qty_1="1", price_1="9.50")
    assert (open_page.taken(), operators.taken()) == (told, [])
    open_page.close()


async def test_receives_all_of_a_shipment(buying: Buying) -> None:
    number = await buying.ordered("10")
    shipment = await announced(buying, number)
    await buying.sends(f"/shipments/{shipment}/receive")
    shown = await buying.opens(f"/shipments/{shipment}")
    assert "Receive all of it" not in shown and re.search(r'/receipts/G\d+"', shown)
    assert shipment in await buying.opens("/shipments?status=received")
    assert (await buying.order(number)).lines[0].line.received == 6_000_000


async def test_cancels_what_does_not_come(buying: Buying) -> None:
    number = await buying.ordered("10")
    shipment = await announced(buying, number)
    await buying.sends(f"/shipments/{shipment}/cancel", reason="missed the truck")
    shown = await buying.opens(f"/shipments/{shipment}")
    assert "Cancelled" in shown and "missed the truck" in shown
    assert 'value="10"' in await buying.opens(f"/shipments/new?order={number}")


async def test_a_clerk_looks_a_stranger_finds_nothing(site: Site, buying: Buying) -> None:
    number = await buying.ordered("10")
    shipment = await announced(buying, number)
    clerk = Buying(await entered(site, "Clara", Role.INVENTORY), buying.shop)
    assert shipment in await clerk.opens("/shipments")
    assert "/shipments/new" not in await clerk.opens("/shipments") and "/shipments/new" not in await clerk.page(f"/orders/{number}")
    for path in ("/shipments/new", "/shipments/import"):
        await clerk.opens(path, 403)
        await clerk.sends(path, 403, order=number, qty_1="1")
    carol = await site.entered_by(site.world.carol)
    own = f"/t/{site.world.carol.tenant.slug}"
    for company in (buying.company, own):
        assert (await carol.get(f"{company}/shipments/{shipment}")).status_code == 404
    assert (await carol.post(f"{own}/shipments/new", {"order": number, "qty_1": "1"})).status_code == 404


async def test_an_order_of_another_warehouse_is_not_there_to_be_announced(site: Site, buying: Buying) -> None:
    number = await buying.ordered("10")
    manager = await hire(site.world.people, site.world.alice, "Clara", Role.MANAGER)
    await limit(site.world.people, site.world.alice, "Clara", "main")
    limited = Buying(await site.entered_by(manager), buying.shop)
    assert f"There is no order {number}." in await limited.opens(f"/shipments/new?order={number}", 404)
    assert f"There is no order {number}." in await limited.sends("/shipments/new", 404, order=number, qty_1="1")
    assert f'value="{number}"' not in await limited.opens("/shipments/new")
