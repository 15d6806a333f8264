"""Debian's Chromium in front of a whole server. A page that complains in its console fails its test."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, Response, async_playwright

from db.engine import make_engine
from tests.conftest import Database
from tests.people import PASSWORD, Person, World
from tests.serving import serving
from tests.serving import shop as new_shop

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Shop:
    """A company of one test, the browser to see it with, and what its pages complained of."""

    url: str
    browser: Browser
    world: World
    complaints: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def window(self, who: Person, width: int = 1280, theme: str = "light") -> AsyncIterator[Page]:
        """A window of its own in which somebody has signed in by the form."""
        context = await self.browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)  # type: ignore[arg-type]
        page = begun(await context.new_page())
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        await page.goto(f"{self.url}/t/{who.tenant.slug}/sign-in")
        await self.enter(page, who)
        yield page
        await context.close()

    async def enter(self, page: Page, who: Person) -> None:
        """Through the door that the page shows."""
        await page.get_by_label("E-mail").fill(who.email)
        await page.locator("[name=password]").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(re.compile(rf"/t/{who.tenant.slug}/(?!sign-in)"))

    def address(self, who: Person, path: str) -> str:
        """The address of a page of somebody's company."""
        return f"{self.url}/t/{who.tenant.slug}{path}"

    async def received(self, who: Person, qty: str, sku: str = "CUP", warehouse: str = "osh") -> None:
        """Stock that a program has received."""
        await self.asked(who, "receive", {"lines": [{"sku": sku, "warehouse": warehouse, "qty": qty}]})

    async def asked(self, who: Person, verb: str, body: dict[str, object], key: str = "") -> dict[str, object]:
        """A stock command sent by a program."""
        return await self.called(who, f"stock/{verb}", body, key)

    async def called(self, who: Person, path: str, body: dict[str, object], key: str = "") -> dict[str, object]:
        """A change sent by a program."""
        headers = {**who.bearer, "Idempotency-Key": key or os.urandom(8).hex()}
        async with httpx2.AsyncClient(base_url=self.url) as client:
            answer = await client.post(f"/v1/{who.tenant.slug}/{path}", json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, object] = answer.json()
        return found

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)


def begun(page: Page) -> Page:
    """The page, whose `goto` comes back when its behaviours have begun: before that, a tap is answered as if there were no scripts."""
    load = page.goto

    async def goto(url: str, **options: Any) -> Response | None:
        answer = await load(url, **options)
        await page.locator("html[data-begun], html:not(:has([data-do]))").wait_for(state="attached")
        return answer

    page.goto = goto  # type: ignore[method-assign]
    return page


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(database: Database, tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> AsyncIterator[tuple[str, Browser]]:
    """One server and one browser for the tests of a file."""
    if CHROMIUM is None:
        pytest.skip("NO CHROMIUM: install the package chromium (make browsers) to run the browser tests")
    async with serving(database, tmp_path_factory.mktemp("var"), redis_url) as server, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield server.url, browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def shop(site: tuple[str, Browser], database: Database) -> AsyncIterator[Shop]:
    """A shop with two items and two warehouses. Fails if any of its pages complained."""
    engine = make_engine(database.app, pool_size=2)
    found = Shop(*site, await new_shop(engine))
    await engine.dispose()
    yield found
    assert found.complaints == []
