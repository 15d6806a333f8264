"""Pages of requisitions: people who work with stock ask, managers decide and order."""

from __future__ import annotations

from tests.web.conftest import Site
from tests.web.purchasing.conftest import Buying


async def test_asks_approves_and_orders(site: Site, buying: Buying) -> None:
    bob = Buying(await site.entered_by(site.world.bob), buying.shop)
    assert "Ask for goods" in await bob.opens("/requisitions/new")
    await bob.sends("/requisitions/new", sku="HEART", qty="12", warehouse="main", note="for the feast")
    assert "RQ-1001" in await bob.opens("/requisitions")
    assert "Asked for" in await buying.opens("/requisitions/RQ-1001")
    await buying.sends("/requisitions/RQ-1001/approve")
    await buying.sends("/requisitions/RQ-1001/order", supplier="FELT")
    assert f'href="{buying.at}/orders/PO-1001"' in await buying.opens("/requisitions/RQ-1001")


async def test_rejects_with_a_reason(site: Site, buying: Buying) -> None:
    bob = Buying(await site.entered_by(site.world.bob), buying.shop)
    await bob.sends("/requisitions/new", sku="HEART", qty="12", warehouse="main")
    assert 'id="e-reason"' in await buying.sends("/requisitions/RQ-1001/reject", 422, reason=" ")
    await buying.sends("/requisitions/RQ-1001/reject", reason="there is enough")
    shown = await bob.opens("/requisitions/RQ-1001")
    assert "Rejected" in shown and "there is enough" in shown


async def test_shows_a_stranger_nothing(site: Site, buying: Buying) -> None:
    await buying.sends("/requisitions/new", sku="HEART", qty="12", warehouse="main")
    carol = await site.entered_by(site.world.carol)
    for company in (buying.company, f"/t/{site.world.carol.tenant.slug}"):
        assert (await carol.get(f"{company}/requisitions/RQ-1001")).status_code == 404
