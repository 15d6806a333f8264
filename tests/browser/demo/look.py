"""Looking at a page: axe in both colours on a desk and on a phone, and what else a page must keep (`looks.js`)."""

from __future__ import annotations

from typing import Any

from playwright.async_api import BrowserContext, Page

from tests.browser.demo.company import AXE, DESK, LOOKS, PHONE

STILL = {"reduced_motion": "reduce"}
"""How windows are opened that are looked at: and the rule that stills them is looked at with them."""
_NARROW = 320
_ZOOMED = (DESK // 2, 450)
"""A desk at 200 %: half as many pixels of ours each way."""
_RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]}
_COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""All that can change with the theme."""


async def prepare(context: BrowserContext) -> None:
    """Put the questions into every page of the context. They come by the tool's own door, so the policy of the page stays as it is."""
    await context.add_init_script(path=AXE)
    await context.add_init_script(path=LOOKS)


async def look(page: Page) -> list[str]:
    """Everything that is wrong with the page as it stands, in words. Begins and ends on a light desk."""
    said = [*await ask(page, "landmarks"), *await ask(page, "motion"), *await axe(page, _RULES, "")]
    await page.keyboard.press("Tab")
    said += await ask(page, "focus")
    await page.emulate_media(color_scheme="dark")
    said += await axe(page, _COLOURS, ", dark")
    await _resize(page, PHONE, 812)
    said += await axe(page, _RULES, ", dark phone")
    said += await ask(page, "focus")
    await page.emulate_media(color_scheme="light")
    said += await axe(page, _COLOURS, ", phone")
    await _resize(page, _NARROW, 640)
    said += await ask(page, "sideways")
    await _resize(page, DESK, 900)
    return said


async def ways(page: Page) -> tuple[set[str], set[str]]:
    """Where the page leads on a desk, and on the same desk at 200 %."""
    wide = set(await ask(page, "ways"))
    await _resize(page, *_ZOOMED)
    zoomed = set(await ask(page, "ways"))
    await _resize(page, DESK, 900)
    return wide, zoomed


async def axe(page: Page, only: dict[str, Any], where: str) -> list[str]:
    """Violations of the rules, one line for each element."""
    options = {"runOnly": only, "resultTypes": ["violations"], "preload": False}
    found = await page.evaluate("options => looks.settled().then(() => axe.run(document, options))", options)
    return [
        f"{each['id']}{where}: {node['target'][-1]}: {' '.join(node['failureSummary'].split())[:200]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


async def ask(page: Page, question: str) -> list[str]:
    """What `looks.js` answers to a question."""
    said: list[str] = await page.evaluate(f"looks.{question}()")
    return said


async def _resize(page: Page, width: int, height: int) -> None:
    await page.set_viewport_size({"width": width, "height": height})
    await page.evaluate("looks.settled()")
