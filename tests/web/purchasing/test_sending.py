"""An approved order goes to its supplier, by letter or on paper."""

from __future__ import annotations

from tenants.domain import Role
from tests.web.conftest import Site
from tests.web.purchasing.conftest import Buying, entered
from web.letters import message_of


async def test_sends_an_approved_order_in_the_suppliers_language(site: Site, buying: Buying) -> None:
    draft = await buying.drafted()
    assert (await buying.does(draft, "send")).status_code == 409
    number = await buying.ordered("12", unit_0="case", price_0="", note="Осторожно: хрупкое", expected_on="2031-05-04")
    assert (await buying.does(number, "send")).status_code == 303
    post = site.app.extensions["onhand"].post
    sent = [each for each in await post.outbox(500) if each.tenant_id == buying.shop.tenant.id and each.letter.kind == "order"]
    assert [each.letter.facts["number"] for each in sent] == [number], "and none of the draft"
    (mail,) = sent
    message = message_of(mail, "Onhand <post@onhand.example>", "https://onhand.example")
    assert message["Subject"] == f"Заказ {number} от компании {buying.shop.tenant.name}"
    plain, html = (part.get_content() for part in message.iter_parts())
    for letter in (plain, html):
        assert all(words in letter for words in ("Li Wei", "A-17", "12 ящик", "1\u00a0200,00", "4 мая 2031", "хрупкое"))
    assert "<table" in html and (await buying.order(number)).head.sent_at is not None
    shown = await buying.page(f"/orders/{number}")
    assert "sent to the supplier" in shown and "Send again" in shown


async def test_says_why_an_order_cannot_be_sent(buying: Buying) -> None:
    number = await buying.ordered(supplier="silent")
    shown = await buying.page(f"/orders/{number}")
    assert f"The supplier of {number} has no e-mail address." in shown and 'aria-describedby="why-send"' in shown
    assert (await buying.does(number, "send")).status_code == 409


async def test_a_clerk_sends_nothing(site: Site, buying: Buying) -> None:
    number = await buying.ordered()
    clerk = Buying(await entered(site, "Clara", Role.INVENTORY), buying.shop)
    assert (await clerk.does(number, "send")).status_code == 403
    assert (await buying.order(number)).head.sent_at is None


async def test_prints_the_order_and_the_list_to_receive_by(buying: Buying) -> None:
    number = await buying.ordered("2", unit_0="case")
    paper = await buying.page(f"/orders/{number}/print")
    assert all(words in paper for words in (f"Purchase order {number}", "Acme", "A-17", "<b>2</b> case"))
    assert "<b>24</b> pcs" in await buying.page(f"/orders/{number}/receiving-list")
    await buying.does(number, "receive", all="1")
    assert "Nothing of it is still to come." in await buying.page(f"/orders/{number}/receiving-list")
