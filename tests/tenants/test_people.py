"""People, roles and keys: who may give what to whom."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from billing.entitlements import PLANS, may_add
from kit.errors import Refused
from tenants import queries
from tenants.callers import Callers
from tenants.domain import PERMISSIONS, Role
from tenants.messages import NewCompany, NewKey, NewUser
from tests.people import PASSWORD, Person, World, hire, nothing_else
from tests.tenants.clocks import MovableClock


def company(slug: str, **changes: str) -> NewCompany:
    values = {"name": "Company", "time_zone": "Asia/Bishkek", "language": "en", "currency": "KGS", "plan": "starter"}
    return NewCompany(slug, **(values | changes))


def admin(email: str = "dana@company.example") -> NewUser:
    return NewUser("Dana", email, PASSWORD, Role.ADMIN)


async def revoke(world: World, by: Person, key: int) -> None:
    async with by.context(world.engine).writing() as work:
        await world.keys.revoke(work, by.tenant, by.actor, key)


async def test_a_company_begins_with_its_admin_and_the_hand_of_the_system(world: World) -> None:
    async with world.alice.context(world.engine).reading() as connection:
        kinds = (await connection.execute(text("SELECT id, kind FROM principals WHERE id = 0"))).all()
        facts = (await connection.execute(text("SELECT name FROM facts ORDER BY id LIMIT 2"))).scalars().all()
    assert kinds == [(0, "system")]
    assert facts == ["user_added", "company_founded"]


async def test_an_address_is_given_once(world: World) -> None:
    with pytest.raises(Refused, match="slug_taken"):
        await world.people.found(company(world.alice.tenant.slug), admin(), nothing_else)


@pytest.mark.parametrize(
    ("field", "value"),
    [("slug", "Not A Slug"), ("name", " "), ("time_zone", "Mars/Base"), ("language", "de"), ("currency", "som")],
)
async def test_a_company_that_does_not_fit_is_refused(world: World, field: str, value: str) -> None:
    asked = company(value) if field == "slug" else company("fits-well", **{field: value})
    with pytest.raises(Refused) as refused:
        await world.people.found(asked, admin(), nothing_else)
    assert refused.value.refusal.errors == ({"field": field},)


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (NewUser("Eve", "no-at-sign", PASSWORD, Role.VIEWER), "not_an_email"),
        (NewUser("Eve", "eve@" + "a" * 300 + ".example", PASSWORD, Role.VIEWER), "not_an_email"),
        (NewUser(" ", "eve@x.example", PASSWORD, Role.VIEWER), "value_missing"),
        (NewUser("Eve", "eve@x.example", "short", Role.VIEWER), "password_too_short"),
        (NewUser("Eve", "eve@x.example", "x" * 300, Role.VIEWER), "password_too_long"),
        (NewUser("Eve", "eve@x.example", PASSWORD, Role.SYSTEM), "unknown_role"),
    ],
)
async def test_a_person_that_does_not_fit_is_refused(world: World, new: NewUser, code: str) -> None:
    with pytest.raises(Refused, match=code):
        await world.people.add_user(world.alice.tenant, world.alice.actor, new)


async def test_an_email_is_one_person_in_a_company_and_another_in_the_next(world: World) -> None:
    again = NewUser("Bob too", world.bob.email.upper(), PASSWORD, Role.VIEWER)
    with pytest.raises(Refused, match="email_taken"):
        await world.people.add_user(world.alice.tenant, world.alice.actor, again)
    assert await world.people.add_user(world.carol.tenant, world.carol.actor, again)


async def test_only_an_admin_adds_people_and_keys(world: World) -> None:
    bob = world.bob
    with pytest.raises(Refused, match="not_allowed"):
        await world.people.add_user(bob.tenant, bob.actor, admin("x@x.example"))
    with pytest.raises(Refused, match="not_allowed"):
        await world.keys.make(bob.tenant, bob.actor, NewKey("mine", Role.ADMIN))
    with pytest.raises(Refused, match="not_allowed"):
        await world.people.set_role(bob.tenant, bob.actor, bob.actor.principal_id, Role.ADMIN)
    with pytest.raises(Refused, match="not_allowed"):
        await world.people.set_password(bob.tenant, bob.actor, world.alice.actor.principal_id, PASSWORD)


async def test_a_person_of_another_company_is_not_there(world: World) -> None:
    carol, bob = world.carol, world.bob.actor.principal_id
    for attempt in (
        world.people.set_role(carol.tenant, carol.actor, bob, Role.VIEWER),
        world.people.disable_user(carol.tenant, carol.actor, bob),
        world.people.set_password(carol.tenant, carol.actor, bob, PASSWORD),
        revoke(world, carol, bob + 1),
    ):
        with pytest.raises(Refused, match="not_found"):
            await attempt


async def test_the_last_admin_stays_even_when_two_step_down_at_once(world: World) -> None:
    dana = await hire(world.people, world.alice, "Dana", Role.ADMIN)
    alice = world.alice
    outcomes = await asyncio.gather(
        world.people.set_role(alice.tenant, alice.actor, alice.actor.principal_id, Role.VIEWER),
        world.people.disable_user(alice.tenant, dana.actor, dana.actor.principal_id),
        return_exceptions=True,
    )
    assert sorted("done" if outcome is None else str(outcome) for outcome in outcomes) == ["done", "last_admin"]


async def test_a_key_opens_until_it_is_revoked(world: World) -> None:
    caller = await world.callers.of_key(world.bob.key)
    assert caller is not None
    assert (caller.tenant, caller.actor.kind, caller.actor.role) == (world.bob.tenant, "key", Role.OPERATOR)
    await revoke(world, world.alice, caller.actor.principal_id)
    assert await world.callers.of_key(world.bob.key) is None
    assert await world.callers.again(caller) is None


async def test_a_key_ends_on_its_day(world: World, clock: MovableClock) -> None:
    key = await world.keys.make(world.alice.tenant, world.alice.actor, NewKey("till", Role.OPERATOR, days=1))
    clock.forward(timedelta(hours=23))
    assert await world.callers.of_key(key.text) is not None
    clock.forward(timedelta(hours=1))
    assert await Callers(world.engine, clock).of_key(key.text) is None


async def test_a_key_shows_only_its_beginning(world: World) -> None:
    async with world.alice.context(world.engine).reading() as connection:
        listed = await queries.keys(connection, world.alice.tenant.id)
        stored = (await connection.execute(text("SELECT api_keys::text FROM api_keys"))).scalars().all()
    assert {key.prefix for key in listed} == {world.alice.key[:-37], world.bob.key[:-37]}
    assert not [row for row in stored if world.bob.key[-37:] in row]


async def test_the_list_of_people_is_one_companys(world: World) -> None:
    async with world.alice.context(world.engine).reading() as connection:
        listed = await queries.people(connection, world.alice.tenant.id)
    assert [(person.name, person.role) for person in listed] == [("Alice", "admin"), ("Bob", "operator")]


async def test_a_language_is_chosen_by_oneself(world: World) -> None:
    await world.people.choose_language(world.bob.tenant, world.bob.actor, "ky")
    with pytest.raises(Refused, match="unknown_language"):
        await world.people.choose_language(world.bob.tenant, world.bob.actor, "xx")


async def test_a_plan_limits_what_is_added(world: World) -> None:
    tenant, boss = await world.people.found(company(world.alice.tenant.slug + "-small"), admin(), nothing_else)
    for number in range(4):
        await world.people.add_user(tenant, boss, NewUser("N", f"n{number}@x.example", PASSWORD, Role.VIEWER))
    with pytest.raises(Refused) as refused:
        await world.people.add_user(tenant, boss, NewUser("N", "n5@x.example", PASSWORD, Role.VIEWER))
    assert refused.value.refusal.facts == {"plan": "starter", "what": "users", "limit": 5, "current": 5}


async def test_people_and_keys_that_are_added_at_the_same_moment_do_not_get_past_the_plan(world: World) -> None:
    tenant, boss = await world.people.found(company(world.alice.tenant.slug + "-rush"), admin(), nothing_else)
    people = [world.people.add_user(tenant, boss, NewUser("N", f"n{number}@x.example", PASSWORD, Role.VIEWER)) for number in range(8)]
    keys = [world.keys.make(tenant, boss, NewKey(f"key {number}", Role.VIEWER)) for number in range(8)]
    for what, adding in (("users", people), ("keys", keys)):
        refused = [each for each in await asyncio.gather(*adding, return_exceptions=True) if isinstance(each, Refused)]
        limit, there = PLANS["starter"][what], 1 if what == "users" else 0
        assert len(refused) == 8 + there - limit
        assert {each.refusal.code for each in refused} == {"plan_limit_reached"}


def test_a_plan_has_room_up_to_its_limit() -> None:
    assert may_add("starter", "warehouses", 1) is None
    assert may_add("starter", "warehouses", 2) is not None
    assert may_add("scale", "warehouses", 10_000) is None
    assert may_add("a plan of last year", "warehouses", 2) is not None
    assert all(set(limits) == {"warehouses", "users", "keys", "holds"} for limits in PLANS.values())


def test_the_systems_role_may_nothing_and_a_viewer_only_looks() -> None:
    assert PERMISSIONS[Role.SYSTEM] == frozenset()
    assert all(permission.endswith(".read") for permission in PERMISSIONS[Role.VIEWER])
    assert set(PERMISSIONS) == set(Role)
