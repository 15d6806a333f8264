"""The demo companies: two of them, complete, the same on every start, and made whole when a start was cut short."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app import demo
from app.demo_goods import ALA_TOO, COMPANIES, Company, barcode
from app.demo_suppliers import OFFERS, SUPPLIERS
from app.demo_week import week_of
from app.settings import Settings
from db.engine import make_engine
from inventory.ledger import queries as ledger
from inventory.purchasing import queries as purchasing
from inventory.suppliers import queries as suppliers
from kit.clock import now_us
from tenants import store
from tenants.callers import Callers
from tenants.domain import Role
from tenants.messages import SignIn
from tenants.sessions import Sessions
from tests.conftest import Database
from tests.people import cheap_passwords

ROLES = ["admin", "manager", "inventory", "operator", "viewer"]


class PowerCut(Exception):
    """The machine went off."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings that keep everything in a folder of the test."""
    return Settings.from_env({"ONHAND_VAR": str(tmp_path), "ONHAND_PORT": "8123"})


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "Passwords", cheap_passwords)


async def enters(engine: AsyncEngine, company: dict[str, Any]) -> list[str]:
    """The roles that those written down really have, by password and by key."""
    callers = Callers(engine, now_us)
    sessions = Sessions(engine, cheap_passwords(), callers, now_us)
    roles = []
    for user, key in zip(company["users"], company["api_keys"], strict=True):
        signed_in = await sessions.sign_in(SignIn(company["tenant"], user["email"], user["password"]))
        by_key = await callers.of_key(key["key"])
        assert by_key is not None
        assert by_key.actor.role == signed_in.caller.actor.role
        roles.append(signed_in.caller.actor.role.label)
    return roles


async def states(engine: AsyncEngine, slug: str) -> dict[str, int]:
    async with engine.begin() as connection:
        tenant = await store.enter(connection, slug)
        assert tenant is not None
        found = await ledger.states(connection, tenant.id, now_us(), ledger.LevelFilter())
    return {str(state): count for state, count in found.items()}


async def sellers(engine: AsyncEngine, slug: str, sku: str) -> list[tuple[str, bool]]:
    async with engine.begin() as connection:
        tenant = await store.enter(connection, slug)
        assert tenant is not None
        item = (await suppliers.items_by_sku(connection, tenant.id, [sku]))[sku]
        found = await suppliers.suppliers_of_item(connection, tenant.id, item.id)
    return [(each.offer.supplier_code, each.offer.preferred) for each in found]


async def orders(engine: AsyncEngine, slug: str) -> dict[str, int]:
    async with engine.begin() as connection:
        tenant = await store.enter(connection, slug)
        assert tenant is not None
        counts = await purchasing.orders_counted(connection, tenant.id, purchasing.OrderFilter())
    return {status.label: count for status, count in counts.items()}


async def test_a_first_start_that_was_cut_short_is_completed_by_the_next_and_later_ones_change_nothing(
    fresh_database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, done = make_engine(fresh_database.app, 4), demo._do

    async def interrupted(ctx: Any, key: str, *rest: Any) -> None:
        if key == "demo:20":
            raise PowerCut
        await done(ctx, key, *rest)

    monkeypatch.setattr(demo, "_do", interrupted)
    with pytest.raises(PowerCut):
        await demo.ensure(settings, fresh_database)
    monkeypatch.setattr(demo, "_do", done)
    first = await demo.ensure(settings, fresh_database)
    path = settings.var / "demo.json"
    assert json.loads(path.read_text()) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert (first["url"], first["tenant"], first["other_tenant"]["tenant"]) == ("http://127.0.0.1:8123", "ala-too", "tien-shan")
    for company in (first, first["other_tenant"]):
        assert [user["role"] for user in company["users"]] == [key["role"] for key in company["api_keys"]] == ROLES
        assert await enters(engine, company) == ROLES
    before = await states(engine, "ala-too")
    assert before["out"] >= 2
    assert before["low"] >= 4
    assert before["over"] >= 1
    assert await demo.ensure(settings, fresh_database) == first
    assert await sellers(engine, "ala-too", "G20260") == [("KARA", True), ("ALTYN", False)]
    assert await sellers(engine, "tien-shan", "K-201") == [("UZGEN", True), ("OPT", False)]

    assert await orders(engine, "ala-too") == {
        "approved": 1,
        "draft": 1,
        "partially_received": 1,
        "received": 1,
        "rejected": 1,
        "submitted": 1,
    }

    path.unlink()
    again = await demo.ensure(settings, fresh_database)
    assert again["users"] != first["users"]
    assert await enters(engine, again) == ROLES
    callers = Callers(engine, now_us)
    assert await callers.of_key(first["api_keys"][0]["key"]) is None, "the keys that were lost open nothing any more"
    assert await states(engine, "ala-too") == before

    other = Settings.from_env({"ONHAND_VAR": str(settings.var), "ONHAND_PORT": "8124"})
    assert (await demo.ensure(other, fresh_database))["url"] == "http://127.0.0.1:8124"
    await engine.dispose()


async def test_what_was_written_for_another_database_is_not_believed(fresh_database: Database, settings: Settings) -> None:
    stale = {
        "tenant": "ala-too",
        "users": [{"role": "admin", "email": "aizada@ala-too.example", "password": "old"}],
        "api_keys": [{"key": "oh_x"}],
    }
    (settings.var / "demo.json").write_text(json.dumps({"url": "", **stale, "other_tenant": stale | {"tenant": "tien-shan"}}))
    engine = make_engine(fresh_database.app, 4)
    content = await demo.ensure(settings, fresh_database)
    assert await enters(engine, content) == ROLES
    await engine.dispose()


@pytest.mark.parametrize("company", COMPANIES, ids=[company.slug for company in COMPANIES])
def test_the_week_is_the_same_every_time_and_never_takes_what_is_not_there(company: Company) -> None:
    week = week_of(company)
    assert week == week_of(company)
    left: dict[tuple[str, str], float] = {}
    for deed in week.deeds:
        for line in deed.body["lines"]:
            change = float(line["delta"]) if deed.verb == "adjust" else float(line["qty"]) * (1 if deed.verb == "receive" else -1)
            place = (line["sku"], line["warehouse"])
            left[place] = left.get(place, 0) + change
            assert left[place] > -1e-6


def test_the_week_lies_in_the_past_and_in_order() -> None:
    hours = [deed.hours for deed in week_of(ALA_TOO).deeds if deed.hours is not None]
    assert 6 * 24 < max(hours) < 7 * 24
    assert min(hours) > 0
    assert {Role[role.upper()] for role, _ in ALA_TOO.people} == {Role[role.upper()] for role in ROLES}


@pytest.mark.parametrize("company", COMPANIES, ids=[company.slug for company in COMPANIES])
def test_suppliers_sell_what_there_is_and_most_of_what_runs_short(company: Company) -> None:
    goods = {good.sku for good in company.goods}
    sold = {each.sku for each in OFFERS[company.slug]}
    assert sold <= goods
    assert {each.supplier for each in OFFERS[company.slug]} == {each.code for each in SUPPLIERS[company.slug]}
    assert {good.sku for good in company.goods if good.ends in ("out", "low")} <= sold
    assert goods - sold, "some have no supplier yet: the first thing a buyer is asked for"


def test_a_barcode_ends_with_its_check_digit() -> None:
    assert barcode(13) == "2100000000135"
    assert sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(barcode(7))) % 10 == 0
