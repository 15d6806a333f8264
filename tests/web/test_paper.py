"""Paper: barcodes that a scanner reads, labels, count sheets, pick lists."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from inventory.context import Context
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.shop import do, furnish, line
from web.bars import QUIET, barcode, modules

# The digits of an EAN, as the standard spells them: left with odd parity, and right.
LEFT = ("0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011")
RIGHT = tuple("".join("1" if bit == "0" else "0" for bit in digit) for digit in LEFT)
EVEN = tuple(digit[::-1] for digit in RIGHT)
FIRST = ("LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG", "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL")


def read_ean13(bits: str) -> str:
    """What a scanner makes of the bars."""
    assert (bits[:3], bits[45:50], bits[92:]) == ("101", "01010", "101")
    left = [bits[3 + 7 * place : 10 + 7 * place] for place in range(6)]
    parity = "".join("L" if digit in LEFT else "G" for digit in left)
    found = [LEFT.index(digit) if digit in LEFT else EVEN.index(digit) for digit in left]
    found += [RIGHT.index(bits[50 + 7 * place : 57 + 7 * place]) for place in range(6)]
    return f"{FIRST.index(parity)}{''.join(map(str, found))}"


@pytest.mark.parametrize("code", ["2100000000012", "4712340851230", "9780201379624"])
def test_an_ean_is_read_back(code: str) -> None:
    assert read_ean13(modules(code)) == code


@pytest.mark.parametrize("code", ["G10110", "4712340851231", "R1022", "a b/c"])
def test_what_is_no_ean_is_code_128(code: str) -> None:
    bits = modules(code)
    assert bits.startswith("11010") and bits.endswith("1100011101011")
    assert len(bits) % 11 == 2


def test_a_drawing_has_quiet_edges_no_style_and_its_code_as_a_name() -> None:
    drawn = str(barcode("2100000000012"))
    assert f'viewBox="0 0 {95 + 2 * QUIET} 1"' in drawn
    assert min(int(at) for at in re.findall(r"M(\d+) 0h1", drawn)) == QUIET
    assert 'aria-label="2100000000012"' in drawn and "style" not in drawn
    assert barcode("штрих") == ""
    assert "<b>" not in str(barcode('"><b>'))


@pytest.fixture
async def shop(site: Site) -> Context:
    """Alice's shop."""
    return await furnish(site, site.world.alice)


@pytest.fixture
async def alice(site: Site, shop: Context) -> Browser:
    """Alice's browser, signed in."""
    return await site.entered_by(site.world.alice)


async def page(browser: Browser, ctx: Context, path: str) -> str:
    response: Any = await browser.get(f"/t/{ctx.tenant.slug}/print/{path}")
    assert response.status_code == 200
    return unescape(await response.get_data(as_text=True))


async def test_labels_are_as_many_as_asked_with_barcode_or_sku(shop: Context, alice: Browser) -> None:
    found = await page(alice, shop, "labels?sku=HEART&sku=WAX&copies=4")
    assert found.count('class="tag"') == 8
    assert found.count('aria-label="2100000000012"') == 4
    assert found.count('aria-label="WAX"') == 4


async def test_a_count_sheet_is_blind_unless_asked_otherwise(shop: Context, alice: Browser) -> None:
    blind = await page(alice, shop, "count?warehouse=osh")
    assert "Hanging heart" in blind and "Soy wax" in blind and "Red ribbon" not in blind
    assert "In the books" not in blind
    assert re.search(r'class="num">4\.250</td>', await page(alice, shop, "count?warehouse=osh&books=1"))
    assert "Red ribbon" in await page(alice, shop, "count?warehouse=osh&sku=RIBBON")


async def test_a_pick_list_tells_what_is_still_to_be_taken_from_where(shop: Context, alice: Browser) -> None:
    made: Any = await do(shop, "reserve", lines=[line("WAX", "1.5"), line("HEART", "4")], reference="SO-118")
    held = made["reservation"]["id"]
    found = await page(alice, shop, f"pick/{held}")
    assert "Pick list: SO-118" in found and f'aria-label="{held}"' in found
    assert re.findall(r"<td>(HEART|WAX)</td>", found) == ["HEART", "WAX"]
    await do(shop, "commit", reservation=held)
    assert "Nothing of it is left to take." in await page(alice, shop, f"pick/{held}")
    sent: Any = await do(shop, "transfer", **{"from": "osh", "to": "main", "lines": [{"sku": "HEART", "qty": "2"}]})
    assert "<td>Osh</td>" in await page(alice, shop, f"pick/{sent['transfer']['id']}")


async def test_what_is_not_there_has_no_pick_list(shop: Context, alice: Browser) -> None:
    for document in ("R999", "T999", "x", "R99999999999999999999"):
        assert (await alice.get(f"/t/{shop.tenant.slug}/print/pick/{document}")).status_code == 404
