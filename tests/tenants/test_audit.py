"""What leaves a fact, and what it tells: who, as what, from where, before and after; and of strangers nothing."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from db.tenancy import set_tenant
from events import origin
from kit.errors import Refused
from tenants import audit
from tenants.audit import AuditFilter, AuditRow
from tenants.domain import Role
from tenants.messages import SignIn
from tests.conftest import Database
from tests.people import World

HOME = "198.51.100.7"


async def told(world: World, **asked: Any) -> list[AuditRow]:
    async with world.alice.context(world.engine).reading() as connection:
        return list((await audit.rows(connection, world.alice.tenant.id, AuditFilter(**asked))).items)


async def try_in(world: World, email: str, password: str = "wrong", slug: str = "") -> None:
    with pytest.raises(Refused, match="wrong_credentials"):
        await world.sessions.sign_in(SignIn(slug or world.bob.tenant.slug, email, password))
    await world.sessions.settled()


async def test_signing_in_and_out_leave_facts_with_address_and_session(world: World) -> None:
    origin.arrive(HOME)
    signed_in = await world.sessions.sign_in(SignIn(world.bob.tenant.slug, world.bob.email, world.bob.password))
    origin.arrive(HOME, signed_in.caller.proof)
    await world.sessions.sign_out(signed_in.cookie)
    out, came = (await told(world))[:2]
    assert (came.name, came.about, came.by, came.role, came.address) == ("signed_in", "Bob", "Bob", "operator", HOME)
    assert came.proof == signed_in.caller.proof.hex()[:8]
    assert (out.name, out.about, out.address, out.proof) == ("signed_out", "Bob", HOME, signed_in.caller.proof.hex()[:8])


async def test_a_wrong_password_is_noted_about_whom_it_was_tried(world: World) -> None:
    origin.arrive("203.0.113.9")
    await try_in(world, world.bob.email)
    row = (await told(world))[0]
    assert (row.name, row.about, row.by, row.role, row.address) == ("sign_in_failed", "Bob", "Onhand", "system", "203.0.113.9")
    assert row.body == {"disabled": False}


async def test_of_strangers_and_of_other_companies_nothing_is_noted(world: World) -> None:
    before = len(await told(world))
    await try_in(world, "nobody@nowhere.example")
    await try_in(world, world.bob.email, slug="no-such-company")
    await try_in(world, world.carol.email)
    assert len(await told(world)) == before


async def test_a_change_of_role_tells_before_and_after(world: World) -> None:
    origin.arrive(HOME)
    await world.people.set_role(world.alice.tenant, world.alice.actor, world.bob.actor.principal_id, Role.MANAGER)
    row = (await told(world, name="user_role_changed"))[0]
    assert (row.by, row.role, row.about, row.before, row.after, row.address) == ("Alice", "admin", "Bob", "operator", "manager", HOME)


async def test_every_filter_narrows(world: World) -> None:
    origin.arrive(HOME)
    bob = world.bob.actor.principal_id
    await world.people.set_role(world.alice.tenant, world.alice.actor, bob, Role.VIEWER)
    row = (await told(world))[0]
    assert [each.seq for each in await told(world, address=HOME)] == [row.seq]
    assert [each.seq for each in await told(world, name="user_role_changed", who=world.alice.actor.principal_id)] == [row.seq]
    assert {each.subject for each in await told(world, subject=str(bob))} == {str(bob)}
    assert await told(world, who=bob) == []
    assert row.seq in {each.seq for each in await told(world, since=row.at_us)}
    assert row.seq not in {each.seq for each in await told(world, until=row.at_us)}
    everything = await told(world)
    assert [each.seq for each in everything] == list(range(row.seq, 0, -1))


async def test_pages_follow_each_other(world: World) -> None:
    async with world.alice.context(world.engine).reading() as connection:
        first = await audit.rows(connection, world.alice.tenant.id, AuditFilter(limit=2))
        second = await audit.rows(connection, world.alice.tenant.id, AuditFilter(limit=500, cursor=first.next))
    assert [row.seq for row in [*first.items, *second.items]] == list(range(first.as_of_seq, 0, -1))
    assert second.next is None


async def test_no_fact_names_anybody_in_what_is_hashed(world: World, database: Database) -> None:
    connection = await asyncpg.connect(database.admin)
    try:
        rows = await connection.fetch("SELECT f.name, f::text AS row FROM facts f WHERE tenant_id = $1", world.alice.tenant.id)
    finally:
        await connection.close()
    assert rows
    found = [row["name"] for row in rows if "@" in row["row"] or "Bob" in row["row"]]
    assert found == [], "put what a person can be recognised by into `words`: UnitOfWork.record"


@pytest.mark.parametrize(
    "statement", ["UPDATE facts SET subject = ''", "DELETE FROM facts", "UPDATE fact_chain SET seq = 1", "DELETE FROM fact_words"]
)
async def test_facts_only_grow(world: World, database: Database, statement: str) -> None:
    for role, error in (("app", asyncpg.InsufficientPrivilegeError), ("owner", asyncpg.PostgresError)):
        connection = await asyncpg.connect(getattr(database, role))
        try:
            await connection.execute("SELECT set_config('app.tenant_id', $1, false)", str(world.alice.tenant.id))
            with pytest.raises(error):
                await connection.execute(statement)
        finally:
            await connection.close()


async def test_words_are_emptied_and_never_changed(world: World) -> None:
    async with world.engine.connect() as connection:
        await set_tenant(connection, world.alice.tenant.id)
        with pytest.raises(DBAPIError, match="erased, never changed"):
            await connection.execute(text("""UPDATE fact_words SET words = '{"email": "x"}'"""))
