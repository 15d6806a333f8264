"""Pages of invoices: entered beside what was ordered and came, matched at once, approved where somebody knows better."""

from __future__ import annotations

import re

import pytest

from tenants.domain import Role
from tests.web.conftest import Site
from tests.web.purchasing.conftest import Buying, entered


async def came(buying: Buying, qty: str = "6", **more: str) -> str:
    """An order of ten hearts at 9.50, of which so many came."""
    number = await buying.ordered("10")
    await buying.does(number, "receive", qty_1=qty, **more)
    return number


async def invoiced(buying: Buying, number: str, **more: str) -> str:
    """Five of it on paper INV-7; our number of it."""
    form = {"order": number, "number": "INV-7", "qty_1": "5", "price_1": "9.50"} | more
    return (await buying.sends("/invoices/new", **form)).rpartition("/")[2]


async def test_enters_an_invoice_beside_what_came(buying: Buying) -> None:
    number = await came(buying, rejected_1="1", reason_1="chipped")
    assert f"/invoices/new?order={number}" in await buying.page(f"/orders/{number}")
    blank = await buying.opens(f"/invoices/new?order={number}")
    assert told(blank) == ("10\u00a0pcs", "5", "0")
    assert 'value="5"' in blank and 'value="9.5"' in blank
    made = await invoiced(buying, number, invoiced_on="2031-05-04", due_on="2031-06-04", note="by post")
    shown = await buying.opens(f"/invoices/{made}")
    assert "Matched" in shown and f"/orders/{number}" in shown
    assert all(words in shown for words in ("INV-7", "KGS\u00a047.50", "by post", "4 May 2031"))
    again = await buying.opens(f"/invoices/new?order={number}")
    assert told(again) == ("10\u00a0pcs", "5", "5") and 'value="5"' not in again
    assert "INV-7" in await buying.page(f"/orders/{number}") and "INV-7" in await buying.opens("/invoices?status=all")


def told(page: str) -> tuple[str, ...]:
    """What stands beside the first line: ordered, accepted, invoiced before."""
    return tuple(re.findall(r'<td class="num[^"]*" data-label="[^"]+">([^<]+)</td>', page)[:3])


async def test_says_what_does_not_match_until_somebody_approves_it(buying: Buying) -> None:
    number = await came(buying)
    made = await invoiced(buying, number, qty_1="10", price_1="11", description_10001="Freight", price_10001="40")
    shown = await buying.opens(f"/invoices/{made}")
    assert "more than received, price differs" in shown and "not ordered" in shown and "ordered at KGS\u00a09.50" in shown
    assert "INV-7" in await buying.opens("/invoices")
    assert 'id="e-note-1"' in await buying.sends(f"/invoices/{made}/approve", 422, line="1", note=" ")
    for line in ("1", "2"):
        await buying.sends(f"/invoices/{made}/approve", line=line, note="agreed on the phone")
    assert "agreed on the phone" in await buying.opens(f"/invoices/{made}")
    assert "INV-7" not in await buying.opens("/invoices")


async def test_an_amount_on_the_paper_is_held_against_quantity_and_price(buying: Buying) -> None:
    made = await invoiced(buying, await came(buying), amount_1="60")
    shown = await buying.opens(f"/invoices/{made}")
    assert "amount differs" in shown and "KGS\u00a060.00" in shown


async def test_asks_which_order_first(buying: Buying) -> None:
    number, draft = await came(buying), await buying.drafted()
    shown = await buying.opens("/invoices/new")
    assert f'<option value="{number}">' in shown and f'value="{draft}"' not in shown
    unknown = await buying.opens("/invoices/new?order=PO-77", 404)
    assert 'id="e-order"' in unknown and "There is no order PO-77." in unknown


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"number": " "}, "number", "This is needed."),
        ({"qty_1": "many"}, "qty_1", "A quantity is a plain number"),
        ({"qty_1": "-1"}, "qty_1", "above zero"),
        ({"price_1": ""}, "price_1", "This is needed."),
        ({"price_1": "dear"}, "price_1", "An amount is a plain number"),
        ({"amount_1": "dear"}, "amount_1", "An amount is a plain number"),
        ({"description_10002": "Freight"}, "price_10002", "This is needed."),
        ({"price_10002": "40"}, "description_10002", "This is needed."),
        ({"invoiced_on": "soon"}, "invoiced_on", "A date is written as"),
    ],
)
async def test_refuses_beside_the_field_and_writes_nothing(buying: Buying, wrong: dict[str, str], field: str, words: str) -> None:
    number = await came(buying)
    form = {"order": number, "number": "INV-7", "qty_1": "5", "price_1": "9.50", "note": "by post"} | wrong
    shown = await buying.sends("/invoices/new", 422, **form)
    assert f'id="e-{field}"' in shown and words in shown and 'value="by post"' in shown
    assert "Nothing to look at" in await buying.opens("/invoices?status=all")


async def test_refuses_the_same_paper_twice_and_one_without_lines(buying: Buying) -> None:
    number = await came(buying)
    made = await invoiced(buying, number)
    again = await buying.sends("/invoices/new", 409, order=number, number="inv-7", qty_1="1", price_1="9.50")
    assert 'id="e-number"' in again and f"was entered before, as {made}." in again
    assert "This is needed." in await buying.sends("/invoices/new", 422, order=number, number="INV-8", qty_1="")


async def test_a_form_sent_twice_is_one_invoice(buying: Buying) -> None:
    number = await came(buying)
    assert len({await invoiced(buying, number, _key="one-key") for _ in range(2)}) == 1


async def test_a_clerk_enters_none_and_a_stranger_finds_none(site: Site, buying: Buying) -> None:
    number = await came(buying)
    made = await invoiced(buying, number)
    clerk = Buying(await entered(site, "Clara", Role.INVENTORY), buying.shop)
    await clerk.opens("/invoices/new", 403)
    await clerk.sends("/invoices/new", 403, order=number, number="INV-8", qty_1="1", price_1="1")
    assert "INV-7" not in await clerk.page(f"/orders/{number}")
    payer = Buying(await entered(site, "Paula", Role.BILLING), buying.shop)
    shown = await payer.opens(f"/invoices/{made}")
    assert "INV-7" in shown and f"/orders/{number}" not in shown and "/invoices/new" not in await payer.opens("/invoices")
    carol = await site.entered_by(site.world.carol)
    own = f"/t/{site.world.carol.tenant.slug}"
    for company in (buying.company, own):
        assert (await carol.get(f"{company}/invoices/{made}")).status_code == 404
    assert (await carol.post(f"{own}/invoices/new", {"order": number, "number": "X", "qty_1": "1"})).status_code == 404
