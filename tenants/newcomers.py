"""Who somebody is that the provider vouches for: known by (issuer, subject), never by an e-mail alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from events.unit_of_work import UnitOfWork, unit_of_work
from kit.clock import Clock, from_us
from kit.errors import Refusal, Refused
from kit.text import clean
from tenants import sso_store, store
from tenants.callers import Callers
from tenants.domain import SYSTEM, Actor, Role, Tenant, email_refusal, normal_email
from tenants.service import MayAdd
from tenants.sessions import end_sessions
from tenants.sso import role_of
from tenants.sso_store import Provider
from tenants.token_rules import values_of

NAME_LENGTH_MAX = 100
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Newcomers:
    """Lets people in whom a provider vouches for, with the role their groups mean today."""

    engine: AsyncEngine
    callers: Callers
    clock: Clock
    may_add: MayAdd

    async def welcome(self, tenant: Tenant, provider: Provider, claims: Json) -> Actor:
        """The person of these proven claims, made the first time. Whoever may not come in (any more) is refused and out."""
        async with unit_of_work(self.engine, tenant.id, SYSTEM.principal_id, SYSTEM.role) as work:
            # A refusal is returned, not raised: that their sessions end must be kept.
            met = await self._meet(work, tenant, provider, claims)
        if isinstance(met, Refusal):
            raise Refused(met)
        return met

    async def _meet(self, work: UnitOfWork, tenant: Tenant, provider: Provider, claims: Json) -> Actor | Refusal:
        connection, issuer, subject = work.connection, provider.issuer, claims["sub"]
        # One at a time, and none while the configuration changes.
        current = await sso_store.provider_of(connection, tenant.id, lock=True)
        if current is None or current.version != provider.version:
            return Refusal("sso_failed")
        email, role = normal_email(str(claims.get("email", ""))), role_of(values_of(claims, provider.group_claim), provider)
        principal_id = await sso_store.identity(connection, tenant.id, issuer, subject)
        known = await store.user_by_id(connection, tenant.id, principal_id, lock=True) if principal_id is not None else None
        refusal = claims_refusal(claims, email, provider) or (Refusal("sso_no_role") if role is None else None)
        if known is not None and (refusal is not None or known.disabled_at is not None):
            return await self._out(work, known, refusal or Refusal("sso_no_role"))
        if refusal is not None or role is None:
            return refusal or Refusal("sso_no_role")
        if known is None:
            met = await self._first_time(work, tenant, provider, claims, email, role)
            if isinstance(met, Refusal):
                return met
            known = met
        await self._as_today(work, provider, known, role, subject)
        actor = (await _reread(work, known)).actor
        if actor.role is Role.ADMIN and actor.warehouses is None and provider.proven_at is None:
            table = sso_store.identity_providers
            await connection.execute(update(table).where(table.c.tenant_id == tenant.id).values(proven_at=from_us(self.clock())))
        return actor

    async def _first_time(
        self, work: UnitOfWork, tenant: Tenant, provider: Provider, claims: Json, email: str, role: Role
    ) -> store.UserRow | Refusal:
        """A new person, or a local one of the same verified e-mail where the company allows that."""
        there = await store.user_by_email(work.connection, tenant.id, email)
        if there is None:
            full = self.may_add(tenant.plan, "users", await store.users_counted(work.connection, tenant.id))
            if full is not None:
                return full
            there = await _add(work, _name(claims, email), email, role)
        elif not provider.link_by_email or there.disabled_at is not None or await _has_identity(work, there, provider):
            return Refusal("sso_email_taken")
        else:
            mine = there.actor.principal_id
            words = {mine: {"subject": claims["sub"]}}
            await work.record("sso_linked", str(mine), words=words, caller=mine, issuer=provider.issuer)
        row = {"tenant_id": tenant.id, "issuer": provider.issuer, "subject": claims["sub"], "principal_id": there.actor.principal_id}
        await work.connection.execute(insert(sso_store.identities).values(row))
        return there

    async def _as_today(self, work: UnitOfWork, provider: Provider, known: store.UserRow, role: Role, subject: str) -> None:
        """The role of today's groups. With another one their sessions end: rights never grow or shrink inside one."""
        mine = known.actor.principal_id
        table = sso_store.identities
        at = (table.c.tenant_id == work.tenant_id) & (table.c.issuer == provider.issuer) & (table.c.subject == subject)
        await work.connection.execute(update(table).where(at).values(seen_at=from_us(self.clock())))
        if known.actor.role is role:
            return
        users = store.users
        await work.connection.execute(
            update(users).where(users.c.tenant_id == work.tenant_id, users.c.principal_id == mine).values(role=int(role))
        )
        await end_sessions(work, mine)
        await work.record("user_role_changed", str(mine), caller=mine, before=known.actor.role.label, after=role.label, via="sso")
        work.after.append(lambda: self.callers.forget(work.tenant_id, mine))

    async def _out(self, work: UnitOfWork, known: store.UserRow, refusal: Refusal) -> Refusal:
        await end_sessions(work, known.actor.principal_id)
        mine = known.actor.principal_id
        await work.record("sso_refused", str(mine), caller=mine, why=refusal.code)
        work.after.append(lambda: self.callers.forget(work.tenant_id, known.actor.principal_id))
        return refusal


def claims_refusal(claims: Json, email: str, provider: Provider) -> Refusal | None:
    """Why an e-mail that the provider tells does not let anybody in."""
    # Entra ID says so with a claim of its own (xms_edov), as a truth, a number or a text.
    verified = claims.get("email_verified") is True or claims.get("xms_edov") in (True, 1, "1", "true")
    if not verified or email_refusal(email) is not None:
        return Refusal("sso_email_not_verified")
    return None if email.rpartition("@")[2] in provider.domains else Refusal("sso_domain_not_allowed")


def _name(claims: Json, email: str) -> str:
    try:
        return clean(str(claims.get("name") or ""), NAME_LENGTH_MAX) or email
    except ValueError:
        return email


async def _add(work: UnitOfWork, name: str, email: str, role: Role) -> store.UserRow:
    """A person without a password: only the provider opens."""
    principal_id = await store.add_principal(work.connection, work.tenant_id, "person", name)
    row = {"tenant_id": work.tenant_id, "principal_id": principal_id, "email": email, "role": int(role)}
    await work.connection.execute(store.users.insert().values(row))
    words = {principal_id: {"name": name, "email": email}}
    await work.record("user_added", str(principal_id), words=words, caller=principal_id, role=role.label, via="sso")
    return store.UserRow(Actor(principal_id, "person", name, role), email, None, None)


async def _has_identity(work: UnitOfWork, user: store.UserRow, provider: Provider) -> bool:
    """Somebody else at this provider is this person already: an e-mail that was given to a successor opens nothing."""
    return await sso_store.subject_of(work.connection, work.tenant_id, provider.issuer, user.actor.principal_id) is not None


async def _reread(work: UnitOfWork, known: store.UserRow) -> store.UserRow:
    found = await store.user_by_id(work.connection, work.tenant_id, known.actor.principal_id)
    assert found is not None
    return found
