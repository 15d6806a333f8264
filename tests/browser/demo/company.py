"""The demo companies on a server of their own, with a browser before them: what walks look at and pictures are taken of.

To what every start of the demo makes, one of each thing is added that only comes with use, so that every page has something on it.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx2
import structlog
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from app import demo
from app.demo_goods import ALA_TOO, COMPANIES
from app.provision import Urls
from billing.entitlements import may_add
from db.engine import make_engine, make_pool
from jobs import store
from jobs.registry import JOBS
from kit.clock import SECOND, now_us, rfc3339
from tenants.callers import Callers
from tenants.domain import Role
from tenants.messages import NewUser
from tenants.service import People
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.people import PASSWORD, cheap_passwords
from tests.serving import answering, settings_of

ROOT = Path(__file__).parents[3]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
LOOKS = Path(__file__).with_name("looks.js")
DESK, PHONE = 1440, 375
HIRED = ("billing", "supplier")
"""Roles that the demo has nobody for."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """How somebody of a demo company comes in, by the door or with a key."""

    email: str
    password: str
    key: str = ""


@dataclass
class Demo:
    """Where the demo answers, who may come, and what pages complained of in their consoles."""

    url: str
    browser: Browser
    sign_ins: dict[tuple[str, str], SignIn]
    complaints: list[str] = field(default_factory=list)
    _cookies: dict[tuple[str, str], Any] = field(default_factory=dict)

    def address(self, path: str, slug: str = ALA_TOO.slug) -> str:
        """A page of a company."""
        return f"{self.url}/t/{slug}{path}"

    @asynccontextmanager
    async def window(
        self, role: str | None = "admin", slug: str = ALA_TOO.slug, language: str = "en", width: int = DESK, **options: Any
    ) -> AsyncIterator[Page]:
        """A window in which somebody of that role is signed in; nobody when the role is None."""
        context = await self._context(language, width, options)
        if role is not None:
            await context.add_cookies(await self.cookies(role, slug))
        page = await context.new_page()
        yield page
        await context.close()

    async def cookies(self, role: str, slug: str = ALA_TOO.slug) -> Any:
        """A session of somebody of that role, opened by the form once and then kept."""
        if (slug, role) not in self._cookies:
            async with self.window(None) as page:
                await self.enter(page, role, slug)
                self._cookies[slug, role] = [each for each in await page.context.cookies() if each["name"] == "onhand_session"]
        return self._cookies[slug, role]

    async def enter(self, page: Page, role: str, slug: str = ALA_TOO.slug) -> None:
        """Through the front door, by hand."""
        who = self.sign_ins[slug, role]
        await page.goto(self.address("/sign-in", slug))
        await page.get_by_label("E-mail").fill(who.email)
        await page.locator("[name=password]").fill(who.password)
        await page.get_by_role("button", name="Sign in", exact=True).click()
        await page.wait_for_url(re.compile(rf"/t/{slug}/(?!sign-in)"))

    async def called(self, role: str, path: str, body: dict[str, object], slug: str = ALA_TOO.slug) -> dict[str, Any]:
        """A change sent by a program with the key of that role."""
        headers = {"Authorization": f"Bearer {self.sign_ins[slug, role].key}", "Idempotency-Key": os.urandom(8).hex()}
        async with httpx2.AsyncClient(base_url=self.url) as client:
            answer = await client.post(f"/v1/{slug}/{path}", json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return cast("dict[str, Any]", answer.json())

    async def _context(self, language: str, width: int, options: dict[str, Any]) -> BrowserContext:
        options = {"viewport": {"width": width, "height": 900 if width > PHONE else 812}, **options}
        context = await self.browser.new_context(**options)
        await context.add_cookies([{"name": "onhand_language", "value": language, "url": self.url}])
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(f"{error.page and error.page.url}: {error.error}"))
        return context

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.page and message.page.url}: {message.text}")


@asynccontextmanager
async def opened(database: Urls, var: Path, redis_url: str | None = None) -> AsyncIterator[Demo]:
    """The demo companies in an empty database, served and looked at inside the block."""
    assert CHROMIUM, "there is no Chromium"
    # What goes wrong is told in plain lines: the colourful default takes seconds for a traceback, and a line for each request some more.
    plain = [structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING), processors=plain)
    settings = settings_of(database, var, redis_url)
    told = await demo.ensure(settings, Urls(database.owner, database.app, database.engine))
    sign_ins = {
        (company["tenant"], user["role"]): SignIn(user["email"], user["password"], key["key"])
        for company in (told, told["other_tenant"])
        for user, key in zip(company["users"], company["api_keys"], strict=True)
    }
    sign_ins |= await _hired(database)
    await _jobs_known(database)
    async with answering(settings), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        found = Demo(told["url"], browser, sign_ins)
        for company in COMPANIES:
            await _used(found, company.slug)
        async with found.window(None) as page:
            await _letters(page, found)
        yield found
        await browser.close()


async def _hired(database: Urls) -> dict[tuple[str, str], SignIn]:
    """People for the roles that the demo has nobody for."""
    engine = make_engine(database.app, pool_size=2)
    people = People(engine, cheap_passwords(), Callers(engine, now_us), now_us, may_add)
    hired = {}
    for company in COMPANIES:
        tenant = await demo._tenant(engine, company.slug)
        assert tenant is not None
        admin = await demo._admin(engine, tenant, company)
        for role in HIRED:
            email = f"{role}@{company.slug}.example"
            await people.add_user(tenant, admin, NewUser(f"{company.name} {role}", email, PASSWORD, Role[role.upper()]))
            hired[company.slug, role] = SignIn(email, PASSWORD)
    await engine.dispose()
    return hired


async def _jobs_known(database: Urls) -> None:
    """The schedules that a worker writes down when it starts."""
    pool = await make_pool(database.engine, 1)
    await store.ensure(pool, JOBS)
    await pool.close()


async def _letters(page: Page, found: Demo) -> None:
    """A letter of each kind whose link opens a page."""
    who = found.sign_ins[ALA_TOO.slug, "viewer"]
    await page.goto(f"{found.url}/reset?company={ALA_TOO.slug}")
    await page.get_by_label("E-mail").fill(who.email)
    await page.get_by_role("button", name="Send the link").click()
    await page.get_by_role("heading", name="Look into your mail").wait_for()
    await page.goto(f"{found.url}/sign-up")
    for label, text in (
        ("Company", "Tea house"),
        ("Short name", "tea-house"),
        ("Your name", "Nur"),
        ("Time zone", "Asia/Bishkek"),
        ("E-mail", "nur@tea-house.example"),
    ):
        await page.get_by_label(label).fill(text)
    await page.get_by_role("button", name="Send the link").click()
    await page.get_by_role("heading", name="Look into your mail").wait_for()


async def _used(found: Demo, slug: str) -> None:
    """A transfer under way, a late sale of more than there was, an invitation, and all that is bought."""
    company = next(each for each in COMPANIES if each.slug == slug)
    here, there = (code for code, _ in company.warehouses[:2])
    plenty = next(good.sku for good in company.goods if good.ends == "ok" and good.unit == "pcs")
    gone = next(good.sku for good in company.goods if good.ends == "out")
    await found.called("manager", "stock/transfer", {"from": here, "to": there, "lines": [{"sku": plenty, "qty": "2"}]}, slug)
    late: dict[str, object] = {"late": True, "effective_at": rfc3339(now_us() - 3600 * SECOND), "reference": "Z-9"}
    await found.called("operator", "stock/issue", {**late, "lines": [{"sku": gone, "warehouse": here, "qty": "1"}]}, slug)
    await _bought(found, slug, here, plenty)
    await found.called("admin", "invitations", {"email": f"new@{slug}.example", "role": "operator"}, slug)


async def _bought(found: Demo, slug: str, warehouse: str, sku: str) -> None:
    """An order that came in part, with what else is written about it, a draft of another, and a wish for a third."""
    supplier, lines = await _supplier(found, slug), [{"sku": sku, "qty": "24"}]
    new: dict[str, object] = {"supplier": supplier, "warehouse": warehouse, "lines": lines}
    number = (await found.called("manager", "purchasing/orders", new, slug))["number"]
    for step in ("submit", "approve"):
        await found.called("admin", f"purchasing/orders/{number}/{step}", {}, slug)
    part = [{"sku": sku, "qty": "1"}]
    await found.called("manager", f"purchasing/orders/{number}/receive", {"lines": part, "delivery_note": "DN-1"}, slug)
    await found.called("manager", "purchasing/shipments", {"order": number, "lines": part}, slug)
    billed = [{"line": 1, "qty": "1", "price": {"amount": "10", "currency": "KGS"}}]
    await found.called("manager", "purchasing/invoices", {"order": number, "number": "INV-1", "lines": billed, "currency": "KGS"}, slug)
    await found.called("manager", "purchasing/orders", new, slug)
    await found.called("operator", "purchasing/requisitions", {"warehouse": warehouse, "lines": part, "ask": True}, slug)


async def _supplier(found: Demo, slug: str) -> str:
    """The code of a supplier of the company."""
    headers = {"Authorization": f"Bearer {found.sign_ins[slug, 'manager'].key}"}
    async with httpx2.AsyncClient(base_url=found.url, headers=headers) as client:
        return str((await client.get(f"/v1/{slug}/inventory/suppliers?limit=1")).json()["items"][0]["code"])
