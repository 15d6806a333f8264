"""Through the company's own identity provider: real provider processes, their real tokens, and what others try with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import text

from app.passwords import let_in
from tenants.domain import Role
from tests.people import Person, hire
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.providers import CLIENT_ID, CLIENT_SECRET, Provider, certified_provider, mock_provider


@pytest.fixture(scope="module")
def mock() -> Iterator[Provider]:
    """One process for the file: people and companies are each test's own."""
    with mock_provider() as provider:
        yield provider


@dataclass
class Way:
    """Alice's company with single sign-on set up, and how people walk through it."""

    site: Site
    provider: Provider
    admin: Browser
    who: Person

    @property
    def slug(self) -> str:
        return self.who.tenant.slug

    def email(self, name: str) -> str:
        return f"{name}@{self.slug}.example"

    def knows(self, name: str, *groups: str, **claims: Any) -> None:
        told = {"email": self.email(name), "email_verified": True, "name": name.title(), "groups": list(groups)}
        self.provider.knows(f"{self.slug}-{name}", **(told | claims))

    async def sets_up(self, **changes: str) -> Any:
        return await self.sets_up_as(self.admin, **changes)

    async def sets_up_as(self, admin: Browser, **changes: str) -> Any:
        form = {
            "name": "Our directory",
            "issuer": self.provider.issuer,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "domains": f"{self.slug}.example",
            "group_claim": "groups",
            "roles": "onhand-admins = admin\nstock = manager\nfloor = operator",
            "default_role": "",
            "version": "0",
        }
        return await admin.post(f"/t/{self.slug}/single-sign-on", form | changes)

    async def sets_out(self, browser: Browser, onward: str = "") -> str:
        response = await browser.get(f"/t/{self.slug}/sso/start?{urlencode({'next': onward})}")
        assert response.status_code == 303, await response.get_data(as_text=True)
        return str(response.headers["Location"])

    async def comes(self, name: str, browser: Browser | None = None, onward: str = "") -> tuple[Browser, Any]:
        """All the way: out to the provider, through its pages, and back."""
        browser = browser or self.site.browser()
        back = self.provider.signs_in(await self.sets_out(browser, onward), f"{self.slug}-{name}")
        return browser, await browser.get(_path(back))

    async def inside(self, browser: Browser) -> int:
        return (await browser.get(f"/t/{self.slug}/stock")).status_code


@pytest.fixture
async def way(site: Site, mock: Provider) -> Way:
    alice = site.world.alice
    found = Way(site, mock, await site.entered_by(alice), alice)
    response = await found.sets_up()
    assert response.status_code == 303, await response.get_data(as_text=True)
    return found


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


async def _said(response: Any) -> str:
    return str(await response.get_data(as_text=True))


async def test_the_door_of_the_company_shows_the_way_and_that_of_others_does_not(way: Way) -> None:
    stranger = way.site.browser()
    assert "Sign in with Our directory" in await _said(await stranger.get(f"/t/{way.slug}/sign-in"))
    for slug in (way.site.world.carol.tenant.slug, "no-such-company"):
        assert "Sign in with" not in await _said(await stranger.get(f"/t/{slug}/sign-in"))
        assert (await stranger.get(f"/t/{slug}/sso/start")).status_code == 404


async def test_goes_out_with_state_nonce_and_pkce(way: Way) -> None:
    asked = parse_qs(urlsplit(await way.sets_out(way.site.browser())).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"http://localhost/t/{way.slug}/sso/callback"]
    assert all(len(asked[name][0]) == 43 for name in ("state", "nonce", "code_challenge"))
    assert "openid" in asked["scope"][0]


async def test_somebody_new_comes_in_with_the_role_of_their_groups(way: Way) -> None:
    way.knows("dana", "stock", "floor")
    browser, response = await way.comes("dana")
    assert (response.status_code, response.headers["Location"]) == (303, f"/t/{way.slug}/")
    page = await _said(await browser.get(f"/t/{way.slug}/stock"))
    assert "Dana" in page
    row = await _user(way, "dana")
    assert (row.role, row.password_hash) == (Role.MANAGER, None)


