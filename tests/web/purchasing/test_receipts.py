"""A receipt is undone once, and goods go back to their supplier for a reason."""

from __future__ import annotations

import re

from tests.web.purchasing.conftest import Buying, said


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
