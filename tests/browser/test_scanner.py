"""In a browser, a scanner is told from a person by how its keys come: fast on the whole, though a busy machine may hold one up."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Shop

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

CODE = "2100000000432"
_TYPE = """keys => {
  for (const [key, at] of keys) {
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
    Object.defineProperty(event, "timeStamp", { value: at });
    document.body.dispatchEvent(event);
  }
}"""


async def typed(page: Page, text: str, pauses: Sequence[int], start: int = 10_000) -> None:
    """Keys and then Enter, each so many milliseconds after the one before; the last pause goes on to the end."""
    at, keys = start, []
    for place, key in enumerate([*text, "Enter"]):
        at += pauses[min(place, len(pauses) - 1)]
        keys.append((key, at))
    await page.evaluate(_TYPE, keys)


@pytest.mark.parametrize("held_up", [0, 1, 6, 12, 13])
async def test_takes_a_code_of_which_one_key_was_held_up(shop: Shop, held_up: int) -> None:
    async with shop.window(shop.world.alice) as page:
        await page.goto(shop.address(shop.world.alice, "/stock"))
        await typed(page, CODE, [90 if place == held_up else 5 for place in range(len(CODE) + 1)])
        await expect(page).to_have_url(re.compile(rf"q={CODE}$"))
    assert shop.complaints == []


async def test_a_person_is_no_scanner_and_what_they_typed_before_is_no_part_of_a_code(shop: Shop) -> None:
    async with shop.window(shop.world.alice) as page:
        await page.goto(shop.address(shop.world.alice, "/stock"))
        before = page.url
        await typed(page, "1234567", [60])
        await typed(page, "12345678", [150], start=12_000)
        await page.evaluate("new Promise(done => setTimeout(done, 100))")
        assert page.url == before
        await page.evaluate(_TYPE, [("9", 20_000)])
        await typed(page, CODE, [150, 5], start=20_000)
        await expect(page).to_have_url(re.compile(rf"q={CODE}$"))
    assert shop.complaints == []


async def test_two_codes_one_right_after_the_other_are_two(shop: Shop) -> None:
    async with shop.window(shop.world.alice) as page:
        await page.goto(shop.address(shop.world.alice, "/stock"))
        await page.evaluate("document.querySelector('.find').addEventListener('submit', event => event.preventDefault())")
        await typed(page, "111122223333", [5])
        await typed(page, CODE, [5], start=10_100)
        assert await page.locator(".find [name=code]").input_value() == CODE
    assert shop.complaints == []