async def test_who_came_through_the_provider_is_asked_for_no_second_factor_of_ours(way: Way) -> None:
    async with way.who.context(way.site.world.engine).writing() as work:
        company: Any = way.site.app.extensions["onhand"].company
        await company.change(work, way.who.actor, {"second_factor": "everyone"}, 1, currency_is_used=False)
    way.knows("dana", "stock")
    browser, _ = await way.comes("dana")
    assert await way.inside(browser) == 200
    assert await way.inside(way.admin) == 303, "by password it is asked for"


async def test_nobody_without_a_group_comes_in_unless_there_is_a_role_for_all(way: Way) -> None:
    way.knows("eve", "strangers")
    _, response = await way.comes("eve")
    assert response.status_code == 403
    assert "None of your groups has a role here" in await _said(response)
    assert await _user(way, "eve") is None
    assert (await way.sets_up(version="1", default_role="viewer")).status_code == 303
    _, response = await way.comes("eve")
    assert response.status_code == 303
    assert (await _user(way, "eve")).role == Role.VIEWER


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"email_verified": False}, "has verified your e-mail"),
        ({"email_verified": "true"}, "has verified your e-mail"),
        ({"email_verified": None}, "has verified your e-mail"),
        ({"email": "eve@elsewhere.example"}, "of this domain may not come in"),
        ({"email": "eve@sub.{slug}.example"}, "of this domain may not come in"),
        ({"email": "{slug}.example"}, "has verified your e-mail"),
        ({"email": None}, "has verified your e-mail"),
    ],
)
async def test_only_a_verified_email_of_an_allowed_domain_lets_in(way: Way, claims: dict[str, Any], says: str) -> None:
    told = {name: value.format(slug=way.slug) if isinstance(value, str) else value for name, value in claims.items()}
    way.knows("eve", "stock", **told)
    _, response = await way.comes("eve")
    assert response.status_code == 403
    assert says in await _said(response)


async def test_what_entra_id_says_of_a_verified_email_counts(way: Way) -> None:
    way.knows("ento", "stock", email_verified=None, xms_edov=True)
    _, response = await way.comes("ento")
    assert response.status_code == 303


async def test_the_role_is_that_of_todays_groups_and_who_is_in_none_is_out(way: Way) -> None:
    way.knows("dana", "stock")
    first, _ = await way.comes("dana")
    assert await way.inside(first) == 200
    way.knows("dana", "floor")
    second, response = await way.comes("dana")
    assert response.status_code == 303
    assert (await _user(way, "dana")).role == Role.OPERATOR
    assert await way.inside(first) == 303, "the session of the other role has ended"
    assert await way.inside(second) == 200
    way.knows("dana")
    _, response = await way.comes("dana")
    assert response.status_code == 403
    assert await way.inside(second) == 303, "cut off: the sessions that were open have ended"
    assert await _facts(way, "sso_refused") == 1


async def test_somebody_disabled_here_does_not_come_back_through_the_provider(way: Way) -> None:
    way.knows("dana", "stock")
    await way.comes("dana")
    row = await _user(way, "dana")
    await way.site.world.people.disable_user(way.who.tenant, way.who.actor, row.principal_id)
    _, response = await way.comes("dana")
    assert response.status_code == 403


async def test_an_email_alone_joins_nobody_to_an_account(way: Way) -> None:
    bob = way.site.world.bob
    way.knows("bob", "onhand-admins")
    assert way.email("bob") == bob.email
    _, response = await way.comes("bob")
    assert response.status_code == 409
    assert "belongs to" in await _said(response) or "already here" in await _said(response)
    assert (await way.sets_up(version="1", link_by_email="yes")).status_code == 303
    _, response = await way.comes("bob")
    assert response.status_code == 303
    assert (await _user(way, "bob")).principal_id == bob.actor.principal_id
    # Whoever gets the e-mail after Bob is somebody else.
    way.provider.knows(f"{way.slug}-successor", email=bob.email, email_verified=True, groups=["onhand-admins"])
    _, response = await way.comes("successor")
    assert response.status_code == 409


