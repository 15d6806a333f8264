"""Keys: what they may do, how long they live, and what becomes of their secrets."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from quart import Quart
from sqlalchemy import text

from tenants.domain import NAMED_ONLY, PERMISSIONS, Role
from tenants.messages import NewKey
from tests.api.conftest import BOTH_EDGES, Client, MovingClock, line
from tests.people import World
from web.live.standing import CHECK_S, SPREAD, Standing

pytestmark = BOTH_EDGES
HOUR_US = 3_600_000_000


@pytest.fixture
async def boss(app: Quart, world: World) -> Client:
    """A program of Alice's that may make keys, for its scopes say so."""
    scopes = world.alice.actor.permissions
    key = await world.keys.make(world.alice.tenant, world.alice.actor, NewKey("boss", Role.ADMIN, scopes=scopes))
    return Client(app, replace(world.alice, key=key.text))


async def made(boss: Client, **body: Any) -> tuple[Client, dict[str, Any]]:
    """A key, and a program that shows it."""
    said = await boss.post("keys", {"name": "till", **body})
    assert said.status == 201, said.body
    return Client(boss.app, replace(boss.who, key=said.body["secret"])), said.body


async def test_a_secret_is_told_once_and_kept_nowhere(boss: Client, world: World) -> None:
    first = await boss.post("keys", {"name": "till 3"}, key="k-1")
    again = await boss.post("keys", {"name": "till 3"}, key="k-1")
    assert first.body["secret"].startswith(first.body["prefix"])
    assert (again.status, again.body["secret"], again.body["id"]) == (201, None, first.body["id"])
    assert again.headers["Idempotent-Replayed"] == "true"
    tail = first.body["secret"][-37:]
    async with world.alice.context(world.engine).reading() as connection:
        for table in ("api_keys", "facts", "request_replies", "principals"):
            rows = (await connection.execute(text(f"SELECT t::text FROM {table} t"))).scalars().all()
            assert rows
            assert not [row for row in rows if tail in row], table
    assert tail not in (await boss.get("keys")).raw.decode()


async def test_scopes_limit_a_key_to_some_of_its_roles_rights(boss: Client) -> None:
    client, shown = await made(boss, role="manager", scopes=["stock.read", "stock.receive"])
    assert shown["scopes"] == ["stock.read", "stock.receive"]
    assert (await client.get("me")).body["permissions"] == ["stock.read", "stock.receive"]
    assert (await client.post("stock/receive", {"lines": [line("1")]})).status == 200
    assert (await client.post("stock/issue", {"lines": [line("1")]})).status == 403
    assert (await client.get("inventory/items")).status == 403


async def test_a_device_stands_in_one_warehouse(boss: Client) -> None:
    for warehouses in (None, ["osh", "main"]):
        refused = await boss.post("keys", {"name": "till", "kind": "device", "warehouses": warehouses})
        assert (refused.status, refused.code) == (422, "one_warehouse")
    till, shown = await made(boss, kind="device", warehouses=["osh"])
    assert (shown["kind"], shown["role"], shown["warehouses"]) == ("device", "operator", ["osh"])
    me = (await till.get("me")).body
    assert (me["kind"], me["warehouses"]) == ("device", ["osh"])
    await boss.received("5")
    assert (await till.post("stock/issue", {"lines": [line("1")]})).status == 200
    assert (await till.post("stock/issue", {"lines": [line("1", warehouse="main")]})).status == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": " "}, "value_missing"),
        ({"role": "system"}, "invalid_body"),
        ({"role": "viewer", "scopes": ["stock.receive"]}, "unknown_scope"),
        ({"scopes": ["fly"]}, "unknown_scope"),
        ({"scopes": []}, "value_missing"),
        ({"warehouses": ["moon"]}, "unknown_warehouse"),
        ({"warehouses": []}, "value_missing"),
        ({"days": 0}, "out_of_range"),
        ({"days": 10**6}, "out_of_range"),
        ({"surplus": 1}, "invalid_body"),
    ],
)
async def test_a_key_that_does_not_fit_is_refused(boss: Client, body: dict[str, Any], code: str) -> None:
    before = len((await boss.get("keys")).body["items"])
    refused = await boss.post("keys", {"name": "till", **body})
    assert (refused.status in (404, 422), refused.code) == (True, code)
    assert len((await boss.get("keys")).body["items"]) == before


