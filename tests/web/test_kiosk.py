"""The kiosk's shell: it can be kept by a browser because it knows nobody, and it comes with all that it needs."""

from __future__ import annotations

import json
import re

from tenants.domain import Role
from tests.people import hire
from tests.web.conftest import Site
from web.assets import PREFIX, manifest


async def test_the_page_knows_no_person_and_is_the_same_for_all_of_the_company(site: Site) -> None:
    alice, bob = site.world.alice, site.world.bob
    pages = []
    for who in (alice, bob):
        response = await (await site.entered_by(who)).get(f"/t/{alice.tenant.slug}/kiosk")
        assert response.status_code == 200
        pages.append(await response.get_data(as_text=True))
    assert pages[0] == pages[1]
    assert all(word not in pages[0] for word in (alice.actor.label, bob.actor.label, "_csrf"))


async def test_it_is_for_those_who_may_sell(site: Site) -> None:
    viewer = await hire(site.world.people, site.world.alice, "Vera", Role.VIEWER)
    browser = await site.entered_by(viewer)
    assert (await browser.get(f"/t/{viewer.tenant.slug}/kiosk")).status_code == 403
    dashboard = await (await browser.get(f"/t/{viewer.tenant.slug}/stock")).get_data(as_text=True)
    assert "/kiosk" not in dashboard


async def test_the_worker_keeps_files_that_are_there_and_all_that_the_scripts_import(site: Site) -> None:
    bob = site.world.bob
    browser = await site.entered_by(bob)
    response = await browser.get(f"/t/{bob.tenant.slug}/kiosk/worker.js")
    assert response.headers["Service-Worker-Allowed"] == f"/t/{bob.tenant.slug}/kiosk"
    told = json.loads(re.match(r"self\.till = (\{.*\});\n", await response.get_data(as_text=True)).group(1))  # type: ignore[union-attr]
    for file in told["files"]:
        assert (await browser.get(file)).status_code == 200
    kept = set(told["files"])
    for name, hashed in manifest().items():
        if PREFIX + hashed in kept and name.startswith("js/kiosk/"):
            source = await (await browser.get(PREFIX + hashed)).get_data(as_text=True)
            for imported in re.findall(r'(?:from\s*|import\s*\(\s*)"\.\.?/([^"]+)"', source):
                assert any(file.endswith("/" + imported) for file in kept), f"{name} imports {imported}, which no till keeps"


async def test_another_file_is_another_edition(site: Site) -> None:
    bob = site.world.bob
    browser = await site.entered_by(bob)
    page = await browser.get(f"/t/{bob.tenant.slug}/kiosk")
    worker = await (await browser.get(f"/t/{bob.tenant.slug}/kiosk/worker.js")).get_data(as_text=True)
    assert f'"edition": "{page.headers["X-Kiosk-Edition"]}"' in worker


async def test_it_can_be_installed(site: Site) -> None:
    bob = site.world.bob
    browser = await site.entered_by(bob)
    response = await browser.get(f"/t/{bob.tenant.slug}/kiosk/manifest.webmanifest")
    said = json.loads(await response.get_data())
    assert response.content_type == "application/manifest+json"
    assert (said["start_url"], said["scope"], said["display"]) == (f"/t/{bob.tenant.slug}/kiosk",) * 2 + ("standalone",)
    assert (await browser.get(said["icons"][0]["src"])).status_code == 200
