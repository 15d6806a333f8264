"""Pages of keys, roles and trusted issuers."""

from __future__ import annotations

import re
from uuid import uuid4

from app.passwords import let_in
from tenants.domain import EVERY_PERMISSION
from tests.people import cheap_passwords
from tests.web.conftest import Site
from web.access import ANYONE_HERE, ENROLLING, permission_of
from web.rights import EXPLAINED

_SECRET = re.compile(r'value="(oh_[^"]+)"')


async def test_a_key_is_shown_once_and_a_form_sent_again_makes_no_second(site: Site) -> None:
    browser, slug = await site.entered_by(site.world.alice), site.world.alice.tenant.slug
    form = {"name": "web shop", "kind": "key", "role": "operator", "days": "90", "_key": uuid4().hex, "scope:stock.read": "yes"}
    response = await browser.post(f"/t/{slug}/keys/new", form)
    page = await response.get_data(as_text=True)
    secret = _SECRET.search(page)
    assert response.status_code == 200 and secret is not None
    assert response.headers["Cache-Control"] == "no-store"
    again = await browser.post(f"/t/{slug}/keys/new", form)
    assert (again.status_code, again.headers["Location"]) == (303, f"/t/{slug}/keys")
    listed = await (await browser.get(f"/t/{slug}/keys")).get_data(as_text=True)
    assert listed.count("web shop") == 1
    assert secret[1] not in listed
    found = await site.world.callers.of_key(secret[1])
    assert found is not None
    assert found.actor.permissions == {"stock.read"}


async def test_a_key_gets_a_new_secret_and_is_ended(site: Site) -> None:
    browser, slug = await site.entered_by(site.world.alice), site.world.alice.tenant.slug
    callers = site.app.extensions["onhand"].callers
    caller = await callers.of_key(site.world.bob.key)
    assert caller is not None
    address = f"/t/{slug}/keys/{caller.actor.principal_id}"
    assert "Bob&#39;s key" in await (await browser.get(address)).get_data(as_text=True)
    page = await (await browser.post(f"{address}/rotate", {"overlap": "0"})).get_data(as_text=True)
    fresh = _SECRET.search(page)
    assert fresh is not None
    assert await callers.of_key(site.world.bob.key) is None
    assert await callers.of_key(fresh[1]) is not None
    assert (await browser.post(f"{address}/revoke")).status_code == 303
    assert await callers.of_key(fresh[1]) is None


async def test_a_till_without_a_warehouse_is_refused_and_what_was_typed_stays(site: Site) -> None:
    browser, slug = await site.entered_by(site.world.alice), site.world.alice.tenant.slug
    response = await browser.post(f"/t/{slug}/keys/new", {"name": "till 9", "kind": "device", "role": "operator", "days": ""})
    page = await response.get_data(as_text=True)
    assert response.status_code == 422
    assert "Choose the one warehouse" in page and 'value="till 9"' in page


async def test_only_who_may_make_keys_sees_them_and_everybody_sees_the_roles(site: Site) -> None:
    bob, slug = await site.entered_by(site.world.bob), site.world.bob.tenant.slug
    for path in ("keys", "keys/new", "machines"):
        assert (await bob.get(f"/t/{slug}/{path}")).status_code == 403
    page = await (await bob.get(f"/t/{slug}/roles")).get_data(as_text=True)
    assert all(permission in page for permission in EVERY_PERMISSION)
    assert f"/t/{slug}/keys" not in page


async def test_an_issuer_is_trusted_by_a_form_and_one_that_does_not_fit_is_not(site: Site) -> None:
    browser, slug = await site.entered_by(site.world.alice), site.world.alice.tenant.slug
    form = {
        "issuer": "https://issuer.example", "audience": "onhand", "algorithm": "ES256", "tenant_claim": "tenant", "role_claim": "roles",
        "roles": "pickers = operator", "jwks_url": "", "scopes_claim": "",
    }  # fmt: skip
    assert (await browser.post(f"/t/{slug}/machines", form | {"roles": "pickers"})).status_code == 422
    assert (await browser.post(f"/t/{slug}/machines", form)).status_code == 303
    assert (await browser.post(f"/t/{slug}/machines", form)).status_code == 409
    assert "https://issuer.example" in await (await browser.get(f"/t/{slug}/machines")).get_data(as_text=True)


def test_every_permission_is_explained_and_every_route_asks_for_one_that_exists(site: Site) -> None:
    asked = {permission_of(site.app, rule.endpoint) for rule in site.app.url_map.iter_rules()} - {"", ANYONE_HERE, ENROLLING}
    assert asked <= EVERY_PERMISSION, "a route asks for a permission that no role has"
    assert set(EXPLAINED) == EVERY_PERMISSION, "explain the permission in web/rights.py"


async def test_an_admin_is_let_in_from_the_machine_itself_and_nobody_else_is(site: Site) -> None:
    alice, bob = site.world.alice, site.world.bob
    passwords = cheap_passwords()
    for slug, email in ((alice.tenant.slug, bob.email), (alice.tenant.slug, "nobody@x.example"), ("no-such-company", alice.email)):
        assert await let_in(site.world.engine, passwords, slug, email) is None
    fresh = await let_in(site.world.engine, passwords, alice.tenant.slug, alice.email)
    assert fresh is not None
    assert (await site.browser().sign_in(alice)).status_code == 401, "the password before is gone"
    assert (await site.browser().sign_in(alice, fresh)).status_code == 303
