"""The dock: what came is counted, once, in parts, and never more than fits."""

from __future__ import annotations

import re

import pytest

from tests.web.purchasing.conftest import Buying, said


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