async def test_a_way_is_gone_once_and_by_the_browser_that_set_out(way: Way) -> None:
    way.knows("dana", "stock")
    browser = way.site.browser()
    back = way.provider.signs_in(await way.sets_out(browser), f"{way.slug}-dana")
    thief = way.site.browser()
    await way.sets_out(thief)
    response = await thief.get(_path(back))
    assert response.status_code == 401
    response = await browser.get(_path(back))
    assert response.status_code == 401, "the state was used up by the thief's try: nobody gets in with it any more"
    browser, response = await way.comes("dana")
    assert response.status_code == 303


async def test_an_answer_that_comes_again_opens_nothing(way: Way) -> None:
    way.knows("dana", "stock")
    browser = way.site.browser()
    back = way.provider.signs_in(await way.sets_out(browser), f"{way.slug}-dana")
    cookie = browser.cookie("onhand_sign_on")
    assert (await browser.get(_path(back))).status_code == 303
    again = way.site.browser()
    again.client.set_cookie("localhost", "onhand_sign_on", cookie or "")
    assert (await again.get(_path(back))).status_code == 401


@pytest.mark.parametrize("change", ["state", "code", "no code", "error", "iss", "cookie"])
async def test_an_answer_that_was_changed_opens_nothing(way: Way, change: str) -> None:
    way.knows("dana", "stock")
    browser = way.site.browser()
    back = urlsplit(way.provider.signs_in(await way.sets_out(browser), f"{way.slug}-dana"))
    asked = {name: values[0] for name, values in parse_qs(back.query).items()}
    changed = {
        "state": {"state": "x" * 43},
        "code": {"code": "x" * 48},
        "no code": {"code": ""},
        "error": {"error": "access_denied"},
        "iss": {"iss": "https://evil.example"},
        "cookie": {},
    }[change]
    if change == "cookie":
        browser.client.set_cookie("localhost", "onhand_sign_on", "x" + (browser.cookie("onhand_sign_on") or ""))
    response = await browser.get(f"{back.path}?{urlencode(asked | changed)}")
    assert response.status_code == 401
    assert browser.session is None


async def test_a_code_that_was_got_for_another_nonce_opens_nothing(way: Way) -> None:
    """Code injection: the thief's own way, with the code that somebody else's browser got."""
    way.knows("dana", "stock")
    victim, thief = way.site.browser(), way.site.browser()
    of_victim = urlsplit(way.provider.signs_in(await way.sets_out(victim), f"{way.slug}-dana"))
    of_thief = parse_qs(urlsplit(await way.sets_out(thief)).query)["state"][0]
    code = parse_qs(of_victim.query)["code"][0]
    response = await thief.get(f"{of_victim.path}?{urlencode({'state': of_thief, 'code': code})}")
    assert response.status_code == 401
    assert thief.session is None


async def test_an_answer_for_one_company_opens_no_other(way: Way) -> None:
    carol = way.site.world.carol
    other = Way(way.site, way.provider, await way.site.entered_by(carol), carol)
    assert (await other.sets_up(domains=f"{way.slug}.example, {other.slug}.example")).status_code == 303
    way.knows("dana", "onhand-admins")
    browser = way.site.browser()
    back = urlsplit(way.provider.signs_in(await way.sets_out(browser), f"{way.slug}-dana"))
    response = await browser.get(f"/t/{other.slug}/sso/callback?{back.query}")
    assert response.status_code == 401
    assert browser.session is None
    # And with a way of its own at the other company, whose state it brings beside the code of the first.
    state = parse_qs(urlsplit(await other.sets_out(browser)).query)["state"][0]
    code = parse_qs(back.query)["code"][0]
    assert (await browser.get(f"/t/{other.slug}/sso/callback?{urlencode({'state': state, 'code': code})}")).status_code == 401
    assert browser.session is None


