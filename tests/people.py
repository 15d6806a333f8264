"""The three who appear everywhere: Alice owns a company, Bob works in it, Carol belongs to another one.

Each test gets companies of its own, so tests share a database without seeing each other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from billing.entitlements import may_add
from db.tenancy import reading
from events.unit_of_work import UnitOfWork
from inventory.context import Context
from kit.clock import Clock, now_us
from tenants.callers import Callers
from tenants.credentials import Passwords
from tenants.domain import Actor, Role, Tenant
from tenants.keys import Keys
from tenants.messages import NewCompany, NewKey, NewUser
from tenants.service import People
from tenants.sessions import Sessions

PASSWORD = "correct horse battery"
Prepare = Callable[[UnitOfWork], Awaitable[None]]


def cheap_passwords() -> Passwords:
    """Passwords that are checked in a millisecond: tests sign in often and guard nothing."""
    return Passwords(memory_kib=64, passes=1)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of a company, with all they need to be recognised."""

    tenant: Tenant
    actor: Actor
    email: str
    key: str = field(repr=False)
    password: str = PASSWORD

    @property
    def bearer(self) -> dict[str, str]:
        """The header that makes a request this person's key's."""
        return {"Authorization": f"Bearer {self.key}"}

    def context(self, engine: AsyncEngine, stock: Any = None, clock: Clock = now_us) -> Context:
        """The person's hands, for calling services without a web in between."""
        return Context(self.tenant, self.actor, stock, engine, clock)


@dataclass(frozen=True, slots=True)
class World:
    """A database with people in it. `clock` may be moved by tests that wait."""

    engine: AsyncEngine
    passwords: Passwords
    callers: Callers
    sessions: Sessions
    people: People
    keys: Keys
    alice: Person
    bob: Person
    carol: Person


async def nothing_else(work: UnitOfWork) -> None:
    """A company with nothing but its admin."""


async def populate(engine: AsyncEngine, clock: Clock = now_us, prepare: Prepare = nothing_else, bob: Role = Role.OPERATOR) -> World:
    """Found both companies and return everyone. `bob` is Bob's role."""
    passwords, callers = cheap_passwords(), Callers(engine, clock)
    people = People(engine, passwords, callers, clock, may_add)
    alice = await _founder(people, "Alice", prepare)
    carol = await _founder(people, "Carol", prepare)
    worker = await hire(people, alice, "Bob", bob)
    return World(engine, passwords, callers, Sessions(engine, passwords, callers, clock), people, keys_of(people), alice, worker, carol)


async def hire(people: People, owner: Person, name: str, role: Role) -> Person:
    """One more person of the owner's company, with a key of the same role."""
    email = f"{name.lower()}@{owner.tenant.slug}.example"
    actor = await people.add_user(owner.tenant, owner.actor, NewUser(name, email, PASSWORD, role))
    key = await keys_of(people).make(owner.tenant, owner.actor, NewKey(f"{name}'s key", role))
    return Person(owner.tenant, actor, email, key.text)


async def limit(people: People, owner: Person, label: str, *codes: str) -> None:
    """Limit the owner's person or key of this label to the warehouses of these codes; without any, let them into all again."""
    async with reading(people.engine, owner.tenant.id) as connection:
        found = await connection.execute(text("SELECT id, code FROM warehouses WHERE code = ANY (:codes)"), {"codes": list(codes)})
        warehouses = {row.id: row.code for row in found}
        found = await connection.execute(text("SELECT id FROM principals WHERE label = :label"), {"label": label})
        principal = found.scalar_one()
    await people.limit_to(owner.tenant, owner.actor, principal, warehouses or None)


def keys_of(people: People) -> Keys:
    """The keys of the same companies."""
    return Keys(people.engine, people.callers, people.clock, people.may_add)


async def _founder(people: People, name: str, prepare: Prepare) -> Person:
    slug = f"{name.lower()}-{uuid4().hex[:8]}"
    email = f"{name.lower()}@{slug}.example"
    company = NewCompany(slug, f"{name} & Co", "Asia/Bishkek", "en", "KGS", "scale")
    tenant, actor = await people.found(company, NewUser(name, email, PASSWORD, Role.ADMIN), prepare)
    key = await keys_of(people).make(tenant, actor, NewKey(f"{name}'s key", Role.ADMIN))
    return Person(tenant, actor, email, key.text)
