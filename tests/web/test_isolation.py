"""The probe: every route and every role, with everything of another company put where an id may stand. Nothing of it comes back,
and what is another's answers like what does not exist."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from inventory.answer import Asked
from inventory.catalog import messages as catalog
from inventory.catalog import service as catalog_service
from inventory.context import Context
from inventory.ledger import performing
from inventory.locations import messages as places
from inventory.locations import service as places_service
from inventory.purchasing import messages as purchasing
from inventory.purchasing import receipts
from inventory.purchasing import service as purchasing_service
from inventory.suppliers import messages as suppliers
from inventory.suppliers import service as suppliers_service
from kit.ids import order_number
from tenants.domain import Role
from tests.people import Person, hire
from tests.web.conftest import Site
from tests.web.shop import do, furnish, line
from web.access import permission_of

CANARY = "Canarybird"
NOWHERE = {
    "sku": "NO-SUCH-THING",
    "code": "no-such-place",
    "reservation": "R999999",
    "transfer": "T999999",
    "exception": "X999999",
    "order": "PO-999999",
    "receipt": "G999999",
    "number": "999999",
}
OWN_PLACE_ONLY = ("order", "receipt")
"""Words that stand only where their sort of thing is named: everywhere else they would say nothing that others do not."""

pytestmark = pytest.mark.timeout(900)
"""It asks every address as every role."""


async def treasures(site: Site) -> dict[str, str]:
    """Things of Alice's that nobody else has, by the sort of word that names them. All of them bear the canary."""
    ctx: Context = await furnish(site, site.world.alice)
    async with ctx.writing() as work:
        await catalog_service.create_item(ctx, work, catalog.NewItem(sku=f"{CANARY}-1", name=f"{CANARY} cup"))
        await places_service.create_warehouse(ctx, work, places.NewWarehouse(f"{CANARY}-vault", f"{CANARY} vault"))
        # Of the same code as the warehouse, so that one word leads to both.
        await suppliers_service.create_supplier(ctx, work, suppliers.NewSupplier(f"{CANARY}-vault", f"{CANARY} supplies", notes=CANARY))
        await suppliers_service.add_item(ctx, work, f"{CANARY}-vault", suppliers.NewOffer(sku=f"{CANARY}-1", supplier_sku=CANARY))
    order, receipt = await bought(ctx)
    for _ in range(3):
        await do(ctx, "receive", lines=[line(f"{CANARY}-1", "9", f"{CANARY}-vault")], reference=f"{CANARY} order")
    held: Any = await do(ctx, "reserve", lines=[line(f"{CANARY}-1", "1", f"{CANARY}-vault")], reference=f"{CANARY} promise")
    sent: Any = await do(ctx, "transfer", **{"from": f"{CANARY}-vault", "to": "osh", "lines": [{"sku": f"{CANARY}-1", "qty": "1"}]})
    await hire(site.world.people, site.world.alice, CANARY, Role.VIEWER)
    return {
        "sku": f"{CANARY}-1",
        "code": f"{CANARY}-vault",
        "reservation": held["reservation"]["id"],
        "transfer": sent["transfer"]["id"],
        "exception": "X1",
        "order": order,
        "receipt": receipt,
        "number": str(site.world.alice.actor.principal_id),
    }


async def bought(ctx: Context) -> tuple[str, str]:
    """An order of theirs, and a receipt of some of it."""
    async with ctx.writing() as work:
        new = purchasing.NewOrder(f"{CANARY}-vault", f"{CANARY}-vault", (purchasing.NewOrderLine(f"{CANARY}-1", "9"),), note=CANARY)
        number = await purchasing_service.draft(ctx, work, new)
        await purchasing_service.submit(ctx, work, number)
        await purchasing_service.approve(ctx, work, number)
    lines = [{"line": 1, "qty": "1"}]
    asked = Asked("purchasing/receive", "canary", {"order": order_number(number), "lines": lines, "delivery_note": CANARY})
    answer = await performing.perform(ctx, receipts.RECEIVE, asked)
    return order_number(number), answer.body["receipt"]["id"]


def addresses(site: Site, tenant: str, words: dict[str, str]) -> list[tuple[str, str]]:
    """Every route of a company with every word in every place of its path, and in what lists are asked."""
    found = []
    for rule in site.app.url_map.iter_rules():
        if "tenant" not in rule.arguments or rule.websocket or not permission_of(site.app, rule.endpoint) or rule.rule.endswith("/events"):
            continue
        for word in (None, *dict.fromkeys(word for name, word in words.items() if name not in OWN_PLACE_ONLY)):
            path = filled(rule.rule.replace("<tenant>", tenant), words, word)
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                asked = "&".join(f"{name}={word or words['sku']}" for name in ("sku", "warehouse", "reference", "q", "code", "subject"))
                found.append((method, f"{path}?{asked}&format=csv" if method == "GET" else path))
    return sorted(set(found))


