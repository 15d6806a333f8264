"""A person is told everything, and a person can be made unknown: everywhere, for good."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from events import origin
from kit.errors import Refused
from tenants.domain import Role
from tenants.messages import NewKey, SignIn
from tenants.privacy import Privacy, gather, pseudonym
from tests.conftest import Database
from tests.people import PASSWORD, Person, World, hire
from tests.tenants.clocks import MovableClock
from tests.tenants.entry import Ways
from tests.tenants.test_audit import told
from tests.tenants.test_second_factor import added

NAME = "Zulfiya-Canarybird"
HOME = "198.51.100.77"


async def zulfiya(world: World) -> tuple[Person, str]:
    """An admin who signed in from home, made a key, and gave Bob another role; and the key's text."""
    origin.arrive("192.0.2.1")
    person = await hire(world.people, world.alice, NAME, Role.ADMIN)
    origin.arrive(HOME)
    await world.sessions.sign_in(SignIn(person.tenant.slug, person.email, person.password))
    key = await world.keys.make(person.tenant, person.actor, NewKey(f"{NAME}'s own", Role.ADMIN))
    await world.people.set_role(person.tenant, person.actor, world.bob.actor.principal_id, Role.MANAGER)
    await world.sessions.sign_in(SignIn(person.tenant.slug, person.email, person.password))
    return person, key.text


def privacy(world: World, clock: MovableClock) -> Privacy:
    return Privacy(world.engine, world.callers, clock)


async def everywhere(database: Database, tenant: int, *canaries: str) -> set[str]:
    """The tables in which any of these words still is, in whatever column."""
    connection = await asyncpg.connect(database.admin)
    try:
        tables = await connection.fetch("SELECT table_name FROM information_schema.columns WHERE column_name = 'tenant_id'")
        found = set()
        for (table,) in {tuple(row) for row in tables}:
            query = f"SELECT EXISTS (SELECT FROM {table} t WHERE t.tenant_id = $1 AND lower(t::text) LIKE ANY ($2))"
            if await connection.fetchval(query, tenant, [f"%{each.lower()}%" for each in canaries]):
                found.add(table)
        return found
    finally:
        await connection.close()


async def test_everything_about_a_person_is_told(world: World, clock: MovableClock) -> None:
    person, _key = await zulfiya(world)
    async with person.context(world.engine).writing() as work:
        found: dict[str, Any] = await privacy(world, clock).export(work, person.actor, person.actor.principal_id)
    assert (found["person"]["name"], found["person"]["email"], found["person"]["role"]) == (NAME, person.email, "admin")
    assert len(found["sessions"]) == 2
    assert [key["name"] for key in found["keys_made"]] == [f"{NAME}'s own"]
    assert [fact["fact"] for fact in found["facts_by"]] == ["signed_in", "key_made", "user_role_changed", "signed_in"]
    assert found["facts_by"][0]["words"]["address"] == HOME
    assert [fact["fact"] for fact in found["facts_about"]] == ["user_added"]
    assert found["facts_about"][0]["words"]["email"] == person.email
    assert (await told(world))[0].name == "person_exported"


async def test_one_is_told_of_oneself_only_unless_one_may_see_people(world: World, clock: MovableClock) -> None:
    async with world.bob.context(world.engine).writing() as work:
        with pytest.raises(Refused, match="not_allowed"):
            await privacy(world, clock).export(work, world.bob.actor, world.alice.actor.principal_id)
        assert await privacy(world, clock).export(work, world.bob.actor, world.bob.actor.principal_id)


