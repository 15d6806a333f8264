"""The ways in over the web: forms, letters, links, and what is told to whom."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pyotp
import pytest

from tenants.domain import Role
from tenants.messages import NewKey
from tests.people import PASSWORD, Person
from tests.web.browser import Browser
from tests.web.conftest import Site
from web.app import create_app
from web.visitors import device_label
from web.wiring import Parts

NEW = "another long password"


async def text_of(response: Any) -> str:
    return str(await response.get_data(as_text=True))


def parts_of(site: Site) -> Parts:
    found: Parts = site.app.extensions["onhand"]
    return found


async def link_to(site: Site, email: str) -> str:
    """The path of the link in the latest letter to somebody."""
    mail = next(mail for mail in await parts_of(site).post.outbox(500) if mail.letter.to == email)
    way = {"sign_up": "/sign-up/", "invitation": "/invitation/", "reset": "/reset/"}[mail.letter.kind]
    return way + mail.letter.facts["link"]


def wanted() -> dict[str, str]:
    slug = f"new-{uuid4().hex[:8]}"
    said = {"name": "Newcomers", "slug": slug, "time_zone": "Asia/Bishkek", "language": "en", "currency": "KGS", "person": "Nur"}
    return said | {"email": f"nur@{slug}.example"}


async def second_factor(site: Site, browser: Browser, who: Person) -> str:
    """The person adds a second factor in their browser; its seed."""
    at = f"/t/{who.tenant.slug}/account/second-factor"
    assert (await browser.post(f"{at}/offer", {"password": PASSWORD})).status_code == 303
    secret = re.findall(r'class="num secret">([A-Z2-7]+)<', await text_of(await browser.get(at)))[0]
    page = await browser.post(f"{at}/confirm", {"code": pyotp.TOTP(secret).now()})
    assert page.status_code == 200, await text_of(page)
    return str(secret)


def next_code(secret: str) -> str:
    """A code of the next step: the present one was spent when the factor was added."""
    import time

    return pyotp.TOTP(secret).at(int(time.time()) + 30)


# Signing up


async def test_a_company_is_founded_and_its_founder_is_inside(site: Site) -> None:
    browser, asked = site.browser(), wanted()
    page = await browser.post("/sign-up", asked)
    assert page.status_code == 200
    assert asked["email"] in await text_of(page)
    link = await link_to(site, asked["email"])
    assert "Newcomers" in await text_of(await browser.get(link))
    response = await browser.post(link, {"slug": asked["slug"], "password": NEW})
    assert response.headers["Location"] == f"/t/{asked['slug']}/welcome"
    assert (await browser.get(f"/t/{asked['slug']}/welcome")).status_code == 200
    assert (await site.browser().get(link)).status_code == 410


async def test_a_short_password_founds_nothing_and_spends_nothing(site: Site) -> None:
    browser, asked = site.browser(), wanted()
    await browser.post("/sign-up", asked)
    link = await link_to(site, asked["email"])
    assert (await browser.post(link, {"slug": asked["slug"], "password": "short"})).status_code == 422
    assert (await browser.post(link, {"slug": asked["slug"], "password": NEW})).status_code == 303


async def test_the_short_name_is_proposed_and_looked_up_while_one_types(site: Site) -> None:
    browser = site.browser()
    assert 'value="ysyk-kol"' in await text_of(await browser.get(f"/sign-up/slug?name={quote('Ысык-Көл')}"))
    taken = await text_of(await browser.get(f"/sign-up/slug?slug={site.world.alice.tenant.slug}"))
    assert "There is already a company" in taken


async def test_sign_up_can_be_closed(site: Site) -> None:
    app = create_app(replace(parts_of(site).wiring, sign_up_open=False))  # type: ignore[type-var]
    async with app.test_app():
        browser = Browser(app)
        assert (await browser.get("/sign-up")).status_code == 403
        assert (await browser.post("/sign-up", wanted())).status_code == 403
        assert "/sign-up" not in await text_of(await browser.get("/sign-in"))


async def test_an_address_gets_no_more_than_five_letters_an_hour(site: Site) -> None:
    asked = wanted()
    statuses = [(await site.browser().post("/sign-up", asked)).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]


@pytest.mark.parametrize("path", ["/sign-up", "/reset", "/sign-up/x", "/reset/x.y", "/invitation/x.y", "/sign-in/code"])
async def test_forms_of_other_sites_are_refused(site: Site, path: str) -> None:
    assert (await site.browser().post(path, wanted(), Sec_Fetch_Site="cross-site")).status_code == 403
    assert (await site.browser().post(path, wanted() | {"_csrf": "forged"})).status_code == 403


# Resets


async def test_asking_for_a_password_gets_the_same_answer_whoever_it_is_for(site: Site) -> None:
    bob = site.world.bob
    said = []
    for company, email in ((bob.tenant.slug, bob.email), (bob.tenant.slug, "bob@nowhere.example"), ("no-such-company", bob.email)):
        page = await site.browser().post("/reset", {"company": company, "email": email})
        plain = re.sub(r'data-now="\d+"|name="_(csrf|key)" value="[^"]*"', "", await text_of(page))
        said.append((page.status_code, plain.replace(email, "somebody")))
    assert said[0] == said[1] == said[2]
    assert said[0][0] == 200


async def test_a_reset_leads_to_the_door_with_no_session(site: Site) -> None:
    bob = site.world.bob
    inside = await site.entered_by(bob)
    browser = site.browser()
    await browser.post("/reset", {"company": bob.tenant.slug, "email": bob.email})
    link = await link_to(site, bob.email)
    response = await browser.post(link, {"password": NEW})
    assert response.headers["Location"] == f"/t/{bob.tenant.slug}/sign-in"
    assert browser.session is None
    assert (await inside.get("/")).headers["Location"] == "/sign-in"
    assert (await browser.sign_in(bob, NEW)).status_code == 303
    assert (await browser.get(link)).status_code == 410


# Invitations and people


async def test_a_colleague_is_invited_and_comes_in(site: Site) -> None:
    alice = site.world.alice
    slug, email = alice.tenant.slug, f"dana@{alice.tenant.slug}.example"
    inside = await site.entered_by(alice)
    form = {"email": email, "role": "viewer", "language": "en", "where": "all"}
    assert (await inside.post(f"/t/{slug}/people/invite", form)).status_code == 303
    assert email in await text_of(await inside.get(f"/t/{slug}/people"))
    link, outside = await link_to(site, email), site.browser()
    page = await text_of(await outside.get(link))
    assert email in page
    response = await outside.post(link, {"name": "Dana", "password": NEW})
    assert response.headers["Location"] == f"/t/{slug}/"
    assert (await outside.get(f"/t/{slug}/people")).status_code == 403
    assert (await site.browser().get(link)).status_code == 410


async def test_an_invitation_form_sent_twice_invites_once(site: Site) -> None:
    alice = site.world.alice
    email = f"dana@{alice.tenant.slug}.example"
    inside = await site.entered_by(alice)
    form = {"email": email, "role": "viewer", "language": "en", "where": "all", "_key": uuid4().hex}
    statuses = [(await inside.post(f"/t/{alice.tenant.slug}/people/invite", form)).status_code for _ in range(2)]
    assert statuses == [303, 303]
    assert len([mail for mail in await parts_of(site).post.outbox(500) if mail.letter.to == email]) == 1


async def test_only_some_without_any_is_said_beside_the_choice(site: Site) -> None:
    alice = site.world.alice
    inside = await site.entered_by(alice)
    form = {"email": "x@example.com", "role": "viewer", "language": "en", "where": "some"}
    page = await inside.post(f"/t/{alice.tenant.slug}/people/invite", form)
    assert page.status_code == 422
    assert "This is needed." in await text_of(page)


async def test_a_person_is_changed_disabled_and_let_in_again(site: Site) -> None:
    alice, bob = site.world.alice, site.world.bob
    inside = await site.entered_by(alice)
    at = f"/t/{alice.tenant.slug}/people/{bob.actor.principal_id}"

    async def version() -> str:
        return re.findall(r'name="version" value="(\d+)"', await text_of(await inside.get(at)))[0]

    seen = await version()
    assert (await inside.post(at, {"role": "manager", "version": seen, "where": "all"})).status_code == 303
    assert (await inside.post(at, {"role": "viewer", "version": seen, "where": "all"})).status_code == 409
    assert (await inside.post(f"{at}/let", {"disabled": "yes", "version": await version()})).status_code == 303
    assert (await site.browser().sign_in(bob)).status_code == 401
    assert (await inside.post(f"{at}/let", {"disabled": "no", "version": await version()})).status_code == 303
    assert (await site.browser().sign_in(bob)).status_code == 303


async def test_whoever_disables_somebody_is_told_of_the_keys_they_leave(site: Site) -> None:
    alice = site.world.alice
    for name in ("Web shop", "Gone"):
        made = await site.world.keys.make(alice.tenant, alice.actor, NewKey(name, Role.VIEWER))
    async with alice.context(site.world.engine).writing() as work:
        await site.world.keys.revoke(work, alice.tenant, alice.actor, made.id)
    inside = await site.entered_by(alice)
    page = await text_of(await inside.get(f"/t/{alice.tenant.slug}/people/{alice.actor.principal_id}"))
    told = re.findall(r"Keys they made are the company(?:&#39;|')s and go on: ([^.]+)\.", page)
    assert len(told) == 1
    assert "Web shop" in told[0] and "Gone" not in told[0]
    bob = site.world.bob
    assert "Keys they made" not in await text_of(await inside.get(f"/t/{alice.tenant.slug}/people/{bob.actor.principal_id}"))


# Second factor


async def test_the_password_alone_is_no_session(site: Site) -> None:
    bob = site.world.bob
    first = await site.entered_by(bob)
    before = first.session
    secret = await second_factor(site, first, bob)
    assert first.session != before  # renewed with the rights
    browser = site.browser()
    response = await browser.sign_in(bob)
    assert response.headers["Location"] == "/sign-in/code"
    assert browser.session is None
    assert (await browser.get(f"/t/{bob.tenant.slug}/")).status_code == 303
    assert (await browser.post("/sign-in/code", {"code": "000000"})).status_code == 422
    assert browser.session is None
    response = await browser.post("/sign-in/code", {"code": next_code(secret)})
    assert response.headers["Location"] == f"/t/{bob.tenant.slug}/"
    assert browser.session is not None


async def test_the_second_step_goes_on_to_the_page_that_was_wanted(site: Site) -> None:
    bob = site.world.bob
    secret = await second_factor(site, await site.entered_by(bob), bob)
    browser = site.browser()
    await browser.sign_in(bob, next=f"/t/{bob.tenant.slug}/stock")
    response = await browser.post("/sign-in/code", {"code": next_code(secret)})
    assert response.headers["Location"] == f"/t/{bob.tenant.slug}/stock"


async def test_without_the_first_step_there_is_no_second(site: Site) -> None:
    browser = site.browser()
    assert (await browser.get("/sign-in/code")).headers["Location"] == "/sign-in"
    assert (await browser.post("/sign-in/code", {"code": "123456"})).headers["Location"] == "/sign-in"
    browser.client.set_cookie("localhost", "onhand_step", "forged.forged.forged")
    assert (await browser.post("/sign-in/code", {"code": "123456"})).headers["Location"] == "/sign-in"


async def test_codes_are_tried_ten_times_an_hour_whoever_tries_and_from_wherever(site: Site) -> None:
    bob = site.world.bob
    secret = await second_factor(site, await site.entered_by(bob), bob)
    statuses = []
    for _ in range(11):
        browser = site.browser()
        await browser.sign_in(bob)
        statuses.append((await browser.post("/sign-in/code", {"code": "000000"})).status_code)
    assert statuses == [422] * 10 + [429]
    browser = site.browser()
    await browser.sign_in(bob)
    assert (await browser.post("/sign-in/code", {"code": next_code(secret)})).status_code == 429


async def test_the_seed_is_shown_only_until_it_counts(site: Site) -> None:
    bob = site.world.bob
    browser = await site.entered_by(bob)
    secret = await second_factor(site, browser, bob)
    assert secret not in await text_of(await browser.get(f"/t/{bob.tenant.slug}/account/second-factor"))


# Account


async def test_a_password_is_changed_against_the_old_one_and_the_session_is_renewed(site: Site) -> None:
    bob = site.world.bob
    elsewhere, browser = await site.entered_by(bob), await site.entered_by(bob)
    at, before = f"/t/{bob.tenant.slug}/account/password", browser.session
    wrong = await browser.post(at, {"old": "wrong password", "password": NEW})
    assert wrong.status_code == 422
    assert NEW not in await text_of(wrong)
    assert (await browser.post(at, {"old": PASSWORD, "password": NEW})).status_code == 303
    assert browser.session != before
    assert (await browser.get(f"/t/{bob.tenant.slug}/account")).status_code == 200
    assert (await elsewhere.get("/")).headers["Location"] == "/sign-in"


async def test_a_stolen_session_does_not_find_the_password_by_trying(site: Site) -> None:
    bob = site.world.bob
    browser = await site.entered_by(bob)
    at = f"/t/{bob.tenant.slug}/account/password"
    statuses = [(await browser.post(at, {"old": f"wrong {n} password", "password": NEW})).status_code for n in range(11)]
    assert statuses == [422] * 10 + [429]


async def test_sessions_are_seen_and_ended(site: Site) -> None:
    bob = site.world.bob
    other, browser = await site.entered_by(bob), await site.entered_by(bob)
    page = await text_of(await browser.get(f"/t/{bob.tenant.slug}/account"))
    numbers = re.findall(r'name="session" value="(\d+)"', page)
    assert len(numbers) == 1
    assert (await browser.post(f"/t/{bob.tenant.slug}/account/sessions/end", {"session": numbers[0]})).status_code == 303
    assert (await other.get("/")).headers["Location"] == "/sign-in"
    assert (await browser.get("/")).headers["Location"] != "/sign-in"


async def test_a_name_is_changed_everywhere(site: Site) -> None:
    bob = site.world.bob
    browser = await site.entered_by(bob)
    assert (await browser.post(f"/t/{bob.tenant.slug}/account", {"name": "Robert", "language": "en"})).status_code == 303
    alice = await site.entered_by(site.world.alice)
    assert "Robert" in await text_of(await alice.get(f"/t/{bob.tenant.slug}/people"))


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML) Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1", "Safari, iOS"),
        ("curl/8.14", "curl/8.14"),
        ("", ""),
        ("x" * 500, "x" * 60),
    ],
)
def test_a_device_is_named_by_what_one_knows_it_by(said: str, label: str) -> None:
    assert device_label(said) == label


# The outbox


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.7", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 404),
        ("127.0.0.1", {"Host": "evil.example"}, 404),
    ],
)
async def test_the_outbox_is_read_at_this_machine_only(site: Site, client: str, headers: dict[str, str], status: int) -> None:
    response = await site.app.test_client().get("/outbox", headers={"Host": "localhost"} | headers, scope_base={"client": (client, 1)})
    assert response.status_code == status


async def test_in_production_there_is_no_outbox_and_letters_need_a_server(site: Site) -> None:
    app = create_app(replace(parts_of(site).wiring, environment="production"))  # type: ignore[type-var]
    async with app.test_app():
        here = {"client": ("127.0.0.1", 1)}
        response = await app.test_client().get("/outbox", headers={"Host": "localhost"}, scope_base=here)
        assert response.status_code == 404
        browser = Browser(app)
        for path, form in (("/sign-up", wanted()), ("/reset", {"company": "x", "email": "x@example.com"})):
            page = await browser.post(path, form)
            assert page.status_code == 503
            assert "ONHAND_SMTP_URL" in await text_of(page)


async def test_who_must_have_a_second_factor_adds_one_before_anything_else(site: Site) -> None:
    alice = site.world.alice
    at = f"/t/{alice.tenant.slug}"
    async with alice.context(site.world.engine).writing() as work:
        await parts_of(site).company.change(work, alice.actor, {"second_factor": "admins"}, 1, currency_is_used=False)
    browser = await site.entered_by(alice)
    for path in (f"{at}/stock", f"{at}/account", f"{at}/settings"):
        assert (await browser.get(path)).headers["Location"] == f"{at}/account/second-factor", path
    assert (await browser.post(f"{at}/account", {"name": "Al", "language": "en"})).headers["Location"] == f"{at}/account/second-factor"
    assert (await browser.get(f"/v1/{alice.tenant.slug}/stock/levels")).status_code == 403
    assert "asks for a second factor" in await text_of(await browser.get(f"{at}/account/second-factor"))
    await second_factor(site, browser, alice)
    assert (await browser.get(f"{at}/stock")).status_code == 200
    bobs = await site.entered_by(site.world.bob)
    assert (await bobs.get(f"{at}/stock")).status_code == 200, "who is no admin is not asked"
    assert (await Browser(site.app).client.get(f"/v1/{alice.tenant.slug}/stock/levels", headers=alice.bearer)).status_code == 200
