"""A hand at a keyboard, a mouse and a scanner, that counts what it does: a key or a chord, a text typed with its Enter, a click."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect


class Hand:
    """What somebody does on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.actions = 0

    async def at(self, url: str) -> None:
        """Open a page, and wait until it listens to keys: scripts come a moment after it."""
        await self.page.goto(url)
        await self.ready()

    async def ready(self) -> None:
        """Wait until the page listens."""
        await expect(self.page.locator(".top .live b")).to_have_text("Live", timeout=20_000)

    async def click(self, what: Locator) -> None:
        """One click."""
        self.actions += 1
        await what.click()

    async def press(self, keys: str) -> None:
        """One key, or one after the other as `g d` are."""
        self.actions += 1
        for key in keys.split():
            await self.page.keyboard.press(key)

    async def type(self, text: str, enter: bool = False) -> None:
        """A text into whatever has the focus."""
        self.actions += 1
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.type(text)
        if enter:
            await self.page.keyboard.press("Enter")

    async def scan(self, code: str) -> None:
        """A scanner types faster than a person, and ends with Enter."""
        self.actions += 1
        await self.page.keyboard.type(code)
        await self.page.keyboard.press("Enter")

    async def tab_to(self, what: Locator, limit: int = 80) -> None:
        """Move the focus there with Tab alone; fails when it is not reached."""
        for _ in range(limit):
            if await what.evaluate("element => element === document.activeElement"):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"{what} is not reached with {limit} Tabs")
