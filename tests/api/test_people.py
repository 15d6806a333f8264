"""People and invitations over REST."""

from __future__ import annotations

import pytest

from tests.api.conftest import Client


async def bob_of(alice: Client) -> dict[str, object]:
    listed = (await alice.get("people")).body["items"]
    return next(each for each in listed if each["name"] == "Bob")  # type: ignore[no-any-return]


async def test_people_are_listed_and_shown_with_their_version(alice: Client) -> None:
    bob = await bob_of(alice)
    said = await alice.get(f"people/{bob['id']}")
    assert said.body == bob
    assert said.headers["ETag"] == f'"{bob["version"]}"'
    assert (bob["role"], bob["warehouses"], bob["disabled"], bob["second_factor"]) == ("operator", None, False, False)


async def test_only_what_is_named_is_changed(alice: Client) -> None:
    bob = await bob_of(alice)
    said = await alice.patch(f"people/{bob['id']}", {"warehouses": ["osh"]}, bob["version"])  # type: ignore[arg-type]
    assert said.status == 200
    assert (said.body["warehouses"], said.body["role"]) == (["osh"], "operator")
    said = await alice.patch(f"people/{bob['id']}", {"role": "manager", "warehouses": None}, said.body["version"])
    assert (said.body["warehouses"], said.body["role"]) == (None, "manager")


async def test_a_change_is_kept_under_its_key_and_refused_for_an_old_version(alice: Client) -> None:
    bob = await bob_of(alice)
    at, version = f"people/{bob['id']}", bob["version"]
    first = await alice.patch(at, {"role": "viewer"}, version, "one key")  # type: ignore[arg-type]
    again = await alice.patch(at, {"role": "viewer"}, version, "one key")  # type: ignore[arg-type]
    assert (again.raw, again.headers["Idempotent-Replayed"]) == (first.raw, "true")
    old = await alice.patch(at, {"disabled": True}, version)  # type: ignore[arg-type]
    assert (old.status, old.code) == (409, "version_conflict")
    assert (await alice.patch(at, {"disabled": True}, None)).code == "if_match_missing"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"role": "king"}, 422, "unknown_role"),
        ({"role": "system"}, 422, "unknown_role"),
        ({"warehouses": ["nowhere"]}, 404, "unknown_warehouse"),
        ({"warehouses": []}, 422, "value_missing"),
        ({"email": "x@example.com"}, 422, "invalid_body"),
        ({"disabled": "yes"}, 422, "invalid_body"),
    ],
)
async def test_what_does_not_fit_changes_nothing(alice: Client, body: dict[str, object], status: int, code: str) -> None:
    bob = await bob_of(alice)
    said = await alice.patch(f"people/{bob['id']}", body, bob["version"])  # type: ignore[arg-type]
    assert (said.status, said.code) == (status, code)
    assert await bob_of(alice) == bob


async def test_the_last_admin_stays(alice: Client) -> None:
    me = next(each for each in (await alice.get("people")).body["items"] if each["name"] == "Alice")
    for body in ({"role": "viewer"}, {"disabled": True}, {"warehouses": ["osh"]}):
        said = await alice.patch(f"people/{me['id']}", body, me["version"])
        assert (said.status, said.code) == (409, "last_admin")


async def test_an_invitation_lives_and_ends(alice: Client) -> None:
    email = f"dana@{alice.who.tenant.slug}.example"
    made = await alice.post("invitations", {"email": email, "role": "viewer", "warehouses": ["osh"]})
    assert made.status == 201
    assert (made.body["state"], made.body["warehouses"], made.body["invited_by"]) == ("open", ["osh"], "Alice's key")
    assert "link" not in made.body
    twice = await alice.post("invitations", {"email": email, "role": "viewer"})
    assert (twice.status, twice.code) == (409, "already_invited")
    assert (await alice.post(f"invitations/{made.body['id']}/resend")).status == 200
    ended = await alice.post(f"invitations/{made.body['id']}/revoke")
    assert ended.body["state"] == "revoked"
    assert (await alice.post(f"invitations/{made.body['id']}/resend")).code == "invitation_closed"
    assert [each["state"] for each in (await alice.get("invitations")).body["items"]] == ["revoked"]


async def test_who_may_not_sees_and_invites_nobody(alice: Client, bob: Client, carol: Client) -> None:
    number = (await bob_of(alice))["id"]
    for said in (await bob.get("people"), await bob.get("invitations"), await bob.post("invitations", {"email": "x@y.z", "role": "admin"})):
        assert said.status == 403
    assert (await carol.get(f"people/{number}")).status == 404
    assert (await carol.patch(f"people/{number}", {"role": "viewer"}, 1)).status == 404
