"""Sessions: opened with a password, recognised by a cookie, ended in many ways."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from db.tenancy import set_tenant
from kit.errors import Refused
from tenants.callers import Callers
from tenants.domain import Role
from tenants.messages import SignIn
from tests.people import PASSWORD, Person, World
from tests.tenants.clocks import MovableClock


async def enter(world: World, who: Person, password: str = PASSWORD, cookie: str | None = None) -> str:
    return (await world.sessions.sign_in(SignIn(who.tenant.slug, who.email, password, cookie))).cookie


async def test_the_right_password_opens_a_session(world: World) -> None:
    caller = await world.callers.of_session(await enter(world, world.bob))
    assert caller is not None
    assert (caller.tenant, caller.actor.principal_id, caller.actor.role) == (world.bob.tenant, world.bob.actor.principal_id, Role.OPERATOR)


async def test_an_email_is_the_same_in_any_case_and_with_spaces_around(world: World) -> None:
    assert await world.sessions.sign_in(SignIn(world.bob.tenant.slug, f"  {world.bob.email.upper()} ", PASSWORD))


@pytest.mark.parametrize("wrong", ["password", "email", "company", "others company", "empty"])
async def test_whatever_was_wrong_the_answer_is_the_same(world: World, wrong: str) -> None:
    slug, email, password = world.bob.tenant.slug, world.bob.email, PASSWORD
    attempt = {
        "password": SignIn(slug, email, "wrong horse"),
        "email": SignIn(slug, "nobody@nowhere.example", password),
        "company": SignIn("no-such-company", email, password),
        "others company": SignIn(world.carol.tenant.slug, email, password),
        "empty": SignIn(slug, email, ""),
    }[wrong]
    with pytest.raises(Refused) as refused:
        await world.sessions.sign_in(attempt)
    assert (refused.value.refusal.code, refused.value.refusal.errors, refused.value.refusal.facts) == ("wrong_credentials", (), {})


async def test_an_unknown_email_costs_a_full_password_check(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str | None] = []
    matches = world.passwords._matches

    def counted(password: str, stored: str | None) -> bool:
        checked.append(stored)
        return matches(password, stored)

    monkeypatch.setattr(world.passwords, "_matches", counted)
    with pytest.raises(Refused):
        await world.sessions.sign_in(SignIn(world.bob.tenant.slug, "nobody@nowhere.example", PASSWORD))
    assert checked == [None]


async def test_signing_in_again_replaces_the_session(world: World) -> None:
    first = await enter(world, world.bob)
    second = await enter(world, world.bob, cookie=first)
    assert second != first
    assert await world.callers.of_session(first) is None
    assert await world.callers.of_session(second) is not None


async def test_a_session_of_another_browser_stays(world: World) -> None:
    first = await enter(world, world.bob)
    await enter(world, world.bob)
    assert await world.callers.of_session(first) is not None


async def test_signing_out_ends_the_session_at_once_though_it_was_remembered(world: World) -> None:
    cookie = await enter(world, world.bob)
    assert await world.callers.of_session(cookie) is not None
    await world.sessions.sign_out(cookie)
    assert await world.callers.of_session(cookie) is None
    await world.sessions.sign_out(cookie)


async def test_an_unused_session_ends_after_half_a_day(world: World, clock: MovableClock) -> None:
    cookie = await enter(world, world.bob)
    clock.forward(timedelta(hours=12))
    assert await world.callers.of_session(cookie) is None


async def test_a_used_session_lasts_a_week_and_no_longer(world: World, clock: MovableClock) -> None:
    cookie = await enter(world, world.bob)
    for _ in range(15):
        clock.forward(timedelta(days=7) / 16)
        world.callers.forget(world.bob.tenant.id, world.bob.actor.principal_id)
        assert await world.callers.of_session(cookie) is not None
    clock.forward(timedelta(days=7) / 16)
    world.callers.forget(world.bob.tenant.id, world.bob.actor.principal_id)
    assert await world.callers.of_session(cookie) is None


@pytest.mark.parametrize("change", ["role", "password", "disabled"])
async def test_a_change_of_rights_ends_sessions(world: World, change: str) -> None:
    cookie = await enter(world, world.bob)
    caller = await world.callers.of_session(cookie)
    assert caller is not None
    people, alice, bob = world.people, world.alice, world.bob
    if change == "role":
        await people.set_role(alice.tenant, alice.actor, bob.actor.principal_id, Role.VIEWER)
    elif change == "password":
        await people.set_password(bob.tenant, bob.actor, bob.actor.principal_id, "another long password")
    else:
        await people.disable_user(alice.tenant, alice.actor, bob.actor.principal_id)
    assert await world.callers.of_session(cookie) is None
    assert await world.callers.again(caller) is None


async def test_a_disabled_person_cannot_come_back(world: World) -> None:
    await world.people.disable_user(world.alice.tenant, world.alice.actor, world.bob.actor.principal_id)
    with pytest.raises(Refused, match="wrong_credentials"):
        await enter(world, world.bob)


async def test_the_systems_own_role_never_signs_in(world: World) -> None:
    async with world.engine.begin() as connection:
        await set_tenant(connection, world.bob.tenant.id)
        await connection.execute(text("UPDATE users SET role = 0 WHERE principal_id = :id"), {"id": world.bob.actor.principal_id})
    with pytest.raises(Refused, match="wrong_credentials"):
        await enter(world, world.bob)


@pytest.mark.parametrize("cookie", ["", "x", "alice.", ".x", "a" * 5000, "alice.\udcff" + "x" * 42, "Ünï.x"])
async def test_nonsense_is_nobody(world: World, cookie: str) -> None:
    assert await world.callers.of_session(cookie) is None
    assert await world.callers.of_key(cookie) is None


async def test_a_cookie_under_another_company_is_nobody(world: World) -> None:
    cookie = await enter(world, world.bob)
    stolen = world.carol.tenant.slug + "." + cookie.partition(".")[2]
    assert await world.callers.of_session(stolen) is None


async def test_the_token_itself_is_nowhere_in_the_database(world: World) -> None:
    cookie = await enter(world, world.bob)
    async with world.engine.begin() as connection:
        await set_tenant(connection, world.bob.tenant.id)
        stored = (await connection.execute(text("SELECT token_hash FROM sessions"))).scalars().all()
    assert all(cookie.partition(".")[2].encode() not in bytes(each) for each in stored)


async def test_what_one_process_ended_is_felt_in_another_when_its_memory_runs_out(world: World, clock: MovableClock) -> None:
    elsewhere = Callers(world.engine, clock, remembered_s=0.0)
    cookie = await enter(world, world.bob)
    assert await elsewhere.of_session(cookie) is not None
    await world.sessions.sign_out(cookie)
    assert await elsewhere.of_session(cookie) is None


async def test_a_ticket_opens_one_connection_within_half_a_minute(world: World, clock: MovableClock) -> None:
    caller = await world.callers.of_key(world.bob.key)
    assert caller is not None
    slug, first, late = world.bob.tenant.slug, await world.sessions.ticket(caller), await world.sessions.ticket(caller)
    assert await world.callers.of_ticket(world.carol.tenant.slug, first) is None
    again = await world.callers.of_ticket(slug, first)
    assert again is not None
    assert again.actor == caller.actor
    assert await world.callers.of_ticket(slug, first) is None
    clock.forward(timedelta(seconds=30))
    assert await world.callers.of_ticket(slug, late) is None


async def test_a_ticket_dies_with_the_session_that_asked_for_it(world: World) -> None:
    cookie = await enter(world, world.bob)
    caller = await world.callers.of_session(cookie)
    assert caller is not None
    ticket = await world.sessions.ticket(caller)
    await world.sessions.sign_out(cookie)
    assert await world.callers.of_ticket(world.bob.tenant.slug, ticket) is None