@pytest.mark.parametrize(
    "onward", ["https://evil.example/", "//evil.example", "/\\evil.example", "/t/another/stock", "javascript:alert(1)"]
)
async def test_goes_on_to_a_page_of_the_company_and_nowhere_else(way: Way, onward: str) -> None:
    way.knows("dana", "stock")
    _, response = await way.comes("dana", onward=onward)
    assert response.headers["Location"] == f"/t/{way.slug}/"


async def test_goes_on_to_the_page_that_was_wanted(way: Way) -> None:
    way.knows("dana", "stock")
    _, response = await way.comes("dana", onward=f"/t/{way.slug}/ledger")
    assert response.headers["Location"] == f"/t/{way.slug}/ledger"


async def test_passwords_are_turned_off_only_after_an_admin_has_come_in_and_then_open_nothing(way: Way) -> None:
    off = f"/t/{way.slug}/single-sign-on/passwords"
    response = await way.admin.post(off, {"passwords": "off"})
    assert response.status_code == 409
    assert "Passwords stay on" in await _said(response)
    way.knows("dana", "stock")
    await way.comes("dana")
    assert (await way.admin.post(off, {"passwords": "off"})).status_code == 409, "a manager proves nothing"
    way.knows("ada", "onhand-admins")
    ada, _ = await way.comes("ada")
    bob = await way.site.entered_by(way.site.world.bob)
    assert (await ada.post(off, {"passwords": "off"})).status_code == 303
    assert await way.inside(bob) == 303, "whoever came in by password is out"
    assert await way.inside(ada) == 200
    for password in ("correct horse battery", "wrong horse"):
        response = await way.site.browser().sign_in(way.site.world.bob, password)
        assert response.status_code == 403
        assert "not with a password" in await _said(response)
    door = await _said(await way.site.browser().get(f"/t/{way.slug}/sign-in"))
    assert 'name="password"' not in door
    row = await _user(way, "bob")
    with pytest.raises(Exception, match="passwords_off"):
        await way.site.world.people.set_password(way.who.tenant, way.who.actor, row.principal_id, "another long password")
    # Another client has not shown that anybody gets in: passwords are back until it has.
    assert (await way.sets_up_as(ada, version="1", client_id="another")).status_code == 303
    assert (await way.site.browser().sign_in(way.site.world.bob)).status_code == 303


async def test_an_admin_is_let_in_from_the_machine_itself_when_the_provider_lets_nobody_in(way: Way) -> None:
    way.knows("ada", "onhand-admins")
    ada, _ = await way.comes("ada")
    assert (await ada.post(f"/t/{way.slug}/single-sign-on/passwords", {"passwords": "off"})).status_code == 303
    fresh = await let_in(way.site.world.engine, way.site.world.passwords, way.slug, way.who.email)
    assert (await way.site.browser().sign_in(way.who, fresh)).status_code == 303
    assert await _facts(way, "passwords_turned_on") == 1


async def test_the_last_way_in_is_not_removed(way: Way) -> None:
    way.knows("ada", "onhand-admins")
    ada, _ = await way.comes("ada")
    world = way.site.world
    await world.people.disable_user(way.who.tenant, way.who.actor, way.who.actor.principal_id)
    response = await ada.post(f"/t/{way.slug}/single-sign-on/remove")
    assert response.status_code == 409
    admin = (await _user(way, "ada")).principal_id
    await hire(world.people, replace(way.who, actor=replace(way.who.actor, principal_id=admin)), "Gil", Role.ADMIN)
    assert (await ada.post(f"/t/{way.slug}/single-sign-on/remove")).status_code == 303
    assert await way.inside(ada) == 303


