"""Carol belongs to another company. Whatever she asks of Alice's, it is not there: on every route, however it was made."""

from __future__ import annotations

import re
from typing import Any

from inventory.catalog import messages as catalog
from inventory.catalog import service
from inventory.locations import messages as places
from inventory.locations import service as places_service
from tests.people import Person
from tests.web.conftest import Site
from web.access import permission_of


def routes(site: Site) -> list[tuple[str, str]]:
    """(method, path with a placeholder for the tenant) of every route that belongs to a company."""
    found = []
    for rule in site.app.url_map.iter_rules():
        if "tenant" not in rule.arguments or rule.websocket or not permission_of(site.app, rule.endpoint):
            continue
        path = rule.rule
        for argument in rule.arguments - {"tenant"}:
            for converter in ("", "path:", "int:"):
                path = path.replace(f"<{converter}{argument}>", "1" if converter == "int:" else "R1")
        found += [(method, path) for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})]
    return sorted(found)


async def call(site: Site, method: str, path: str, headers: dict[str, str]) -> Any:
    return await site.app.test_client().open(path, method=method, headers=headers, json={} if method != "GET" else None)


async def test_a_stranger_finds_nothing_on_any_route(site: Site) -> None:
    found = routes(site)
    assert len(found) > 25
    statuses = {}
    for method, path in found:
        response = await call(site, method, path.replace("<tenant>", site.world.alice.tenant.slug), site.world.carol.bearer)
        nowhere = await call(site, method, path.replace("<tenant>", "no-such-company"), site.world.carol.bearer)
        assert _said(response, await response.get_data()) == _said(nowhere, await nowhere.get_data())
        statuses[f"{method} {path}"] = response.status_code
    assert {way: status for way, status in statuses.items() if status != 404} == {}


async def test_nobody_gets_in_without_saying_who(site: Site) -> None:
    for method, path in routes(site):
        response = await call(site, method, path.replace("<tenant>", site.world.alice.tenant.slug), {})
        assert response.status_code in (401, 303), f"{method} {path}"


async def test_a_session_cookie_alone_changes_nothing(site: Site) -> None:
    browser = await site.entered_by(site.world.alice)
    for method, path in routes(site):
        if method != "GET":
            response = await browser.client.open(path.replace("<tenant>", site.world.alice.tenant.slug), method=method, json={})
            assert response.status_code == 403, f"{method} {path}"


async def test_things_of_another_company_are_not_reached_through_ones_own_address(site: Site) -> None:
    """Alice's item and warehouse, asked for under Carol's own company."""
    alice, carol = site.world.alice, site.world.carol
    await _make_things(site, alice)
    own = carol.tenant.slug
    for path in (f"/t/{own}/stock/item/SECRET-1", f"/t/{own}/items/edit/SECRET-1", f"/t/{own}/warehouses/edit/vault"):
        assert (await call(site, "GET", path, carol.bearer)).status_code == 404, path
    for path in (f"/t/{own}/stock?format=csv", f"/t/{own}/items?format=csv&shown=all", f"/t/{own}/warehouses?format=csv"):
        page = await (await call(site, "GET", path, carol.bearer)).get_data(as_text=True)
        assert "SECRET" not in page
        assert "vault" not in page


async def _make_things(site: Site, alice: Person) -> None:
    ctx = alice.context(site.world.engine)
    async with ctx.writing() as work:
        await service.found_units(work)
        await service.create_item(ctx, work, catalog.NewItem(sku="SECRET-1", name="Secret"))
        await places_service.create_warehouse(ctx, work, places.NewWarehouse("vault", "Vault"))


def _said(response: Any, body: bytes) -> tuple[int, str, bytes]:
    """What a caller can tell. The request's id, the time and the tokens of forms differ each time and say nothing."""
    plain = body.replace(response.headers["X-Request-Id"].encode(), b"")
    return response.status_code, response.content_type, re.sub(rb'data-now="\d+"|name="_(csrf|key)" value="[^"]*"', b"", plain)