def filled(path: str, words: dict[str, str], word: str | None) -> str:
    """The path with one word in all its places; without one, with each thing's own word where that sort of thing is named."""
    path = re.sub(r"<int:\w+>", words["number"], path)
    path = path.replace("<number>", word or words["order"])
    return re.sub(r"<(?:path:)?(\w+)>", lambda found: word or words.get(found[1], words["sku"]), path)


def bodies(words: dict[str, str]) -> list[dict[str, Any]]:
    """What a command of a stranger may name."""
    lines = [{"sku": words["sku"], "warehouse": words["code"], "qty": "1"}]
    return [
        {"lines": lines},
        {"reservation": words["reservation"], "lines": lines},
        {"transfer": words["transfer"], "lines": lines},
        {"sku": words["sku"], "warehouse": words["code"]},
        {"from": words["code"], "to": words["code"], "lines": [{"sku": words["sku"], "qty": "1"}]},
        {"csv": f"supplier,sku\n{words['code']},{words['sku']}\n", "dry_run": True},
        {"supplier": words["code"], "sku": words["sku"]},
    ]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MANAGER, Role.INVENTORY, Role.OPERATOR, Role.VIEWER, Role.BILLING, Role.SUPPLIER])
async def test_nothing_of_another_company_comes_back_whatever_is_asked(site: Site, role: Role) -> None:
    theirs = await treasures(site)
    who = site.world.carol if role is Role.ADMIN else await hire(site.world.people, site.world.carol, "Dan", role)
    own = who.tenant.slug
    assert len(addresses(site, own, theirs)) > 100
    for number, (method, path) in enumerate(addresses(site, own, theirs)):
        for body in bodies(theirs) if method != "GET" else [None]:
            headers = {"Idempotency-Key": f"probe-{number}-{id(body)}", "If-Match": '"1"', "Last-Event-ID": "1"}
            status, text = await said(site, who, method, path, body, headers)
            assert status < 500, (method, path, text)
            told = text.replace(theirs["sku"], "").replace(theirs["code"], "")  # a refusal repeats the word it was given
            assert CANARY not in told, (method, path, text)
            assert site.world.alice.tenant.slug not in told.replace(path, ""), (method, path)
            assert site.world.alice.email not in told, (method, path)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.VIEWER])
async def test_what_is_anothers_answers_like_what_does_not_exist(site: Site, role: Role) -> None:
    theirs = await treasures(site)
    who = site.world.carol if role is Role.ADMIN else await hire(site.world.people, site.world.carol, "Dan", role)
    numbers = itertools.count()
    for rule in site.app.url_map.iter_rules():
        others = rule.arguments - {"tenant"}
        if "tenant" not in rule.arguments or not others or rule.websocket or not permission_of(site.app, rule.endpoint):
            continue
        if rule.endpoint == "audit.show":
            continue  # facts are numbered in each company from 1, so every number is one's own
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            # Where a number stands beside another word, each sort of thing has its own: a refusal may repeat the word.
            numbered = ("number",) if len(others) == 1 else ("",)
            for name in numbered if "<int:" in rule.rule else ("", "sku", "code", "reservation", "transfer"):
                answers = []
                for words in (theirs, NOWHERE):
                    path = filled(rule.rule.replace("<tenant>", who.tenant.slug), words, words[name] if name else None)
                    body = bodies(words)[0] if method != "GET" else None
                    headers = {"Idempotency-Key": f"like-{next(numbers)}", "If-Match": '"1"'}
                    status, text = await said(site, who, method, path, body, headers)
                    # A refusal repeats the words it was given; a bare number stands in too much else, so only in an address.
                    for word in (*(words[each] for each in words if each != "number"), f"/{words['number']}"):
                        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "", text)
                    answers.append((status, text))
                assert answers[0] == answers[1], (method, rule.rule, name)


async def test_a_cursor_or_an_event_of_another_company_opens_nothing(site: Site) -> None:
    await treasures(site)
    alice, carol = site.world.alice, site.world.carol
    _, page = await said(site, alice, "GET", f"/v1/{alice.tenant.slug}/stock/ledger?limit=1", None, {})
    cursor = re.search(r'"next":"([^"]+)"', page)
    assert cursor
    for path in ("stock/ledger", "stock/levels", "stock/reservations", "inventory/items", "audit"):
        for asked in (f"cursor={cursor[1]}", "after=1", "before=99"):
            status, text = await said(site, carol, "GET", f"/v1/{carol.tenant.slug}/{path}?{asked}", None, {})
            assert status in (200, 422), (path, asked)
            assert CANARY not in text
            assert alice.tenant.slug not in text


async def said(site: Site, who: Person, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, str]:
    """Status, and everything a caller can read: what differs each time and says nothing is taken out."""
    client: Any = site.app.test_client()
    response = await client.open(path, method=method, headers={**who.bearer, **headers}, json=body)
    text = str(await response.get_data(as_text=True)) + str(response.headers.get("Location", ""))
    text = re.sub(r'data-now="\d+"', "", text.replace(response.headers["X-Request-Id"], ""))
    return response.status_code, re.sub(r'name="_(csrf|key)" value="[^"]*"', "", text)
