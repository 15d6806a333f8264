"""The door: who gets in, how often one may knock, and what remains when one has left."""

from __future__ import annotations

import re

import pytest

from tests.people import PASSWORD
from tests.web.browser import Browser
from tests.web.conftest import Site

WRONG = "E-mail and password do not match."


async def text_of(response: object) -> str:
    return str(await response.get_data(as_text=True))  # type: ignore[attr-defined]


async def test_the_front_page_leads_to_the_door_and_from_inside_to_the_dashboard(site: Site) -> None:
    outside, inside = site.browser(), await site.entered_by(site.world.bob)
    assert (await outside.get("/")).headers["Location"] == "/sign-in"
    assert (await inside.get("/")).headers["Location"] == f"/t/{site.world.bob.tenant.slug}/"


async def test_a_page_carries_what_its_form_needs(site: Site) -> None:
    browser = Browser(site.app)
    browser.client.cookie_jar.clear()  # type: ignore[union-attr]
    page = await text_of(await browser.get("/sign-in"))
    found = dict(re.findall(r'name="(_csrf|_key)" value="([^"]+)"', page))
    form = {"company": site.world.bob.tenant.slug, "email": site.world.bob.email, "password": PASSWORD} | found
    response = await browser.client.post("/sign-in", form=form)
    assert response.status_code == 303


async def test_signing_in_leads_to_the_page_that_was_wanted(site: Site) -> None:
    slug = site.world.bob.tenant.slug
    response = await site.browser().sign_in(site.world.bob, next=f"/t/{slug}/stock?state=low")
    assert response.headers["Location"] == f"/t/{slug}/stock?state=low"


@pytest.mark.parametrize("evil", ["https://evil.example/", "//evil.example", "/\\evil.example", "/t/someone-else/", "javascript:alert(1)"])
async def test_signing_in_never_leads_to_another_site(site: Site, evil: str) -> None:
    response = await site.browser().sign_in(site.world.bob, next=evil)
    assert response.headers["Location"] == f"/t/{site.world.bob.tenant.slug}/"


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    response = await site.browser().sign_in(site.world.bob)
    cookie = next(each for each in response.headers.getlist("Set-Cookie") if each.startswith("onhand_session="))
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


async def test_over_https_the_cookie_is_bound_to_the_host(site: Site) -> None:
    who, browser = site.world.bob, site.browser()
    form = {"company": who.tenant.slug, "email": who.email, "password": PASSWORD, "_csrf": browser.csrf}
    response = await browser.client.post("/sign-in", form=form, scheme="https")
    cookie = next(each for each in response.headers.getlist("Set-Cookie") if each.startswith("__Host-onhand="))
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


async def test_a_planted_session_is_worth_nothing_after_signing_in(site: Site) -> None:
    browser = await site.entered_by(site.world.bob)
    before = browser.session
    await browser.sign_in(site.world.bob)
    assert browser.session != before
    thief = site.browser()
    thief.client.set_cookie("localhost", "onhand_session", before or "")
    assert (await thief.get("/")).headers["Location"] == "/sign-in"


@pytest.mark.parametrize("wrong", ["password", "email", "company"])
async def test_what_was_wrong_is_not_told(site: Site, wrong: str) -> None:
    who = site.world.bob
    form = {"company": who.tenant.slug, "email": who.email, "password": PASSWORD} | {wrong: "nobody@nowhere.example"}
    response = await site.browser().post("/sign-in", form)
    page = await text_of(response)
    assert response.status_code == 401
    assert WRONG in page
    assert PASSWORD not in page
    assert form["email"] in page  # what was typed stays, but for the password
    assert int(response.headers["RateLimit-Remaining"]) == 9


@pytest.mark.parametrize("missing", ["company", "email", "password"])
async def test_an_empty_field_is_said_beside_it(site: Site, missing: str) -> None:
    who = site.world.bob
    form = {"company": who.tenant.slug, "email": who.email, "password": PASSWORD} | {missing: ""}
    response = await site.browser().post("/sign-in", form)
    assert response.status_code == 422
    assert "This is needed." in await text_of(response)


async def test_the_eleventh_wrong_attempt_in_a_minute_waits_even_with_the_right_password(site: Site) -> None:
    browser = site.browser()
    for _ in range(10):
        assert (await browser.sign_in(site.world.bob, "wrong password")).status_code == 401
    response = await browser.sign_in(site.world.bob)
    assert response.status_code == 429
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert response.headers["RateLimit-Remaining"] == "0"
    assert browser.session is None


async def test_an_address_is_limited_over_all_people(site: Site) -> None:
    for who in [site.world.bob, site.world.alice] * 5:
        await site.browser().sign_in(who, "wrong password")
    assert (await site.browser().sign_in(site.world.carol)).status_code == 429


async def test_an_office_may_come_in_at_nine(site: Site) -> None:
    for _ in range(25):
        await site.entered_by(site.world.bob)


async def test_a_form_of_another_site_does_not_sign_in(site: Site) -> None:
    who, browser = site.world.bob, site.browser()
    form = {"company": who.tenant.slug, "email": who.email, "password": PASSWORD}
    assert (await browser.client.post("/sign-in", form=form)).status_code == 403
    forged = form | {"_csrf": site.browser().csrf}
    foreign = await browser.client.post("/sign-in", form=forged, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403


async def test_signing_out_ends_the_session_and_clears_the_cookie(site: Site) -> None:
    browser = await site.entered_by(site.world.bob)
    cookie = browser.session
    response = await browser.post("/sign-out")
    assert (response.status_code, response.headers["Location"]) == (303, "/sign-in")
    assert browser.session is None
    assert await site.app.extensions["onhand"].callers.of_session(cookie) is None


async def test_signing_out_needs_the_token_too(site: Site) -> None:
    browser = await site.entered_by(site.world.bob)
    assert (await browser.post("/sign-out", {"_csrf": "forged"})).status_code == 403
    assert browser.session is not None


async def test_the_door_remembers_the_company_and_tells_its_name_only_to_those_who_were_inside(site: Site) -> None:
    browser = await site.entered_by(site.world.alice)
    await browser.post("/sign-out")
    assert site.world.alice.tenant.name.replace("&", "&amp;") in await text_of(await browser.get("/sign-in"))
    assert "&amp; Co" not in await text_of(await site.browser().get(f"/t/{site.world.alice.tenant.slug}/sign-in"))
    forger = site.browser()
    forger.client.set_cookie("localhost", "onhand_company", site.world.alice.tenant.slug)
    assert "&amp; Co" not in await text_of(await forger.get("/sign-in"))


async def test_a_page_of_somebody_is_kept_nowhere_on_the_way(site: Site) -> None:
    assert (await site.browser().get("/sign-in")).headers["Cache-Control"] == "no-store"


async def test_no_page_is_changed_by_opening_it(site: Site) -> None:
    assert (await site.browser().get("/sign-out")).status_code == 405
