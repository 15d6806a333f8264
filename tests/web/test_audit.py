"""The audit page, what leaves the house as a file, settings and privacy as people see them."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from quart.wrappers import Response

from db.engine import make_pool
from events.chain import PART
from jobs.anchors import Anchors
from jobs.passes import deep
from tenants.privacy import pseudonym
from tests.conftest import Database
from tests.tenants.test_audit import told
from tests.web.browser import Browser
from tests.web.conftest import Site
from tests.web.shop import do, furnish, line
from web import exports
from web.deeds import FACTS

ROOT = Path(__file__).parents[2]


async def page(browser: Browser, path: str, status: int = 200) -> str:
    response = await browser.get(path)
    assert response.status_code == status, await response.get_data(as_text=True)
    return str(await response.get_data(as_text=True))


async def saved(response: Response) -> None:
    assert response.status_code == 303, await response.get_data(as_text=True)


def test_every_fact_has_its_words() -> None:
    sources = [
        path.read_text() for folder in ("app", "events", "inventory", "jobs", "tenants", "web") for path in (ROOT / folder).rglob("*.py")
    ]
    named = {name: value for text in sources for name, value in re.findall(r'^([A-Z_]+) = "(\w+)"', text, re.MULTILINE)}
    recorded = {name for text in sources for name in re.findall(r'\brecord\(\s*(?:ctx, work, )?(?:\w+\.)?("?[a-z_]+(?=")|[A-Z_]+\b)', text)}
    in_sql = {
        name for path in (ROOT / "migrations/sql").glob("*.sql") for name in re.findall(r"VALUES \(p_tenant, '(\w+)'", path.read_text())
    }
    assert "ledger_halted" in in_sql
    facts = {named.get(name, name.strip('"')) for name in recorded} | in_sql
    assert len(facts) > 30
    assert facts - FACTS.keys() == set(), "say in web/deeds.py what was done"


async def test_only_who_may_sees_the_audit(site: Site) -> None:
    slug = site.world.alice.tenant.slug
    bob = await site.entered_by(site.world.bob)
    assert (await bob.get(f"/t/{slug}/audit")).status_code == 403
    assert (await bob.get(f"/t/{slug}/settings")).status_code == 403
    assert f"/t/{slug}/audit" not in await page(bob, f"/t/{slug}/stock")
    carol = await site.entered_by(site.world.carol)
    for path in ("audit", "audit/1", "settings", "people/1/privacy"):
        assert (await carol.get(f"/t/{slug}/{path}")).status_code == 404


async def test_the_list_is_filtered_by_its_address_and_a_row_opens(site: Site) -> None:
    slug = site.world.alice.tenant.slug
    alice = await site.entered_by(site.world.alice)
    shown = await page(alice, f"/t/{slug}/audit")
    assert "Signed in" in shown
    assert "Company founded" in shown
    assert "Company founded</a>" not in await page(alice, f"/t/{slug}/audit?what=signed_in")
    assert "Nothing that was done here" in await page(alice, f"/t/{slug}/audit?to=1999-01-01")
    assert "Signed in</a>" in await page(alice, f"/t/{slug}/audit?from=2020-01-01&to=2200-13-45&who={site.world.alice.actor.principal_id}")
    fact = (await told(site.world, name="user_added"))[0]
    opened = await page(alice, f"/t/{slug}/audit/{fact.seq}")
    assert site.world.bob.email in opened
    assert fact.hash.hex() in opened
    await page(alice, f"/t/{slug}/audit/999999", 404)
    await page(alice, f"/t/{slug}/audit?cursor=nonsense", 422)


async def test_the_file_has_the_same_rows_and_taking_it_is_a_fact_too(site: Site) -> None:
    slug = site.world.alice.tenant.slug
    alice = await site.entered_by(site.world.alice)
    text = await page(alice, f"/t/{slug}/audit?format=csv&what=signed_in")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [(row["Fact"], row["Who"], row["Role"]) for row in rows] == [("signed_in", "Alice", "admin")]
    row = (await told(site.world))[0]
    assert (row.name, row.subject, row.by, row.body) == ("list_exported", f"audit-{slug}", "Alice", {"path": f"/t/{slug}/audit"})
    assert row.words["query"] == "format=csv&what=signed_in"


async def test_files_of_programs_are_facts_and_pages_are_not(site: Site) -> None:
    await furnish(site, site.world.alice)
    client, slug = site.app.test_client(), site.world.alice.tenant.slug
    before = len(await told(site.world))
    await client.get(f"/v1/{slug}/inventory/items", headers=site.world.bob.bearer)
    assert len(await told(site.world)) == before
    await client.get(f"/v1/{slug}/inventory/items", headers={**site.world.bob.bearer, "Accept": "text/csv"})
    row = (await told(site.world))[0]
    assert (row.name, row.subject, row.by) == ("list_exported", "items", "Bob's key")


async def test_without_its_fact_no_file_leaves(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "LIST_EXPORTED", None)  # a fact without a name cannot be written
    alice = await site.entered_by(site.world.alice)
    response = await alice.get(f"/t/{site.world.alice.tenant.slug}/audit?format=csv")
    assert response.status_code == 500
    assert "text/csv" not in (response.content_type or "")
    assert response.headers["X-Request-Id"]


async def test_reconciling_is_a_fact(site: Site) -> None:
    ctx = await furnish(site, site.world.alice)
    await do(ctx, "reconcile", sku="HEART")
    row = (await told(site.world))[0]
    assert (row.name, row.body) == ("reconciled", {"checked": 1, "drift": [], "sku": "HEART", "warehouse": None})


async def test_settings_are_saved_reset_and_explained(site: Site) -> None:
    slug = site.world.alice.tenant.slug
    alice = await site.entered_by(site.world.alice)
    shown = await page(alice, f"/t/{slug}/settings")
    assert "How long a reservation lasts" in shown
    assert "Stock below zero would mean" in shown
    assert "Back to the default" not in shown
    await saved(await alice.post(f"/t/{slug}/settings", {"version": "1", "hold_max_s": "3600", "name": "Hearts"}))
    shown = await page(alice, f"/t/{slug}/settings")
    assert "Hearts" in shown
    assert "Back to the default" in shown
    refused = await alice.post(f"/t/{slug}/settings", {"version": "2", "hold_max_s": "5", "name": "Typed"})
    assert refused.status_code == 422
    text = await refused.get_data(as_text=True)
    assert "Choose a whole number from 60 to 604800." in text
    assert 'value="Typed"' in text
    assert (await alice.post(f"/t/{slug}/settings", {"version": "1", "name": "Late"})).status_code == 409
    await saved(await alice.post(f"/t/{slug}/settings/reset", {"version": "2", "name": "hold_max_s"}))
    assert "Back to the default" not in await page(alice, f"/t/{slug}/settings")
    assert (await alice.post(f"/t/{slug}/settings/reset", {"version": "3", "name": "currency"})).status_code == 422


async def test_the_currency_stays_once_something_was_received_with_a_cost(site: Site) -> None:
    ctx = await furnish(site, site.world.alice)
    slug = site.world.alice.tenant.slug
    alice = await site.entered_by(site.world.alice)
    await saved(await alice.post(f"/t/{slug}/settings", {"version": "1", "currency": "USD"}))
    priced = {**line("HEART", "1"), "unit_cost": {"amount": "2.50", "currency": "KGS"}}
    await do(ctx, "receive", lines=[priced])
    refused = await alice.post(f"/t/{slug}/settings", {"version": "2", "currency": "KGS"})
    assert refused.status_code == 409
    assert "Costs are kept in USD already" in await refused.get_data(as_text=True)


async def test_numbers_and_days_are_written_as_the_reader_has_chosen(site: Site) -> None:
    ctx = await furnish(site, site.world.alice)
    await do(ctx, "receive", lines=[line("HEART", "1234")])
    slug = site.world.alice.tenant.slug
    alice = await site.entered_by(site.world.alice)
    assert "1,244" in await page(alice, f"/t/{slug}/stock")
    await saved(await alice.post(f"/t/{slug}/settings", {"version": "1", "number_format": "comma", "date_format": "iso"}))
    assert "1\u00a0244" in await page(alice, f"/t/{slug}/stock")
    form = {"sku": "WAX", "warehouse": "osh", "qty": "1,5", "unit": ""}
    await saved(await alice.post(f"/t/{slug}/stock/receive", form))
    assert "5,750" in await page(alice, f"/t/{slug}/stock/item/WAX")
    mine: dict[str, Any] = {"language": "en", "theme": "dark", "time_zone": "", "date_format": "", "number_format": "point"}
    await saved(await alice.post(f"/t/{slug}/preferences", mine))
    assert "1,244" in await page(alice, f"/t/{slug}/stock")
    refused = await alice.post(f"/t/{slug}/preferences", {**mine, "time_zone": "Mars/Base"})
    assert refused.status_code == 422
    assert "There is no such time zone." in await refused.get_data(as_text=True)


async def test_a_person_is_taken_out_and_erased_and_everything_still_proves(site: Site, database: Database) -> None:
    await furnish(site, site.world.alice)
    slug, bob = site.world.alice.tenant.slug, site.world.bob.actor.principal_id
    parts = site.app.extensions["onhand"]
    await do(site.world.bob.context(site.world.engine, parts.wiring.stock), "reserve", lines=[line("HEART", "2")])
    worker = await site.entered_by(site.world.bob)
    out = await worker.post(f"/t/{slug}/people/{bob}/privacy/export")
    found = await out.get_json()
    assert (found["person"]["email"], len(found["ledger"])) == (site.world.bob.email, 1)
    assert (await worker.get(f"/t/{slug}/people/{site.world.alice.actor.principal_id}/privacy")).status_code == 404
    assert (await worker.post(f"/t/{slug}/people/{bob}/privacy/erase", {"typed": site.world.bob.email})).status_code == 403

    alice = await site.entered_by(site.world.alice)
    assert (await alice.post(f"/t/{slug}/people/{bob}/privacy/erase", {"typed": "no"})).status_code == 422
    assert "Bob" in await page(alice, f"/t/{slug}/ledger")
    await saved(await alice.post(f"/t/{slug}/people/{bob}/privacy/erase", {"typed": site.world.bob.email}))
    for path in ("ledger", "audit", "reservations", f"people/{bob}/privacy", f"audit?who={bob}"):
        shown = await page(alice, f"/t/{slug}/{path}")
        assert "Bob" not in shown, path
        assert site.world.bob.email not in shown, path
    assert pseudonym(bob) in await page(alice, f"/t/{slug}/ledger")
    assert (await worker.get(f"/t/{slug}/stock")).status_code == 303

    pool = await make_pool(database.engine, 1)
    try:
        for part in (0, PART):
            assert (await deep(pool, (site.world.alice.tenant.id, part), Anchors())).faults == []
    finally:
        await pool.close()
