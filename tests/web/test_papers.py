"""Pages of shipments, requisitions and invoices: what is asked, announced and invoiced, and deciding about it."""

from __future__ import annotations

from html import unescape
from typing import Any

from inventory.catalog.messages import Money
from inventory.context import Context
from inventory.invoices import messages as invoices
from inventory.invoices import service as invoicing
from inventory.purchasing import messages as m
from inventory.purchasing import service as purchasing
from inventory.shipments import messages as shipments
from inventory.shipments import service as shipping
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.shop import furnish


async def shown(browser: Browser, ctx: Context, path: str, status: int = 200) -> str:
    response = await browser.get(f"/t/{ctx.tenant.slug}{path}")
    text = unescape(await response.get_data(as_text=True))
    assert response.status_code == status, text
    return text


async def sent(browser: Browser, ctx: Context, path: str, form: dict[str, Any]) -> None:
    response = await browser.post(f"/t/{ctx.tenant.slug}{path}", form)
    assert response.status_code == 303, unescape(await response.get_data(as_text=True))


async def ordered(ctx: Context) -> None:
    """PO-1001: ten hearts from Felt at five each, approved; six of them announced; an invoice for all ten."""
    async with ctx.writing() as work:
        line = m.NewOrderLine("HEART", "10", "pcs", Money("5", "KGS"))
        number = await purchasing.draft(ctx, work, m.NewOrder("FELT", "main", (line,), currency="KGS"))
        await purchasing.submit(ctx, work, number)
        await purchasing.approve(ctx, work, number)
    async with ctx.writing() as work:
        await shipping.announce(ctx, work, shipments.NewShipment("PO-1001", (shipments.AnnouncedLine("6", 1),), "Cargo Line"))
        await invoicing.enter(ctx, work, invoices.NewInvoice("PO-1001", "A-17", (invoices.InvoicedLine("10", Money("5", "KGS"), 1),)))


async def test_shows_and_receives_what_was_announced(site: Site) -> None:
    ctx = await furnish(site, site.world.alice)
    await ordered(ctx)
    alice = await site.entered_by(site.world.alice)
    assert "Cargo Line" in await shown(alice, ctx, "/shipments")
    await sent(alice, ctx, "/shipments/SH-1001/receive", {})
    assert "Receive all of it" not in await shown(alice, ctx, "/shipments/SH-1001")
    assert "SH-1001" in await shown(alice, ctx, "/shipments?status=received")


async def test_approves_an_invoice_that_does_not_match(site: Site) -> None:
    ctx = await furnish(site, site.world.alice)
    await ordered(ctx)
    alice = await site.entered_by(site.world.alice)
    assert "A-17" in await shown(alice, ctx, "/invoices")
    assert "more than received" in await shown(alice, ctx, "/invoices/IV-1001")
    await sent(alice, ctx, "/invoices/IV-1001/approve", {"line": "1", "note": "paid ahead"})
    assert "paid ahead" in await shown(alice, ctx, "/invoices/IV-1001")
    assert "A-17" not in await shown(alice, ctx, "/invoices")


async def test_asks_approves_and_orders(site: Site) -> None:
    ctx = await furnish(site, site.world.alice)
    alice, bob = await site.entered_by(site.world.alice), await site.entered_by(site.world.bob)
    await shown(bob, ctx, "/requisitions/new")
    await sent(bob, ctx, "/requisitions/new", {"sku": "HEART", "qty": "12", "warehouse": "main", "note": "for the feast"})
    assert "RQ-1001" in await shown(bob, ctx, "/requisitions")
    await sent(alice, ctx, "/requisitions/RQ-1001/approve", {})
    await sent(alice, ctx, "/requisitions/RQ-1001/order", {"supplier": "FELT"})
    assert "PO-1001" in await shown(alice, ctx, "/requisitions/RQ-1001")


async def test_shows_a_stranger_nothing(site: Site) -> None:
    ctx = await furnish(site, site.world.alice)
    await ordered(ctx)
    carol = await site.entered_by(site.world.carol)
    other = site.world.carol.tenant.slug
    for path in ("shipments/SH-1001", "invoices/IV-1001", "requisitions/RQ-1001"):
        assert (await carol.get(f"/t/{other}/{path}")).status_code == 404
        assert (await carol.get(f"/t/{ctx.tenant.slug}/{path}")).status_code in (403, 404)