async def test_the_secret_is_sealed_and_never_shown(way: Way) -> None:
    page = await _said(await way.admin.get(f"/t/{way.slug}/single-sign-on"))
    assert CLIENT_SECRET not in page
    async with way.who.context(way.site.world.engine).reading() as connection:
        stored = (await connection.execute(text("SELECT identity_providers::text, client_secret FROM identity_providers"))).one()
        facts = (await connection.execute(text("SELECT body::text FROM facts WHERE name = 'sso_changed'"))).scalars().all()
    assert CLIENT_SECRET.encode() not in bytes(stored.client_secret)
    assert CLIENT_SECRET not in stored[0] + "".join(facts)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"issuer": "ftp://x.example"}, 422),
        ({"domains": ""}, 422),
        ({"domains": "not a domain!"}, 422),
        ({"roles": ""}, 422),
        ({"roles": "stock: manager"}, 422),
        ({"roles": "stock = system"}, 422),
        ({"version": "7"}, 409),
    ],
)
async def test_what_does_not_fit_is_refused_and_changes_nothing(way: Way, changes: dict[str, str], status: int) -> None:
    response = await way.sets_up(**({"version": "1"} | changes))
    assert response.status_code == status
    way.knows("dana", "stock")
    assert (await way.comes("dana"))[1].status_code == 303


async def test_a_test_of_the_configuration_says_what_fits(way: Way) -> None:
    page = await _said(await way.admin.post(f"/t/{way.slug}/single-sign-on/test"))
    assert "It publishes its keys" in page
    await way.sets_up(version="1", issuer=way.provider.issuer + "/nowhere")
    page = await _said(await way.admin.post(f"/t/{way.slug}/single-sign-on/test"))
    assert "There is no discovery document" in page


async def test_only_people_with_the_right_see_the_settings(way: Way) -> None:
    bob = await way.site.entered_by(way.site.world.bob)
    assert (await bob.get(f"/t/{way.slug}/single-sign-on")).status_code == 403
    key = await bob.client.get(f"/t/{way.slug}/single-sign-on", headers=way.who.bearer)
    assert key.status_code == 403, "an admin's key has not this right unless its scopes name it"


async def test_signing_out_leads_to_a_choice_to_leave_the_provider_too(way: Way) -> None:
    way.knows("dana", "stock")
    browser, _ = await way.comes("dana")
    response = await browser.post("/sign-out")
    assert response.headers["Location"] == f"/t/{way.slug}/sso/signed-out"
    assert "Sign out there too" in await _said(await browser.get(f"/t/{way.slug}/sso/signed-out"))
    leave = (await browser.get(f"/t/{way.slug}/sso/leave")).headers["Location"]
    assert leave.startswith(way.provider.issuer)
    assert parse_qs(urlsplit(leave).query)["post_logout_redirect_uri"] == [f"http://localhost/t/{way.slug}/sign-in"]


async def test_a_certified_provider_lets_people_in_with_the_role_of_their_groups(site: Site, tmp_path: Path) -> None:
    """It insists on PKCE, on the registered address and on the client's secret, and tells groups in userinfo only."""
    alice = site.world.alice
    with certified_provider(tmp_path, alice.tenant.slug) as provider:
        way = Way(site, provider, await site.entered_by(alice), alice)
        assert (await way.sets_up()).status_code == 303
        way.knows("dana", "stock")
        browser, response = await way.comes("dana")
        assert response.status_code == 303, await _said(response)
        assert (await _user(way, "dana")).role == Role.MANAGER
        way.knows("dana")
        _, response = await way.comes("dana")
        assert response.status_code == 403
        assert await way.inside(browser) == 303
        assert (await way.sets_up(version="1", client_secret="wrong")).status_code == 303
        way.knows("dana", "stock")
        _, response = await way.comes("dana")
        assert response.status_code == 401
        leave = (await browser.get(f"/t/{way.slug}/sso/leave")).headers["Location"]
        assert re.match(rf"{provider.issuer}/session/end\?client_id=onhand", leave)


async def _user(way: Way, name: str) -> Any:
    async with way.who.context(way.site.world.engine).reading() as connection:
        return (await connection.execute(text("SELECT * FROM users WHERE email = :email"), {"email": way.email(name)})).one_or_none()


async def _facts(way: Way, name: str) -> int:
    async with way.who.context(way.site.world.engine).reading() as connection:
        return int((await connection.execute(text("SELECT count(*) FROM facts WHERE name = :name"), {"name": name})).scalar_one())
