"""The people of a company, for those who look after them: role, warehouses, whether they may come at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.unit_of_work import UnitOfWork
from kit.clock import Clock, from_us
from kit.errors import refuse, unless
from tenants import store
from tenants.callers import Callers
from tenants.domain import Actor, Role, Tenant, role_refusal
from tenants.entry_store import second_factors
from tenants.persons import change_user, keep_an_admin, permit, person
from tenants.service import MayAdd
from tenants.sessions import end_sessions


@dataclass(frozen=True, slots=True)
class Colleague:
    """A person in the list of people. `warehouses` are ids, None for all."""

    id: int
    name: str
    email: str
    role: str
    warehouses: tuple[int, ...] | None
    disabled: bool
    second_factor: bool
    seen_at: datetime | None
    created_at: datetime
    version: int


class PersonChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Only what is named is changed. `warehouses`: codes of the only ones they see, null for all."""

    role: str | UnsetType = UNSET
    warehouses: list[str] | UnsetType | None = UNSET
    disabled: bool | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Wanted:
    """A change whose names were looked up. `warehouses`: id -> code."""

    role: Role | UnsetType = UNSET
    warehouses: Mapping[int, str] | UnsetType | None = UNSET
    disabled: bool | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Staff:
    """Changes of people."""

    callers: Callers
    clock: Clock
    may_add: MayAdd

    async def change(self, work: UnitOfWork, tenant: Tenant, by: Actor, principal_id: int, wanted: Wanted, version: int) -> Colleague:
        """Change what is wanted, all of it or nothing. Whatever changes rights ends the person's sessions. The last admin stays one."""
        permit(by, "people.write")
        before = await person(work, principal_id)
        if before.version != version:
            raise refuse("version_conflict", {"field": "If-Match"}, expected=version, actual=before.version)
        if not isinstance(wanted.disabled, UnsetType) and wanted.disabled != (before.disabled_at is not None):
            await self._let(work, tenant, before, not wanted.disabled)
        if not isinstance(wanted.role, UnsetType) and wanted.role is not before.actor.role:
            await self._give_role(work, before, wanted.role)
        if not isinstance(wanted.warehouses, UnsetType) and _ids(wanted.warehouses) != before.actor.warehouses:
            await self._limit(work, before, wanted.warehouses)
        work.after.append(lambda: self.callers.forget(tenant.id, principal_id))
        return await one(work.connection, tenant.id, principal_id)

    async def _let(self, work: UnitOfWork, tenant: Tenant, user: store.UserRow, come: bool) -> None:
        if come:
            unless(self.may_add(tenant.plan, "users", await store.users_counted(work.connection, tenant.id)))
        else:
            await keep_an_admin(work, user.actor.principal_id)
            await end_sessions(work, user.actor.principal_id)
        await change_user(work, user.actor.principal_id, disabled_at=None if come else from_us(self.clock()))
        await work.record("user_enabled" if come else "user_disabled", str(user.actor.principal_id))

    async def _give_role(self, work: UnitOfWork, user: store.UserRow, role: Role) -> None:
        unless(role_refusal(role))
        if role is not Role.ADMIN:
            await keep_an_admin(work, user.actor.principal_id)
        await change_user(work, user.actor.principal_id, role=int(role))
        await end_sessions(work, user.actor.principal_id)
        await work.record("user_role_changed", str(user.actor.principal_id), before=user.actor.role.label, after=role.label)

    async def _limit(self, work: UnitOfWork, user: store.UserRow, warehouses: Mapping[int, str] | None) -> None:
        if warehouses is not None:
            if not warehouses:
                raise refuse("value_missing", {"field": "warehouses"})
            await keep_an_admin(work, user.actor.principal_id)
        before = await store.granted_codes(work.connection, work.tenant_id, user.actor.principal_id)
        await store.grant_warehouses(work.connection, work.tenant_id, user.actor.principal_id, warehouses or ())
        await change_user(work, user.actor.principal_id)
        await end_sessions(work, user.actor.principal_id)
        after = None if warehouses is None else sorted(warehouses.values())
        await work.record("warehouses_granted", str(user.actor.principal_id), before=before, after=after)


async def colleagues(connection: AsyncConnection, tenant_id: int) -> list[Colleague]:
    """Everyone of the company, by name."""
    rows = await connection.execute(_query(tenant_id).order_by(store.principals.c.label, store.users.c.email))
    return [_shown(row) for row in rows]


async def one(connection: AsyncConnection, tenant_id: int, principal_id: int) -> Colleague:
    """One of them. Refuses with `not_found`."""
    row = (await connection.execute(_query(tenant_id).where(store.users.c.principal_id == principal_id))).one_or_none()
    if row is None:
        raise refuse("not_found")
    return _shown(row)


def _query(tenant_id: int) -> Any:
    users, principals, factors = store.users, store.principals, second_factors
    named = (principals.c.tenant_id == users.c.tenant_id) & (principals.c.id == users.c.principal_id)
    secured = (factors.c.tenant_id == users.c.tenant_id) & (factors.c.principal_id == users.c.principal_id)
    found = select(users, principals.c.label, factors.c.confirmed_at, store.granted(users).label("warehouses"))
    return found.join(principals, named).outerjoin(factors, secured).where(users.c.tenant_id == tenant_id)


def _shown(row: Row[Any]) -> Colleague:
    return Colleague(
        row.principal_id,
        row.label,
        row.email,
        Role(row.role).label,
        None if row.warehouses is None else tuple(sorted(row.warehouses)),
        row.disabled_at is not None,
        row.confirmed_at is not None,
        row.seen_at,
        row.created_at,
        row.version,
    )


def _ids(warehouses: Mapping[int, str] | None) -> frozenset[int] | None:
    return None if warehouses is None else frozenset(warehouses)
