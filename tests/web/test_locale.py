"""Languages: the person's choice first, then the browser's cookie, the company's, and what the browser prefers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.conftest import Site


async def language_of(browser: Any, path: str = "/nothing", **headers: str) -> str:
    page: str = await (await browser.get(path, **headers)).get_data(as_text=True)
    return page.split('<html lang="', 1)[1][:2]


@pytest.mark.parametrize(
    ("preferred", "spoken"),
    [("ru", "ru"), ("ky-KG,ky;q=0.9,en;q=0.5", "ky"), ("de", "en"), ("", "en"), ("ru;q=0.1, en", "en"), ("*", "en")],
)
async def test_a_stranger_is_answered_in_what_the_browser_prefers(site: Site, preferred: str, spoken: str) -> None:
    assert await language_of(site.browser(), Accept_Language=preferred) == spoken


async def test_a_stranger_chooses_with_one_click_and_comes_back(site: Site) -> None:
    browser = site.browser()
    response = await browser.get("/language/ky?next=/sign-in")
    assert (response.status_code, response.headers["Location"]) == (303, "/sign-in")
    assert await language_of(browser, "/sign-in", Accept_Language="ru") == "ky"


@pytest.mark.parametrize("evil", ["https://evil.example", "//evil.example", "/\\evil.example", ""])
async def test_the_way_back_is_never_another_site(site: Site, evil: str) -> None:
    assert (await site.browser().get(f"/language/ru?next={evil}")).headers["Location"] == "/"


async def test_there_is_no_other_language(site: Site) -> None:
    assert (await site.browser().get("/language/de")).status_code == 404


async def test_a_persons_choice_goes_before_everything(site: Site) -> None:
    bob = site.world.bob
    await site.world.people.choose_language(bob.tenant, bob.actor, "ky")
    browser = await site.entered_by(bob)
    await browser.get("/language/ru")
    assert await language_of(browser, f"/t/{bob.tenant.slug}/preferences", Accept_Language="en") == "ky"


async def test_the_companys_language_goes_before_the_browsers_wish(site: Site) -> None:
    browser = await site.entered_by(site.world.bob)
    assert await language_of(browser, f"/t/{site.world.bob.tenant.slug}/preferences", Accept_Language="ru") == "en"


async def test_a_program_is_answered_as_it_asks(site: Site) -> None:
    headers = site.world.bob.bearer | {"Accept-Language": "ru"}
    response = await site.app.test_client().get(f"/t/{site.world.bob.tenant.slug}/preferences", headers=headers)
    assert '<html lang="ru"' in await response.get_data(as_text=True)
