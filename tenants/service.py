"""What people do here: found a company, and decide who may do what in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from db.tenancy import set_slug, set_tenant
from events.unit_of_work import UnitOfWork, unit_of_work
from kit.clock import Clock, from_us
from kit.errors import Refusal, refuse, unless
from tenants import sso_store, store
from tenants.callers import Callers
from tenants.credentials import Passwords
from tenants.domain import (
    LANGUAGES,
    SYSTEM,
    Actor,
    Role,
    Tenant,
    company_refusal,
    password_refusal,
    role_refusal,
)
from tenants.messages import NewCompany, NewUser
from tenants.persons import add_user, change_user, checked, keep_an_admin, permit, person
from tenants.sessions import end_sessions

MayAdd = Callable[[str, str, int], Refusal | None]
"""Whether the plan (first) allows one more of something (second) beside so many (third): billing's word, handed in."""
Prepare = Callable[[UnitOfWork], Awaitable[None]]
"""What else a new company needs from packages that this one may not know."""


@dataclass(frozen=True, slots=True)
class People:
    """Companies and their people."""

    engine: AsyncEngine
    passwords: Passwords
    callers: Callers
    clock: Clock
    may_add: MayAdd

    async def found(self, company: NewCompany, admin: NewUser, prepare: Prepare) -> tuple[Tenant, Actor]:
        """A company and its first admin, together with what `prepare` adds. Refuses a slug that is taken."""
        unless(company_refusal(company.slug, company.name, company.time_zone, company.language, company.currency))
        email = checked(admin)
        password_hash = await self.passwords.hash(admin.password)
        try:
            async with unit_of_work(self.engine, 0, SYSTEM.principal_id, SYSTEM.role) as nowhere:
                tenant, work = await _found(nowhere, company)
                person = await add_user(work, admin, email, password_hash)
                await work.record("company_founded", company.slug, caller=person.principal_id, **_values(company))
                await prepare(work)
        except IntegrityError as problem:
            if "uq_tenants_slug" not in str(problem.orig):
                raise
            raise refuse("slug_taken", {"field": "slug", "slug": company.slug}) from problem
        return tenant, person

    async def add_user(self, tenant: Tenant, by: Actor, new: NewUser) -> Actor:
        """One more person. Refuses what does not fit, an e-mail that is taken, and more people than the plan has."""
        permit(by, "people.write")
        email = checked(new)
        password_hash = await self.passwords.hash(new.password)
        try:
            async with self._work(tenant, by) as work:
                unless(self.may_add(tenant.plan, "users", await store.users_counted(work.connection, tenant.id)))
                return await add_user(work, new, email, password_hash)
        except IntegrityError as problem:
            if "uq_users_tenant_id_email" not in str(problem.orig):
                raise
            raise refuse("email_taken", {"field": "email", "email": email}) from problem

    async def set_role(self, tenant: Tenant, by: Actor, principal_id: int, role: Role) -> None:
        """Give a person another role. Their sessions end: rights never grow or shrink inside one. The last admin stays one."""
        permit(by, "people.write")
        unless(role_refusal(role))
        async with self._work(tenant, by) as work:
            if role is not Role.ADMIN:
                await keep_an_admin(work, principal_id)
            before = await person(work, principal_id)
            await change_user(work, principal_id, role=int(role))
            await end_sessions(work, principal_id)
            await work.record("user_role_changed", str(principal_id), before=before.actor.role.label, after=role.label)
        self.callers.forget(tenant.id, principal_id)

    async def set_password(self, tenant: Tenant, by: Actor, principal_id: int, password: str) -> None:
        """A new password, one's own or (with the right) another's. All sessions of the person end."""
        if by.principal_id != principal_id:
            permit(by, "people.write")
        unless(password_refusal(password))
        password_hash = await self.passwords.hash(password)
        async with self._work(tenant, by) as work:
            if await sso_store.passwords_are_off(work.connection, tenant.id):
                raise refuse("passwords_off")
            await person(work, principal_id)
            await change_user(work, principal_id, password_hash=password_hash)
            await end_sessions(work, principal_id)
            await work.record("user_password_changed", str(principal_id))
        self.callers.forget(tenant.id, principal_id)

    async def disable_user(self, tenant: Tenant, by: Actor, principal_id: int) -> None:
        """The person may not sign in any more and their sessions end. What they did stays theirs in the ledger."""
        permit(by, "people.write")
        async with self._work(tenant, by) as work:
            await keep_an_admin(work, principal_id)
            await person(work, principal_id)
            await change_user(work, principal_id, disabled_at=self._now())
            await end_sessions(work, principal_id)
            await work.record("user_disabled", str(principal_id))
        self.callers.forget(tenant.id, principal_id)

    async def limit_to(self, tenant: Tenant, by: Actor, principal_id: int, warehouses: Mapping[int, str] | None) -> None:
        """Let a person or key see and move the stock of some warehouses (id -> code) only, or (None) of all again.

        Their sessions end, as with another role. The last admin is not limited.
        """
        permit(by, "people.write")
        if warehouses is not None and not warehouses:
            raise refuse("value_missing", {"field": "warehouses"})
        async with self._work(tenant, by) as work:
            if warehouses is not None:
                await keep_an_admin(work, principal_id)
            before = await store.granted_codes(work.connection, tenant.id, principal_id)
            await store.grant_warehouses(work.connection, tenant.id, principal_id, warehouses or ())
            await change_user(work, principal_id)
            await end_sessions(work, principal_id)
            after = None if warehouses is None else sorted(warehouses.values())
            await work.record("warehouses_granted", str(principal_id), before=before, after=after)
        self.callers.forget(tenant.id, principal_id)

    async def choose_language(self, tenant: Tenant, by: Actor, language: str) -> None:
        """The language a person reads Onhand in."""
        if language not in LANGUAGES:
            raise refuse("unknown_language", {"field": "language", "language": language})
        async with self._work(tenant, by) as work:
            await change_user(work, by.principal_id, language=language)
        self.callers.forget(tenant.id, by.principal_id)

    def _work(self, tenant: Tenant, by: Actor) -> AbstractAsyncContextManager[UnitOfWork]:
        return unit_of_work(self.engine, tenant.id, by.principal_id, by.role)

    def _now(self) -> datetime:
        return from_us(self.clock())


async def _found(nowhere: UnitOfWork, company: NewCompany) -> tuple[Tenant, UnitOfWork]:
    """The tenant's row, the hand of the system, and the transaction bound to the new tenant."""
    table, connection = store.tenants, nowhere.connection
    values = _values(company)
    await set_slug(connection, company.slug)
    tenant_id = int((await connection.execute(table.insert().values(values).returning(table.c.id))).scalar_one())
    await set_tenant(connection, tenant_id)
    work = replace(nowhere, tenant_id=tenant_id)
    await connection.execute(
        store.principals.insert().values(tenant_id=tenant_id, id=SYSTEM.principal_id, kind=SYSTEM.kind, label=SYSTEM.label)
    )
    return Tenant(tenant_id, **values), work


def _values(company: NewCompany) -> dict[str, Any]:
    return {
        "slug": company.slug,
        "name": company.name.strip(),
        "time_zone": company.time_zone,
        "language": company.language,
        "currency": company.currency,
        "plan": company.plan,
    }
