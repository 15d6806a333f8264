"""Who buys on pages: Alice's shop with two suppliers, and what one does on the pages of orders."""

from __future__ import annotations

import re
from html import unescape
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from quart.datastructures import FileStorage

from inventory.catalog import messages as catalog
from inventory.catalog import service as catalog_service
from inventory.context import Context
from inventory.purchasing import queries
from inventory.suppliers import messages as suppliers
from inventory.suppliers import service as suppliers_service
from kit.ids import parse_order_number
from tenants.domain import Role
from tests.people import hire
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.shop import furnish


@pytest.fixture
async def shop(site: Site) -> Context:
    """Alice's shop, where Acme sells hearts by the case of 12 (at least 2; 120.00, from 10 cases on 100.00), and Silent has no e-mail."""
    ctx = await furnish(site, site.world.alice)
    async with ctx.writing() as work:
        await catalog_service.set_item_unit(ctx, work, "HEART", catalog.NewItemUnit("case", 12))
        acme = suppliers.NewSupplier("acme", "Acme", email="orders@acme.example", contact="Li Wei", language="ru", lead_time_days=5)
        await suppliers_service.create_supplier(ctx, work, acme)
        await suppliers_service.create_supplier(ctx, work, suppliers.NewSupplier("silent", "Silent"))
        price, cheaper = catalog.Money("120", "KGS"), (suppliers.PriceBreak(10, "100"),)
        offer = suppliers.NewOffer(sku="HEART", supplier_sku="A-17", unit="case", moq=2, price=price, breaks=cheaper)
        await suppliers_service.add_item(ctx, work, "acme", offer)
    return ctx


@pytest.fixture
async def alice(site: Site, shop: Context) -> Browser:
    """The owner."""
    return await site.entered_by(site.world.alice)


async def entered(site: Site, name: str, role: Role) -> Browser:
    """Somebody else of Alice's company."""
    return await site.entered_by(await hire(site.world.people, site.world.alice, name, role))


async def said(response: Any) -> str:
    return unescape(await response.get_data(as_text=True))


class Buying:
    """What one does on the pages of orders."""

    def __init__(self, browser: Browser, shop: Context) -> None:
        self.browser = browser
        self.shop = shop
        self.company = f"/t/{shop.tenant.slug}"
        self.at = f"{self.company}/purchasing"

    async def drafted(self, qty: str = "10", sku: str = "HEART", **more: str) -> str:
        """A draft of one line, typed; its number."""
        form = {"supplier": "acme", "warehouse": "osh", "currency": "KGS", "sku_0": sku, "qty_0": qty, "unit_0": "pcs", "price_0": "9.50"}
        response = await self.browser.post(f"{self.at}/new", form | more)
        assert response.status_code == 303, await said(response)
        return str(response.headers["Location"].rpartition("/")[2])

    async def does(self, number: str, verb: str, **form: str) -> Any:
        """A deed of an order's page."""
        return await self.browser.post(f"{self.at}/orders/{number}/{verb}", form)

    async def ordered(self, qty: str = "10", **more: str) -> str:
        """An approved order."""
        number = await self.drafted(qty, **more)
        for verb in ("submit", "approve"):
            assert (await self.does(number, verb)).status_code == 303
        return number

    async def page(self, path: str = "") -> str:
        """The words of a page."""
        response = await self.browser.get(f"{self.at}{path}")
        assert response.status_code == 200, await said(response)
        return await said(response)

    async def opens(self, path: str, status: int = 200) -> str:
        """The words of another page of the company."""
        response = await self.browser.get(f"{self.company}{path}")
        assert response.status_code == status, await said(response)
        return await said(response)

    async def sends(self, path: str, status: int = 303, **form: str) -> str:
        """Where a form of another page leads, or the words of the page that refuses it."""
        response = await self.browser.post(f"{self.company}{path}", form)
        assert response.status_code == status, await said(response)
        return str(response.headers["Location"]) if status == 303 else await said(response)

    async def uploads(self, path: str, content: str, **form: str) -> tuple[int, str]:
        """What a page says of a CSV file."""
        fields = {"_csrf": self.browser.csrf, "_key": uuid4().hex, **form}
        file = FileStorage(BytesIO(content.encode()), "file.csv", "file")
        headers = {"Sec-Fetch-Site": "same-origin"}
        response = await self.browser.client.post(f"{self.company}{path}", form=fields, files={"file": file}, headers=headers)
        return response.status_code, await said(response)

    async def order(self, number: str) -> queries.ShownOrder:
        """The order as it stands."""
        async with self.shop.reading() as connection:
            found = await queries.shown(connection, self.shop.tenant.id, parse_order_number(number) or 0)
        assert found is not None
        return found

    async def status(self, number: str) -> str:
        """Where it stands."""
        return (await self.order(number)).head.status.label


@pytest.fixture
def buying(alice: Browser, shop: Context) -> Buying:
    """Alice at the pages of orders."""
    return Buying(alice, shop)


async def set_up(buying: Buying, **chosen: str) -> None:
    """Choose settings of the company by its page."""
    page = await said(await buying.browser.get(f"/t/{buying.shop.tenant.slug}/settings"))
    version = re.search(r'name="version" value="(\d+)"', page)
    response = await buying.browser.post(f"/t/{buying.shop.tenant.slug}/settings", {"version": version[1] if version else "1"} | chosen)
    assert response.status_code == 303, await said(response)