async def test_a_key_makes_no_key_with_more_rights_than_it_has(boss: Client) -> None:
    scopes = ["keys.write", *sorted(PERMISSIONS[Role.VIEWER])]
    few, _ = await made(boss, role="admin", scopes=scopes)
    for body in ({"role": "operator"}, {"role": "admin"}, {"role": "admin", "scopes": ["keys.write", "people.write"]}):
        refused = await few.post("keys", {"name": "more", **body})
        assert (refused.status, refused.code) == (403, "more_rights_than_maker")
    assert (await few.post("keys", {"name": "same", "role": "viewer"})).status == 201
    admins = next(each for each in (await boss.get("keys")).body["items"] if each["name"] == "Alice's key")
    refused = await few.post(f"keys/{admins['id']}/rotate", {})
    assert (refused.status, refused.code) == (403, "more_rights_than_maker"), "whoever is told its secret could do all it may"


async def test_a_key_has_the_rights_about_keys_and_the_door_only_by_name(alice: Client, boss: Client) -> None:
    assert (await alice.get("keys")).status == 403, "an admin's key, without scopes"
    assert NAMED_ONLY.isdisjoint((await alice.get("me")).body["permissions"])
    assert PERMISSIONS[Role.ADMIN] >= NAMED_ONLY
    assert (await boss.get("keys")).status == 200


async def test_a_secret_is_replaced_and_the_old_one_ends_after_the_overlap(boss: Client, clock: MovingClock) -> None:
    client, shown = await made(boss)
    said = await boss.post(f"keys/{shown['id']}/rotate", {"overlap_hours": 2})
    assert said.status == 200
    fresh = Client(boss.app, replace(boss.who, key=said.body["secret"]))
    assert said.body["prefix"] != shown["prefix"]
    for each in (client, fresh):
        assert (await each.get("me")).status == 200
    clock.ahead_us += 2 * HOUR_US
    boss.app.extensions["onhand"].callers._known.clear()
    assert (await client.get("me")).status == 401
    assert (await fresh.get("me")).status == 200


async def test_a_secret_replaced_without_an_overlap_ends_at_once_and_one_before_the_last_too(boss: Client) -> None:
    client, shown = await made(boss)
    second = (await boss.post(f"keys/{shown['id']}/rotate", {"overlap_hours": 24})).body["secret"]
    third = (await boss.post(f"keys/{shown['id']}/rotate", {"overlap_hours": 24})).body["secret"]
    assert [(await _shows(boss, each).get("me")).status for each in (client.who.key, second, third)] == [401, 200, 200]
    fourth = (await boss.post(f"keys/{shown['id']}/rotate", {"overlap_hours": 0})).body["secret"]
    assert [(await _shows(boss, each).get("me")).status for each in (second, third, fourth)] == [401, 401, 200]


@pytest.mark.parametrize("hours", [-1, 169, 10**9])
async def test_an_overlap_is_a_week_at_most(boss: Client, hours: int) -> None:
    _, shown = await made(boss)
    assert (await boss.post(f"keys/{shown['id']}/rotate", {"overlap_hours": hours})).code == "out_of_range"