async def test_an_erased_person_is_nowhere_any_more_and_gets_in_nowhere(world: World, clock: MovableClock, database: Database) -> None:
    person, key = await zulfiya(world)
    tenant, who = person.tenant, person.actor.principal_id
    words = ("canarybird", person.email, HOME)
    assert {"users", "principals", "fact_words", "api_keys"} <= await everywhere(database, tenant.id, *words)
    cookie = (await world.sessions.sign_in(SignIn(tenant.slug, person.email, person.password))).cookie
    origin.arrive("192.0.2.1")
    await privacy(world, clock).erase(tenant, world.alice.actor, who, f" {person.email.upper()} ")
    assert await everywhere(database, tenant.id, *words) == set()
    alices = await world.callers.of_key(person.key)
    assert alices is not None, "the key that Alice made for her goes on,"
    assert alices.actor.label == pseudonym(alices.actor.principal_id), "but bears her name no longer"
    assert await world.callers.of_session(cookie) is None
    assert await world.callers.of_key(key) is None
    with pytest.raises(Refused, match="wrong_credentials"):
        await world.sessions.sign_in(SignIn(tenant.slug, person.email, person.password))
    row = (await told(world))[0]
    assert (row.name, row.about, row.subject, row.words, row.body) == ("person_erased", pseudonym(who), str(who), {}, {"keys": 1})
    assert {each.by for each in await told(world, who=who)} == {pseudonym(who)}
    assert {each.address for each in await told(world, who=who)} == {""}


async def test_erasing_is_confirmed_once_and_not_for_the_last_admin(world: World, clock: MovableClock) -> None:
    person, _key = await zulfiya(world)
    tenant, who = person.tenant, person.actor.principal_id
    erase = privacy(world, clock).erase
    with pytest.raises(Refused, match="not_confirmed"):
        await erase(tenant, world.alice.actor, who, "yes")
    with pytest.raises(Refused, match="not_allowed"):
        await erase(tenant, world.bob.actor, who, person.email)
    with pytest.raises(Refused, match="not_found"):
        await erase(tenant, world.alice.actor, world.carol.actor.principal_id, world.carol.email)
    await erase(tenant, world.alice.actor, who, person.email)
    with pytest.raises(Refused, match="not_found"):
        await erase(tenant, world.alice.actor, who, pseudonym(who))
    with pytest.raises(Refused, match="last_admin"):
        await erase(tenant, world.alice.actor, world.alice.actor.principal_id, world.alice.email)


async def test_the_same_email_may_come_again_and_is_somebody_new(world: World, clock: MovableClock) -> None:
    person, _key = await zulfiya(world)
    await privacy(world, clock).erase(person.tenant, world.alice.actor, person.actor.principal_id, person.email)
    again = await hire(world.people, world.alice, NAME, Role.VIEWER)
    assert again.actor.principal_id != person.actor.principal_id
    async with world.alice.context(world.engine).reading() as connection:
        found = await gather(connection, again.tenant.id, again.actor.principal_id)
    assert (found["facts_by"], [fact["fact"] for fact in found["facts_about"]]) == ([], ["user_added"])


async def test_an_erased_person_leaves_nothing_in_the_ways_in(ways: Ways, database: Database) -> None:
    world, email = ways.world, "canarybird@elsewhere.example"
    invitation = await ways.invited(world.alice, email)
    origin.arrive(HOME)
    tenant, actor = await ways.invitations.accept(await ways.link_to(email), NAME, PASSWORD)
    person = Person(tenant, actor, email, "")
    await added(ways, person)
    await ways.resets.ask(tenant.slug, email)
    origin.arrive("192.0.2.1")
    async with person.context(world.engine).writing() as work:
        found = await privacy(world, ways.clock).export(work, actor, actor.principal_id)
    assert [len(found[name]) for name in ("invitations", "password_resets", "second_factors")] == [1, 1, 1]
    assert {"invitation", "second_factor_on", "reset"} <= {each["kind"] for each in found["letters"]}
    assert {"mails", "invitations"} <= await everywhere(database, tenant.id, "canarybird", email, HOME)
    await privacy(world, ways.clock).erase(tenant, world.alice.actor, actor.principal_id, email)
    assert await everywhere(database, tenant.id, "canarybird", email, HOME) == set()
    assert await ways.letters_to(email) == []
    async with world.alice.context(world.engine).reading() as connection:
        for table in ("second_factors", "recovery_codes", "resets"):
            query = text(f"SELECT count(*) FROM {table} WHERE principal_id = :person")
            assert (await connection.execute(query, {"person": actor.principal_id})).scalar_one() == 0, table
        kept = await ways.invitations.one(connection, tenant.id, invitation.id)
    assert kept.email == pseudonym(actor.principal_id)
