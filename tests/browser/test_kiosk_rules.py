"""The till's own rules, run where they run: in a browser, from the very files that are served."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.conftest import Shop
from web.assets import asset

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

Json = dict[str, Any]
LINES = [{"sku": "CUP", "warehouse": "osh", "qty": "2", "name": "Tea cup", "unit": "pcs", "decimals": 0}]
SALE: Json = {"n": 7, "till": "till-a", "kind": "sale", "lines": LINES, "at": "2026-11-21T10:00:00.000Z", "by": "Bob"}
HELD: Json = {**SALE, "hold": "R5"}


async def rule(page: Page, module: str, call: str, *values: Any) -> Any:
    """What a function of a module answers. Exact integers come back as text."""
    told = f"JSON.stringify({call}, (_, value) => typeof value === 'bigint' ? String(value) : value)"
    source = f"async ([url, values]) => {{ const m = await import(url); return JSON.parse({told} ?? 'null'); }}"
    return await page.evaluate(source, [asset(f"js/kiosk/{module}.js"), list(values)])


async def on_a_page(shop: Shop) -> Page:
    """Any page of the server."""
    page = await shop.browser.new_page()
    await page.goto(f"{shop.url}/sign-in")
    return page


async def test_counts_exactly(shop: Shop) -> None:
    page = await on_a_page(shop)
    for text, decimals, millionths in (
        ("6", 0, "6000000"),
        ("0.150", 3, "150000"),
        ("0,15", 3, "150000"),
        ("2.50", 1, "2500000"),
        ("2.55", 1, None),
        ("1e3", 3, None),
        ("-1", 0, None),
        ("", 0, None),
        ("9007199254.740993", 6, "9007199254740993"),
    ):
        assert await rule(page, "amount", "m.parse(values[0], values[1])", text, decimals) == millionths, text
    # 0.1 three times less 0.3 is nothing, which no binary fraction can say.
    assert await rule(page, "amount", "m.plain(m.parse('0.1') * 3n - m.parse('0.3'), 3)") == "0.000"
    await page.close()


async def test_prices_to_the_minor_unit_half_even_and_once(shop: Shop) -> None:
    page = await on_a_page(shop)
    for price, qty, minor, costs in (
        ("220.00", "6", 2, "132000"),
        ("9.99", "0.150", 2, "150"),  # 1.4985
        ("0.05", "0.5", 2, "2"),  # 2.5 to the even 2
        ("0.15", "0.5", 2, "8"),  # 7.5 to the even 8
        ("1.10", "3", 0, "3"),
    ):
        assert await rule(page, "amount", "m.cost(values[0], m.parse(values[1]), values[2])", price, qty, minor) == costs, (price, qty)
    await page.close()


async def test_reads_codes_with_times_and_labels_of_scales(shop: Shop) -> None:
    page = await on_a_page(shop)
    catalogue = """({ byCode: code => ({ CUP: { sku: "CUP", decimals: 0 }, "4711": { sku: "CUP", decimals: 0 } })[code] ?? null,
      byPlu: plu => plu === "00042" ? { sku: "CHEESE", unit: "kg", decimals: 3 } : null })"""
    for text, found in (
        ("CUP", ("CUP", None)),
        ("3*4711", ("CUP", "3000000")),
        ("3 x CUP", ("CUP", "3000000")),
        ("2.5*CUP", None),
        ("2100042012509", ("CHEESE", "1250000")),
        ("2100042012501", None),  # its check digit is wrong
        ("2100043012508", None),  # nobody's PLU
        ("felt", None),
    ):
        said = await rule(page, "code", f"(f => f && [f.item.sku, f.millionths])(m.asked(values[0], {catalogue}))", text)
        assert said == (None if found is None else list(found)), text
    await page.close()


async def test_sends_a_held_sale_as_a_commit_and_after_the_hold_as_goods_that_left(shop: Shop) -> None:
    page = await on_a_page(shop)
    entry = await rule(page, "sale", "m.entryOf(values[0])", HELD)
    step = await rule(page, "sale", "m.stepOf(values[0])", entry)
    assert (step["verb"], step["key"], step["body"]) == ("commit", "till-a:7", {"reservation": "R5"})
    for status in (409, 410):
        assert await after(page, entry, step, {"op": "refused", "status": status, "problem": {}}) == {"look": True}
    late = await rule(page, "sale", "m.afterHold(values[0], values[0].lines)", entry)
    assert (late["verb"], late["key"], late["body"]["late"], late["body"]["effective_at"]) == ("issue", "till-a:7:late", True, SALE["at"])
    over = await rule(page, "sale", "m.afterHold(values[0], [])", entry)
    assert over["state"] == "done"
    await page.close()


async def test_gives_back_a_hold_that_nobody_knows_of_before_the_goods_are_written_down(shop: Shop) -> None:
    page = await on_a_page(shop)
    doubt = await rule(page, "sale", "m.holdOf(values[0])", {**SALE, "seconds": 120})
    entry = await rule(page, "sale", "m.entryOf(values[0])", {**SALE, "doubt": doubt})
    verbs = []
    for answer in ({"op": "done", "status": 201, "body": {"reservation": {"id": "R9"}}}, {"op": "done", "status": 200, "body": {}}):
        step = await rule(page, "sale", "m.stepOf(values[0])", entry)
        verbs.append((step["verb"], step["key"]))
        entry = (await after(page, entry, step, answer))["entry"]
    step = await rule(page, "sale", "m.stepOf(values[0])", entry)
    verbs.append((step["verb"], step["key"]))
    assert verbs == [("reserve", "till-a:7:hold"), ("release", "till-a:7:release"), ("issue", "till-a:7")]
    await page.close()


@pytest.mark.parametrize(
    ("status", "becomes"),
    [(503, "again"), (429, "again"), (500, "again"), (401, "again"), (403, "refused"), (409, "refused"), (422, "refused"), (200, "done")],
)
async def test_knows_what_each_answer_makes_of_a_sale(shop: Shop, status: int, becomes: str) -> None:
    page = await on_a_page(shop)
    entry = await rule(page, "sale", "m.entryOf(values[0])", SALE)
    step = await rule(page, "sale", "m.stepOf(values[0])", entry)
    body = (
        {"op": "done", "status": 200, "body": {"seq": 9}}
        if status == 200
        else {"op": "refused", "status": status, "problem": {"status": status}}
    )
    told = await after(page, entry, step, body)
    assert told == {"again": True} if becomes == "again" else told["entry"]["state"] == becomes
    if becomes == "refused":
        again = await rule(page, "sale", "m.tryAgain(values[0])", told["entry"])
        # A stored refusal is given again for ever under its key; anything else left the key free.
        assert (again["key"] == entry["key"]) is (status != 409)
    await page.close()


async def test_never_dates_a_sale_into_the_future(shop: Shop) -> None:
    page = await on_a_page(shop)
    entry = await rule(page, "sale", "m.entryOf(values[0])", SALE)
    at = "2026-11-21T09:00:00.000Z"
    early = await rule(page, "sale", "m.dated(values[0], Date.parse(values[1]))", entry, at)
    assert (early["at"], early["body"]["effective_at"]) == (at, at)
    assert await rule(page, "sale", "m.dated(values[0], Date.parse(values[1]))", entry, "2026-11-21T11:00:00.000Z") == entry
    await page.close()


async def after(page: Page, entry: Json, step: Json, answer: Json) -> Json:
    """What an answer makes of an entry."""
    found: Json = await rule(page, "sale", "m.after(values[0], values[1], values[2])", entry, step, answer)
    return found