async def test_a_key_ends_at_once_its_open_feeds_included(boss: Client) -> None:
    client, shown = await made(boss)
    callers = boss.app.extensions["onhand"].callers
    assert (await client.post("stock/release", {"reservation": "R999999"})).status == 404, "remembered on the lean path too"
    caller = await callers.of_key(client.who.key)
    assert caller is not None
    standing = Standing(callers, caller, "stock.read")
    standing.watch(lambda: None)
    assert await standing.holds()
    assert (await boss.post(f"keys/{shown['id']}/revoke")).body["state"] == "revoked"
    assert not await standing.holds(), "an open feed looks again at once"
    assert (await client.post("stock/release", {"reservation": "R999999"})).status == 401
    assert (await boss.post(f"keys/{shown['id']}/rotate", {})).code == "key_ended"


async def test_all_feeds_of_a_key_are_looked_at_together(boss: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _ = await made(boss)
    callers = boss.app.extensions["onhand"].callers
    caller = await callers.of_key(client.who.key)
    callers._known.clear()
    looks: list[str] = []
    find = callers._find

    async def counted(slug: str, *of: Any) -> Any:
        looks.append(slug)
        return await find(slug, *of)

    monkeypatch.setattr(callers, "_find", counted)
    found = await asyncio.gather(*[callers.again(caller) for _ in range(20)])
    assert [each.actor for each in found] == [caller.actor] * 20
    assert len(looks) == 1


async def test_feeds_that_were_opened_together_do_not_look_together(boss: Client) -> None:
    client, _ = await made(boss)
    callers = boss.app.extensions["onhand"].callers
    caller = await callers.of_key(client.who.key)
    assert caller is not None
    due = [Standing(callers, caller, "stock.read").due_s for _ in range(50)]
    assert CHECK_S * (1 - SPREAD) - 1 <= min(due) < max(due) <= CHECK_S
    assert max(due) - min(due) > CHECK_S * SPREAD / 4


async def test_a_key_ends_on_its_day_and_tells_when_it_was_used(boss: Client, clock: MovingClock) -> None:
    client, shown = await made(boss, days=1)
    assert shown["used_at"] is None
    await client.get("me")
    listed = {each["id"]: each for each in (await boss.get("keys")).body["items"]}
    assert listed[shown["id"]]["used_at"] is not None
    assert listed[shown["id"]]["made_by"] == "boss"
    clock.ahead_us += 24 * HOUR_US
    boss.app.extensions["onhand"].callers._known.clear()
    assert (await client.get("me")).status == 401
    listed = {each["id"]: each for each in (await boss.get("keys")).body["items"]}
    assert listed[shown["id"]]["state"] == "expired"


async def test_keys_of_another_company_are_not_there(boss: Client, world: World) -> None:
    key = await world.keys.make(world.carol.tenant, world.carol.actor, NewKey("theirs", Role.VIEWER))
    for verb in ("rotate", "revoke"):
        assert (await boss.post(f"keys/{key.id}/{verb}", {})).status == 404
    assert "theirs" not in (await boss.get("keys")).raw.decode()


async def test_every_change_of_a_key_is_a_fact(boss: Client, world: World) -> None:
    _, shown = await made(boss)
    await boss.post(f"keys/{shown['id']}/rotate", {})
    await boss.post(f"keys/{shown['id']}/revoke")
    async with world.alice.context(world.engine).reading() as connection:
        names = (await connection.execute(text("SELECT name FROM facts WHERE name LIKE 'key_%' ORDER BY id DESC LIMIT 3"))).scalars().all()
    assert names == ["key_revoked", "key_rotated", "key_made"]


async def test_roles_say_who_has_which_right_in_words(bob: Client) -> None:
    said = (await bob.get("roles")).body
    rights = {each["name"]: each for each in said["permissions"]}
    assert said["roles"][0] == "admin"
    assert set(rights) == set().union(*PERMISSIONS.values())
    assert rights["stock.receive"]["roles"] == ["admin", "manager", "inventory"]
    assert all(each["says"] != each["name"] for each in rights.values()), "explain the new permission in web/rights.py"


def _shows(boss: Client, secret: str) -> Client:
    return Client(boss.app, replace(boss.who, key=secret))
