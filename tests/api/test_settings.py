"""The audit and the settings over REST, and what settings do to commands."""

from __future__ import annotations

import pytest
from quart import Quart

from kit.clock import SECOND, parse_rfc3339
from tests.api.conftest import BOTH_EDGES, Client, line
from tests.people import World


async def test_settings_are_read_and_changed_by_who_has_seen_them(alice: Client, bob: Client) -> None:
    found = await alice.get("settings")
    assert (found.status, found.headers["ETag"], found.body["settings"]["hold_default_s"]) == (200, '"1"', 900)
    explained = {each["name"]: each for each in found.body["explained"]}
    assert explained["negative_stock"]["fixed"] is True
    assert (explained["hold_max_s"]["min"], explained["hold_max_s"]["max"], explained["hold_max_s"]["unit"]) == (60, 604_800, "s")
    assert all(each["says"] for each in explained.values())

    changed = await alice.patch("settings", {"hold_max_s": 1200, "name": "Ltd"}, 1, "once")
    assert (changed.status, changed.body["version"], changed.body["settings"]["name"]) == (200, 2, "Ltd")
    again = await alice.patch("settings", {"hold_max_s": 1200, "name": "Ltd"}, 1, "once")
    assert (again.status, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert (await alice.patch("settings", {"hold_max_s": None}, 2)).body["settings"]["hold_max_s"] == 604_800
    assert (await alice.patch("settings", {"name": "X"}, 1)).code == "version_conflict"
    assert (await alice.patch("settings", {"name": "X"}, None)).code == "if_match_missing"
    assert (await alice.patch("settings", {"colour": "red"}, 3)).status == 422
    assert (await alice.patch("settings", {"negative_stock": "on"}, 3)).body["errors"][0]["code"] == "setting_fixed"
    assert (await bob.get("settings")).status == 403
    assert (await bob.patch("settings", {"name": "X"}, 3)).status == 403


@BOTH_EDGES
async def test_holds_last_as_the_company_has_chosen(alice: Client, bob: Client) -> None:
    await alice.received("10")
    await alice.patch("settings", {"hold_default_s": 120, "hold_max_s": 600}, 1)
    reservation = await bob.reserved("1")
    lasts = parse_rfc3339(reservation["expires_at"]) - parse_rfc3339(reservation["created_at"])
    assert lasts == 120 * SECOND
    refused = await bob.post("stock/reserve", {"lines": [line("1")], "expires_in": 601})
    assert (refused.status, refused.body["errors"]) == (
        422,
        [{"field": "expires_in", "code": "hold_too_long", "max": 600, "detail": "A hold lasts at most 600 seconds here."}],
    )
    assert (await bob.post("stock/reserve", {"lines": [line("1")], "expires_in": 600})).status == 201
    assert (await bob.post("stock/extend", {"reservation": reservation["id"], "expires_in": 601})).status == 422
    assert (await bob.post("stock/extend", {"reservation": reservation["id"], "expires_in": 600})).status == 200


async def test_the_audit_is_read_page_by_page(alice: Client, bob: Client, world: World) -> None:
    await alice.patch("settings", {"name": "Ltd"}, 1)
    found = await alice.get("audit?limit=1")
    assert found.body["items"][0]["fact"] == "settings_changed"
    assert found.body["items"][0]["body"] == {"before": {"name": "Alice & Co"}, "after": {"name": "Ltd"}}
    assert found.body["items"][0]["by"] == "Alice's key"
    rest = await alice.get(f"audit?limit=500&cursor={found.body['next']}")
    assert [row["seq"] for row in rest.body["items"]] == list(range(found.body["as_of_seq"] - 1, 0, -1))
    only = await alice.get(f"audit?fact=user_added&subject={world.bob.actor.principal_id}")
    assert [(row["about"], row["words"]["email"]) for row in only.body["items"]] == [("Bob", world.bob.email)]
    assert (await alice.get("audit?from=2200-01-01T00:00:00Z")).body["items"] == []
    assert (await alice.get("audit?to=2000-01-01T00:00:00Z")).body["items"] == []
    table = await alice.get("audit?fact=user_added", Accept="text/csv")
    assert table.body.startswith('\ufeff"seq","at","fact"')
    assert (await bob.get("audit")).status == 403


@pytest.mark.parametrize("asked", ["from=yesterday", "to=120", "who=me", "who=99999999999", "limit=0", "cursor=x"])
async def test_what_cannot_be_asked_is_refused(alice: Client, asked: str) -> None:
    assert (await alice.get(f"audit?{asked}")).status == 422


async def test_facts_of_programs_tell_which_key_it_was(alice: Client, app: Quart) -> None:
    await alice.patch("settings", {"name": "Ltd"}, 1)
    row = (await alice.get("audit?limit=1")).body["items"][0]
    caller = await app.extensions["onhand"].callers.of_key(alice.who.key)
    assert row["session"] == caller.proof.hex()[:8]
    assert row["address"]
